"""Where requests of the corpus have to be refused: without what the model cannot take they would mean something else.

A model that sees no images or documents is told that there was one; that is no refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tests.fakes.crossing import Goal

_ADD_TOOLS = {"additional_tools", "tool_search_output"}
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


def _takes_no_file_of_openais(goal: Goal) -> bool:
    return _takes_no_file(goal) and not (goal.format.startswith("openai-") and goal.abilities.family == "openai")


def _takes_no_document(goal: Goal) -> bool:
    return _is_gemini(goal) and not goal.abilities.documents


def _takes_no_linked_document(goal: Goal) -> bool:
    return _takes_no_links(goal) if _is_gemini(goal) else goal.format == "openai-chat" and goal.abilities.documents


def _takes_no_sound(goal: Goal) -> bool:
    return goal.format not in {"gemini", "openai-chat"} or not goal.abilities.audio


_REFUSED: Mapping[str, Mapping[str, tuple[str, _Holds]]] = {
    "openai-chat": {
        "several-answers": ("/n", _always),
        "audio-input": ("/messages/0/content/1", _takes_no_sound),
        "file-id": ("/messages/0/content/1", _takes_no_file_of_openais),
        "format-schema": ("/response_format", _takes_no_schema),
        "image-link": ("/messages/0/content/1", _takes_no_links),
        "user-parts": ("/messages/0/content/2", _takes_no_document),
    },
    "anthropic-messages": {
        "output-schema": ("/output_config/format", _takes_no_schema),
        "image-link": ("/messages/0/content/1", _takes_no_links),
        "image-file": ("/messages/0/content/1", lambda goal: goal.abilities.images),
        "document-file": ("/messages/0/content/0", _takes_no_file),
        "document-link": ("/messages/0/content/0", _takes_no_linked_document),
        "documents": ("/messages/0/content/0", _takes_no_document),
    },
    "gemini": {
        "answer-as-picture": ("/generationConfig/responseModalities", _always),
        "answer-as-speech": ("/generationConfig/responseModalities", _always),
        "audio-input": ("/contents/0/parts/1", _takes_no_sound),
        "cached-content": ("/cachedContent", _always),
        "client-computer": ("/tools/0/computerUse", _always),
        "continuation": ("/continuationToken", _always),
        "document-link": ("/contents/0/parts/0", _takes_no_linked_document),
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
    "openai-responses": {
        "background": ("/background", _always),
        "caching": ("/input/0/content/2", _takes_no_document),
        "client-found-tools": ("/input/1/tools/0", _always),
        "compaction-trigger": ("/input/1", _always),
        "configuration-update": ("/input/1/text/format", _takes_no_schema),
        "conversation": ("/conversation", _always),
        "conversation-id": ("/conversation", _always),
        "document": ("/input/0/content/0", _takes_no_document),
        "document-file": ("/input/0/content/0", _takes_no_file_of_openais),
        "document-link": ("/input/0/content/0", _takes_no_linked_document),
        "format-schema": ("/text/format", _takes_no_schema),
        "image-file": ("/input/0/content/1", lambda goal: goal.abilities.images),
        "image-link": ("/input/0/content/1", _takes_no_links),
        "item-reference": ("/input/0", _always),
        "previous-response": ("/previous_response_id", _always),
        "prompt": ("/prompt", _always),
        "tool-result-files": ("/input/2/output/0", lambda goal: goal.abilities.images),
        "tool-result-link": ("/input/2/output/0", _takes_no_links),
        "tool-result-parts": ("/input/2/output/2", _takes_no_document),
    },
}


def expected_refusal(client: str, name: str, body: Any, goal: Goal) -> str | None:
    """Return the pointer at which the request *name* of *client*'s corpus is refused on its way to *goal*; None: it is not."""
    pointer, holds = _REFUSED[client].get(name, ("", _always))
    if not pointer and name.startswith("client-"):  # a tool of the vendor's own that the client runs
        return "/tools/0"
    if pointer and holds is _always:
        return pointer
    if not goal.abilities.tools_while_reasoning and not goal.abilities.reasoning_off and goal.format == "openai-chat":
        first = next(_functions(client, body), None)
        if first is not None:
            return first
    return pointer if pointer and holds(goal) else None


def _functions(client: str, body: Any) -> Iterator[str]:
    """Yield the pointers to the tools that the client runs."""
    yield from _declared(client, body.get("tools", ()), "/tools")
    items = body.get("input")
    for number, item in enumerate(items if isinstance(items, list) else ()):
        yield from _declared(client, item.get("tools", ()) if item.get("type") in _ADD_TOOLS else (), f"/input/{number}/tools")


def _declared(client: str, tools: Sequence[Any], at: str) -> Iterator[str]:
    for number, tool in enumerate(tools):
        if client == "gemini":
            yield from (f"{at}/{number}/{key}/0" for key in ("functionDeclarations", "function_declarations") if key in tool)
        elif tool.get("type") == "namespace":
            yield from _declared(client, tool["tools"], f"{at}/{number}/tools")
        elif "input_schema" in tool or tool.get("type") in {"function", "custom"}:
            yield f"{at}/{number}"
