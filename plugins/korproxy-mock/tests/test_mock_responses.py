"""OpenAI's own SDK reads every kind of answer of the Responses API."""

import hashlib
import json
from typing import Any

import openai
import pytest
import trio
from openai.types.responses import Response
from pydantic import BaseModel

PIXEL = bytes(range(68))
SHOWN = "data:image/png;base64,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkM="
SEEN = f"image/png 68 bytes sha256:{hashlib.sha256(PIXEL).hexdigest()}"
WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
PATCH: dict[str, Any] = {"type": "custom", "name": "apply_patch", "description": "Edit files"}
SPACE: dict[str, Any] = {
    "type": "namespace",
    "name": "mcp",
    "description": "Tools of a server",
    "tools": [{"type": "function", "name": "ls", "parameters": {"type": "object", "properties": {}}}],
}


class Asks:
    """Calls the SDK in a thread."""

    def __init__(self, sdk: openai.OpenAI) -> None:
        self.sdk = sdk

    async def ask(self, said: Any, **fields: Any) -> Response:
        given = {"model": "gpt-5.5", "input": said, **fields}
        answer: Response = await trio.to_thread.run_sync(lambda: self.sdk.responses.create(**given))
        return answer

    async def stream(self, said: Any, **fields: Any) -> tuple[list[Any], Response]:
        """Return what the SDK's helper yields, and the response it puts together."""
        given = {"model": "gpt-5.5", "input": said, **fields}

        def run() -> tuple[list[Any], Response]:
            with self.sdk.responses.stream(**given) as stream:
                return list(stream), stream.get_final_response()

        return await trio.to_thread.run_sync(run)


@pytest.fixture
def responses(openai_sdk: openai.OpenAI) -> Asks:
    return Asks(openai_sdk)


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def kinds(response: Response) -> list[str]:
    return [item.type for item in response.output]


async def test_a_plain_prompt_is_echoed_with_its_usage(responses: Asks) -> None:
    answer = await responses.ask("Grüße, 世界 🙂", instructions="be kind", metadata={"a": "b"})
    assert (answer.output_text, answer.status, answer.model) == ("You said: Grüße, 世界 🙂", "completed", "gpt-5.5")
    assert (answer.instructions, answer.metadata, answer.parallel_tool_calls) == ("be kind", {"a": "b"}, True)
    assert answer.usage
    assert answer.usage.input_tokens + answer.usage.output_tokens == answer.usage.total_tokens


@pytest.mark.parametrize(
    "faults", ["", "split=char", "split=every-byte", "split=7 join=3", "comments crlf", "gzip", "gzip=always"]
)
async def test_a_stream_says_the_same_however_it_is_sent(responses: Asks, faults: str) -> None:
    events, final = await responses.stream(block(f"text='größer 世界 🙂 ok' usage=3/4 {faults}"))
    assert "".join(each.delta for each in events if each.type == "response.output_text.delta") == "größer 世界 🙂 ok"
    assert [each.sequence_number for each in events] == list(range(len(events)))
    assert final.output_text == "größer 世界 🙂 ok"
    assert final.usage
    assert (final.usage.input_tokens, final.usage.output_tokens) == (3, 4)


async def test_usage_counts_are_the_scripted_ones(responses: Asks) -> None:
    usage = (await responses.ask(block("usage=100/20/64/8 thinking='some thoughts'"))).usage
    assert usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (100, 20, 120)
    assert (usage.input_tokens_details.cached_tokens, usage.input_tokens_details.cache_write_tokens) == (64, 8)
    assert usage.output_tokens_details.reasoning_tokens == 4
    assert (await responses.ask(block("no-usage"))).usage is None


async def test_thinking_is_summarised_if_the_request_asks_for_that(responses: Asks) -> None:
    prompt = block("thinking='one two three' summary-parts=3 text=done")
    asked = (await responses.ask(prompt, reasoning={"effort": "low", "summary": "auto"})).output[0]
    silent = (await responses.ask(prompt)).output[0]
    assert asked.type == "reasoning"
    assert silent.type == "reasoning"
    assert [part.text for part in asked.summary] == ["one", "two", "three"]
    assert silent.summary == []
    assert asked.encrypted_content == silent.encrypted_content


