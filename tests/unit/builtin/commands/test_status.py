from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.status import HEALTH, describe
from korproxy.builtin.commands.steer.health import duration
from korproxy.cli.main import korproxy
from tests.fakes.daemon import answering

HEALTHY = {
    "status": "ok",
    "version": "0.1.0",
    "pid": 4711,
    "started_at": "2026-01-02T03:04:05.000Z",
    "uptime_seconds": 3725.5,
    "urls": ["http://127.0.0.1:1337", "http://[::1]:1337"],
    "demo": False,
    "home": "/home/you/korproxy",
    "requests": {"running": 2, "total": 30},
    "providers": [
        {"id": "claude", "type": "claude", "accounts": ["work", "home"], "running": 1, "waiting": 4},
        {"id": "local", "type": "compatible", "accounts": [], "running": 0, "waiting": 0},
    ],
    "services": [
        {"name": "sink log", "state": "running", "restarts": 0, "last_error": None},
        {"name": "purge", "state": "waiting", "restarts": 3, "last_error": "OSError: disk full"},
    ],
    "plugins": {"loaded": 16, "broken": 1},
    "sections": {"system": {"python": "3.11"}},
}


def status(*args: str) -> Result:
    return CliRunner().invoke(korproxy, ["status", *args])


def test_people_get_what_the_daemon_says(home: Path) -> None:
    with answering(home, json.dumps(HEALTHY).encode()) as asked:
        done = status()

    assert (done.exit_code, done.stderr, [each.path for each in asked]) == (0, "", [HEALTH])
    assert done.stdout.splitlines() == [
        "daemon       KorProxy 0.1.0, pid 4711",
        "addresses    http://127.0.0.1:1337, http://[::1]:1337",
        "running for  1 h 2 min",
        "home         /home/you/korproxy",
        "requests     2 running, 30 since the start",
        "plugins      16 loaded, 1 broken",
        "providers",
        "  claude (claude): accounts work, home; 1 running, 4 waiting",
        "  local (compatible): accounts none; 0 running, 0 waiting",
        "services",
        "  sink log: running, restarts: 0",
        "  purge: waiting, restarts: 3; last error: OSError: disk full",
    ]


def test_programs_get_all_of_it(home: Path) -> None:
    with answering(home, json.dumps(HEALTHY).encode()):
        done = status("--json")

    assert (done.exit_code, json.loads(done.stdout)) == (0, HEALTHY)


def test_a_demo_is_called_one() -> None:
    first = describe({**HEALTHY, "demo": True}).splitlines()[0]

    assert first == "daemon       KorProxy 0.1.0, pid 4711 (demo: answers come from the mock provider)"


def test_no_provider_is_told() -> None:
    assert "providers    none configured" in describe({**HEALTHY, "providers": []}).splitlines()


@given(st.sets(st.sampled_from(sorted(HEALTHY))))
def test_what_another_version_leaves_out_is_left_out(missing: set[str]) -> None:
    lines = describe({name: value for name, value in HEALTHY.items() if name not in missing}).splitlines()

    assert ("running for  1 h 2 min" in lines) is ("uptime_seconds" not in missing)
    assert lines[0].startswith("daemon ")


