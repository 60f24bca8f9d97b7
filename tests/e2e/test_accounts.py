"""Several accounts of one provider, through the real SDKs: a limit is an error only where all are limited, sessions stay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import httpx
import pytest

from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool, unfinished_generators, user
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.stage import KEYS, Stage, open_stage

ACCOUNTS = """
version = 1
[retry]
max_wait = 3.0
[providers.claude]
type = "claude"
base_url = "MOCK/claude"
accounts = [{ name = "one", key = "env:CLAUDE_KEY" }, { name = "two", key = "env:MINE_KEY" }]
[providers.codex]
type = "codex"
base_url = "MOCK/codex/v1"
accounts = [{ name = "one", key = "env:CODEX_KEY" }, { name = "two", key = "env:BOTH_KEY" }]
[providers.gemini]
type = "gemini"
base_url = "MOCK/gemini/v1beta"
accounts = [{ name = "one", key = "env:GEMINI_KEY" }, { name = "two", key = "env:ANSWERS_KEY" }]
"""
ROUTING = """
version = 1
profile = "taking-turns"
[profiles.taking-turns]
default = "all"
[groups.all]
strategy = "round-robin"
members = [{ provider = "claude" }, { provider = "codex" }, { provider = "gemini" }]
"""
KEY_OF = {
    ("claude", "one"): KEYS["CLAUDE_KEY"],
    ("claude", "two"): KEYS["MINE_KEY"],
    ("codex", "one"): KEYS["CODEX_KEY"],
    ("codex", "two"): KEYS["BOTH_KEY"],
    ("gemini", "one"): KEYS["GEMINI_KEY"],
    ("gemini", "two"): KEYS["ANSWERS_KEY"],
}
PROVIDERS = {"openai": "codex", "anthropic": "claude", "google": "gemini"}
AnyTool: TypeAlias = OpenAITool | AnthropicTool | GoogleTool

pytestmark = unfinished_generators

both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home: Path = tmp_path_factory.mktemp("accounts") / "home"
    home.mkdir()
    (home / "routing.toml").write_text(ROUTING)
    with open_stage(home, providers=ACCOUNTS) as stage:
        yield stage


@pytest.fixture
def accounts(stage: Stage) -> Accounts:
    """The accounts of all providers, all of them well."""
    return Accounts(stage)


@pytest.fixture(params=["openai", "anthropic", "google"])
def any_tool(
    request: pytest.FixtureRequest, openai_tool: OpenAITool, anthropic_tool: AnthropicTool, google_tool: GoogleTool
) -> Tool:
    """A program with any of the three SDKs."""
    return {"openai": openai_tool, "anthropic": anthropic_tool, "google": google_tool}[request.param]


@attrs.frozen
class Accounts:
    """What the accounts do, and what they were asked."""

    stage: Stage

    def wake(self, provider: str, account: str) -> None:
        """Do what ``korproxy account wake`` does."""
        headers = {"authorization": f"Bearer {self.stage.daemon.management_key}"}
        asked = {"provider": provider, "account": account}
        answer = httpx.post(f"{self.stage.daemon.url}/v1/accounts/wake", json=asked, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text

    def will(self, provider: str, account: str, directives: str) -> None:
        """Let an account do so until all are well again."""
        self.stage.mock.script(f"{directives} key={KEY_OF[provider, account]} times=forever")

    def recover(self, provider: str) -> None:
        """Let all be well again, also as far as KorProxy knows."""
        self.stage.mock.unscript()
        for account in ("one", "two"):
            self.wake(provider, account)

    def asked(self) -> list[str]:
        """Return the names of the accounts in the order in which they were asked."""
        names = {key: account for (_, account), key in KEY_OF.items()}
        found = []
        for each in self.stage.mock.requests():
            keys = [each.header(name) for name in ("authorization", "x-api-key", "x-goog-api-key")]
            found += [names[key.removeprefix("Bearer ")] for key in keys if key]
        return found


def limited(error: Any, tool: Tool) -> tuple[int, str, int]:
    """Return what an SDK's exception says of a limit: its status, the KP code, and the seconds to wait."""
    headers = error.response.headers
    status = error.code if tool.name == "google" else error.status_code
    return status, headers["x-korproxy-error"], int(headers["retry-after"])


@both_ways
@pytest.mark.code("KP-RATE-405")
async def test_a_limit_is_an_error_only_where_every_account_is_limited(
    accounts: Accounts, any_tool: Tool, streamed: bool
) -> None:
    provider = PROVIDERS[any_tool.name]
    accounts.will(provider, "one", "status=429 retry-after=40")
    told = [await any_tool.ask(f"hello {time.monotonic_ns()}", streamed=streamed) for _ in range(3)]
    assert [each.headers["x-korproxy-account"] for each in told] == ["two"] * 3
    assert accounts.asked().count("one") <= 1  # by whose turn it was

    accounts.will(provider, "two", "status=429 retry-after=20")
    errors = []
    for _ in range(3):
        with pytest.raises(any_tool.errors.rate_limit) as caught:
            await any_tool.ask(f"hello {time.monotonic_ns()}", streamed=streamed)
        errors.append(limited(caught.value, any_tool))

    assert [each[:2] for each in errors] == [(429, "KP-RATE-405")] * 3
    assert all(17 <= each[2] <= 20 for each in errors), errors
    assert sorted(accounts.asked()) == ["one"] + ["two"] * 4  # nobody was asked in vain


