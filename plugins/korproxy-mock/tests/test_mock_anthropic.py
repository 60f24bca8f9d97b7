"""Anthropic's own SDK reads every kind of answer."""

import base64
import hashlib
from typing import Any

import anthropic
import pytest
import trio
from korproxy_mock.anthropic_read import signature_for
from korproxy_mock.server import MockServer

PIXEL = bytes(range(68))
WEATHER = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


class Chat:
    """Calls the SDK in a thread."""

    def __init__(self, sdk: anthropic.Anthropic) -> None:
        self.sdk = sdk

    async def ask(self, prompt: Any, **fields: Any) -> Any:
        arguments = self._arguments(prompt, fields)
        return await trio.to_thread.run_sync(lambda: self.sdk.messages.create(**arguments))

    async def events(self, prompt: Any, **fields: Any) -> list[Any]:
        arguments = self._arguments(prompt, {**fields, "stream": True})
        return await trio.to_thread.run_sync(lambda: list(self.sdk.messages.create(**arguments)))

    async def final(self, prompt: Any, **fields: Any) -> Any:
        arguments = self._arguments(prompt, fields)

        def collected() -> Any:
            with self.sdk.messages.stream(**arguments) as stream:
                return stream.get_final_message()

        return await trio.to_thread.run_sync(collected)

    def _arguments(self, prompt: Any, fields: dict[str, Any]) -> dict[str, Any]:
        messages = [{"role": "user", "content": prompt}]
        return {"model": "claude-x", "max_tokens": 1000, "messages": messages, **fields}


@pytest.fixture
def chat(anthropic_sdk: anthropic.Anthropic) -> Chat:
    return Chat(anthropic_sdk)


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def told(message: Any) -> list[dict[str, Any]]:
    """What a message says, without the ids."""
    return [
        {name: value for name, value in block.to_dict().items() if name != "id" and value is not None}
        for block in message.content
    ]


async def test_a_plain_prompt_is_echoed_with_its_usage(chat: Chat) -> None:
    answer = await chat.ask("Grüße, 世界 🙂")
    assert told(answer) == [{"type": "text", "text": "You said: Grüße, 世界 🙂"}]
    assert (answer.stop_reason, answer.model, answer.role) == ("end_turn", "claude-x", "assistant")
    assert answer.usage.input_tokens >= 1
    assert answer.usage.output_tokens >= 1


EVERYTHING = """{{mock: thinking='let me see' text='größer 世界 🙂' tool=read args='{"path": "ä }} b"}' tool=ls
tool=read args='{"path": "c"}' usage=10/20/64/8 %s}}"""


@pytest.mark.parametrize(
    "faults", ["", "split=char", "split=every-byte", "split=7 join=3", "comments crlf", "gzip", "gzip=always"]
)
async def test_a_stream_says_the_same_as_a_whole_answer_however_it_is_sent(chat: Chat, faults: str) -> None:
    whole, streamed = await chat.ask(EVERYTHING % faults), await chat.final(EVERYTHING % faults)
    expected = [
        {"type": "thinking", "thinking": "let me see", "signature": signature_for("let me see")},
        {"type": "text", "text": "größer 世界 🙂"},
        {"type": "tool_use", "name": "read", "input": {"path": "ä }} b"}},
        {"type": "tool_use", "name": "ls", "input": {}},
        {"type": "tool_use", "name": "read", "input": {"path": "c"}},
    ]
    assert told(whole) == told(streamed) == expected
    assert whole.stop_reason == streamed.stop_reason == "tool_use"
    for usage in (whole.usage, streamed.usage):
        assert (usage.input_tokens, usage.output_tokens) == (10, 20)
        assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (64, 8)


async def test_events_come_in_the_vendors_order(chat: Chat) -> None:
    events = await chat.events("{{mock: thinking=hm redacted=secret text=a tool=ls}}")
    assert [event.type for event in events] == [
        "message_start",
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),  # hm, its signature
        *("content_block_start", "content_block_stop"),  # redacted: comes whole
        *("content_block_start", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_stop"),  # no arguments: no delta at all
        *("message_delta", "message_stop"),
    ]
    assert [event.index for event in events if event.type == "content_block_start"] == [0, 1, 2, 3]
    assert events[0].message.usage.output_tokens == 1
    assert events[5].content_block.data == "secret"


