from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Explanation, chat
from korproxy.builtin.commands.explain import BEGIN, LONGEST, data, describe, korproxy_commands
from korproxy.cli.main import korproxy
from tests.fakes.process import environment
from tests.fakes.process import korproxy as run_korproxy

HOWTO = Path(__file__).parents[4] / "docs" / "howto" / "see-what-is-lost.md"
SETTINGS = '[providers.mine]\ntype = "compatible"\nbase_url = "http://127.0.0.1:9/v1"\n'
REQUEST = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}]}
TOOL_LOST = chat.Note("/tools/1", "lost", "runs at OpenAI")
FOUND = Explanation(
    client="openai-chat",
    dialect="gemini",
    provider="gemini",
    model="gemini-3.8-flash",
    url="https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent",
    body=b'{"contents":[{"parts":[{"text":"Hello"}]}],"big":1e400,"exact":1.10}',
    names={"files_read": "files.read"},
    fates={
        "/model": chat.Note("/model", "mapped", "sent as gemini-3.8-flash"),
        "/messages/0/role": chat.Note("/messages/0/role", "kept", ""),
        "/messages/0/content": chat.Note("/messages/0/content", "kept", ""),
        "/tools/1/type": TOOL_LOST,
        "/seed": chat.Note("/seed", "lost", "has no place"),
        "/tools/1/size": TOOL_LOST,
    },
    lossy="/tools/1,/seed",
    remarks=("The request looks like openai-chat; --from says otherwise.",),
)


def explain(home: Path, *args: str, request: Mapping[str, Any] | str | None = None, settings: str = SETTINGS) -> Result:
    """Run the command on *request*, given on stdin."""
    home.mkdir(exist_ok=True)
    (home / "korproxy.toml").write_text(settings)
    text = request if isinstance(request, str) else json.dumps(request or REQUEST)
    return CliRunner().invoke(korproxy, ["explain", "-", "--no-plugins", *args], input=text)


# How it is shown


def test_people_read_from_where_to_where_then_the_request_then_what_became_of_it() -> None:
    assert describe(FOUND).splitlines() == [
        "openai-chat -> gemini (gemini/gemini-3.8-flash)",
        "  The request looks like openai-chat; --from says otherwise.",
        "",
        "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent",
        "{",
        '  "contents": [',
        "    {",
        '      "parts": [',
        "        {",
        '          "text": "Hello"',
        "        }",
        "      ]",
        "    }",
        "  ],",
        '  "big": 1e400,',
        '  "exact": 1.10',
        "}",
        "",
        "\x1b[31m\x1b[1mlost\x1b[0m: 3 values",
        "  /tools/1 (2 values)  runs at OpenAI",
        "  /seed                has no place",
        "\x1b[33m\x1b[1mmapped\x1b[0m: 1 value",
        "  /model  sent as gemini-3.8-flash",
        "\x1b[32m\x1b[1mkept\x1b[0m: 2 values",
    ]


def test_a_summary_leaves_the_request_out() -> None:
    whole, short = describe(FOUND).splitlines(), describe(FOUND, summary=True).splitlines()

    assert short == [*whole[:3], *whole[whole.index("}") + 2 :]]


def test_what_is_lost_of_many_things_alike_is_told_once() -> None:
    places = [*(f"/tools/{number}/strict" for number in range(3)), "/messages/0/content/1/cache_control", "/n"]
    fates = {each: chat.Note(each, "lost", "other" if each == "/n" else "no place") for each in places}
    lines = describe(attrs.evolve(FOUND, fates=fates)).splitlines()

    assert [line for line in lines if line.startswith("  /")] == [
        "  /tools/*/strict (3 values)           no place",
        "  /messages/0/content/1/cache_control  no place",
        "  /n                                   other",
    ]


def test_all_lists_every_value() -> None:
    lines = describe(FOUND, everything=True).splitlines()
    start = next(number for number, line in enumerate(lines) if "lost" in line)

    assert [line for line in lines[start:] if line.startswith("  ")] == [
        "  /tools/1/type  runs at OpenAI",
        "  /seed          has no place",
        "  /tools/1/size  runs at OpenAI",
        "  /model  sent as gemini-3.8-flash",
        "  /messages/0/role",
        "  /messages/0/content",
    ]


def test_programs_get_every_value_with_its_fate() -> None:
    told = data(FOUND)

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told == {
        "from": "openai-chat",
        "to": "gemini",
        "provider": "gemini",
        "model": "gemini-3.8-flash",
        "url": FOUND.url,
        "names": {"files_read": "files.read"},
        "request": {"contents": [{"parts": [{"text": "Hello"}]}], "big": "1e400", "exact": 1.1},
        "pointers": [
            {"pointer": "/model", "fate": "mapped", "why": "sent as gemini-3.8-flash"},
            {"pointer": "/messages/0/role", "fate": "kept", "why": ""},
            {"pointer": "/messages/0/content", "fate": "kept", "why": ""},
            {"pointer": "/tools/1/type", "fate": "lost", "why": "runs at OpenAI"},
            {"pointer": "/seed", "fate": "lost", "why": "has no place"},
            {"pointer": "/tools/1/size", "fate": "lost", "why": "runs at OpenAI"},
        ],
        "lossy": "/tools/1,/seed",
        "remarks": ["The request looks like openai-chat; --from says otherwise."],
    }


