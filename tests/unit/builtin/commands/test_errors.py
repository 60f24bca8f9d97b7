from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import CommandFailed, ErrorCode, Registry
from korproxy.builtin.commands.errors import WIDEST, explain, korproxy_commands, listing
from korproxy.errors.catalogue import BUILTIN_CODES

CODES = Registry.of(BUILTIN_CODES)
RATE_401 = CODES["KP-RATE-401"]


@attrs.define
class ShowingCli:
    """A ``Cli`` that keeps what it was asked to show."""

    home: Path = Path()
    verbose: bool = False
    shown: list[tuple[str, object]] = attrs.field(factory=list)

    def codes(self) -> Registry:
        return CODES

    def show(self, plain: str, data: object) -> None:
        self.shown.append((plain, data))

    def running(self) -> Mapping[str, object] | None:
        return None

    def ask(self, path: str) -> Mapping[str, object]:
        raise AssertionError(f"the command needs no daemon, but asked for {path}")


def run(*arguments: str) -> tuple[ShowingCli, Result]:
    [command] = korproxy_commands()
    cli = ShowingCli()
    return cli, CliRunner().invoke(command.load(), arguments, obj=cli)


def words(text: str) -> list[str]:
    return text.split()


def test_the_plugin_offers_one_command_with_a_line_of_help() -> None:
    assert [(each.name, each.help) for each in korproxy_commands()] == [
        ("errors", "Explain an error code, or list all of them.")
    ]


def test_without_a_code_all_are_listed_for_people_and_for_programs() -> None:
    cli, result = run()
    assert (result.exit_code, cli.shown) == (0, [(listing(CODES), {"errors": [each.to_dict() for each in CODES]})])


def test_the_list_has_a_line_for_every_code_under_its_category() -> None:
    lines = listing(CODES).splitlines()
    headings = [each for each in lines if re.fullmatch("[A-Z]+", each)]
    rows = [each.split(maxsplit=3) for each in lines if each.startswith("  ")]
    assert headings == ["AUTH", "PROV", "CONF", "NET", "RATE", "SYS"]
    assert rows == [[each.code, each.severity.value, str(each.status), each.message] for each in CODES]


@pytest.mark.parametrize("given_code", ["KP-RATE-401", "kp-rate-401", "RATE-401", "rate-401", " Kp-Rate-401 "])
def test_a_code_is_found_however_it_is_written(given_code: str) -> None:
    cli, result = run(given_code)
    assert (result.exit_code, [data for _, data in cli.shown]) == (0, [RATE_401.to_dict()])


def test_what_is_shown_to_programs_is_json() -> None:
    cli, _ = run("KP-RATE-401")
    [(_, data)] = cli.shown
    assert json.loads(json.dumps(data)) == data


def test_an_explanation_reads_like_this() -> None:
    code = ErrorCode(
        code="KP-SYS-580",
        message="The tea is cold.",
        description="It stood for too long. Nobody drank it.",
        steps=("Run `korproxy check`.", "Make new tea."),
        status=418,
    )
    assert explain(code, 40) == (
        "KP-SYS-580 (error, HTTP status 418, not retryable)\n"
        "The tea is cold.\n"
        "\n"
        "Why it happens\n"
        "  It stood for too long. Nobody drank\n"
        "  it.\n"
        "\n"
        "What to do\n"
        "  1. Run `korproxy check`.\n"
        "  2. Make new tea."
    )


@given(st.sampled_from(BUILTIN_CODES), st.integers(20, WIDEST))
def test_no_width_loses_a_word_or_breaks_what_can_be_copied(code: ErrorCode, width: int) -> None:
    shown = explain(code, width)
    steps = [f"{number}. {step}" for number, step in enumerate(code.steps, 1)]
    body = " ".join([code.message, "Why it happens", code.description, "What to do", *steps])
    spans = re.findall("`[^`]*`", body)
    assert words(shown.split("\n", 1)[1]) == words(body)
    assert [each for each in spans if each not in shown] == []


@given(st.sampled_from(BUILTIN_CODES))
def test_lines_fit_into_the_usual_terminal(code: ErrorCode) -> None:
    assert [each for each in explain(code, 80).splitlines() if len(each) > 80] == []


@pytest.mark.code("KP-CONF-217")
def test_an_unknown_code_names_those_that_look_like_it() -> None:
    cli, result = run("KP-RATE-411")
    assert isinstance(result.exception, CommandFailed)
    assert (result.exception.code, str(result.exception), cli.shown) == (
        "KP-CONF-217",
        "There is no error code 'KP-RATE-411'. Did you mean KP-RATE-401 or KP-RATE-405 or KP-RATE-404?",
        [],
    )


@pytest.mark.code("KP-CONF-217")
def test_an_unknown_code_that_looks_like_none_is_shown_the_way_to_the_list() -> None:
    _, result = run("z" * 100)
    assert isinstance(result.exception, CommandFailed)
    assert (result.exception.code, str(result.exception)) == (
        "KP-CONF-217",
        f"There is no error code '{'z' * 40}'. Run `korproxy errors` to list all of them.",
    )


def test_help_has_examples() -> None:
    _, result = run("--help")
    assert [
        each for each in ("korproxy errors KP-RATE-401", "korproxy errors rate-401 --json") if each not in result.output
    ] == []
