"""Every field that vendors document, on its way into every foreign format: it is sent, or the report says what becomes of it.

The corpus (tests/corpora/requests) holds each documented field of the formats that clients speak. Each leaf of each request is
changed to another legal value: either what is sent changes with it, or the report names it, or the request is refused because
of it.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import anthropic
import google.genai
import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from tests.fakes.crossing import CORPUS, Goal, counts, crossing, goals, requests, translated
from tests.fakes.gemini_types import request_type, sdk_name
from tests.fakes.passing import CLIENTS
from tests.fakes.pointers import at, matches, within
from tests.fakes.refusals import expected_refusal
from tests.fakes.typed_dicts import Fit, every_key, fit

FIELDS: dict[str, dict[str, Any]] = json.loads((CORPUS / "FIELDS.json").read_bytes())
SDKS = {"openai-chat": openai, "anthropic-messages": anthropic, "gemini": google.genai, "openai-responses": openai}
SDK_TYPES = {
    "openai-chat": CompletionCreateParamsNonStreaming,
    "anthropic-messages": MessageCreateParamsNonStreaming,
    "gemini": request_type(),
    "openai-responses": ResponseCreateParamsNonStreaming,
}
NO_FIELDS = {"sdk", "sdk_only"}  # groups of FIELDS.json that hold something else

# Requests whose history holds what only the vendor's beta types know.
BEYOND_THE_SDK = {"betas-history"}

CROSSINGS = [(client, goal) for client in CLIENTS for goal in goals(client)]
VERDICTS = ("kept", "mapped", "lost", "refused")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_corpus_holds_every_documented_field(client: str) -> None:
    bodies = requests(client).values()
    documented = [pattern for name, group in FIELDS[client].items() if name not in NO_FIELDS for pattern in group]

    assert len(documented) > 100
    assert [pattern for pattern in documented if not any(matches(body, pattern) for body in bodies)] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_the_corpus_holds_every_key_of_the_sdks_own_types(client: str) -> None:
    _known_sdk(client)
    used = {key for body in requests(client).values() if (each := _fit(client, body)) for key in each.keys}
    known = every_key(SDK_TYPES[client])
    sdk_only = {key for key in known if {key, key.partition("/")[0]} & FIELDS[client].get("sdk_only", {}).keys()}

    assert sorted(known - used - sdk_only) == []
    assert sorted(sdk_only & used) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_the_sdks_types_allow_the_corpus_but_for_listed_extensions(client: str) -> None:
    _known_sdk(client)
    odd = []
    for name, body in requests(client).items():
        known = _fit(client, body)
        extensions = [found for pattern in FIELDS[client]["extensions"] for found in matches(body, pattern)]
        if known is None:
            odd += [name] if name not in BEYOND_THE_SDK else []
        else:
            # An extension is listed by the fields in it: something of it has to be on the list.
            odd += [f"{name}{pointer}" for pointer in known.unknown if not any(within(each, pointer) for each in extensions)]

    assert odd == []


def _fit(client: str, body: Any) -> Fit | None:
    if client == "gemini":
        return fit(SDK_TYPES[client], body, name=sdk_name)
    return fit(SDK_TYPES[client], body | {"stream": False})


def _known_sdk(client: str) -> None:
    sdk = SDKS[client]
    version = ".".join(sdk.__version__.split(".")[:2])
    wanted = FIELDS[client]["sdk"].split()[1]
    if version != wanted:
        pytest.skip(f"the corpus was written for {sdk.__name__} {wanted}, this is {version}")


@pytest.mark.parametrize(("client", "goal"), CROSSINGS, ids=str)
def test_every_leaf_is_sent_or_reported(client: str, goal: Goal) -> None:
    faults = [
        f"{name} {leaf.pointer}: {leaf.fault}"
        for name in requests(client)
        for leaf in crossing(client, name, goal)
        if leaf.fault
    ]

    assert faults == []


@pytest.mark.parametrize(("client", "goal"), CROSSINGS, ids=str)
def test_every_note_and_every_refusal_points_to_something_in_the_request(client: str, goal: Goal) -> None:
    lost = []
    for name, body in requests(client).items():
        outcome = translated(client, body, goal)
        pointers = [each.pointer for each in outcome.report.notes] + ([outcome.refused] if outcome.refused is not None else [])
        lost += [f"{name} {pointer!r}" for pointer in pointers if not pointer or not _is_there(body, pointer)]

    assert lost == []


def _is_there(body: Any, pointer: str) -> bool:
    try:
        at(body, pointer)
    except LookupError:
        return False
    return True


@pytest.mark.parametrize(("client", "goal"), CROSSINGS, ids=str)
def test_only_what_would_mean_something_else_is_refused(client: str, goal: Goal) -> None:
    refused = {name: translated(client, body, goal).refused for name, body in requests(client).items()}

    assert refused == {name: expected_refusal(client, name, body, goal) for name, body in requests(client).items()}


def test_the_counts_of_every_crossing_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    sums: dict[str, Counter[str]] = {}
    for client, goal in CROSSINGS:
        found = counts(client, goal)
        assert found["kept"] > 100, f"{client} -> {goal}: hardly anything is kept"
        crossing_name = f"{client} -> {goal.format}"
        sums.setdefault(crossing_name, Counter()).update(found)
        sums[crossing_name]["models"] += 1
        print(_row(f"{crossing_name} ({goal.name})", found))  # noqa: T201 -- all of it with -s
    with capsys.disabled():
        lines = [_row(f"{name} ({found['models']} kinds of models)", found) for name, found in sums.items()]
        print("", _row("leaves of requests on their way", None), *lines, sep="\n")  # noqa: T201


def _row(name: str, found: Counter[str] | None) -> str:
    return f"{name:68}" + "".join(f"{verdict if found is None else found[verdict]:>9}" for verdict in VERDICTS)