@pytest.mark.parametrize("is_async", [True], indirect=True, ids=["async"])
@pytest.mark.parametrize("form", ["retry-after=50", "retry-after=ms:50000", "retry-after=date:50", "ratelimit-headers=unified"])
async def test_the_wait_is_the_one_that_the_provider_means_however_it_says_it(
    accounts: Accounts, any_tool: Tool, form: str
) -> None:
    provider = PROVIDERS[any_tool.name]
    accounts.will(provider, "one", "status=429 retry-after=600")
    accounts.will(provider, "two", f"status=429 {form}" + (" retry-after=50" if "unified" in form else ""))
    with pytest.raises(any_tool.errors.rate_limit) as caught:
        await any_tool.ask(f"hello {time.monotonic_ns()}")

    status, code, seconds = limited(caught.value, any_tool)
    assert (status, code) == (429, "KP-RATE-405")
    assert 47 <= seconds <= 50


async def test_a_short_limit_is_waited_out_and_the_sdk_hears_nothing_of_it(accounts: Accounts, any_tool: Tool) -> None:
    provider = PROVIDERS[any_tool.name]
    for account in ("one", "two"):
        accounts.stage.mock.script(f"status=429 retry-after=2 key={KEY_OF[provider, account]}")
    before = len(accounts.stage.daemon.log)
    began = time.monotonic()
    answer = await any_tool.ask("hello, once more")

    assert answer.value == "You said: hello, once more"
    assert time.monotonic() - began > 1.5
    assert sorted(accounts.asked()) in (["one", "one", "two"], ["one", "two", "two"])
    said = [line for line in accounts.stage.daemon.log[before:] if "Provider rate limited. Retrying in 2s..." in line]
    assert len(said) == 1


class Session:
    """A conversation that grows, as a program with one of the SDKs holds it."""

    def __init__(self, tool: Tool, name: str) -> None:
        self.tool = tool
        self.talk: list[Any] = []
        self.name = name
        self.accounts: list[str] = []

    async def turn(self) -> None:
        """Say the next thing, hear the answer, remember both, and who gave it."""
        said = f"{self.name}, turn {len(self.accounts)}"
        match self.tool:
            case GoogleTool():
                self.talk.append({"role": "user", "parts": [{"text": said}]})
                got = await self.tool.generate(model=self.tool.model, contents=self.talk)
                text, headers = got.value.text, got.headers
                self.talk.append({"role": "model", "parts": [{"text": text}]})
            case AnthropicTool():
                self.talk += user(said)
                message = await self.tool.message(model=self.tool.model, messages=self.talk)
                text, headers = getattr(message.value.content[0], "text", ""), message.headers
                self.talk.append({"role": "assistant", "content": text})
            case OpenAITool():
                self.talk += user(said)
                chat = await self.tool.chat(model=self.tool.model, messages=self.talk)
                text, headers = chat.value.choices[0].message.content, chat.headers
                self.talk.append({"role": "assistant", "content": text})
        assert text == f"You said: {said}"
        self.accounts.append(headers["x-korproxy-account"])


@pytest.mark.parametrize("is_async", [True], indirect=True, ids=["async"])
@pytest.mark.parametrize("trouble", ["status=503", "status=429 retry-after=60"], ids=["503", "429"])
async def test_a_session_stays_with_its_account_over_50_turns_moves_once_when_that_fails_and_does_not_come_back(
    accounts: Accounts, any_tool: Tool, trouble: str
) -> None:
    provider = PROVIDERS[any_tool.name]
    sessions = [Session(any_tool, f"I am {time.monotonic_ns()}") for _ in range(3)]
    for turn in range(50):
        if turn == 25:
            home = sessions[0].accounts[0]
            accounts.will(provider, home, trouble)
        if turn == 35:
            accounts.recover(provider)
        for each in sessions:
            await each.turn()

    away = {"one": "two", "two": "one"}[home]
    assert sessions[0].accounts == [home] * 25 + [away] * 25
    assert {each.accounts[0] for each in sessions} == {"one", "two"}  # they were shared out
    for each in sessions:
        moves = sum(before != after for before, after in zip(each.accounts, each.accounts[1:], strict=False))
        assert moves == (1 if each.accounts[0] == home else 0), each.accounts


async def test_a_wrong_key_is_an_error_only_where_no_other_account_has_a_good_one(accounts: Accounts, any_tool: Tool) -> None:
    provider = PROVIDERS[any_tool.name]
    accounts.will(provider, "one", "status=401")
    told = [await any_tool.ask(f"hello {time.monotonic_ns()}") for _ in range(3)]
    assert [each.headers["x-korproxy-account"] for each in told] == ["two"] * 3

    accounts.will(provider, "two", "status=401")
    for _ in range(2):
        with pytest.raises(any_tool.errors.server, match=f"{provider}/one") as caught:
            await any_tool.ask(f"hello {time.monotonic_ns()}")
        error: Any = caught.value
        headers = error.response.headers
        assert (headers["x-korproxy-error"], headers["x-should-retry"]) == ("KP-AUTH-007", "false")

    assert sorted(accounts.asked()) == ["one"] + ["two"] * 4
