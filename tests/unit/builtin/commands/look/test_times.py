from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import moment
from korproxy.builtin.commands.look import times
from korproxy.builtin.commands.look.times import local, since_of

NOW = 1_780_000_000.0


@click.command()
@click.option("--since", callback=since_of)
def asked(since: float | None) -> None:
    click.echo(repr(since))


@pytest.mark.parametrize("text", ["10m", "24h", "3600", "2026-05-28T12:00:00Z", "0"])
def test_a_time_is_what_the_management_api_takes_it_for(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "now", lambda: NOW)

    assert CliRunner().invoke(asked, ["--since", text]).stdout == f"{moment(text, NOW)!r}\n"


def test_no_time_is_none() -> None:
    assert CliRunner().invoke(asked, []).stdout == "None\n"


def test_what_is_no_time_is_a_wrong_command_line_that_says_how_times_are_written() -> None:
    done = CliRunner().invoke(asked, ["--since", "yesterday" + "x" * 100])

    assert done.exit_code == 2
    assert f"Invalid value for '--since': 'yesterday{'x' * 31}' is no time. Write how long ago" in " ".join(done.stderr.split())


def test_people_read_local_time() -> None:
    text = local(NOW)

    assert (len(text), moment(text, NOW + 60), local(NOW, date=False)) == (19, NOW, text[11:])


@given(st.none() | st.floats() | st.integers() | st.text() | st.lists(st.none()))
def test_what_is_no_time_is_a_question_mark(value: object) -> None:
    assert len(local(value)) == 19 or local(value) == "?"
