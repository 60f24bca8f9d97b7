"""OpenAI's own SDK reads every kind of answer."""

import base64
import hashlib
import json
from typing import Any

import openai
import pytest
import trio
from korproxy_mock.server import MockServer
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

PIXEL = bytes(range(68))
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
            "required": ["city", "unit"],
        },
    },
}


class Chat:
    """Calls the SDK in a thread."""

    def __init__(self, sdk: openai.OpenAI) -> None:
        self.sdk = sdk

    async def ask(self, prompt: Any, **fields: Any) -> Any:
        messages = fields.pop("messages", None) or [{"role": "user", "content": prompt}]
        arguments = {"model": "gpt-4o", "messages": messages, **fields}
        return await trio.to_thread.run_sync(lambda: self.sdk.chat.completions.create(**arguments))

    async def stream(self, prompt: Any, **fields: Any) -> list[ChatCompletionChunk]:
        arguments = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}], "stream": True, **fields}
        return await trio.to_thread.run_sync(lambda: list(self.sdk.chat.completions.create(**arguments)))


@pytest.fixture
def chat(openai_sdk: openai.OpenAI) -> Chat:
    return Chat(openai_sdk)


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_a_plain_prompt_is_echoed_with_its_usage(chat: Chat) -> None:
    answer = await chat.ask("Grüße, 世界 🙂")
    assert answer.choices[0].message.content == "You said: Grüße, 世界 🙂"
    assert (answer.choices[0].finish_reason, answer.model, answer.object) == ("stop", "gpt-4o", "chat.completion")
    assert answer.usage.prompt_tokens + answer.usage.completion_tokens == answer.usage.total_tokens


async def test_an_empty_prompt_gets_a_greeting(chat: Chat) -> None:
    assert (await chat.ask("")).choices[0].message.content == "Hello! This is KorProxy's mock provider."


@pytest.mark.parametrize(
    "faults", ["", "split=char", "split=every-byte", "split=7 join=3", "comments crlf", "gzip", "gzip=always"]
)
async def test_a_stream_says_the_same_however_it_is_sent(chat: Chat, faults: str) -> None:
    chunks = await chat.stream(block(f"text='größer 世界 🙂 ok' usage=3/4 {faults}"), stream_options={"include_usage": True})
    assert text_of(chunks) == "größer 世界 🙂 ok"
    assert {chunk.id for chunk in chunks} == {"chatcmpl-mock00000001"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (3, 4)


async def test_a_stream_has_no_usage_unless_asked_for(chat: Chat) -> None:
    chunks = await chat.stream("hi")
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


async def test_usage_may_come_in_every_chunk_on_the_last_choice_or_not_at_all(chat: Chat) -> None:
    assert all(chunk.usage for chunk in await chat.stream("{{mock: text='a b' usage-in-every-chunk}}"))
    on_finish = await chat.stream("{{mock: text='a b' quirk=usage-on-finish}}")
    assert [bool(chunk.usage) for chunk in on_finish] == [False] * (len(on_finish) - 1) + [True]
    assert not any(chunk.usage for chunk in await chat.stream("{{mock: no-usage}}", stream_options={"include_usage": True}))
    assert (await chat.ask("{{mock: no-usage}}")).usage is None


async def test_words_come_in_as_many_chunks(chat: Chat) -> None:
    chunks = await chat.stream("{{mock: words=200}}")
    assert len([chunk for chunk in chunks if chunk.choices[0].delta.content]) == 200
    assert len(text_of(chunks).split()) == 200


async def test_usage_counts_are_the_scripted_ones(chat: Chat) -> None:
    usage = (await chat.ask("{{mock: usage=100/20/64/8 thinking='some thoughts'}}")).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (100, 20, 120)
    assert (usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens_details.cache_write_tokens) == (64, 8)
    assert usage.completion_tokens_details.reasoning_tokens == 4


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_thinking_is_said_in_the_field_of_compatible_servers(chat: Chat, field: str) -> None:
    prompt = "{{mock: thinking='let me see' text=done %s}}" % ("" if field == "reasoning_content" else "quirk=reasoning")
    assert getattr((await chat.ask(prompt)).choices[0].message, field) == "let me see"
    chunks = await chat.stream(prompt)
    assert "".join(getattr(chunk.choices[0].delta, field, None) or "" for chunk in chunks) == "let me see"
    assert text_of(chunks) == "done"


async def test_thinking_may_stand_in_tags_inside_the_content(chat: Chat) -> None:
    prompt = "{{mock: thinking=hm text=done quirk=think-tags}}"
    assert (await chat.ask(prompt)).choices[0].message.content == "<think>hm</think>\ndone"
    assert text_of(await chat.stream(prompt)) == "<think>hm</think>\ndone"


TOOLS = """{{mock: tool=read args='{"path": "ä }} b"}' tool=ls tool=read args='{"path": "c"}' tool=raw args='' %s}}"""
EXPECTED = [("read", '{"path": "ä }} b"}'), ("ls", "{}"), ("read", '{"path": "c"}'), ("raw", "")]


async def test_parallel_tool_calls_come_whole(chat: Chat) -> None:
    choice = (await chat.ask(TOOLS % "")).choices[0]
    assert [(call.function.name, call.function.arguments) for call in choice.message.tool_calls] == EXPECTED
    assert len({call.id for call in choice.message.tool_calls}) == 4
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)