async def test_streamed_reasoning_comes_part_by_part_and_its_seal_is_whole_at_the_end_only(responses: Asks) -> None:
    prompt = block("thinking='one two three' summary-parts=2 text=done")
    events, final = await responses.stream(prompt, reasoning={"summary": "auto"})
    told = [(each.summary_index, each.delta) for each in events if each.type == "response.reasoning_summary_text.delta"]
    assert told == [(0, "one "), (0, "two"), (1, "three")]
    items = {each.type: each.item for each in reversed(events) if each.type.startswith("response.output_item.")}
    begun, done = items["response.output_item.added"], items["response.output_item.done"]
    assert done.encrypted_content.startswith(begun.encrypted_content)
    assert len(done.encrypted_content) > len(begun.encrypted_content)
    assert final.output[0] == done


async def test_open_models_show_their_reasoning_itself(responses: Asks) -> None:
    events, final = await responses.stream(block("thinking='let me see' text=done quirk=reasoning-text"))
    assert "".join(each.delta for each in events if each.type == "response.reasoning_text.delta") == "let me see"
    item = final.output[0]
    assert item.type == "reasoning"
    assert item.content
    assert (item.content[0].text, item.encrypted_content) == ("let me see", None)


async def test_redacted_thinking_is_reasoning_that_shows_nothing(responses: Asks) -> None:
    item = (await responses.ask(block("redacted=secret text=a"), reasoning={"summary": "auto"})).output[0]
    assert item.type == "reasoning"
    assert (item.summary, bool(item.encrypted_content)) == ([], True)


async def test_tool_calls_come_whole_and_as_they_were_written(responses: Asks) -> None:
    tools = """{{mock: tool=read args='{"path": "ä }} b"}' tool=ls tool=raw args=''}}"""
    whole = await responses.ask(tools)
    _, streamed = await responses.stream(tools)
    expected = [("read", '{"path": "ä }} b"}'), ("ls", "{}"), ("raw", "")]
    for answer in (whole, streamed):
        calls = [item for item in answer.output if item.type == "function_call"]
        assert [(call.name, call.arguments) for call in calls] == expected
        assert len({call.call_id for call in calls}) == len({call.id for call in calls}) == 3


async def test_calls_may_come_without_fragments(responses: Asks) -> None:
    events, final = await responses.stream(block("tool=ls args='{\"a\": 1}' quirk=whole-calls"))
    assert not [each for each in events if each.type == "response.function_call_arguments.delta"]
    assert [item.arguments for item in final.output if item.type == "function_call"] == ['{"a": 1}']


async def test_a_tool_is_called_in_the_way_it_is_offered(responses: Asks) -> None:
    prompt = block("tool=apply_patch args='*** Begin Patch' tool=mcp__ls tool=ls tool=get_weather tool=a__b")
    answer = await responses.ask(prompt, tools=[WEATHER, PATCH, SPACE])
    told = [(item.type, getattr(item, "namespace", None), getattr(item, "name", None)) for item in answer.output]
    assert told == [
        ("custom_tool_call", None, "apply_patch"),
        ("function_call", "mcp", "ls"),
        ("function_call", "mcp", "ls"),
        ("function_call", None, "get_weather"),
        ("function_call", None, "a__b"),
    ]
    assert [item.input for item in answer.output if item.type == "custom_tool_call"] == ["*** Begin Patch"]


async def test_a_tool_by_itself_goes_before_one_in_a_namespace(responses: Asks) -> None:
    flat = {**WEATHER, "name": "mcp__ls"}
    item = (await responses.ask(block("tool=mcp__ls"), tools=[SPACE, flat])).output[0]
    assert item.type == "function_call"
    assert (item.name, item.namespace) == ("mcp__ls", None)


