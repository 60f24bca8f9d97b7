"""Every answer is what the vendor's own SDK has a type for: all of it fits, and nothing is left over.

The SDKs build their types without looking at what comes; here pydantic looks, strictly, at the bytes as they came.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal

import anthropic
import openai
import pytest
import trio
from anthropic import types as anthropic_types
from google import genai
from google.genai import types as google_types
from korproxy_mock.server import MockServer
from openai.types import Completion, CreateEmbeddingResponse, Model
from openai.types import chat as chat_types
from openai.types import responses as response_types
from openai.types.completion_choice import CompletionChoice
from openai.types.responses import response_item_list
from openai.types.responses.response_error_event import ResponseErrorEvent
from openai.types.responses.response_stream_event import ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

MESSAGES = "/v1/messages"
FLASH = "/v1beta/models/gemini-3.5-flash"
SAYS = "{{mock: thinking='let me see' summary-parts=2 text='a b' tool=ls args='{\"a\": 1}' tool=raw usage=9/8/7/1}}"
FUNCTION: dict[str, Any] = {"name": "ls", "parameters": {"type": "object", "properties": {}}}
RESPONSES: dict[str, Any] = {
    "input": SAYS,
    "reasoning": {"effort": "low", "summary": "auto"},
    "tools": [
        {"type": "function", **FUNCTION},
        {"type": "custom", "name": "raw"},
        {"type": "namespace", "name": "ns", "description": "n", "tools": [{"type": "function", **FUNCTION}]},
        {"type": "web_search"},
    ],
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {}}},
}
CHAT: dict[str, Any] = {
    "messages": [{"role": "user", "content": SAYS}],
    "tools": [{"type": "function", "function": FUNCTION}],
}
CLAUDE: dict[str, Any] = {
    "messages": [{"role": "user", "content": SAYS}],
    "tools": [{"name": "ls", "input_schema": {"type": "object", "properties": {}}}],
}
GOOGLE: dict[str, Any] = {
    "contents": [{"parts": [{"text": SAYS}]}],
    "generationConfig": {"thinkingConfig": {"includeThoughts": True}},
    "tools": [{"functionDeclarations": [FUNCTION]}],
}
SEARCHED = "{{mock: search=rain cite=https://a.example/rain text='It rains.'}}"
SEARCHES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("/v1/responses", {"input": SEARCHED, "tools": [{"type": "web_search"}]}, response_types.Response, ResponseStreamEvent),
    (
        "/v1/chat/completions",
        {"messages": [{"role": "user", "content": SEARCHED}], "web_search_options": {}},
        chat_types.ChatCompletion,
        chat_types.ChatCompletionChunk,
    ),
    (
        MESSAGES,
        {
            "messages": [{"role": "user", "content": SEARCHED}],
            "tools": [{"type": "web_search_20250305", "name": "web_search"}],
        },
        anthropic_types.Message,
        anthropic_types.RawMessageStreamEvent,
    ),
    (
        f"{FLASH}:generateContent",
        {"contents": [{"parts": [{"text": SEARCHED}]}], "tools": [{"googleSearch": {}}]},
        google_types.GenerateContentResponse,
        google_types.GenerateContentResponse,
    ),
]
# what vendors do send although their SDKs have no field for it
BEYOND = {
    "store",  # OpenAI's response repeats it
    "annotations",  # OpenAI's models that search send them in deltas, too
    "reasoning_content",  # compatible servers' thinking in Chat Completions
}


class Piece(CompletionChoice):
    """A choice of a legacy stream; OpenAI's SDK has the type of whole answers only, which are finished."""

    finish_reason: Literal["stop", "length", "content_filter"] | None  # type: ignore[assignment]


class CompletionChunk(Completion):
    """A piece of a legacy stream."""

    choices: list[Piece]  # type: ignore[assignment]


def left_over(value: object) -> Iterator[str]:
    """The names of all fields that the types do not have."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from left_over(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from left_over(each)


@cache  # the union of all events takes a second to build
def adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def fits(kind: Any, data: str | bytes) -> Any:
    """Read *data* as the SDK's type, strictly, with nothing left over."""
    value = adapter(kind).validate_json(data, strict=True)
    assert set(left_over(value)) <= BEYOND
    return value


def datas(got: Any) -> list[str]:
    lines = [line for event in got.events for line in event.splitlines() if line.startswith("data: ")]
    return [line.removeprefix("data: ") for line in lines if line != "data: [DONE]"]


