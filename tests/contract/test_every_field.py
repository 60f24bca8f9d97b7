"""Every field that vendors document, on its way into every foreign format: it is sent, or the report says what becomes of it.

The corpus (tests/corpora/requests) holds each documented field of both client formats. Each leaf of each request is changed to
another legal value: either what is sent changes with it, or the report names it, or the request is refused because of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

from tests.fakes.crossing import CORPUS, Goal, counts, crossing, goals, requests, translated
from tests.fakes.passing import CLIENTS
from tests.fakes.pointers import at, matches, within
from tests.fakes.typed_dicts import every_key, fit

FIELDS: dict[str, dict[str, Any]] = json.loads((CORPUS / "FIELDS.json").read_bytes())
SDK_TYPES = {"openai-chat": CompletionCreateParamsNonStreaming, "anthropic-messages": MessageCreateParamsNonStreaming}

# Requests whose history holds what only the vendor's beta types know.
BEYOND_THE_SDK = {"betas-history"}

CROSSINGS = [(client, goal) for client in CLIENTS for goal in goals(client)]
VERDICTS = ("kept", "mapped", "lost", "refused")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_corpus_holds_every_documented_field(client: str) -> None:
    bodies = requests(client).values()
    documented = [pattern for name, group in FIELDS[client].items() if name != "sdk" for pattern in group]

    assert len(documented) > 100
    assert [pattern for pattern in documented if not any(matches(body, pattern) for body in bodies)] == []


@pytest.mark.parametrize(("client", "sdk"), [("openai-chat", openai), ("anthropic-messages", anthropic)])
def test_the_corpus_holds_every_key_of_the_sdks_own_types(client: str, sdk: Any) -> None:
    _known_sdk(client, sdk)
    fits = [fit(SDK_TYPES[client], body | {"stream": False}) for body in requests(client).values()]
    used = {key for each in fits if each for key in each.keys}

    assert sorted(every_key(SDK_TYPES[client]) - used) == []


@pytest.mark.parametrize(("client", "sdk"), [("openai-chat", openai), ("anthropic-messages", anthropic)])
def test_the_sdks_types_allow_the_corpus_but_for_listed_extensions(client: str, sdk: Any) -> None:
    _known_sdk(client, sdk)
    odd = []
    for name, body in requests(client).items():
        known = fit(SDK_TYPES[client], body | {"stream": False})
        extensions = [found for pattern in FIELDS[client]["extensions"] for found in matches(body, pattern)]
        if known is None:
            odd += [name] if name not in BEYOND_THE_SDK else []
        else:
            # An extension is listed by the fields in it: something of it has to be on the list.
            odd += [f"{name}{pointer}" for pointer in known.unknown if not any(within(each, pointer) for each in extensions)]

    assert odd == []


def _known_sdk(client: str, sdk: Any) -> None:
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


def always(goal: Goal) -> bool:
    return True


def is_gemini(goal: Goal) -> bool:
    return goal.format == "gemini"


def takes_no_links(goal: Goal) -> bool:
    return goal.abilities.images and not goal.abilities.image_links


def takes_no_schema(goal: Goal) -> bool:
    return not goal.abilities.structured


# Where the requests of the corpus are refused that would mean something else without what a model cannot take; a model that
# sees no images or documents is told that there was one.
REFUSED: dict[str, tuple[str, Callable[[Goal], bool]]] = {
    "several-answers": ("/n", always),
    "audio-input": ("/messages/0/content/1", lambda goal: not (is_gemini(goal) and goal.abilities.audio)),
    "file-id": ("/messages/0/content/1", lambda goal: is_gemini(goal) or goal.abilities.documents),
    "format-schema": ("/response_format", takes_no_schema),
    "output-schema": ("/output_config/format", takes_no_schema),
    "image-link": ("/messages/0/content/1", takes_no_links),
    "image-file": ("/messages/0/content/1", lambda goal: goal.abilities.images),
    "document-file": ("/messages/0/content/0", lambda goal: is_gemini(goal) or goal.abilities.documents),
    "document-link": (
        "/messages/0/content/0",
        lambda goal: takes_no_links(goal) if is_gemini(goal) else goal.abilities.documents,
    ),
    "user-parts": ("/messages/0/content/2", lambda goal: is_gemini(goal) and not goal.abilities.documents),
    "documents": ("/messages/0/content/0", lambda goal: is_gemini(goal) and not goal.abilities.documents),
}


def expected_refusal(name: str, body: Any, goal: Goal) -> str | None:
    if name.startswith("client-"):  # a tool of Anthropic's own that the client runs
        return "/tools/0"
    pointer, holds = REFUSED.get(name, ("", always))
    if pointer and holds(goal):
        return pointer
    functions = [number for number, tool in enumerate(body.get("tools", ())) if "input_schema" in tool]
    must_reason = not goal.abilities.tools_while_reasoning and not goal.abilities.reasoning_off
    return f"/tools/{functions[0]}" if functions and must_reason else None


@pytest.mark.parametrize(("client", "goal"), CROSSINGS, ids=str)
def test_only_what_would_mean_something_else_is_refused(client: str, goal: Goal) -> None:
    refused = {name: translated(client, body, goal).refused for name, body in requests(client).items()}

    assert refused == {name: expected_refusal(name, body, goal) for name, body in requests(client).items()}


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
