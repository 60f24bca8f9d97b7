from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.look.requests import MOST, lines
from korproxy.builtin.commands.look.row import from_files
from korproxy.builtin.commands.look.times import local
from korproxy.models import searching
from tests.fakes.daemon import answering
from tests.fakes.steered import furnished, run, said

AT = 1_780_000_000.25
OK = {
    "id": "0b6f4a44-3a1c-4f07-9c8e-0d9a4a7a2f11",
    "at": AT,
    "outcome": "ok",
    "status": 200,
    "code": None,
    "provider": "claude",
    "account": "work",
    "model": "opus",
    "upstream_model": "claude-opus-5",
    "type": "chat",
    "seconds": 2.5006,
    "first_byte": 0.31,
    "tokens": {"in": 100, "cache_read": 900, "cache_write": None, "out": 42, "reasoning": None},
}
FAILED = {
    "id": "r-2",
    "at": AT,
    "outcome": "failed",
    "status": None,
    "code": "KP-PROV-105",
    "provider": None,
    "account": None,
    "model": "nothing",
    "upstream_model": None,
    "type": "",
    "seconds": 0.0004,
    "first_byte": None,
    "tokens": {"in": None, "cache_read": None, "cache_write": None, "out": None, "reasoning": None},
}


def answer(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"requests": rows}).encode()


@pytest.mark.code("KP-PROV-105")
def test_each_request_has_a_line(home: Path) -> None:
    with answering(home, answer(OK, FAILED)) as asked:
        done = run("requests")

    at = local(AT)
    assert (done.exit_code, done.stderr, [each.path for each in asked]) == (0, "", ["/v1/requests?limit=50"])
    assert done.stdout.splitlines() == [
        "ended at             outcome             provider/account  model                  type  ms    1st byte"
        "  tokens in + out         id",
        f"{at}  ok 200              claude/work       opus -> claude-opus-5  chat  2501  310       1000 (900 cached) + 42"
        "  0b6f4a44-3a1c-4f07-9c8e-0d9a4a7a2f11",
        f"{at}  failed KP-PROV-105  -                 nothing                -     0     -         -                       r-2",
    ]


def test_programs_get_what_the_daemon_says_and_that_it_was_the_daemon(home: Path) -> None:
    with answering(home, answer(OK)):
        code, data = said("requests")

    assert (code, data) == (0, {"asked": "daemon", "requests": [OK]})


def test_what_is_wanted_is_what_the_daemon_is_asked(home: Path) -> None:
    wanted = ("--failed", "--provider", "a/b", "--since", "2026-05-28T12:00:00Z", "--id", "c&d=1", "--limit", "7")
    with answering(home, answer()) as asked:
        done = run("requests", *wanted)

    path = "/v1/requests?limit=7&failed=true&since=1779969600.000&provider=a%2Fb&id=c%26d%3D1"
    assert [each.path for each in asked] == [path]
    assert (done.exit_code, done.stdout) == (0, "No request in the history is like that.\n")


def test_without_a_daemon_the_disk_is_read_and_nothing_is_made_there(home: Path) -> None:
    furnished(home)
    before = sorted(home.iterdir())
    done = run("requests")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [from_files(home), "The history is empty."]
    assert sorted(home.iterdir()) == before


def test_a_home_that_does_not_exist_has_no_history_and_is_not_made(home: Path) -> None:
    code, data = said("requests")

    assert (code, data, home.exists()) == (0, {"asked": "files", "requests": [], "notes": []}, False)


@pytest.mark.parametrize("args", [["--limit", "0"], ["--limit", "1001"], ["--since", "soon"], ["x"]])
def test_a_wrong_command_line_asks_nobody(home: Path, args: list[str]) -> None:
    with answering(home, answer()) as asked:
        done = run("requests", *args)

    assert (done.exit_code, asked) == (2, [])


@pytest.mark.code("KP-SYS-545")
def test_a_history_that_is_switched_off_is_called_that(home: Path) -> None:
    furnished(home, "version = 1\n[store]\nhistory = false\n")

    note = "[KP-SYS-545] The history is switched off ([store] history = false), so no requests are added to it at present."
    assert run("requests").stdout.splitlines() == [from_files(home), note, "The history is empty."]


def test_it_lists_as_many_as_the_management_api_does() -> None:
    assert searching.MOST == MOST


def test_names_that_clients_made_up_do_nothing_to_the_terminal() -> None:
    (line,) = lines({"requests": [{**OK, "model": "\x1b[31mred\n\r" + "x" * 100, "upstream_model": None}]})[1:]

    assert f"?[31mred??{'x' * 27}..." in line
    assert line.isprintable()


def test_those_that_went_wrong_are_red_on_a_terminal() -> None:
    _, good, bad = lines({"requests": [OK, FAILED]})

    assert (good, bad) == (click.unstyle(good), click.style(click.unstyle(bad), fg="red"))


@pytest.mark.parametrize(
    ("room", "head"),
    [
        (200, "ended at outcome provider/account model type ms 1st byte tokens in + out id"),
        (145, "ended at outcome provider/account model type ms tokens in + out id"),
        (140, "ended at outcome provider/account model ms tokens in + out id"),
        (115, "ended at outcome provider/account model ms id"),
        (20, "ended at outcome model ms id"),
    ],
)
def test_a_terminal_that_is_not_wide_enough_gets_fewer_columns(room: int, head: str) -> None:
    told = lines({"requests": [OK]}, room=room)

    assert " ".join(told[0].split()) == head
    assert all(len(each) <= room for each in told) or room == 20


def test_notes_stand_before_the_list() -> None:
    assert lines({"notes": ["[KP-SYS-545] off\x1b"], "requests": []}) == ["[KP-SYS-545] off?", "The history is empty."]


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = LEAF | st.lists(LEAF) | st.dictionaries(st.sampled_from(["in", "out", "cache_read"]), LEAF)


@given(st.dictionaries(st.sampled_from(sorted(OK)), JSON))
def test_whatever_a_daemon_of_another_version_says_is_no_error(row: dict[str, Any]) -> None:
    assert all(click.unstyle(each).isprintable() for each in lines({"requests": [row]}))


@given(JSON | st.lists(JSON))
def test_an_answer_without_a_list_is_an_empty_one(found: object) -> None:
    assert lines({"requests": found})