async def test_custom_input_is_streamed_in_fragments(responses: Asks) -> None:
    events, final = await responses.stream(block("tool=apply_patch args='a b c'"), tools=[PATCH])
    assert "".join(each.delta for each in events if each.type == "response.custom_tool_call_input.delta") == "a b c"
    assert kinds(final) == ["custom_tool_call"]


async def test_tools_of_an_additional_tools_item_are_offered(responses: Asks) -> None:
    said: list[dict[str, Any]] = [
        {"type": "additional_tools", "role": "developer", "tools": [PATCH, WEATHER]},
        {"role": "user", "content": block("tool=apply_patch args=x")},
    ]
    assert kinds(await responses.ask(said)) == ["custom_tool_call"]
    said[1]["content"] = "What is the weather in Köln?"
    call = (await responses.ask(said)).output[0]
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"city": "Köln"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("required", "function_call get_weather"),
        ({"type": "function", "name": "ls"}, "function_call ls"),
        ({"type": "custom", "name": "apply_patch"}, "custom_tool_call apply_patch"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "apply_patch"}]},
            "custom_tool_call apply_patch",
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "custom", "name": "apply_patch"}]}, "message None"),
        ("none", "message None"),
    ],
)
async def test_a_forced_tool_is_called(responses: Asks, choice: Any, expected: str) -> None:
    item = (await responses.ask("do it", tools=[WEATHER, PATCH, SPACE], tool_choice=choice)).output[0]
    assert f"{item.type} {getattr(item, 'name', None)}" == expected


async def test_a_custom_tool_that_is_forced_gets_the_prompt_as_its_input(responses: Asks) -> None:
    item = (await responses.ask("do it", tools=[PATCH], tool_choice="required")).output[0]
    assert item.type == "custom_tool_call"
    assert item.input == "do it"


def tool_turn(output: Any, prompt: str = "list it") -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": prompt},
        {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": output},
    ]


async def test_a_tools_output_is_told_back_and_its_directives_are_not_obeyed(responses: Asks) -> None:
    assert (await responses.ask(tool_turn("a.txt {{mock: status=500}}"))).output_text == (
        "The tool said: a.txt {{mock: status=500}}"
    )


async def test_images_are_seen_in_messages_and_in_what_tools_show(responses: Asks) -> None:
    image = {"type": "input_image", "detail": "auto", "image_url": SHOWN}
    linked = {"type": "input_image", "detail": "low", "image_url": "https://example.com/a.png"}
    file = {"type": "input_file", "file_id": "file_1"}
    seen = await responses.ask([{"role": "user", "content": [image, linked, file]}])
    shown = await responses.ask(tool_turn([{"type": "input_text", "text": "here"}, image]))
    assert seen.output_text == f"I see 3 image(s): {SEEN}, image at https://example.com/a.png, file at file_1"
    assert shown.output_text == f"The tool said: here I see 1 image(s): {SEEN}"


async def test_then_blocks_script_the_turns_after_the_first_however_many_items_a_turn_has(responses: Asks) -> None:
    prompt = "{{mock: thinking=hm text=so tool=a tool=b}} {{then: text=first tool=c}} {{then: text=second}}"
    said: list[Any] = [{"role": "user", "content": prompt}]
    told = []
    for _ in range(3):
        answer = await responses.ask(said, store=False)
        told.append((kinds(answer), answer.output_text))
        items = [item.model_dump(exclude_none=True) for item in answer.output]
        outputs = [
            {"type": "function_call_output", "call_id": item["call_id"], "output": "ok"}
            for item in items
            if item["type"] == "function_call"
        ]
        said += [*items, *outputs]
    assert told == [
        (["reasoning", "message", "function_call", "function_call"], "so"),
        (["message", "function_call"], "first"),
        (["message"], "second"),
    ]


async def test_commentary_stands_in_front_of_the_answer_or_of_the_calls(responses: Asks) -> None:
    def phases(answer: Response) -> list[Any]:
        return [(item.phase, item.content[0].type) for item in answer.output if item.type == "message"]

    before_answer = await responses.ask(block("text=done phase=commentary"))
    before_call = await responses.ask(block("text=so tool=a phase=commentary"))
    assert phases(before_answer) == [("commentary", "output_text"), ("final_answer", "output_text")]
    assert phases(before_call) == [("commentary", "output_text")]
    assert phases(await responses.ask(block("text=done phase=final_answer"))) == [("final_answer", "output_text")]
    assert phases(await responses.ask(block("text=done"))) == [(None, "output_text")]