async def test_thinking_may_hide_its_text(chat: Chat) -> None:
    block = (await chat.final("{{mock: thinking='' text=a}}")).content[0]
    assert (block.thinking, block.signature) == ("", signature_for(""))


async def test_broken_arguments_are_streamed_as_they_are(chat: Chat) -> None:
    events = await chat.events("""{{mock: tool=ls args='{"a": '}}""")
    assert "".join(event.delta.partial_json for event in events if event.type == "content_block_delta") == '{"a": '
    with pytest.raises(anthropic.BadRequestError, match="tool input is an object"):
        await chat.ask("{{mock: tool=ls args='[1]'}}")


async def test_words_come_in_as_many_deltas(chat: Chat) -> None:
    events = await chat.events("{{mock: words=200}}")
    assert len([event for event in events if event.type == "content_block_delta"]) == 200


@pytest.mark.parametrize(
    ("said", "reason"), [("length", "max_tokens"), ("refusal", "refusal"), ("pause_turn", "pause_turn"), ("end", "end_turn")]
)
async def test_the_stop_reason_is_as_scripted(chat: Chat, said: str, reason: str) -> None:
    assert (await chat.ask(block(f"stop={said}"))).stop_reason == reason
    assert (await chat.final(block(f"stop={said}"))).stop_reason == reason


async def test_a_stop_sequence_is_named(chat: Chat) -> None:
    answer = await chat.ask("{{mock: text=a stop=stop_sequence}}", stop_sequences=["END"])
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "END")


async def test_a_refusal_is_an_answer_without_content(chat: Chat) -> None:
    for answer in (await chat.ask("{{mock: refusal=No}}"), await chat.final("{{mock: refusal=No}}")):
        assert (answer.stop_reason, answer.content) == ("refusal", [])
        assert answer.stop_details.explanation == "No"


async def test_usage_may_be_repeated_or_missing(chat: Chat) -> None:
    events = await chat.events("{{mock: text=a usage=1/2 usage-in-every-chunk}}")
    deltas = [event for event in events if event.type == "message_delta"]
    assert [(event.delta.stop_reason, event.usage.output_tokens) for event in deltas] == [(None, 2), ("end_turn", 2)]
    assert (await chat.ask("{{mock: no-usage}}")).usage is None


async def test_the_weather_is_asked_of_an_offered_tool(chat: Chat) -> None:
    answer = await chat.ask("What is the weather in Köln?", tools=[WEATHER])
    assert told(answer) == [{"type": "tool_use", "name": "get_weather", "input": {"city": "Köln"}}]
    assert (await chat.ask("Write a poem", tools=[WEATHER])).stop_reason == "end_turn"
    assert (await chat.ask("weather?", tools=[WEATHER], tool_choice={"type": "none"})).stop_reason == "end_turn"


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
async def test_a_forced_tool_is_called(chat: Chat, choice: dict[str, str]) -> None:
    assert (await chat.ask("hi", tools=[WEATHER], tool_choice=choice)).content[0].name == "get_weather"


async def test_a_tool_turn_goes_through_with_its_own_blocks_sent_back(chat: Chat) -> None:
    prompt = "{{mock: thinking=hm tool=ls}} {{then: text=done}}"
    first = await chat.final(prompt)
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": [{"type": "text", "text": "a.txt"}]}
    turn = [{"role": "user", "content": prompt}, {"role": "assistant", "content": first.content}]
    assert told(await chat.ask(None, messages=[*turn, {"role": "user", "content": [result]}]))[0]["text"] == "done"
    turn[0]["content"] = "list it"
    assert (
        told(await chat.ask(None, messages=[*turn, {"role": "user", "content": [result]}]))[0]["text"] == "The tool said: a.txt"
    )
    said = {"type": "text", "text": "{{mock: text=asked}}"}
    assert told(await chat.ask(None, messages=[*turn, {"role": "user", "content": [result, said]}]))[0]["text"] == "asked"


