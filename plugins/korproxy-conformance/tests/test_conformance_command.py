"""The command line: what it takes, what it prints, how it ends."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from korproxy_conformance import plugin, table
from korproxy_conformance.command import conformance
from korproxy_conformance.results import FAIL, NOT_APPLICABLE, PASS, CellResult, Results, StepResult

TARGET = ("--target", "http://127.0.0.1:1", "--key", "k")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "everything"), "'everything' is none of: plain, stream"),
        (("--only", "client=telnet"), "'client=telnet' is none of"),
        (("--only", "way=whole"), "'way=whole' is none of"),
        (("--model", "gpt=x"), "--key, --mock and --model say how to test another gateway"),
        ((*TARGET, "--model", "gpt=x"), "'gpt=x' is not FORMAT=NAME"),
        ((*TARGET, "--model", "gemini"), "'gemini' is not FORMAT=NAME"),
        (("--target", "http://127.0.0.1:1"), "--target needs the gateway's --key"),
        (("--key", "k"), "--key, --mock and --model say how to test another gateway"),
        (("--mock", "http://127.0.0.1:1"), "--key, --mock and --model say how to test another gateway"),
        (("plain",), "unexpected extra argument"),
        ((*TARGET, "--mock", "http://127.0.0.1:1"), "No mock answers at http://127.0.0.1:1"),
    ],
)
def test_what_makes_no_sense_is_said_with_exit_code_2(arguments: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(conformance, arguments)
    assert words in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_gateway_that_is_not_there_is_no_result(mock: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = CliRunner().invoke(conformance, ["--target", url, "--key", "k", "--mock", mock])
    assert f"No gateway answers at {url}" in result.stderr
    assert result.exit_code == 2


def test_something_else_is_not_taken_for_the_mock(mock: str) -> None:
    result = CliRunner().invoke(conformance, ["--target", mock, "--key", "k", "--mock", f"{mock}/v1"])
    assert f"What answers at {mock}/v1 is no korproxy-mock" in result.stderr
    assert result.exit_code == 2


def test_the_key_can_come_from_the_environment(mock: str) -> None:
    arguments = ["--target", mock, "--mock", mock, "--only=plain", "--only=client=gemini", "--only=provider=gemini"]
    result = CliRunner().invoke(conformance, arguments, env={"CONFORMANCE_KEY": "k"})
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "conformance: 100 % (1 of 1 checks, 0 n/a)")


def test_models_lead_to_providers_as_they_are_told(mock: str, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    arguments = [
        "--target",
        mock,
        "--key",
        "k",
        "--mock",
        mock,
        "--only=stream",
        "--only=client=gemini",
        "--only=provider=gemini",
    ]
    result = CliRunner().invoke(conformance, [*arguments, "--model", "gemini=no-such-model", "--output", str(file)])
    [cell] = json.loads(file.read_text())["checks"]
    assert (result.exit_code, cell["result"]) == (1, "fail")
    assert all("404" in step["came"] for step in cell["steps"])
    assert "FAIL" in result.stdout


def test_without_a_mock_for_another_gateway_one_is_started_and_told() -> None:
    result = CliRunner().invoke(conformance, [*TARGET, "--only=plain"])
    assert "The mock is at http://127.0.0.1:" in result.stderr
    assert "it has to be the provider of http://127.0.0.1:1." in result.stderr
    assert result.exit_code == 2


def step(outcome: str, name: str = "text", why: str = "") -> StepResult:
    return StepResult(name=name, streamed=False, outcome=outcome, why=why)


def cell(case: str, *steps: StepResult, client: str = "gemini", provider: str = "openai-chat") -> CellResult:
    return CellResult(client=client, provider=provider, case=case, steps=steps)


MIXED = Results(
    target="http://gateway",
    cells=[
        cell("plain", step(PASS), step(NOT_APPLICABLE, "bytes", "they differ")),
        cell("tools", step(PASS), step(FAIL, "a call", "expected 1; came 2 at /x")),
        cell("image", step(NOT_APPLICABLE, why="it has none"), step(NOT_APPLICABLE, why="it has none")),
        cell("plain", step(PASS), client="openai-chat"),
    ],
)


def test_the_table_tells_results_reasons_and_failures() -> None:
    assert click.unstyle(table.text(MIXED)).splitlines() == [
        "client      > provider     plain  tools  image",
        "gemini      > openai-chat  pass   FAIL   n/a",
        "openai-chat > openai-chat  pass",
        "",
        "n/a  gemini > openai-chat, image: it has none",
        "left out of 1 of the cells: plain: bytes: they differ",
        "",
        "FAIL  gemini > openai-chat, tools: a call (whole): expected 1; came 2 at /x",
        "",
        "conformance: 66.6 % (2 of 3 checks, 1 n/a)",
    ]


def test_json_holds_every_step() -> None:
    data = MIXED.data()
    assert {name: data[name] for name in ("target", "percent", "passed", "failed", "not_applicable")} == {
        "target": "http://gateway",
        "percent": 66.6,
        "passed": 2,
        "failed": 1,
        "not_applicable": 1,
    }
    assert [each["result"] for each in data["checks"]] == ["pass", "fail", "n/a", "pass"]
    assert data["checks"][1]["steps"][1] == {
        "name": "a call",
        "streamed": False,
        "result": "fail",
        "why": "expected 1; came 2 at /x",
    }


@pytest.mark.parametrize(
    ("passed", "failed", "percent", "good"),
    [(160, 0, 100.0, True), (2000, 1, 99.9, False), (0, 0, 0.0, False), (0, 3, 0.0, False)],
)
def test_the_percentage_is_never_rounded_up(passed: int, failed: int, percent: float, good: bool) -> None:
    cells = [cell("plain", step(PASS))] * passed + [cell("plain", step(FAIL))] * failed
    results = Results(target="", cells=cells)
    assert (results.percent, results.all_good) == (percent, good)


def test_the_plugin_offers_the_command_and_imports_it_only_when_it_is_run() -> None:
    [command] = plugin.korproxy_commands()
    assert (command.name, command.load()) == ("conformance", conformance)
    assert "\n" not in command.help