WHOLE: list[tuple[str, dict[str, Any], Any]] = [
    ("/v1/responses", RESPONSES, response_types.Response),
    ("/v1/responses", {"input": "{{mock: text=a refusal=no}}"}, response_types.Response),
    ("/v1/responses", {"input": "{{mock: text=a stop=length}}"}, response_types.Response),
    ("/v1/responses", {"input": "{{mock: stop=failed}}"}, response_types.Response),
    ("/v1/responses", {"input": "{{mock: text=a phase=commentary redacted=b}}"}, response_types.Response),
    ("/v1/responses/input_tokens", RESPONSES, response_types.InputTokenCountResponse),
    ("/v1/embeddings", {"dimensions": 3}, CreateEmbeddingResponse),
    ("/v1/completions", {"n": 2, "logprobs": 1}, Completion),
    ("/v1/chat/completions", CHAT, chat_types.ChatCompletion),
    (MESSAGES, CLAUDE, anthropic_types.Message),
    (MESSAGES, {"messages": [{"role": "user", "content": "{{mock: refusal=no redacted=x}}"}]}, anthropic_types.Message),
    (f"{MESSAGES}/count_tokens", {**CLAUDE, "max_tokens": ...}, anthropic_types.MessageTokensCount),
    (f"{FLASH}:generateContent", GOOGLE, google_types.GenerateContentResponse),
    (
        "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        {"requests": [{"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "a"}]}}]},
        google_types.EmbedContentResponse,
    ),
]


@pytest.mark.parametrize(("path", "body", "kind"), WHOLE)
async def test_a_whole_answer_fits_the_sdks_type(ask: Any, path: str, body: dict[str, Any], kind: Any) -> None:
    got = await ask("hi", path, **body)
    assert got.status == 200, got.body
    fits(kind, got.body)


STREAMS: list[tuple[str, dict[str, Any], Any]] = [
    ("/v1/responses", RESPONSES, ResponseStreamEvent),
    ("/v1/responses", {"input": "{{mock: refusal='a b' quirk=whole-calls}}"}, ResponseStreamEvent),
    ("/v1/responses", {"input": "{{mock: thinking=a text=b quirk=reasoning-text stop=length}}"}, ResponseStreamEvent),
    ("/v1/responses", {"input": "{{mock: text=a error-after=3 stop=failed}}"}, ResponseStreamEvent),
    ("/v1/responses", {"input": "{{mock: text=a error-after=3}}"}, ResponseStreamEvent | ResponseErrorEvent),
    (
        "/v1/responses",
        {"input": [{"role": "user", "content": "a"}, {"type": "compaction_trigger"}]},
        ResponseStreamEvent,
    ),
    ("/v1/completions", {"stream_options": {"include_usage": True}}, CompletionChunk),
    ("/v1/chat/completions", {**CHAT, "stream_options": {"include_usage": True}}, chat_types.ChatCompletionChunk),
    (MESSAGES, CLAUDE, anthropic_types.RawMessageStreamEvent),
    (f"{FLASH}:generateContent", GOOGLE, google_types.GenerateContentResponse),
]


@pytest.mark.parametrize(("path", "body", "kind"), STREAMS)
async def test_every_event_of_a_stream_fits_the_sdks_type(ask: Any, path: str, body: dict[str, Any], kind: Any) -> None:
    got = await ask("hi", path, stream=True, **body)
    told = [fits(kind, data) for data in datas(got) if data != '{"type": "ping"}']
    assert len(told) > 1


@pytest.mark.parametrize(("path", "body", "kind", "piece"), SEARCHES)
async def test_a_search_and_what_it_cites_fit_the_sdks_type(
    ask: Any, path: str, body: dict[str, Any], kind: Any, piece: Any
) -> None:
    got = await ask("hi", path, **body)
    assert got.status == 200, got.body
    assert "https://a.example/rain" in fits(kind, got.body).model_dump_json()
    streamed = await ask("hi", path, stream=True, **body)
    told = [fits(piece, data).model_dump_json() for data in datas(streamed) if data != '{"type": "ping"}']
    assert any("https://a.example/rain" in each for each in told)


async def test_nobody_searches_unasked(ask: Any) -> None:
    got = await ask("{{mock: search=rain}}", "/v1/responses")
    assert (got.status, b"asks for no web search" in got.body) == (400, True)