@pytest.mark.code("KP-SYS-505")
def test_no_daemon_is_exit_code_1() -> None:
    done = status()

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-SYS-505: ")


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_answers_otherwise_is_told(home: Path) -> None:
    with answering(home, b'{"error": {"code": "KP-AUTH-002", "message": "Wrong key."}}', status=401):
        done = status()

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-SYS-520: ")
    assert "status 401 (KP-AUTH-002: Wrong key.)" in done.stderr


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (3600, "1 h 0 min"),
        (86399, "23 h 59 min"),
        (90061, "1 d 1 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


AT = "2026-11-29T05:40:42.415Z"
PROBLEM = {"code": "KP-CONF-202", "path": "$.a", "message": "no"}


@pytest.mark.parametrize(
    ("number", "last", "said"),
    [
        (0, None, "as at the start"),
        (3, {"ok": True, "at": AT, "reason": "SIGHUP", "restart": []}, f"number 3, reloaded at {AT} (SIGHUP)"),
        (
            3,
            {"ok": True, "at": AT, "reason": "SIGHUP", "restart": ["$.server.port"]},
            f"number 3, reloaded at {AT} (SIGHUP); a restart is needed for $.server.port",
        ),
        (
            2,
            {
                "ok": False,
                "at": AT,
                "reason": "x changed",
                "problems": [{"code": "KP-CONF-202", "path": "$.a", "message": "no"}],
            },
            f"NOT reloaded at {AT} (x changed), number 2 is in force: [KP-CONF-202] $.a: no",
        ),
    ],
)
def test_which_configuration_is_in_force_is_told(number: int, last: object, said: str) -> None:
    assert f"settings     {said}" in describe({**HEALTHY, "generation": number, "reload": last}).splitlines()


def test_safe_mode_and_what_has_to_be_noticed_are_told() -> None:
    lines = describe({**HEALTHY, "safe_mode": True, "notices": ["[KP-SYS-525] safe start: it crashed"]}).splitlines()

    assert "safe mode    on: everything goes to the safe model" in lines
    assert lines[lines.index("notices") + 1] == "  [KP-SYS-525] safe start: it crashed"


def test_what_is_held_against_an_account_is_told_with_its_end() -> None:
    entry = {"account": "work", "model": "m", "code": "KP-RATE-401", "returns_in": 61.2, "probing": False}
    claude = {
        "id": "claude",
        "type": "claude",
        "accounts": ["work", "home"],
        "running": 0,
        "waiting": 0,
        "disabled": ["home"],
        "checks": [
            {"account": "work", "at": AT, "reached": False, "code": "KP-NET-302"},
            {"account": "home", "at": AT, "reached": True, "status": 200},
        ],
        "health": [
            {**entry, "state": "rate_limited"},
            {**entry, "state": "erroring", "probing": True, "model": ""},
            {**entry, "state": "refused", "returns_in": None, "code": "KP-AUTH-007", "model": ""},
            {**entry, "state": "available"},
        ],
    }
    lines = describe({"providers": [claude]}).splitlines()

    assert lines[lines.index("providers") + 1 : -1] == [
        "  claude (claude): accounts work, home; 0 running, 0 waiting",
        "    home: disabled",
        f"    work: not reached at {AT} [KP-NET-302]",
        "    work, m: rate limited [KP-RATE-401], asked again in 1 min 2 s",
        "    work: erroring [KP-RATE-401], a request is testing it right now",
        "    work: refused [KP-AUTH-007], not asked until its key changes or it is woken",
    ]


def test_an_outage_of_any_number_of_models_does_not_fill_the_terminal() -> None:
    limited = {"account": "a", "state": "rate_limited", "code": "KP-RATE-401", "returns_in": 9.0}
    held = [{**limited, "model": f"m{number}" + "x" * 900} for number in range(2000)]
    refused = {"account": "z", "model": "", "state": "refused", "code": "KP-AUTH-007"}
    text = describe({"providers": [{"id": "one", "type": "claude", "accounts": ["a", "z"], "health": [*held, refused]}]})
    lines = text.splitlines()
    found = [line for line in lines[lines.index("providers") + 2 :] if line.startswith("    ")]

    assert len(found) == 11
    assert found[0].strip() == "z: refused [KP-AUTH-007], not asked until its key changes or it is woken"
    assert found[1].strip() == f"a, m0{'x' * 78}...: rate limited [KP-RATE-401], asked again in 9 s"
    assert found[-1].strip() == "and 1991 more; `korproxy status --json` has all"


KEPT = {"kind": "sqlite", "history": True, "metrics": True, "waiting": 3, "down": None, "dropped": [], "log_lines_lost": {}}


@pytest.mark.code("KP-SYS-533")
@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ({}, ["store        SQLite: history and metrics"]),
        ({"kind": "postgresql", "history": False}, ["store        PostgreSQL: metrics"]),
        ({"history": False, "metrics": False}, ["store        switched off"]),
        (
            {"down": {"code": "KP-SYS-533", "message": "The disk is full."}},
            ["store        SQLite: history and metrics; NOT WRITTEN [KP-SYS-533]: The disk is full; 3 requests wait in memory"],
        ),
        (
            {"dropped": [{"sink": "store", "reason": "store down", "count": 7}], "log_lines_lost": {"file": 2}},
            ["store        SQLite: history and metrics", "lost         7 requests for store (store down); 2 log lines (file)"],
        ),
    ],
)
def test_what_is_written_down_and_what_was_lost_is_told(said: dict[str, object], lines: list[str]) -> None:
    told = describe({**HEALTHY, "store": {**KEPT, **said}}).splitlines()

    assert [each for each in told if each.startswith(("store ", "lost "))] == lines