@pytest.mark.parametrize("quirk", ["", "quirk=repeat-ids", "quirk=whole-calls"])
async def test_tool_calls_are_streamed_in_fragments(chat: Chat, quirk: str) -> None:
    calls: dict[int, list[Any]] = {}
    chunks = await chat.stream(TOOLS % quirk)
    for fragment in (each for chunk in chunks for each in chunk.choices[0].delta.tool_calls or []):
        calls.setdefault(fragment.index, []).append(fragment)
    told = [(parts[0].function.name, "".join(part.function.arguments for part in parts)) for parts in calls.values()]
    assert told == EXPECTED
    named = [len([part for part in parts if part.id]) for parts in calls.values()]
    assert named == ([4, 3, 4, 1] if quirk == "quirk=repeat-ids" else [1, 1, 1, 1])
    assert len(calls[0]) == (1 if quirk == "quirk=whole-calls" else 4)


async def test_a_foreign_server_may_give_all_calls_the_index_zero(chat: Chat) -> None:
    chunks = await chat.stream(TOOLS % "quirk=index-zero")
    fragments = [each for chunk in chunks for each in chunk.choices[0].delta.tool_calls or []]
    assert {each.index for each in fragments} == {0}
    assert len({each.id for each in fragments if each.id}) == 4


async def test_fragments_of_parallel_calls_may_come_in_turn(chat: Chat) -> None:
    chunks = await chat.stream(TOOLS % "quirk=interleaved")
    fragments: list[Any] = [each for chunk in chunks for each in chunk.choices[0].delta.tool_calls or []]
    joined = {each.index: "" for each in fragments}
    for each in fragments:
        joined[each.index] += each.function.arguments
    assert [each.index for each in fragments[:5]] == [0, 1, 2, 3, 0]
    assert list(joined.values()) == [arguments for _, arguments in EXPECTED]


async def test_the_weather_is_asked_of_an_offered_tool(chat: Chat) -> None:
    choice = (await chat.ask("What is the weather in Köln?", tools=[WEATHER])).choices[0]
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"city": "Köln", "unit": "C"}
    assert choice.finish_reason == "tool_calls"
    assert not (await chat.ask("Write a poem", tools=[WEATHER])).choices[0].message.tool_calls
    assert not (await chat.ask("weather?", tools=[WEATHER], tool_choice="none")).choices[0].message.tool_calls


async def test_a_forced_tool_is_called_and_the_reason_is_stop(chat: Chat) -> None:
    forced = {"type": "function", "function": {"name": "get_weather"}}
    choice = (await chat.ask("hi", tools=[WEATHER], tool_choice=forced)).choices[0]
    assert (choice.message.tool_calls[0].function.name, choice.finish_reason) == ("get_weather", "stop")
    required = (await chat.ask("hi", tools=[WEATHER], tool_choice="required")).choices[0]
    assert required.finish_reason == "tool_calls"