async def test_a_list_of_input_items_fits_whatever_was_said(ask: Any, connect: Any) -> None:
    image = {"type": "input_image", "image_url": "https://example.com/a.png"}
    first = (await ask("{{mock: thinking=hm text=so tool=ls tool=raw}}", "/v1/responses", tools=RESPONSES["tools"])).json
    calls = [each["call_id"] for each in first["output"] if "call_id" in each]
    said = [
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "raw"}]},
        {"type": "function_call_output", "call_id": calls[0], "output": [image]},
        {"type": "custom_tool_call_output", "call_id": calls[1], "output": "ok"},
        {"role": "assistant", "content": "so"},
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, image, {"type": "input_file", "file_id": "f"}]},
    ]
    second = (await ask("", "/v1/responses", input=said, previous_response_id=first["id"])).json
    wire = await connect()
    await wire.send("GET", f"/v1/responses/{second['id']}/input_items", [("authorization", "Bearer sk-mock")])
    listed = fits(response_item_list.ResponseItemList, (await wire.read()).body)
    assert [each.type for each in listed.data] == [
        "message", "message", "custom_tool_call_output", "function_call_output", "additional_tools",
        "custom_tool_call", "function_call", "message", "reasoning", "message",
    ]  # fmt: skip


async def test_a_compacted_response_fits_but_for_the_users_messages_that_the_sdk_has_no_type_for_there(ask: Any) -> None:
    body = (await ask("hi", "/v1/responses/compact")).json
    fits(response_types.ResponseInputMessageItem, json.dumps(body["output"].pop(0)))
    fits(response_types.CompactedResponse, json.dumps(body))


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("/v1/models/gpt-5.5", [("authorization", "Bearer k")], Model),
        ("/v1/models/claude-x", [("x-api-key", "k"), ("anthropic-version", "2023-06-01")], anthropic_types.ModelInfo),
    ],
)
async def test_a_model_fits_the_sdks_type(connect: Any, path: str, headers: list[tuple[str, str]], kind: Any) -> None:
    wire = await connect()
    await wire.send("GET", path, headers)
    fits(kind, (await wire.read()).body)


def of_openai(sdk: openai.OpenAI) -> list[Any]:
    given: dict[str, Any] = {"model": "gpt-5.5", **RESPONSES}
    with sdk.responses.stream(**{**given, "store": False}) as stream:
        list(stream)
        streamed = stream.get_final_response()
    legacy = sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt="a", stream=True)
    return [
        sdk.responses.create(**given),
        streamed,
        sdk.responses.input_tokens.count(input="a"),
        sdk.embeddings.create(model="text-embedding-3-small", input="a", dimensions=2),
        sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt="a"),
        *legacy,
        sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "a"}]),
        *sdk.models.list(),
    ]


def of_anthropic(sdk: anthropic.Anthropic) -> list[Any]:
    messages: Any = [{"role": "user", "content": "a"}]
    with sdk.messages.stream(model="claude-x", max_tokens=100, messages=messages) as stream:
        streamed = stream.get_final_message()
    return [
        sdk.messages.create(model="claude-x", max_tokens=100, messages=messages),
        streamed,
        sdk.messages.count_tokens(model="claude-x", messages=messages),
        *sdk.models.list(),
    ]


def of_google(sdk: genai.Client) -> list[Any]:
    thinks = google_types.GenerateContentConfig(thinking_config=google_types.ThinkingConfig(include_thoughts=True))
    return [
        sdk.models.generate_content(model="gemini-3.5-flash", contents=SAYS, config=thinks),
        *sdk.models.generate_content_stream(model="gemini-3.5-flash", contents=SAYS, config=thinks),
        sdk.models.count_tokens(model="gemini-3.5-flash", contents="a"),
        sdk.models.embed_content(model="gemini-embedding-001", contents=["a", "b"]),
        *sdk.models.list(config={"query_base": True}),
    ]


@pytest.fixture
def google_sdk(korproxy_mock: MockServer) -> Iterator[genai.Client]:
    """Google's own client; it blocks, so call it in a thread."""
    with genai.Client(api_key="sk-mock", http_options={"base_url": korproxy_mock.url}) as client:
        yield client


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "google"])
async def test_what_the_sdk_makes_of_each_answer_has_nothing_left_over(
    vendor: str, openai_sdk: openai.OpenAI, anthropic_sdk: anthropic.Anthropic, google_sdk: genai.Client,
    korproxy_mock: MockServer,
) -> None:  # fmt: skip
    calls: dict[str, Callable[[], list[Any]]] = {
        "openai": lambda: of_openai(openai_sdk),
        "anthropic": lambda: of_anthropic(anthropic_sdk),
        "google": lambda: of_google(google_sdk),
    }
    answers = await trio.to_thread.run_sync(calls[vendor])
    assert len(answers) > 8
    assert {name for answer in answers for name in left_over(answer)} <= BEYOND
    assert {each.status for each in korproxy_mock.requests} == {200}
