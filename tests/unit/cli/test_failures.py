from __future__ import annotations

import errno
import json

import pytest

from korproxy.cli.failures import FAILED, error_data, error_lines, problem_lines, report
from korproxy.cli.options import Chosen
from korproxy.errors.exceptions import CommandFailed, ConfigError, Problem

STOPPED = CommandFailed("KP-SYS-505", "No daemon runs.")
WRONG = ConfigError.of(
    [
        Problem(code="KP-CONF-202", path="$.server.port", message="is 0.5"),
        Problem(code="KP-CONF-202", path="$.log.level", message="is loud"),
        Problem(code="KP-CONF-203", path="$.providers.a.type", message="is unknown"),
    ]
)
SECRET = "sk-nobody-may-see-this"


def chosen(**said: object) -> Chosen:
    made = Chosen()
    for name, value in said.items():
        setattr(made, name, value)
    return made


def test_an_error_is_one_line_and_where_to_read_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(STOPPED, chosen())

    assert code == FAILED == 1
    assert capsys.readouterr() == ("", "error KP-SYS-505: No daemon runs.\n  help: korproxy errors KP-SYS-505\n")


def test_every_problem_has_a_line_and_every_code_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    report(WRONG, chosen())

    assert capsys.readouterr().err.splitlines() == [
        "error KP-CONF-202: $.server.port: is 0.5",
        "error KP-CONF-202: $.log.level: is loud",
        "error KP-CONF-203: $.providers.a.type: is unknown",
        "  help: korproxy errors KP-CONF-202",
        "  help: korproxy errors KP-CONF-203",
    ]


def test_json_goes_where_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    report(STOPPED, chosen(as_json=True))
    out, err = capsys.readouterr()

    assert err == ""
    assert json.loads(out) == {
        "error": {"code": "KP-SYS-505", "message": "No daemon runs.", "help": "korproxy errors KP-SYS-505"}
    }


def test_json_lists_every_problem() -> None:
    assert error_data(WRONG)["problems"] == [
        {"code": "KP-CONF-202", "path": "$.server.port", "message": "is 0.5"},
        {"code": "KP-CONF-202", "path": "$.log.level", "message": "is loud"},
        {"code": "KP-CONF-203", "path": "$.providers.a.type", "message": "is unknown"},
    ]


def raised() -> Exception:
    """Return an exception with a traceback."""
    with pytest.raises(KeyError) as caught:
        dict[str, int]()[SECRET]
    return caught.value


@pytest.mark.code("KP-SYS-501")
def test_an_unexpected_error_is_named_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    report(raised(), chosen())

    assert capsys.readouterr().err.splitlines() == [
        "error KP-SYS-501: KeyError was raised where nothing expected it; --verbose shows where",
        "  help: korproxy errors KP-SYS-501",
    ]


@pytest.mark.code("KP-SYS-501")
def test_of_an_error_of_the_system_its_words_are_told_and_not_those_around_it(capsys: pytest.CaptureFixture[str]) -> None:
    report(OSError(errno.ENOSPC, "sk-secret", "/sk-secret"), chosen())

    assert capsys.readouterr().err.splitlines()[0] == (
        "error KP-SYS-501: OSError (No space left on device) was raised where nothing expected it; --verbose shows where"
    )


@pytest.mark.code("KP-SYS-501")
def test_verbose_shows_the_traceback_of_an_unexpected_error(capsys: pytest.CaptureFixture[str]) -> None:
    report(raised(), chosen(verbose=True))
    lines = capsys.readouterr().err.splitlines()

    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2] == "error KP-SYS-501: KeyError was raised where nothing expected it; its traceback is above"


def test_verbose_shows_no_traceback_of_an_expected_error(capsys: pytest.CaptureFixture[str]) -> None:
    report(STOPPED, chosen(verbose=True))

    assert "Traceback" not in capsys.readouterr().err


def test_the_word_error_has_a_colour_which_terminals_only_get() -> None:
    assert error_lines(STOPPED)[0] == "\x1b[31m\x1b[1merror\x1b[0m KP-SYS-505: No daemon runs."


def test_warnings_have_their_own_word() -> None:
    line = problem_lines(WRONG.problems[:1], word="warning", color="yellow")[0]

    assert line == "\x1b[33m\x1b[1mwarning\x1b[0m KP-CONF-202: $.server.port: is 0.5"


def test_no_problems_are_no_lines() -> None:
    assert problem_lines([]) == []


def test_the_traceback_is_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    report(ValueError("the key sk-ant-api03-AbCdEf0123456789AbCdEf of ann@example.org"), chosen(verbose=True))

    shown = capsys.readouterr().err
    assert "ValueError: the key ***REDACTED*** of ***REDACTED***" in shown
    assert "AbCdEf" not in shown