async def test_images_and_documents_are_named_by_type_size_and_digest(chat: Chat) -> None:
    data = base64.b64encode(PIXEL).decode()
    blocks = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "ü"}},
        {"type": "text", "text": "what is this?"},
    ]
    named = f"image/png 68 bytes sha256:{hashlib.sha256(PIXEL).hexdigest()}, image at https://example.org/a.png, "
    named += f"text/plain 2 bytes sha256:{hashlib.sha256('ü'.encode()).hexdigest()}"
    assert told(await chat.ask(blocks))[0]["text"] == f"I see 3 image(s): {named}"


async def test_images_that_a_tool_shows_are_seen(chat: Chat) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}}
    shown = [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a.png"}, image]}]
    called = [{"type": "tool_use", "id": "t", "name": "ls", "input": {}}]
    turns = [{"role": "user", "content": "look"}, {"role": "assistant", "content": called}, {"role": "user", "content": shown}]
    seen = f"I see 1 image(s): image/png 68 bytes sha256:{hashlib.sha256(PIXEL).hexdigest()}"
    assert told(await chat.ask(None, messages=turns))[0]["text"] == f"The tool said: a.png {seen}"


async def test_arguments_keep_the_numbers_they_were_written_with(ask: Any) -> None:
    got = await ask("""{{mock: tool=ls args='{"b": 1.10, "a": 1e400, "c": 12345678901234567890}'}}""", "/v1/messages")
    assert b'"input":{"b": 1.10, "a": 1e400, "c": 12345678901234567890}' in got.body


async def test_echo_request_names_the_bytes_that_arrived(chat: Chat, korproxy_mock: MockServer) -> None:
    said = told(await chat.ask("{{mock: echo-request}}"))[0]["text"]
    body = korproxy_mock.requests[0].body
    assert said == f"sha256:{hashlib.sha256(body).hexdigest()} {len(body)} bytes"


async def test_structured_output_fits_its_schema(chat: Chat) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
    answer = await chat.ask("hi", output_config={"format": {"type": "json_schema", "schema": schema}})
    assert told(answer)[0]["text"] == '{"a": 1}'


async def test_tokens_are_counted_and_models_listed(chat: Chat) -> None:
    messages: Any = [{"role": "user", "content": "x" * 400}]
    counted = await trio.to_thread.run_sync(lambda: chat.sdk.messages.count_tokens(model="claude-x", messages=messages))
    assert 100 <= counted.input_tokens < 110
    listed = await trio.to_thread.run_sync(chat.sdk.models.list)
    assert "claude-opus-5" in {each.id for each in listed.data}
    assert (await trio.to_thread.run_sync(chat.sdk.models.retrieve, "claude-x")).display_name == "Claude X"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (402, anthropic.APIStatusError, "billing_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (413, anthropic.APIStatusError, "request_too_large"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (502, anthropic.InternalServerError, "api_error"),
        (503, anthropic.APIStatusError, "api_error"),
        (529, anthropic.APIStatusError, "overloaded_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_has_the_vendors_shape(
    chat: Chat, status: int, error: type[anthropic.APIStatusError], kind: str, stream: bool
) -> None:
    with pytest.raises(error) as caught:
        await chat.ask(block(f"status={status}"), stream=stream)
    body: Any = caught.value.body
    assert (caught.value.status_code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert body["request_id"] == caught.value.request_id == f"req_{1:032x}"


async def test_an_error_says_what_the_script_says(chat: Chat) -> None:
    with pytest.raises(anthropic.BadRequestError, match="credit balance is too low"):
        await chat.ask("{{mock: kind=insufficient_quota}}")
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        await chat.ask("{{mock: kind=context-length}}")
    with pytest.raises(anthropic.APIStatusError) as caught:
        await chat.ask("{{mock: status=402 kind=mine code=c message='größer'}}")
    body: Any = caught.value.body
    assert body["error"] == {"type": "mine", "message": "größer", "details": {"error_code": "c"}}


async def test_an_error_in_mid_stream_is_raised_by_the_sdk(chat: Chat) -> None:
    with pytest.raises(anthropic.APIError, match="Overloaded"):
        await chat.events("{{mock: text='a b c' error-after=4 status=529}}")


async def test_keys_are_checked_as_the_vendor_does(chat: Chat) -> None:
    with pytest.raises(anthropic.AuthenticationError, match=r"Invalid bearer token|invalid x-api-key"):
        await Chat(chat.sdk.with_options(api_key="bad-key")).ask("hi")
