"""Calls that are no conversations, with the vendors' SDKs: counts of tokens, vectors, completions."""

from __future__ import annotations

import base64
import struct
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.cells import MODELS
from tests.e2e.samples import HARD_TEXT
from tests.e2e.sdk import AnthropicTool, OpenAITool, unfinished_generators, user
from tests.e2e.stage import KEYS, Model, Stage

CLAUDE, OPENAI, GEMINI, CHAT = (MODELS[each] for each in ("claude", "codex", "gemini", "qwen"))
TEXTS = ["one", HARD_TEXT, ""]
TOOL: Any = {"name": "read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize("model", [CLAUDE, OPENAI, GEMINI, CHAT], ids=str)
every_embedder = pytest.mark.parametrize(
    ("model", "provider", "path"),
    [
        ("text-embedding-3-small", "codex", "/codex/v1/embeddings"),
        ("gemini/gemini-embedding-001", "gemini", "/gemini/v1beta/models/gemini-embedding-001:batchEmbedContents"),
        ("qwen/text-embedding-v4", "qwen", "/qwen/compatible-mode/v1/embeddings"),
        ("mine/nomic-embed-text", "mine", "/mine/v1/embeddings"),
    ],
)


def numbers(text: str) -> list[float]:
    """Return the vector in *text*, as OpenAI packs it: little-endian floats of 4 bytes."""
    packed = base64.b64decode(text, validate=True)
    return list(struct.unpack(f"<{len(packed) // 4}f", packed))


@pytest.mark.parametrize("model", [CLAUDE, OPENAI, GEMINI], ids=str)
async def test_anthropics_sdk_has_tokens_counted_by_each_vendor(
    anthropic_tool: AnthropicTool, stage: Stage, model: Model
) -> None:
    asked: dict[str, Any] = {"model": model.asked, "messages": user("How long is this?"), "system": "Be brief."}
    short = await anthropic_tool.call(lambda client: client.messages.count_tokens(**asked))
    long = await anthropic_tool.call(lambda client: client.messages.count_tokens(**asked, tools=[TOOL] * 1))

    [received, _] = stage.mock.requests()
    path = {
        "claude": "/claude/v1/messages/count_tokens",
        "codex": "/codex/v1/responses/input_tokens",
        "gemini": "/gemini/v1beta/models/gemini-3.5-flash:countTokens",
    }
    key = {"claude": "x-api-key", "codex": "authorization", "gemini": "x-goog-api-key"}[model.provider]
    secret = KEYS[f"{model.provider.upper()}_KEY"]
    assert (received.about["path"], received.header(key)) == (
        path[model.provider],
        f"Bearer {secret}" if key == "authorization" else secret,
    )
    assert ("Be brief." in received.about["body"], 0 < short.input_tokens < long.input_tokens) == (True, True)


@pytest.mark.code("KP-PROV-117")
async def test_where_nobody_counts_the_sdk_says_not_found(anthropic_tool: AnthropicTool, stage: Stage) -> None:
    with pytest.raises(anthropic.NotFoundError, match="KP-PROV-117") as caught:
        await anthropic_tool.call(lambda client: client.messages.count_tokens(model=CHAT.asked, messages=user("hello")))

    assert (caught.value.type, stage.mock.requests()) == ("not_found_error", [])


@every_embedder
async def test_texts_become_vectors(openai_tool: OpenAITool, stage: Stage, model: str, provider: str, path: str) -> None:
    """The SDK itself asks for base64, and unpacks it, unless it is told that floats are wanted."""
    texts = TEXTS[:2]
    unpacked = await openai_tool.call(lambda client: client.embeddings.create(model=model, input=texts, dimensions=32))
    floats = await openai_tool.call(
        lambda client: client.embeddings.create(model=model, input=texts, dimensions=32, encoding_format="float")
    )
    packed = await openai_tool.call(
        lambda client: client.embeddings.create(model=model, input=texts, dimensions=32, encoding_format="base64")
    )

    received = stage.mock.requests()
    vectors = [each.embedding for each in floats.data]
    assert [each.about["path"] for each in received] == [path] * 3
    assert [(len(each), any(each)) for each in vectors] == [(32, True), (32, True)]
    assert [each.index for each in floats.data] == [0, 1]
    assert [each.embedding for each in unpacked.data] == [pytest.approx(each, abs=1e-6) for each in vectors]
    assert [numbers(each.embedding) for each in packed.data] == [pytest.approx(each, abs=1e-6) for each in vectors]
    assert vectors[0] != vectors[1]


@pytest.mark.code("KP-PROV-117")
async def test_who_has_no_vectors_is_not_asked_for_any(openai_tool: OpenAITool, stage: Stage) -> None:
    with pytest.raises(openai.NotFoundError, match="KP-PROV-117"):
        await openai_tool.call(lambda client: client.embeddings.create(model=CLAUDE.asked, input="hello"))

    assert stage.mock.requests() == []


@every_provider
async def test_a_text_is_gone_on_from(openai_tool: OpenAITool, stage: Stage, model: Model) -> None:
    """Completions, for old programs and for tools that complete code; others than OpenAI are asked for a turn of a chat."""
    whole = await openai_tool.call(
        lambda client: client.completions.create(model=model.asked, prompt=f"Hello {HARD_TEXT}", max_tokens=400)
    )

    assert (whole.object, whole.choices[0].finish_reason) == ("text_completion", "stop")
    assert whole.choices[0].text.endswith(f"Hello {HARD_TEXT}")
    assert len(stage.mock.requests()) == 1


@every_provider
async def test_a_text_is_gone_on_from_in_a_stream(openai_tool: OpenAITool, model: Model) -> None:
    asked: dict[str, Any] = {"model": model.asked, "prompt": "{{mock: words=12}}", "stream": True}
    asked["stream_options"] = {"include_usage": True}

    async def waiting(client: Any) -> list[Any]:
        return [each async for each in await client.completions.create(**asked)]

    def blocking(client: Any) -> list[Any]:
        return list(client.completions.create(**asked))

    chunks = await openai_tool.call(waiting if openai_tool.is_async else blocking)

    *said, last = chunks
    text = "".join(choice.text for each in said for choice in each.choices)
    assert text == "alpha beta größer delta été зета eta 日本 iota kappa naïve 🙂 "
    assert [choice.finish_reason for each in said for choice in each.choices if choice.finish_reason] == ["stop"]
    assert (last.choices, last.usage.total_tokens > 0) == ([], True)


@every_provider
async def test_an_error_of_a_completion_is_the_sdks_own(openai_tool: OpenAITool, model: Model) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        await openai_tool.call(
            lambda client: client.completions.create(model=model.asked, prompt="{{mock: status=429 retry-after=7}}")
        )

    assert caught.value.response.headers["x-korproxy-error"] == "KP-RATE-401"
