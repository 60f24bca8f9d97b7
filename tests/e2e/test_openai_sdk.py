"""The OpenAI SDK through the daemon, to each type of provider that speaks its format; what it returned is what counts."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai
import pytest
import trio
from openai.types.chat import ChatCompletionMessage, ChatCompletionMessageFunctionToolCall

from tests.e2e.samples import BOTH_TOOLS, HARD_TEXT, OPENAI_TOOLS, PNG, PNG_SEEN
from tests.e2e.sdk import OpenAITool, unfinished_generators, user
from tests.e2e.stage import OPENAI_MODELS, Model, Stage

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize("model", OPENAI_MODELS, ids=str)


def calls_of(message: ChatCompletionMessage) -> list[ChatCompletionMessageFunctionToolCall]:
    """Return the calls in *message*, all of functions."""
    return [each for each in message.tool_calls or [] if isinstance(each, ChatCompletionMessageFunctionToolCall)]


@every_provider
async def test_chat(openai_tool: OpenAITool, stage: Stage, model: Model) -> None:
    answer = await openai_tool.chat(model=model.asked, messages=user("Grüß dich"))

    [choice] = answer.value.choices
    received = stage.mock.only_request()
    assert (choice.message.content, choice.finish_reason) == ("You said: Grüß dich", "stop")
    assert (answer.value.model, received.about["provider"].split("/")[0]) == (model.upstream, model.provider)
    assert received.body == {"model": model.upstream, "messages": user("Grüß dich")}


@every_provider
async def test_stream(openai_tool: OpenAITool, model: Model) -> None:
    answer = await openai_tool.stream(model=model.asked, messages=user("{{mock: words=12}}"))

    text = "".join(chunk.choices[0].delta.content or "" for chunk in answer.value)
    assert text == "alpha beta größer delta été зета eta 日本 iota kappa naïve 🙂 "
    assert [chunk.choices[0].finish_reason for chunk in answer.value] == [None] * 13 + ["stop"]
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


async def test_a_stream_comes_as_it_is_made_and_not_at_its_end(openai_tool: OpenAITool) -> None:
    arrived: list[float] = []

    class Clock(list[Any]):
        """Notes when each chunk came."""

        def append(self, chunk: Any) -> None:
            arrived.append(trio.current_time())
            super().append(chunk)

        def extend(self, chunks: Any) -> None:
            for chunk in chunks:
                trio.from_thread.run_sync(self.append, chunk)

    await openai_tool.stream(into=Clock(), model="gpt-5.5", messages=user("{{mock: words=4 gap=0.1}}"))

    assert arrived[-1] - arrived[0] > 0.3


@every_provider
async def test_tool_round_trip(openai_tool: OpenAITool, stage: Stage, model: Model) -> None:
    conversation = user("What is the weather in Köln?")
    first = await openai_tool.chat(model=model.asked, messages=conversation, tools=OPENAI_TOOLS)
    [choice] = first.value.choices
    [call] = calls_of(choice.message)
    conversation += [
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "rain, 12 °C"},
    ]
    second = await openai_tool.chat(model=model.asked, messages=conversation, tools=OPENAI_TOOLS)

    assert (choice.finish_reason, call.type, call.function.name) == ("tool_calls", "function", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Köln"}
    assert second.value.choices[0].message.content == "The tool said: rain, 12 °C"
    assert stage.mock.requests()[1].body["messages"] == conversation


@every_provider
async def test_streamed_tool_calls_are_put_together_by_the_sdk(openai_tool: OpenAITool, model: Model) -> None:
    whole = await openai_tool.assembled(model=model.asked, messages=user("The weather in Köln?"), tools=OPENAI_TOOLS)

    [choice] = whole.choices
    [call] = calls_of(choice.message)
    assert (choice.finish_reason, call.function.name) == ("tool_calls", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Köln"}


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_parallel_tools(openai_tool: OpenAITool, model: Model, streamed: bool) -> None:
    conversation = user(BOTH_TOOLS)
    asked: dict[str, Any] = {"model": model.asked, "messages": conversation, "tools": OPENAI_TOOLS}
    completion = await openai_tool.assembled(**asked) if streamed else (await openai_tool.chat(**asked)).value
    message = completion.choices[0].message
    calls = calls_of(message)
    sent_back: Any = {"id": True, "type": True, "function": {"name", "arguments"}}  # the SDK adds parsed_arguments
    turn = {"role": "assistant", "tool_calls": [each.model_dump(include=sent_back) for each in calls]}
    results = [{"role": "tool", "tool_call_id": each.id, "content": f"of {each.function.name}"} for each in calls]
    final = await openai_tool.chat(**{**asked, "messages": [*conversation, turn, *results]})

    assert [(each.function.name, json.loads(each.function.arguments)) for each in calls] == [
        ("get_weather", {"city": "Köln"}),
        ("get_time", {"zone": "CET"}),
    ]
    assert len({each.id for each in calls}) == 2
    assert final.value.choices[0].message.content == "The tool said: of get_weather; of get_time"


@every_provider
async def test_a_picture_arrives_whole(openai_tool: OpenAITool, model: Model) -> None:
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = await openai_tool.chat(model=model.asked, messages=user(parts))

    assert answer.value.choices[0].message.content == PNG_SEEN


@every_provider
async def test_usage_with_cached_tokens(openai_tool: OpenAITool, stage: Stage, model: Model) -> None:
    answer = await openai_tool.chat(model=model.asked, messages=user("{{mock: usage=100/20/64/6}}"))

    usage = answer.value.usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (100, 20, 120)
    assert usage.prompt_tokens_details.cached_tokens == 64
    line = await stage.log_line(answer.headers["x-korproxy-request"])
    assert "tokens_in=30 cache_read=64 cache_write=6 tokens_out=20" in line  # OpenAI's input includes the cache, ours does not


@every_provider
async def test_usage_of_a_stream(openai_tool: OpenAITool, stage: Stage, model: Model) -> None:
    wanted: dict[str, Any] = {"model": model.asked, "messages": user("{{mock: words=2 usage=100/20/64}}")}
    answer = await openai_tool.stream(**wanted, stream_options={"include_usage": True})
    without = await openai_tool.stream(**wanted)

    *chunks, last = answer.value
    assert last.usage is not None
    assert last.usage.prompt_tokens_details is not None
    assert (last.choices, last.usage.total_tokens, last.usage.prompt_tokens_details.cached_tokens) == ([], 120, 64)
    assert [each.usage for each in [*chunks, *without.value]] == [None] * (len(chunks) + len(without.value))
    assert "tokens_in=36 cache_read=64" in await stage.log_line(answer.headers["x-korproxy-request"])


async def test_reasoning_text_of_other_vendors(openai_tool: OpenAITool) -> None:
    """``reasoning_content`` is no field of OpenAI's; the SDK keeps what it does not know."""
    prompt = user('{{mock: thinking="let me see" text=Rain.}}')
    answer = await openai_tool.stream(model="qwen3-coder-plus", messages=prompt)

    deltas = [chunk.choices[0].delta for chunk in answer.value]
    assert "".join((each.model_extra or {}).get("reasoning_content") or "" for each in deltas) == "let me see"
    assert "".join(each.content or "" for each in deltas) == "Rain."


@pytest.mark.parametrize("split", ["char", "every-byte", "3"])
async def test_characters_that_the_provider_splits(openai_tool: OpenAITool, split: str) -> None:
    prompt = user(f"{{{{mock: split={split}}}}}{HARD_TEXT}")
    answer = await openai_tool.stream(model="gpt-5.5", messages=prompt)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in answer.value) == f"You said: {HARD_TEXT}"


async def test_models_of_all_formats_are_listed(openai_tool: OpenAITool) -> None:
    found = await openai_tool.models()

    assert {"gpt-5.5", "qwen3-coder-plus", "llama3.3", "claude-opus-5", "gemini-3.5-flash"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.code("KP-PROV-115")
async def test_what_the_other_format_cannot_say_is_a_readable_error(openai_tool: OpenAITool, stage: Stage) -> None:
    with pytest.raises(openai.BadRequestError, match="at /n: ") as caught:
        await openai_tool.chat(model="claude-opus-5", messages=user("hello"), n=2)

    assert (caught.value.code, caught.value.response.headers["x-korproxy-error"]) == ("KP-PROV-115", "KP-PROV-115")
    assert stage.mock.requests() == []
