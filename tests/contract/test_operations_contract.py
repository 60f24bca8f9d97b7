"""The formats of single calls: what KorProxy writes in them is what the vendors' own SDKs read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anthropic
import attrs
import openai
import pytest
from google import genai
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import BadRequest, Dialect, Usage, chat
from korproxy.gateway.routing import embedder_of
from korproxy.models.calls import Headers
from tests.fakes import offered
from tests.fakes.canned import canned

DIALECTS = {name: each for name, each in offered.dialects().items() if each.kind != "chat"}
NAMES = sorted(DIALECTS)
COUNT = chat.Answer(ending=chat.Ending(reason="end"), usage=Usage(tokens_in=12))
TEXT = chat.Answer(
    parts=(chat.Text(text="größer"),), ending=chat.Ending(reason="length"), usage=Usage(tokens_in=12, tokens_out=3)
)
VECTORS = chat.EmbeddingAnswer(vectors=[[0.25, -1.5], [1, 2]], usage=Usage(tokens_in=12))


@attrs.frozen
class Sdk:
    """What the vendor's own SDK does with an operation: how it asks, and what it makes of the answer."""

    ask: Callable[[str], Any]
    expected: Any


def _anthropic(url: str, ask: Callable[[anthropic.Anthropic], Any]) -> Any:
    with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client:
        return ask(client)


def _openai(url: str, ask: Callable[[openai.OpenAI], Any]) -> Any:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:
        return ask(client)


def _google(url: str, ask: Callable[[genai.Client], Any]) -> Any:
    client = genai.Client(api_key="k", http_options={"base_url": url, "api_version": "v1beta"})
    try:
        return ask(client)
    finally:
        client.close()


def _completed(client: openai.OpenAI) -> Any:
    said = client.completions.create(model="m", prompt="Hi")
    return said.choices[0].text, said.choices[0].finish_reason, said.usage and said.usage.total_tokens


def _embedded(client: openai.OpenAI) -> Any:
    said = client.embeddings.create(model="m", input=["a", "b"], encoding_format="base64")
    return [each.embedding for each in said.data], said.usage.total_tokens


def _googles(client: genai.Client) -> Any:
    said = client.models.embed_content(model="m", contents=["a", "b"])
    return [each.values for each in said.embeddings or ()]


SDKS = {
    "anthropic-count": Sdk(
        lambda url: _anthropic(
            url, lambda it: it.messages.count_tokens(model="m", messages=[{"role": "user", "content": "Hi"}]).input_tokens
        ),
        12,
    ),
    "gemini-count": Sdk(lambda url: _google(url, lambda it: it.models.count_tokens(model="m", contents="Hi").total_tokens), 12),
    "responses-count": Sdk(
        lambda url: _openai(url, lambda it: it.responses.input_tokens.count(model="m", input="Hi").input_tokens), 12
    ),
    "openai-completions": Sdk(lambda url: _openai(url, _completed), ("größer", "length", 15)),
    "openai-embeddings": Sdk(lambda url: _openai(url, _embedded), (["AACAPgAAwL8=", "AACAPwAAAEA="], 12)),
    "gemini-embeddings": Sdk(lambda url: _google(url, _googles), [[0.25, -1.5], [1, 2]]),
}
PASSED_ONLY = {"responses-compact"}  # KorProxy writes no answer of theirs


WORDS = (
    *("input", "encoding_format", "dimensions", "requests", "content", "parts", "text", "taskType", "outputDimensionality"),
    *(
        "prompt",
        "suffix",
        "echo",
        "n",
        "best_of",
        "logprobs",
        "stop",
        "max_tokens",
        "stream",
        "stream_options",
        "include_usage",
    ),
    *("contents", "generateContentRequest", "role", "messages", "system", "thinking", "type", "instructions", "tools", "model"),
    *("error", "message", "data", "index", "embedding", "embeddings", "values", "usage", "usageMetadata", "prompt_tokens"),
    *("input_tokens", "totalTokens", "code", "status"),
)


def reads(dialect: Dialect) -> Callable[[str, bytes, chat.Report], object]:
    """Return what reads requests of *dialect*."""
    embedder = embedder_of(dialect)
    if embedder is not None:
        return embedder.read_request
    assert dialect.translator is not None
    return dialect.translator.read_request


def answer_of(dialect: Dialect) -> bytes:
    """Return an answer as KorProxy writes it for a client of *dialect*."""
    embedder = embedder_of(dialect)
    if embedder is not None:
        return embedder.write_answer(VECTORS, chat.EmbeddingAsked(model="m", base64=dialect.name.startswith("openai")))
    assert dialect.translator is not None
    return dialect.translator.write_answer(COUNT if dialect.kind == "count" else TEXT, chat.Asked(model="m"))


def test_a_new_operation_brings_its_sdk_into_this_test() -> None:
    assert SDKS.keys() | PASSED_ONLY == DIALECTS.keys()


@pytest.mark.parametrize("name", sorted(SDKS))
def test_the_sdk_reads_the_answer(name: str) -> None:
    with canned(answer_of(DIALECTS[name])) as url:
        assert SDKS[name].ask(url) == SDKS[name].expected


@pytest.mark.parametrize("name", NAMES)
def test_its_models_are_listed_by_the_chat_format(name: str) -> None:
    headers = Headers([(b"anthropic-version", b"2023-06-01"), (b"x-goog-api-key", b"k"), (b"user-agent", b"codex_cli_rs")])

    assert DIALECTS[name].listed == frozenset()
    assert not any(DIALECTS[name].lists_models(path, b"client_version=1", headers) for path in ("/v1/models", "/v1beta/models"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", [each for each in NAMES if each not in PASSED_ONLY])
@given(body=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6) | VALUES, model=st.booleans())
def test_a_request_is_read_or_refused_whatever_it_is(name: str, body: Any, model: bool) -> None:
    dialect, report = DIALECTS[name], chat.Report()
    wire = json.dumps({**body, "model": "m"} if model and isinstance(body, dict) else body).encode()
    for pattern in dialect.paths:
        with suppress(BadRequest, chat.CannotCarry):
            reads(dialect)(pattern.replace("{model}", "m"), wire, report)
    assert all(each.pointer.startswith("/") for each in report.notes)


@pytest.mark.parametrize("name", [each for each in NAMES if each not in PASSED_ONLY])
@given(body=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6) | VALUES)
def test_an_answer_is_read_or_refused_whatever_it_is(name: str, body: Any) -> None:
    embedder, translator = embedder_of(DIALECTS[name]), DIALECTS[name].translator
    with suppress(chat.Unreadable, chat.AnswerIsError):
        if embedder is not None:
            embedder.read_answer(json.dumps(body).encode())
        elif translator is not None:
            translator.read_answer(json.dumps(body).encode())