def tool_turn(result: Any) -> list[dict[str, Any]]:
    call = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
    return [
        {"role": "user", "content": "{{mock: tool=ls}} {{then: text=first}} {{then: text=second}}"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": result},
    ]


async def test_a_tool_result_is_told_back_and_its_directives_are_not_obeyed(chat: Chat) -> None:
    messages = tool_turn("a.txt {{mock: status=500}}")
    messages[0]["content"] = "list it"
    answer = await chat.ask(None, messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == "The tool said: a.txt {{mock: status=500}}"


async def test_then_blocks_script_the_turns_after_the_first(chat: Chat) -> None:
    turn = tool_turn("a.txt")
    assert (await chat.ask(None, messages=turn[:1])).choices[0].message.tool_calls
    assert (await chat.ask(None, messages=turn)).choices[0].message.content == "first"
    again = [*turn, *tool_turn("b")[1:]]
    assert (await chat.ask(None, messages=again)).choices[0].message.content == "second"


@pytest.mark.parametrize(
    ("said", "reason"),
    [("length", "length"), ("refusal", "content_filter"), ("stop_sequence", "stop"), ("eos", "eos"), ("null", None)],
)
async def test_the_finish_reason_is_as_scripted(chat: Chat, said: str, reason: str | None) -> None:
    prompt = block(f"text=x stop={said}")
    assert (await chat.ask(prompt)).choices[0].finish_reason == reason
    assert (await chat.stream(prompt))[-1].choices[0].finish_reason == reason


async def test_an_unscripted_answer_keeps_to_max_tokens(chat: Chat) -> None:
    choice = (await chat.ask("a rather long prompt", max_tokens=2)).choices[0]
    assert (choice.message.content, choice.finish_reason) == ("You said", "length")


async def test_a_refusal_is_said_in_its_own_field(chat: Chat) -> None:
    message = (await chat.ask("{{mock: refusal='I must not'}}")).choices[0].message
    assert (message.refusal, message.content) == ("I must not", None)
    chunks = await chat.stream("{{mock: refusal='I must not'}}")
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == "I must not"


async def test_n_choices_are_interleaved(chat: Chat) -> None:
    answer = await chat.ask("{{mock: text='a b' usage=1/2}}", n=2)
    assert [(each.index, each.message.content) for each in answer.choices] == [(0, "a b"), (1, "a b")]
    assert answer.usage.completion_tokens == 4
    chunks = await chat.stream("{{mock: text='a b'}}", n=2)
    assert [chunk.choices[0].index for chunk in chunks] == [0, 1] * 4


async def test_images_are_named_by_type_size_and_digest(chat: Chat) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]
    said = (await chat.ask(parts)).choices[0].message.content
    digest = hashlib.sha256(PIXEL).hexdigest()
    assert said == f"I see 2 image(s): image/png 68 bytes sha256:{digest}, image at https://example.org/a.png"


async def test_images_shown_after_a_tools_result_belong_to_it(chat: Chat) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"}}
    call = {"id": "c", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "{{mock: tool=ls}} look {{then:}} {{then: text=done}}"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "see below"},
        {"role": "user", "content": [{"type": "text", "text": "the image of c:"}, image]},
    ]
    seen = f"I see 1 image(s): image/png 68 bytes sha256:{hashlib.sha256(PIXEL).hexdigest()}"
    assert (await chat.ask(None, messages=turns)).choices[0].message.content == f"The tool said: see below {seen}"
    turns[0]["content"] = "{{mock: tool=ls}} look {{then: text=then}}"
    assert (await chat.ask(None, messages=turns)).choices[0].message.content == "then"
    turns[3]["content"][0]["text"] = "{{mock: text=mine}}"
    assert (await chat.ask(None, messages=turns)).choices[0].message.content == "mine"


async def test_a_script_may_refuse_tools_as_the_newest_models_do(chat: Chat) -> None:
    with pytest.raises(openai.BadRequestError, match="Please use /v1/responses instead") as caught:
        await chat.ask("{{mock: kind=responses-only}}", model="gpt-5.6-sol")
    assert (caught.value.param, caught.value.code) == ("reasoning_effort", None)


async def test_echo_request_names_the_bytes_that_arrived(chat: Chat, korproxy_mock: MockServer) -> None:
    said = (await chat.ask("ü {{mock: echo-request}}")).choices[0].message.content
    body = korproxy_mock.requests[0].body
    assert said == f"sha256:{hashlib.sha256(body).hexdigest()} {len(body)} bytes"