def test_a_long_text_is_shortened_unless_it_is_wanted() -> None:
    found = attrs.evolve(FOUND, body=json.dumps({"short": "s" * 100, "data": "iVBO\n" * 1000}).encode())
    shown, full = describe(found), describe(found, full=True)
    begin = json.dumps("iVBO\n" * (BEGIN // 5))[:-1]

    assert f'  "data": {begin}... (5000 characters)"' in shown.splitlines()
    assert f'  "short": "{"s" * 100}",' in shown.splitlines()
    assert json.dumps("iVBO\n" * 1000) in full


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=LONGEST // 12) | st.integers() | st.none(), max_size=4))
def test_a_request_without_long_texts_is_shown_as_it_is(body: dict[str, Any]) -> None:
    shown = describe(attrs.evolve(FOUND, body=json.dumps(body).encode(), fates={}))
    text = shown.split(FOUND.url)[1].rpartition("\n\n")[0]

    assert json.loads(text) == body


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"a": "\\ud83d"}', '{\n  "a": "\\ud83d"\n}'),  # half a pair: no JSON for the one, JSON for the other
        (b"a=1&b=\xff", "a=1&b=\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_is_odd_json_or_none_is_shown_as_well_as_it_can_be(body: bytes, shown: str) -> None:
    assert f"{FOUND.url}\n{shown}\n\n" in describe(attrs.evolve(FOUND, body=body))


def test_nothing_in_a_pointer_steers_the_terminal() -> None:
    fates = {"/\x1b[2J/\n": chat.Note("/\x1b[2J/\n", "lost", "is \x07")}

    assert describe(attrs.evolve(FOUND, fates=fates)).splitlines()[-2] == "  /\\u001b[2J/\\u000a  is \\u0007"


@pytest.mark.parametrize(
    ("fate", "sentence"),
    [
        ("kept", "The same format: every byte passes as it is."),
        ("mapped", "The same format: every byte passes as it is, but for the name of the model."),
    ],
)
def test_the_same_format_is_called_so(fate: Any, sentence: str) -> None:
    found = attrs.evolve(FOUND, dialect="openai-chat", fates={"/model": chat.Note("/model", fate, "")})

    assert sentence in describe(found).splitlines()


# The command


def test_the_plugin_offers_one_command() -> None:
    assert [each.name for each in korproxy_commands()] == ["explain"]


def test_a_request_of_the_providers_own_format(home: Path) -> None:
    done = explain(home, "--to", "mine/big")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "openai-chat -> openai-chat (mine/big)",
        "  The request looks like openai-chat; --from says otherwise.",
        "",
        "POST http://127.0.0.1:9/v1/chat/completions",
        "{",
        '  "model": "big",',
        '  "messages": [',
        "    {",
        '      "role": "user",',
        '      "content": "Hello"',
        "    }",
        "  ]",
        "}",
        "",
        "The same format: every byte passes as it is, but for the name of the model.",
        "mapped: 1 value",
        "  /model  sent as big",
        "kept: 2 values",
    ]


def test_json_is_for_programs(home: Path) -> None:
    told = json.loads(explain(home, "--to", "mine", "--from", "openai-chat", "--json").stdout)

    assert (told["request"], told["remarks"], told["lossy"]) == (REQUEST, [], "")
    assert {each["fate"] for each in told["pointers"]} == {"kept"}


@pytest.mark.parametrize(("args", "code"), [((), 0), (("--strict",), 1)])
def test_what_is_lost_fails_only_strictly(home: Path, args: tuple[str, ...], code: int) -> None:
    done = explain(home, "--to", "claude/claude-opus-5", *args, request=REQUEST | {"logit_bias": {"50256": -100}})

    assert (done.exit_code, done.stderr) == (code, "")
    assert "lost: 1 value\n  /logit_bias" in done.stdout


def test_the_example_in_the_documentation_is_what_is_printed(home: Path) -> None:
    blocks = dict(re.findall(r"^```(\w*)\n(.*?)^```$", HOWTO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    done = explain(home, "--to", "claude/claude-opus-5", request=blocks["json"])

    assert blocks[""].startswith("lost: ")
    assert done.stdout.endswith(f"\n{blocks['']}")


def test_strictly_nothing_lost_is_well(home: Path) -> None:
    assert explain(home, "--to", "mine", "--strict").exit_code == 0


@pytest.mark.code("KP-PROV-115")
def test_a_request_that_would_be_refused_is_one_line_with_its_place(home: Path) -> None:
    done = explain(home, "--to", "claude/claude-opus-5", request=REQUEST | {"n": 2})

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-PROV-115: ")
    assert " at /n: " in done.stderr
    assert done.stderr.splitlines()[1:] == ["  help: korproxy errors KP-PROV-115"]


@pytest.mark.code("KP-SYS-509")
def test_broken_json_is_told_with_its_place(home: Path) -> None:
    done = explain(home, "--to", "mine", request='{"model": "a"')

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-SYS-509: The request is not JSON: Expecting ',' delimiter: line 1 column 14")


@pytest.mark.code("KP-PROV-105")
def test_an_unknown_provider_is_told(home: Path) -> None:
    done = explain(home, "--to", "yours/tiny")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-PROV-105: No provider 'yours' is configured. Configured: mine.")


def test_a_file_that_is_not_there_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(korproxy, ["explain", str(tmp_path / "none.json"), "--to", "codex"])

    assert done.exit_code == 2
    assert "Invalid value for 'REQUEST.json'" in done.stderr


def test_before_any_set_up_nothing_is_needed_and_nothing_is_made(home: Path, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    done = run_korproxy("explain", str(tmp_path / "request.json"), "--to", "codex/gpt-5.5", home=home)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("openai-chat -> openai-chat (codex/gpt-5.5)\n")
    assert not home.exists()


def test_the_real_command_reads_stdin(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "korproxy", "explain", "-", "--to", "codex", "--json"],
        input=json.dumps(REQUEST | {"model": "gpt-5.5"}),
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(home),
        check=True,
    )

    assert json.loads(done.stdout)["url"] == "https://api.openai.com/v1/chat/completions"
