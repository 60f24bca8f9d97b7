"""The Anthropic SDK through the daemon, to each type of provider that speaks its format; what it returned is what counts."""

from __future__ import annotations

import base64
from typing import Any

import anthropic
import pytest
import trio

from tests.e2e.samples import ANTHROPIC_TOOLS, BOTH_TOOLS, HARD_TEXT, PNG, PNG_SEEN
from tests.e2e.sdk import AnthropicTool, unfinished_generators, user
from tests.e2e.stage import ANTHROPIC_MODELS, Model, Stage

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize("model", ANTHROPIC_MODELS, ids=str)


def blocks(message: anthropic.types.Message) -> list[dict[str, Any]]:
    """Return the content as it is sent back in the next turn."""
    fields = {"type", "text", "thinking", "signature", "data", "id", "name", "input"}
    return [each.model_dump(include=fields) for each in message.content]


@every_provider
async def test_message(anthropic_tool: AnthropicTool, stage: Stage, model: Model) -> None:
    answer = await anthropic_tool.message(model=model.asked, messages=user("Grüß dich"), system="Be brief.")

    [block] = answer.value.content
    received = stage.mock.only_request()
    assert (block.type, answer.value.stop_reason) == ("text", "end_turn")
    assert blocks(answer.value) == [{"type": "text", "text": "You said: Grüß dich"}]
    assert (answer.value.model, received.about["provider"].split("/")[0]) == (model.upstream, model.provider)
    assert received.body == {
        "model": model.upstream,
        "max_tokens": 1000,
        "messages": user("Grüß dich"),
        "system": "Be brief.",
    }


@every_provider
async def test_stream(anthropic_tool: AnthropicTool, model: Model) -> None:
    answer = await anthropic_tool.stream(model=model.asked, messages=user("{{mock: words=12}}"))

    deltas = [event.delta for event in answer.value if event.type == "content_block_delta"]
    assert "".join(each.text for each in deltas if each.type == "text_delta") == (
        "alpha beta größer delta été зета eta 日本 iota kappa naïve 🙂 "
    )
    assert [event.type for event in answer.value] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 12,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


async def test_a_stream_comes_as_it_is_made_and_not_at_its_end(stage: Stage) -> None:
    tool = AnthropicTool(url=stage.daemon.url, key=stage.daemon.key)
    async with tool.waiting() as client:
        wanted = client.messages.stream(model="claude-opus-5", max_tokens=1000, messages=user("{{mock: words=4 gap=0.1}}"))
        async with wanted as stream:
            arrived = [trio.current_time() async for _ in stream.text_stream]

    assert (len(arrived), arrived[-1] - arrived[0] > 0.25) == (4, True)


@every_provider
async def test_tool_round_trip(anthropic_tool: AnthropicTool, stage: Stage, model: Model) -> None:
    conversation = user("What is the weather in Köln?")
    asked: dict[str, Any] = {"model": model.asked, "tools": ANTHROPIC_TOOLS}
    first = await anthropic_tool.message(messages=conversation, **asked)
    [call] = [block for block in first.value.content if block.type == "tool_use"]
    result = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain, 12 °C"}]
    conversation += [{"role": "assistant", "content": blocks(first.value)}, *user(result)]
    second = await anthropic_tool.message(messages=conversation, **asked)

    assert (first.value.stop_reason, call.name, call.input) == ("tool_use", "get_weather", {"city": "Köln"})
    assert blocks(second.value) == [{"type": "text", "text": "The tool said: rain, 12 °C"}]
    assert stage.mock.requests()[1].body["messages"] == conversation


