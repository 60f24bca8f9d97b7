from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.cli.insight import lines as module
from korproxy.cli.insight.lines import follow, log_levels, logs, query_of
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.searching import LEVELS, MOST, WantedLines
from korproxy.runtime.log_json import Entry, json_line
from korproxy.runtime.log_names import CURRENT
from korproxy.server.manage.insight import LINES, wanted_lines
from korproxy.server.manage.query import Query
from tests.fakes.daemon import answering_each
from tests.fakes.steered import cli, furnished

NOW = 2e9
SECRET = "sk-ant-api03-" + "A1b2" * 20
WANTED = st.builds(
    WantedLines,
    level=st.sampled_from(LEVELS),
    component=st.text(max_size=30),
    id=st.text(max_size=30),
    since=st.just(0.0) | st.floats(1e9, NOW),
    most=st.integers(1, MOST),
)
SWITCHED_OFF = "[log]\nfile = false\n"


def logged(home: Path, *texts: str) -> None:
    """Have *texts* in the log file of *home*."""
    with (home / "logs" / CURRENT).open("a") as file:
        file.write("".join(json_line(Entry(1.0, "INFO", "korproxy.gateway", "c-1", text)) for text in texts))


@given(WANTED)
def test_the_daemon_is_asked_for_just_that(wanted: WantedLines) -> None:
    asked = wanted_lines(Query.of(query_of(wanted).encode(), *LINES), NOW)

    assert attrs.evolve(asked, since=0.0) == attrs.evolve(wanted, since=0.0)
    assert abs(asked.since - wanted.since) <= 0.001


def test_no_more_is_asked_for_than_the_daemon_gives() -> None:
    assert parse_qs(query_of(WantedLines(most=10 * MOST)))["limit"] == [str(MOST)]


def test_lines_come_from_the_files_also_where_a_daemon_runs(home: Path) -> None:
    furnished(home)
    logged(home, "one", "two")
    told = logs(cli(home), WantedLines(most=1))
    with answering_each(home, {}) as asked:
        beside = logs(cli(home), WantedLines(most=1))

    line = {
        "time": "1970-01-01T00:00:01.000Z",
        "level": "info",
        "component": "gateway",
        "message": "two",
        "correlation_id": "c-1",
    }
    assert told == beside == {"asked": "files", "lines": [{**line, "code": ""}], "unreadable": 0, "files": [CURRENT]}
    assert asked == []


def test_what_is_read_is_redacted_by_the_rules_of_today(home: Path) -> None:
    furnished(home)
    logged(home, f"the key is {SECRET}")
    told = logs(cli(home), WantedLines())
    first = next(follow(cli(home), WantedLines()))

    assert SECRET not in str(told)
    assert (first["message"], first["correlation_id"]) == ("the key is ***REDACTED***", "c-1")


@pytest.mark.parametrize("settings", [SWITCHED_OFF, ""])
def test_where_there_are_no_files_the_running_daemon_is_asked(home: Path, settings: str) -> None:
    furnished(home, settings)
    if settings:
        logged(home, "from before it was switched off")
    with answering_each(home, {"GET /v1/logs?limit=100&level=debug": {"lines": []}}):
        assert logs(cli(home), WantedLines()) == {"asked": "daemon", "lines": []}


def test_files_can_be_read_after_they_were_switched_off(home: Path) -> None:
    furnished(home, SWITCHED_OFF)
    logged(home, "from before")

    assert [each["message"] for each in logs(cli(home), WantedLines())["lines"]] == ["from before"]  # type: ignore[attr-defined]


def test_a_configuration_that_cannot_be_read_keeps_nobody_from_the_log(home: Path) -> None:
    furnished(home, "[log]\nlevel = 3\nno toml")
    logged(home, "why")

    assert logs(cli(home), WantedLines())["asked"] == "files"


@pytest.mark.code("KP-SYS-536")
def test_where_nothing_was_logged_that_is_said(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        logs(cli(home), WantedLines())

    assert (caught.value.code, caught.value.detail) == ("KP-SYS-536", f"There are no log files in {home / 'logs'}.")


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    furnished(home)
    (home / "logs" / CURRENT).mkdir()
    with pytest.raises(CommandFailed) as caught:
        logs(cli(home), WantedLines())

    assert caught.value.detail == f"{home / 'logs' / CURRENT} cannot be read: Is a directory."


def test_who_follows_gets_the_last_lines_and_then_each_new_one_that_is_wanted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.001)
    furnished(home)
    logged(home, "one", "two r-7", "three r-7")
    coming = follow(cli(home), WantedLines(id="r-7", most=1))
    got = [next(coming)["message"]]
    logged(home, "four", "five r-7")
    got.append(next(coming)["message"])

    assert got == ["three r-7", "five r-7"]


def test_there_is_nothing_to_follow_where_no_files_are_kept(home: Path) -> None:
    furnished(home, SWITCHED_OFF)
    with pytest.raises(CommandFailed) as caught:
        next(follow(cli(home), WantedLines()))

    assert (caught.value.code, caught.value.detail) == ("KP-SYS-536", "There is nothing to follow: `[log] file` is false.")


def test_old_files_of_a_daemon_that_writes_none_are_not_followed(home: Path) -> None:
    furnished(home, SWITCHED_OFF)
    logged(home, "from before")
    with answering_each(home, {}), pytest.raises(CommandFailed) as caught:
        next(follow(cli(home), WantedLines()))

    assert caught.value.code == "KP-SYS-536"


def test_levels_are_those_of_the_daemon_else_of_the_files(home: Path) -> None:
    furnished(home, '[log]\nlevel = "warning"\nlevels = {gateway = "debug"}\n')
    stopped = log_levels(cli(home))
    with answering_each(home, {"GET /v1/logs/levels": {"level": "info"}}):
        running = log_levels(cli(home))

    assert stopped == {"asked": "files", "level": "warning", "levels": {"gateway": "debug"}}
    assert running == {"asked": "daemon", "level": "info"}


def test_levels_are_changed_in_the_daemon(home: Path) -> None:
    with answering_each(home, {"POST /v1/logs/levels": {"level": "debug"}}) as asked:
        told = log_levels(cli(home), "debug", {"gateway": "error"})
        log_levels(cli(home), levels={"gateway": "error"})

    assert told == {"asked": "daemon", "level": "debug"}
    assert [each.json for each in asked] == [
        {"level": "debug", "levels": {"gateway": "error"}},
        {"levels": {"gateway": "error"}},
    ]


@pytest.mark.code("KP-SYS-505")
def test_levels_cannot_be_changed_where_no_daemon_runs(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        log_levels(cli(home), "debug")

    assert caught.value.code == "KP-SYS-505"