async def test_a_refusal_is_a_part_of_the_message(responses: Asks) -> None:
    events, final = await responses.stream(block("refusal='I will not'"))
    assert "".join(each.delta for each in events if each.type == "response.refusal.delta") == "I will not"
    item = final.output[0]
    assert item.type == "message"
    assert [part.refusal for part in item.content if part.type == "refusal"] == ["I will not"]
    assert final.status == "completed"


@pytest.mark.parametrize(
    ("stop", "status", "reason"),
    [
        ("length", "incomplete", "max_output_tokens"),
        ("refusal", "incomplete", "content_filter"),
        ("content_filter", "incomplete", "content_filter"),
        ("max_messages", "incomplete", "max_messages"),
        ("null", "completed", None),
        ("stop_sequence", "completed", None),
    ],
)
async def test_a_response_says_how_it_ended(responses: Asks, stop: str, status: str, reason: str | None) -> None:
    answer = await responses.ask(block(f"text='a b' stop={stop}"))
    assert (answer.status, answer.incomplete_details and answer.incomplete_details.reason) == (status, reason)
    assert [item.status for item in answer.output if item.type == "message"] == [status]


async def test_a_long_answer_ends_where_the_tokens_do(responses: Asks) -> None:
    answer = await responses.ask("word " * 100, max_output_tokens=16)
    assert (answer.status, len(answer.output_text)) == ("incomplete", 64)


async def test_a_response_may_fail_as_a_whole(responses: Asks) -> None:
    answer = await responses.ask(block("text=a stop=failed"))
    limited = await responses.ask(block("stop=failed code=rate_limit_exceeded message='try again in 1.2s'"))
    assert answer.error
    assert limited.error
    assert (answer.status, answer.error.code, answer.usage) == ("failed", "server_error", None)
    assert (limited.error.code, limited.error.message) == ("rate_limit_exceeded", "try again in 1.2s")


class Capital(BaseModel):
    city: str
    people: int


async def test_json_fits_the_schema_that_is_asked_for(responses: Asks) -> None:
    def parse() -> Any:
        return responses.sdk.responses.parse(model="gpt-5.5", input="capital?", text_format=Capital)

    assert (await trio.to_thread.run_sync(parse)).output_parsed == Capital(city="text", people=1)
    loose = await responses.ask("as json", text={"format": {"type": "json_object"}})
    assert json.loads(loose.output_text) == {}


async def test_words_come_in_as_many_deltas(responses: Asks) -> None:
    events, final = await responses.stream(block("words=200"))
    assert len([each for each in events if each.type == "response.output_text.delta"]) == 200
    assert len(final.output_text.split()) == 200


async def test_what_the_request_says_is_repeated_in_the_response(responses: Asks) -> None:
    answer = await responses.ask(
        "hi", tools=[WEATHER, PATCH, SPACE], tool_choice={"type": "function", "name": "get_weather"}, truncation="auto",
        reasoning={"effort": "high", "summary": "auto"}, text={"verbosity": "low"}, max_output_tokens=500, user="u",
        parallel_tool_calls=False, prompt_cache_key="k", service_tier="flex",
    )  # fmt: skip
    assert [tool.type for tool in answer.tools] == ["function", "custom", "namespace"]
    assert answer.reasoning
    assert answer.text
    assert (answer.reasoning.effort, answer.reasoning.summary, answer.text.verbosity) == ("high", "auto", "low")
    assert (answer.max_output_tokens, answer.user, answer.parallel_tool_calls) == (500, "u", False)
    assert (answer.truncation, answer.prompt_cache_key, answer.service_tier) == ("auto", "k", "flex")
    assert (await responses.ask("hi", model="gpt-4o")).reasoning == openai.types.Reasoning(effort=None, summary=None)
