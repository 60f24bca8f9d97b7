"""A provider's own web search, asked for in each of the four formats: the provider searches, and its pages reach the program.

The mock searches only for who asks it to, so what comes back shows what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cells import MODELS
from tests.e2e.sdk import AnthropicTool, OpenAITool, unfinished_generators
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.sdk_responses import ResponsesTool
from tests.e2e.stage import Model, Stage

PAGE = "https://a.example/rain"
TEXT = "It rains in Köln."
SAYS = f"{{{{mock: search='rain today' cite={PAGE} text='{TEXT}'}}}}"
UNASKED = f"{{{{mock: cite={PAGE} text='{TEXT}'}}}}"

pytestmark = unfinished_generators

# A server that speaks Responses only, and whose own web search the settings tell of: nobody knows it otherwise.
PROVIDERS_TOO = """
[providers.searching]
type = "compatible"
base_url = "MOCK/searching/v1"
speaks = ["openai-responses"]
abilities = { search = "tool" }
accounts = [{ name = "work", key = "env:ANSWERS_KEY" }]
"""
OWN = Model(asked="searching/gpt-6-luna", provider="searching", upstream="gpt-6-luna")

searching = pytest.mark.parametrize("model", [MODELS["claude"], OWN, MODELS["gemini"]], ids=str)
both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])

# How each provider is asked, as the mock got it.
ASKED: dict[str, list[Any]] = {
    "claude": [{"type": "web_search_20250305", "name": "web_search"}],
    "searching": [{"type": "web_search"}],
    "gemini": [{"googleSearch": {}}],
}


def arrived(stage: Stage) -> list[Any]:
    tools = stage.mock.only_request().body["tools"]
    assert isinstance(tools, list)
    return tools


def urls(annotations: list[Any]) -> list[tuple[str, str]]:
    """Return each page that is cited, and the piece of the text that rests on it."""
    found = []
    for each in annotations:
        said = each if isinstance(each, dict) else each.model_dump()
        inner = said.get("url_citation") or said
        found.append((inner["url"], TEXT[inner["start_index"] : inner["end_index"]]))
    return found


@searching
@both_ways
async def test_with_chat_completions(openai_tool: OpenAITool, stage: Stage, model: Model, streamed: bool) -> None:
    request: dict[str, Any] = {"model": model.asked, "messages": [{"role": "user", "content": SAYS}], "web_search_options": {}}
    if streamed:
        deltas = [choice.delta for chunk in (await openai_tool.stream(**request)).value for choice in chunk.choices]
        text = "".join(each.content or "" for each in deltas)
        annotations = [page for each in deltas for page in (each.model_extra or {}).get("annotations", ())]
    else:
        message = (await openai_tool.chat(**request)).value.choices[0].message
        text, annotations = message.content or "", list(message.annotations or ())

    assert (text, urls(annotations)) == (TEXT, [(PAGE, TEXT)])
    assert arrived(stage) == ASKED[model.provider]


@searching
@both_ways
async def test_with_responses(responses_tool: ResponsesTool, stage: Stage, model: Model, streamed: bool) -> None:
    request: dict[str, Any] = {"model": model.asked, "input": SAYS, "tools": [{"type": "web_search"}]}
    response: Any
    if streamed:
        events: list[Any] = list((await responses_tool.stream(**request)).value)
        added = [each.annotation for each in events if each.type == "response.output_text.annotation.added"]
        assert urls(added) == [(PAGE, TEXT)]
        response = events[-1].response
    else:
        response = (await responses_tool.respond(**request)).value

    texts = [part for item in response.output if item.type == "message" for part in item.content]
    assert [(part.text, urls(part.annotations)) for part in texts] == [(TEXT, [(PAGE, TEXT)])]
    assert arrived(stage) == ASKED[model.provider]


@searching
@both_ways
async def test_with_googles_sdk(google_tool: GoogleTool, stage: Stage, model: Model, streamed: bool) -> None:
    request: dict[str, Any] = {"model": model.asked, "contents": SAYS, "config": {"tools": [{"google_search": {}}]}}
    chunks = (await google_tool.stream(**request)).value if streamed else [(await google_tool.generate(**request)).value]
    grounded = [each for chunk in chunks for each in _grounded(chunk)]

    assert "".join(chunk.text or "" for chunk in chunks) == TEXT
    assert [page.web.uri for each in grounded for page in each.grounding_chunks or ()] == [PAGE]
    if model.provider != "claude":  # which says what it cites of a block, not of a place in it
        assert [each.segment.text for one in grounded for each in one.grounding_supports or ()] == [TEXT]
    assert arrived(stage) == ASKED[model.provider]


def _grounded(chunk: Any) -> Iterator[Any]:
    for candidate in chunk.candidates or ():
        if candidate.grounding_metadata is not None:
            yield candidate.grounding_metadata


@searching
@both_ways
async def test_with_anthropics_sdk(anthropic_tool: AnthropicTool, stage: Stage, model: Model, streamed: bool) -> None:
    request: dict[str, Any] = {
        "model": model.asked,
        "messages": [{"role": "user", "content": SAYS}],
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
    }
    message = await anthropic_tool.assembled(**request) if streamed else (await anthropic_tool.message(**request)).value

    assert "".join(block.text for block in message.content if block.type == "text") == TEXT
    assert message.stop_reason == "end_turn"
    pages = [
        page.url for block in message.content if block.type == "text" for page in block.citations or () if hasattr(page, "url")
    ]
    assert pages == ([PAGE] if model.provider == "claude" else [])  # nobody but Anthropic can make one
    assert arrived(stage) == ASKED[model.provider]


@both_ways
async def test_a_search_that_the_model_has_not_is_lost_and_nothing_is_refused(
    openai_tool: OpenAITool, responses_tool: ResponsesTool, stage: Stage, streamed: bool
) -> None:
    del openai_tool
    request: dict[str, Any] = {"model": "qwen3-coder-plus", "input": UNASKED, "tools": [{"type": "web_search"}]}
    answer = await (responses_tool.stream(**request) if streamed else responses_tool.respond(**request))

    assert answer.headers["x-korproxy-lossy"] == "/tools/0"
    assert "tools" not in stage.mock.only_request().body
