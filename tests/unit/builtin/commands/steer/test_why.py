from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.look.row import ONLY_ITS_ROW, UNROUTED
from korproxy.builtin.commands.steer.why import OUTCOMES, story_lines
from korproxy.models.decisions import Attempt, Decision, Way, Why
from korproxy.store.store import Store
from tests.fakes.daemon import answering, answering_each
from tests.fakes.finished import finished
from tests.fakes.steered import furnished, run, said

STORY = Why(
    id="id-1",
    correlation_id="build-17",
    wall=1.5e9,
    decision=Decision(type="chat", profile="p", wanted="m", model="m", order=(Way(provider="one", account="work", model="m"),)),
    attempts=(
        Attempt(
            provider="one",
            account="work",
            model="m",
            at=0.0,
            seconds=0.0081,
            outcome="limited",
            status=429,
            code="KP-RATE-401",
            retry_after=40.0,
            next="next candidate",
        ),
        Attempt(provider="two", account="home", model="n", at=0.008, seconds=0.027, outcome="answered", probe=True),
    ),
    outcome="ok",
).to_dict()


def test_a_story_is_told_from_the_decision_to_the_end(home: Path) -> None:
    with answering_each(home, {"GET /v1/requests/id-1/why": {"requests": [STORY]}}):
        done = run("why", "id-1")
    lines = done.stdout.splitlines()

    assert (done.exit_code, done.stderr) == (0, "")
    assert lines[0] == "request id-1, correlation id build-17"
    assert lines[1].startswith("2017-07-1")
    assert lines[1].endswith(": answered")
    assert lines[2] == "model    m"
    assert lines[-3:] == [
        "what happened",
        "  1. one/work with m: rate limited [KP-RATE-401], retry after 40 s (status 429, asked after 0 ms, took 8 ms)"
        " -> next candidate",
        "  2. two/home with n: answered (asked after 8 ms, took 27 ms, to find out whether it is well again)",
    ]


@pytest.mark.code("KP-NET-309")
def test_an_answer_that_broke_off_is_not_told_as_a_good_one() -> None:
    lines = story_lines({**STORY, "outcome": "failed", "code": "KP-NET-309"})

    assert lines[-2].startswith("  2. two/home with n: answered")
    assert lines[-1] == "     but that answer did not come to a good end [KP-NET-309]"


def test_programs_get_what_the_daemon_says(home: Path) -> None:
    answer = {"requests": [STORY, STORY]}
    with answering(home, json.dumps(answer).encode()):
        code, data = said("why", "build-17")

    assert (code, data) == (0, {"asked": "daemon", **json.loads(json.dumps(answer))})


def test_an_id_is_sent_as_one_piece_of_a_path(home: Path) -> None:
    with answering(home, b'{"requests": []}') as asked:
        run("why", "a/b?c=ä")

    assert [each.path for each in asked] == ["/v1/requests/a%2Fb%3Fc%3D%C3%A4/why"]


@pytest.mark.code("KP-SYS-526")
def test_an_id_that_nobody_remembers_is_exit_code_1(home: Path) -> None:
    error = {"error": {"code": "KP-SYS-526", "message": "No request is remembered."}}
    with answering(home, json.dumps(error).encode(), status=404):
        done = run("why", "x")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "error KP-SYS-526: No request is remembered.")


@pytest.mark.code("KP-PROV-105")
def test_a_request_that_reached_nobody_says_so() -> None:
    lines = story_lines({**STORY, "attempts": [], "outcome": "failed", "code": "KP-PROV-105"})

    assert lines[-1] == "what happened: nobody was asked"
    assert lines[1].endswith(": failed [KP-PROV-105]")


@pytest.mark.code("KP-PROV-102")
def test_a_provider_s_own_error_is_called_one() -> None:
    lines = story_lines({**STORY, "outcome": "refused", "code": "KP-PROV-102"})

    assert lines[1].endswith(": the provider's own error was passed on [KP-PROV-102]")


def test_every_outcome_that_there_is_has_words() -> None:
    documented = set(re.findall(r"``([a-z]+)``", (Attempt.__doc__ or "").partition("outcome:")[2].partition("next:")[0]))

    assert documented == set(OUTCOMES)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FLAT = LEAF | st.dictionaries(st.sampled_from([each.name for each in attrs.fields(Attempt)]), LEAF) | st.lists(LEAF)
JSON = FLAT | st.lists(FLAT) | st.dictionaries(st.sampled_from([each.name for each in attrs.fields(Attempt)]), FLAT)


@given(st.dictionaries(st.sampled_from([each.name for each in attrs.fields(Why)]), JSON))
def test_whatever_a_daemon_of_another_version_says_is_no_error(story: dict[str, Any]) -> None:
    assert all(isinstance(each, str) for each in story_lines(story))


ROW = {
    "id": "id-1",
    "at": 1.5e9,
    "dialect": "openai-chat",
    "stream": True,
    "model": "m",
    "profile": "p",
    "type": "chat",
    "key_name": "client",
    "provider": "one",
    "account": "work",
    "upstream_model": "n",
    "attempts": 2,
    "status": 200,
    "seconds": 0.5,
    "first_byte": 0.25,
    "tokens": {"in": 3, "cache_read": None, "cache_write": None, "out": 4, "reasoning": None},
}


def test_of_a_request_that_is_not_remembered_the_row_is_told() -> None:
    lines = story_lines({**STORY, "decision": None, "attempts": [], "row": ROW})

    assert lines[2:] == [
        "model     m (openai-chat, stream)",
        "type      chat",
        "profile   p",
        "key       client",
        "went to   one/work with n",
        "attempts  2",
        "status    200",
        "took      500 ms, the first byte after 250 ms",
        "tokens    3 + 4",
        "Only its row in the history is left: why it went where it went is not on the disk.",
    ]


def test_of_a_request_that_was_refused_in_front_it_is_said_that_nobody_was_asked() -> None:
    row = {
        "id": "r",
        "model": "",
        "type": "",
        "provider": None,
        "status": 400,
        "correlation_id": "c",
        "outcome": "failed",
        "seconds": 0.001,
    }

    lines = story_lines({**STORY, "decision": None, "attempts": [], "outcome": "failed", "code": "KP-SYS-509", "row": row})

    assert lines[1].endswith("[KP-SYS-509]")
    assert lines[2:] == ["status  400", "took    1 ms", f"{UNROUTED} `korproxy logs --id c` has what was said of it."]


@pytest.mark.code("KP-SYS-526")
def test_without_a_daemon_the_history_on_the_disk_is_asked(home: Path) -> None:
    store = Store.open(furnished(home) / "korproxy.db")
    store.write([finished(1), finished(2, correlation_id="c-1", type="chat")])
    store.close()

    own, shared, unknown = run("why", "r-2"), said("why", "c-1"), run("why", "r-9")

    assert own.stdout.splitlines()[0] == "request r-2, correlation id c-1"
    assert own.stdout.splitlines()[-1] == ONLY_ITS_ROW
    assert (shared[0], shared[1]["asked"], [each["id"] for each in shared[1]["requests"]]) == (0, "files", ["r-2", "r-1"])
    assert (unknown.exit_code, unknown.stderr.splitlines()[0]) == (
        1,
        "error KP-SYS-526: No request with the id 'r-9' is in the history, and no daemon runs.",
    )
