"""Where requests of the corpus have to be refused: without what the model cannot take they would mean something else.

A model that sees no images or documents is told that there was one; that is no refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from tests.fakes.crossing import Goal

_Holds: TypeAlias = Callable[[Goal], bool]


def _always(goal: Goal) -> bool:
    return True


def _is_gemini(goal: Goal) -> bool:
    return goal.format == "gemini"


def _takes_no_links(goal: Goal) -> bool:
    return goal.abilities.images and not goal.abilities.image_links


def _takes_no_schema(goal: Goal) -> bool:
    return not goal.abilities.structured


def _takes_no_file(goal: Goal) -> bool:
    return _is_gemini(goal) or goal.abilities.documents


def _takes_no_sound(goal: Goal) -> bool:
    return goal.format not in {"gemini", "openai-chat"} or not goal.abilities.audio


_REFUSED: Mapping[str, Mapping[str, tuple[str, _Holds]]] = {
    "openai-chat": {
        "several-answers": ("/n", _always),
        "audio-input": ("/messages/0/content/1", _takes_no_sound),
        "file-id": ("/messages/0/content/1", _takes_no_file),
        "format-schema": ("/response_format", _takes_no_schema),
        "image-link": ("/messages/0/content/1", _takes_no_links),
        "user-parts": ("/messages/0/content/2", lambda goal: _is_gemini(goal) and not goal.abilities.documents),
    },
    "anthropic-messages": {
        "output-schema": ("/output_config/format", _takes_no_schema),
        "image-link": ("/messages/0/content/1", _takes_no_links),
        "image-file": ("/messages/0/content/1", lambda goal: goal.abilities.images),
        "document-file": ("/messages/0/content/0", _takes_no_file),
        "document-link": (
            "/messages/0/content/0",
            lambda goal: _takes_no_links(goal) if _is_gemini(goal) else goal.abilities.documents,
        ),
        "documents": ("/messages/0/content/0", lambda goal: _is_gemini(goal) and not goal.abilities.documents),
    },
    "gemini": {
        "answer-as-picture": ("/generationConfig/responseModalities", _always),
        "answer-as-speech": ("/generationConfig/responseModalities", _always),
        "audio-input": ("/contents/0/parts/1", _takes_no_sound),
        "cached-content": ("/cachedContent", _always),
        "client-computer": ("/tools/0/computerUse", _always),
        "continuation": ("/continuationToken", _always),
        "document-link": ("/contents/0/parts/0", lambda goal: goal.format == "openai-chat" and goal.abilities.documents),
        "film": ("/contents/0/parts/0", _always),
        "format-json-schema": ("/generationConfig/responseMimeType", _takes_no_schema),
        "format-schema": ("/generationConfig/responseMimeType", _takes_no_schema),
        "image-file": ("/contents/0/parts/0", lambda goal: goal.abilities.images),
        "image-link": ("/contents/0/parts/1", _takes_no_links),
        "image-link-named": ("/contents/0/parts/0", _takes_no_links),
        "several-answers": ("/generationConfig/candidateCount", _always),
        "snake-case": ("/contents/2/parts/1", _takes_no_links),
        "snake-case-form": ("/generation_config/response_mime_type", _takes_no_schema),
        "tool-result-link": ("/contents/2/parts/0", _takes_no_links),
    },
}


def expected_refusal(client: str, name: str, body: Any, goal: Goal) -> str | None:
    """Return the pointer at which the request *name* of *client*'s corpus is refused on its way to *goal*; None: it is not."""
    if client == "anthropic-messages" and name.startswith("client-"):  # a tool of Anthropic's own that the client runs
        return "/tools/0"
    pointer, holds = _REFUSED[client].get(name, ("", _always))
    if pointer and holds(goal):
        return pointer
    must_reason = not goal.abilities.tools_while_reasoning and not goal.abilities.reasoning_off
    return next(_functions(client, body), None) if must_reason else None


def _functions(client: str, body: Any) -> Iterator[str]:
    for number, tool in enumerate(body.get("tools", ())):
        if client == "gemini":
            yield from (f"/tools/{number}/{key}/0" for key in ("functionDeclarations", "function_declarations") if key in tool)
        elif "input_schema" in tool:
            yield f"/tools/{number}"