@every_provider
async def test_streamed_tool_calls_are_put_together_by_the_sdk(anthropic_tool: AnthropicTool, model: Model) -> None:
    whole = await anthropic_tool.assembled(
        model=model.asked, messages=user("What is the weather in Köln?"), tools=ANTHROPIC_TOOLS
    )

    [call] = [block for block in whole.content if block.type == "tool_use"]
    assert (whole.stop_reason, call.name, call.input) == ("tool_use", "get_weather", {"city": "Köln"})


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_parallel_tools(anthropic_tool: AnthropicTool, model: Model, streamed: bool) -> None:
    conversation = user(BOTH_TOOLS)
    asked: dict[str, Any] = {"model": model.asked, "messages": conversation, "tools": ANTHROPIC_TOOLS}
    message = await anthropic_tool.assembled(**asked) if streamed else (await anthropic_tool.message(**asked)).value
    calls = [block for block in message.content if block.type == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": each.id, "content": f"of {each.name}"} for each in calls]
    turns = [*conversation, {"role": "assistant", "content": blocks(message)}, *user(results)]
    final = await anthropic_tool.message(**{**asked, "messages": turns})

    assert [(each.name, each.input) for each in calls] == [("get_weather", {"city": "Köln"}), ("get_time", {"zone": "CET"})]
    assert len({each.id for each in calls}) == 2
    assert blocks(final.value) == [{"type": "text", "text": "The tool said: of get_weather; of get_time"}]


@every_provider
async def test_a_picture_arrives_whole(anthropic_tool: AnthropicTool, model: Model) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    answer = await anthropic_tool.message(model=model.asked, messages=user(parts))

    assert blocks(answer.value) == [{"type": "text", "text": PNG_SEEN}]


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_thinking_comes_with_its_signature_and_goes_back_unchanged(
    anthropic_tool: AnthropicTool, model: Model, streamed: bool
) -> None:
    """The mock refuses a thinking block that was changed, as Anthropic does."""
    script = """{{mock: thinking="Köln is far: 日本" tool=get_weather args='{"city":"Köln"}'}}"""
    asked: dict[str, Any] = {"model": model.asked, "tools": ANTHROPIC_TOOLS, "thinking": {"type": "adaptive"}}
    conversation = user(script)
    wanted = {**asked, "messages": conversation}
    first = await anthropic_tool.assembled(**wanted) if streamed else (await anthropic_tool.message(**wanted)).value
    thought, call = first.content
    assert thought.type == "thinking"
    assert call.type == "tool_use"
    result = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"}]
    conversation += [{"role": "assistant", "content": blocks(first)}, *user(result)]
    second = await anthropic_tool.message(messages=conversation, **asked)

    assert (thought.thinking, thought.signature[:2], len(thought.signature)) == ("Köln is far: 日本", "Eq", 90)
    assert blocks(second.value) == [{"type": "text", "text": "The tool said: rain"}]


async def test_thinking_that_hides_its_text(anthropic_tool: AnthropicTool) -> None:
    prompt = user('{{mock: thinking="" redacted="EmwKAhgBEgy3va3pzix/LafPsn4=" text=Rain.}}')
    whole = await anthropic_tool.assembled(model="claude-opus-5", messages=prompt, thinking={"type": "adaptive"})

    hidden, redacted, text = blocks(whole)
    assert (hidden["thinking"], hidden["signature"] != "") == ("", True)
    assert redacted == {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/LafPsn4="}
    assert text == {"type": "text", "text": "Rain."}


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_usage_with_cached_tokens(anthropic_tool: AnthropicTool, stage: Stage, model: Model, streamed: bool) -> None:
    identity = f"usage-{model}-{streamed}-{anthropic_tool.is_async}"
    asked: dict[str, Any] = {
        "model": model.asked,
        "messages": user("{{mock: words=2 usage=100/20/64/8}}"),
        "extra_headers": {"X-Correlation-ID": identity},
    }
    message = await anthropic_tool.assembled(**asked) if streamed else (await anthropic_tool.message(**asked)).value

    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (100, 20)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (64, 8)
    assert "tokens_in=100 cache_read=64 cache_write=8 tokens_out=20" in await stage.log_line(identity)


async def test_a_refusal_is_an_answer_and_no_error(anthropic_tool: AnthropicTool) -> None:
    prompt = user('{{mock: refusal="This is about weapons."}}')
    whole = await anthropic_tool.assembled(model="claude-opus-5", messages=prompt)

    assert (whole.stop_reason, whole.stop_details is not None and whole.stop_details.explanation) == (
        "refusal",
        "This is about weapons.",
    )


@pytest.mark.parametrize("split", ["char", "every-byte", "3"])
async def test_characters_that_the_provider_splits(anthropic_tool: AnthropicTool, split: str) -> None:
    prompt = user(f"{{{{mock: split={split}}}}}{HARD_TEXT}")
    whole = await anthropic_tool.assembled(model="claude-opus-5", messages=prompt)

    assert blocks(whole) == [{"type": "text", "text": f"You said: {HARD_TEXT}"}]


async def test_models_of_all_formats_are_listed(anthropic_tool: AnthropicTool) -> None:
    found = await anthropic_tool.models()

    assert {"claude-opus-5": "Claude Opus 5", "claude-haiku-4-5": "Claude Haiku 4.5"}.items() <= found.items()
    assert {"gpt-5.5", "gemini-3.5-flash"} <= found.keys()


@pytest.mark.code("KP-PROV-115")
async def test_what_the_other_format_cannot_say_is_a_readable_error(anthropic_tool: AnthropicTool, stage: Stage) -> None:
    """A tool that the program runs itself, as only Anthropic describes it: without it the request would mean something else."""
    tools: list[Any] = [{"type": "bash_20250124", "name": "bash"}]
    with pytest.raises(anthropic.BadRequestError, match=r"at /tools/0.*bash") as caught:
        await anthropic_tool.message(model="gpt-5.5", messages=user("hello"), tools=tools)

    assert caught.value.response.headers["x-korproxy-error"] == "KP-PROV-115"
    assert stage.mock.requests() == []
