from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.cli.taking_effect import problems_of, take_effect
from korproxy.contracts import Applied
from korproxy.errors.exceptions import Problem
from tests.fakes.daemon import answering, answering_each, describe, held
from tests.fakes.steered import IN_FORCE, cli

WRONG = {"code": "KP-CONF-202", "path": "$.server.prot", "message": "no such setting"}
ABOUT_ONE = {"code": "KP-CONF-205", "path": "$.providers.one.key", "message": "not set"}
ABOUT_TWO = {"code": "KP-CONF-205", "path": "$.providers.two.key", "message": "not set"}


def test_without_a_daemon_the_next_start_takes_it(home: Path) -> None:
    assert take_effect(cli(home), files=("a",)) == Applied(files=("a",), daemon="none")


def test_a_running_daemon_is_asked_to_reload(home: Path) -> None:
    with answering_each(home, {"POST /v1/reload": {**IN_FORCE, "restart": ["$.server.port"]}}) as asked:
        done = take_effect(cli(home), files=("a",))

    assert done == Applied(files=("a",), daemon="in force", generation=3, restart=("$.server.port",))
    assert [(each.method, each.path, each.json) for each in asked] == [("POST", "/v1/reload", {})]


def test_a_reload_that_was_refused_says_why(home: Path) -> None:
    with answering_each(home, {"POST /v1/reload": {"ok": False, "generation": 2, "problems": [WRONG]}}, status=409):
        done = take_effect(cli(home))

    assert done == Applied(daemon="refused", generation=2, problems=(Problem(**WRONG),))


@pytest.mark.parametrize(("about", "expected"), [(None, ()), ("", (ABOUT_ONE, ABOUT_TWO)), ("$.providers.two.", (ABOUT_TWO,))])
def test_of_the_daemon_s_warnings_those_are_passed_on_that_it_is_about(
    home: Path, about: str | None, expected: tuple[dict[str, str], ...]
) -> None:
    with answering_each(home, {"POST /v1/reload": {**IN_FORCE, "warnings": [ABOUT_ONE, ABOUT_TWO, ABOUT_ONE]}}):
        done = take_effect(cli(home), about=about)

    assert done.warnings == tuple(Problem(**each) for each in expected)


def test_what_is_known_already_is_not_told_twice(home: Path) -> None:
    known = Problem(**ABOUT_ONE)
    with answering_each(home, {"POST /v1/reload": {**IN_FORCE, "warnings": [ABOUT_ONE]}}):
        done = take_effect(cli(home), about="", warnings=(known,))

    assert done.warnings == (known,)


def test_a_demo_goes_by_no_files(home: Path) -> None:
    with answering(home, demo=True) as asked:
        done = take_effect(cli(home))

    assert (done, asked) == (Applied(daemon="demo"), [])


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_does_not_answer_is_silent(home: Path) -> None:
    describe(home, urls=["http://127.0.0.1:1"])
    cli(home).key("management")
    with held(home / "daemon.lock"):
        done = take_effect(cli(home), files=("a",))

    assert (done.daemon, done.files, [each.code for each in done.problems]) == ("silent", ("a",), ["KP-SYS-520"])


@pytest.mark.parametrize("body", [b"{}", b'{"ok": 1, "generation": "x", "problems": 3, "warnings": [4], "restart": [5]}'])
def test_an_answer_of_another_version_is_no_error(home: Path, body: bytes) -> None:
    with answering(home, body):
        done = take_effect(cli(home), about="")

    assert done == Applied(daemon="refused")


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FLAT = LEAF | st.dictionaries(st.sampled_from(["code", "path", "message", "x"]), LEAF) | st.lists(LEAF)
JSON = FLAT | st.lists(FLAT) | st.dictionaries(st.sampled_from(["code", "path", "message", "x"]), FLAT)


@given(JSON)
def test_whatever_was_said_what_comes_out_are_problems(anything: object) -> None:
    assert {type(text) for each in problems_of(anything) for text in attrs.astuple(each)} <= {str}
