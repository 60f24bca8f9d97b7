"""What a user is told while providers fail: by the answer, the terminal, ``korproxy status``, ``why`` and ``account list``."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest

from tests.e2e.stage import KEYS, Stage, open_stage
from tests.fakes.process import korproxy

ACCOUNTS = """
version = 1
[providers.claude]
type = "claude"
base_url = "MOCK/claude"
accounts = [{ name = "work", key = "env:CLAUDE_KEY" }, { name = "home", key = "env:MINE_KEY" }]
[providers.codex]
type = "codex"
base_url = "MOCK/codex/v1"
accounts = [{ name = "only", key = "env:CODEX_KEY" }]
"""
WORK, HOME, ONLY = KEYS["CLAUDE_KEY"], KEYS["MINE_KEY"], KEYS["CODEX_KEY"]
CLAUDE, CODEX = "claude-opus-5", "gpt-5.2"


@pytest.fixture(scope="module")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("seen") / "home", providers=ACCOUNTS) as stage:
        yield stage


@attrs.frozen
class Answer:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def id(self) -> str:
        return self.headers["x-korproxy-request"]


@attrs.frozen
class User:
    """Somebody with a tool, a terminal in which the daemon runs, and another one."""

    stage: Stage

    @property
    def home(self) -> Path:
        return self.stage.daemon.home

    def asks(self, model: str, said: str, *, stream: bool = False) -> Answer:
        """Use the tool."""
        connection = http.client.HTTPConnection(urlsplit(self.stage.daemon.url).netloc, timeout=20)
        path = "/v1/messages" if model == CLAUDE else "/v1/chat/completions"
        body = {"model": model, "max_completion_tokens" if model == CODEX else "max_tokens": 100, "stream": stream}
        asked = json.dumps({**body, "messages": [{"role": "user", "content": said}]})
        try:
            connection.request("POST", path, asked, {"authorization": f"Bearer {self.stage.daemon.key}"})
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read().decode())
        finally:
            connection.close()

    def runs(self, *command: str) -> str:
        """Run a command in the other terminal."""
        done = korproxy(*command, home=self.home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def reads(self, *texts: str) -> str:
        """Return the line in the daemon's terminal in which all *texts* stand."""
        from tests.fakes.waiting import until

        def found() -> list[str]:
            return [line for line in list(self.stage.daemon.log) if all(each in line for each in texts)]

        await until(found)
        return found()[-1]


@pytest.fixture
def a_user(stage: Stage) -> User:
    return User(stage)


@pytest.mark.code("KP-PROV-103")
async def test_an_account_that_fails_while_another_one_stands_in(stage: Stage, a_user: User) -> None:
    stage.mock.script(f"status=503 key={WORK} times=forever")
    answer = a_user.asks(CLAUDE, "one account fails")

    assert (answer.status, answer.headers["x-korproxy-account"]) == (200, "home")
    correlation = answer.headers["x-correlation-id"]
    assert "claude/work: failed (KP-PROV-103); claude/home is asked" in await a_user.reads(correlation, " gateway ")
    assert "account=home status=200 outcome=ok" in await a_user.reads(correlation, " requests ", "attempts=2")
    told = a_user.runs("why", answer.id)
    assert f"1. claude/work with {CLAUDE}: failed [KP-PROV-103] (status 503" in told
    assert f"2. claude/home with {CLAUDE}: answered (status 200" in told


@pytest.mark.code("KP-NET-309")
async def test_a_provider_that_breaks_off_in_the_middle_of_an_answer(a_user: User) -> None:
    answer = a_user.asks(CLAUDE, "{{mock: words=9 cut-after=5}}", stream=True)

    assert answer.status == 200
    assert "event: error" in answer.text
    assert "KP-NET-309" in answer.text
    assert "outcome=failed code=KP-NET-309" in await a_user.reads(answer.headers["x-correlation-id"], " requests ")
    told = a_user.runs("why", answer.id)
    assert ": failed [KP-NET-309]" in told
    assert f"1. claude/work with {CLAUDE}: answered (status 200" in told
    assert "but that answer did not come to a good end [KP-NET-309]" in told


@pytest.mark.code("KP-RATE-405")
async def test_all_accounts_that_could_answer_are_limited(stage: Stage, a_user: User) -> None:
    stage.mock.script(f"status=429 retry-after=600 key={WORK} times=forever")
    stage.mock.script(f"status=429 retry-after=90 key={HOME} times=forever")
    first, second = (a_user.asks(CLAUDE, f"all are limited {each}") for each in range(2))

    for answer in (first, second):
        assert (answer.status, answer.headers["x-korproxy-error"]) == (429, "KP-RATE-405")
        assert 85 <= int(answer.headers["retry-after"]) <= 90
        error = json.loads(answer.text)["error"]
        assert error["type"] == "rate_limit_error"
        assert "claude/work (rate limited, KP-RATE-401, back in" in error["message"]
        assert "claude/home (rate limited, KP-RATE-401, back in" in error["message"]
    assert "All accounts that could answer are resting" in await a_user.reads(second.headers["x-correlation-id"], " server ")
    told = a_user.runs("why", second.id)
    assert re.search(rf"claude/work with {CLAUDE}: rate limited, asked again in (10 min|9 min 5\d s)", told)
    assert "what happened: nobody was asked" in told
    status = a_user.runs("status")
    assert f"home, {CLAUDE}: rate limited [KP-RATE-401], asked again in 1 min" in status
    listed = {line.split()[0]: line for line in a_user.runs("account", "list").splitlines()}
    assert f"rate limited for {CLAUDE} [KP-RATE-401], asked again in" in listed["claude/work"]
    assert listed["codex/only"].endswith("available")

    assert a_user.runs("account", "wake", "claude/home") == "claude/home may be asked again at once.\n"
    stage.mock.unscript()
    assert a_user.asks(CLAUDE, "it is awake").headers["x-korproxy-account"] == "home"


async def test_the_only_account_is_limited_for_a_moment(stage: Stage, a_user: User) -> None:
    stage.mock.script(f"status=429 retry-after=2 key={ONLY}")
    answer = a_user.asks(CODEX, "for a moment")

    assert answer.status == 200
    line = await a_user.reads(answer.headers["x-correlation-id"], " gateway ")
    assert " warning " in line
    assert line.rstrip().endswith("Provider rate limited. Retrying in 2s... (codex/only)")
    told = a_user.runs("why", answer.id)
    assert f"1. codex/only with {CODEX}: rate limited [KP-RATE-401], retry after 2 s" in told
    assert "to find out whether it is well again" in told


@pytest.mark.code("KP-AUTH-007")
async def test_the_provider_does_not_accept_our_key(stage: Stage, a_user: User) -> None:
    stage.mock.script(f"status=401 key={ONLY} times=forever")
    first, second = (a_user.asks(CODEX, f"the key is wrong {each}") for each in range(2))

    for answer in (first, second):
        assert (answer.status, answer.headers["x-should-retry"]) == (502, "false")
        message = json.loads(answer.text)["error"]["message"]
        assert "Put a valid key where the account codex/only points to, then: korproxy reload." in message
        assert "korproxy account wake codex/only" in message
        assert ONLY not in answer.text
    assert len(stage.mock.requests()) == 1
    told = a_user.runs("why", second.id)
    assert f"codex/only with {CODEX}: its key was refused [KP-AUTH-007]" in told
    assert "only: refused [KP-AUTH-007], not asked until its key changes or it is woken" in a_user.runs("status")

    stage.mock.unscript()
    a_user.runs("account", "wake", "codex/only")
    assert a_user.asks(CODEX, "the key is good").status == 200