async def test_structured_output_fits_its_schema(chat: Chat) -> None:
    class Inner(BaseModel):
        name: str

    class Wanted(BaseModel):
        count: int
        inner: list[Inner]

    def parsed() -> Any:
        return chat.sdk.chat.completions.parse(
            model="gpt-4o", messages=[{"role": "user", "content": "hi"}], response_format=Wanted
        )

    answer = await trio.to_thread.run_sync(parsed)
    assert answer.choices[0].message.parsed == Wanted(count=1, inner=[Inner(name="text")])


async def test_the_sdk_assembles_a_stream(chat: Chat) -> None:
    def collected() -> Any:
        with chat.sdk.chat.completions.stream(model="gpt-4o", messages=[{"role": "user", "content": TOOLS % ""}]) as stream:
            return stream.get_final_completion()

    calls = (await trio.to_thread.run_sync(collected)).choices[0].message.tool_calls
    assert [(call.function.name, call.function.arguments) for call in calls] == EXPECTED


async def test_models_are_listed_and_described(chat: Chat) -> None:
    listed = await trio.to_thread.run_sync(chat.sdk.models.list)
    assert "gpt-4o" in {each.id for each in listed.data}
    assert (await trio.to_thread.run_sync(chat.sdk.models.retrieve, "org/any-model")).id == "org/any-model"
    with pytest.raises(openai.NotFoundError) as caught:
        await trio.to_thread.run_sync(chat.sdk.models.retrieve, "no-such-model")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (openai.BadRequestError, (400, "invalid_request_error", None)),
        (openai.AuthenticationError, (401, "invalid_request_error", "invalid_api_key")),
        (openai.APIStatusError, (402, "insufficient_balance", "invalid_request_error")),
        (openai.PermissionDeniedError, (403, "request_forbidden", "unsupported_country_region_territory")),
        (openai.NotFoundError, (404, "invalid_request_error", "model_not_found")),
        (openai.APIStatusError, (413, "invalid_request_error", None)),
        (openai.RateLimitError, (429, "requests", "rate_limit_exceeded")),
        (openai.InternalServerError, (500, "server_error", None)),
        (openai.InternalServerError, (502, "server_error", None)),
        (openai.InternalServerError, (503, "service_unavailable_error", "slow_down")),
        (openai.InternalServerError, (529, "server_error", None)),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_has_the_vendors_shape(
    chat: Chat, error: type[openai.APIStatusError], expected: tuple[int, str, str | None], stream: bool
) -> None:
    with pytest.raises(error) as caught:
        await chat.ask(block(f"status={expected[0]}"), stream=stream)
    assert (caught.value.status_code, caught.value.type, caught.value.code) == expected
    assert caught.value.request_id == f"req_{1:032x}"


async def test_an_error_says_what_the_script_says(chat: Chat) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        await chat.ask("{{mock: kind=insufficient_quota retry-after=7}}")
    assert (caught.value.code, caught.value.response.headers["retry-after"]) == ("insufficient_quota", "7")
    with pytest.raises(openai.BadRequestError, match="maximum context length"):
        await chat.ask("{{mock: kind=context-length}}")
    with pytest.raises(openai.BadRequestError) as caught_own:
        await chat.ask("{{mock: status=400 kind=mine code=c param=p message='größer'}}")
    assert caught_own.value.body == {"message": "größer", "type": "mine", "param": "p", "code": "c"}


async def test_an_error_in_mid_stream_is_raised_by_the_sdk(chat: Chat) -> None:
    with pytest.raises(openai.APIError, match="Sorry about that"):
        await chat.stream("{{mock: text='a b c' error-after=2}}")
    with pytest.raises(openai.APIError, match="too slow"):
        await chat.stream("{{mock: text='a b c' error-after=2 status=503 message='too slow'}}")


async def test_keys_are_checked_as_the_vendor_does(chat: Chat) -> None:
    wrong = Chat(chat.sdk.with_options(api_key="bad-key-0123456789"))
    with pytest.raises(openai.AuthenticationError, match=r"Incorrect API key provided: bad-\*+6789") as caught:
        await wrong.ask("hi")
    assert caught.value.code == "invalid_api_key"
