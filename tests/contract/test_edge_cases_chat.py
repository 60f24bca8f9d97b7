"""Edge cases of translation from or into OpenAI Chat Completions, from one end to the other.

The numbers are those of the project's list of facts about translation; each was a fault of some gateway. What concerns one
reader or one writer alone is tested beside it, under the same numbers.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, Headers, chat
from tests.fakes.passing import carried, faults, translator
from tests.fakes.stream_checks import sse

CHAT, MESSAGES, GEMINI = "openai-chat", "anthropic-messages", "gemini"
DONE = b"data: [DONE]\n\n"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"


@attrs.frozen
class Goal:
    """A model that requests are written for."""

    format: str
    abilities: Abilities


CLAUDE = Goal(MESSAGES, Abilities(family="anthropic", output=64_000, sampling="one", reasoning="budget"))
ANY_CHAT = Goal(CHAT, Abilities())
GPT = Goal(CHAT, Abilities(family="openai", reasoning="effort", efforts=("low", "high"), completion_tokens=True))
DEEPSEEK = Goal(CHAT, Abilities(family="deepseek", reasoning="effort", efforts=("low", "high"), reasoning_back=True))


# Streams of a Chat provider, as its clients see them.


def chunk(delta: dict[str, Any] | None = None, finish: object = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    said = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def called(index: int, arguments: str | None = None, name: str | None = None, **more: Any) -> bytes:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return chunk({"tool_calls": [{"index": index, **more, "function": function}]})


ROLE, STOP, CALLS = chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), chunk({}, "tool_calls")


def messages_stream(*wire: bytes, provider: str = CHAT) -> list[dict[str, Any]]:
    """Return what a client of Messages gets of *wire*; nothing it would trip over is in it."""
    stream = carried(provider, MESSAGES, b"".join(wire))
    assert faults(MESSAGES, stream) == []
    return [json.loads(data) for _, data in sse(stream)]


def blocks(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return type (of a call: its id) and content of each block."""
    found: list[tuple[str, str]] = []
    for event in events:
        if event["type"] == "content_block_start":
            found.append((event["content_block"].get("id") or event["content_block"]["type"], ""))
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            said = delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
            found[-1] = (found[-1][0], found[-1][1] + said)
    return found


def stop_reason(events: list[dict[str, Any]]) -> str:
    (reason,) = [event["delta"]["stop_reason"] for event in events if event["type"] == "message_delta"]
    return str(reason)


def test_edge_1_arguments_in_the_chunk_that_opens_a_call_are_not_dropped() -> None:
    events = messages_stream(ROLE, called(0, '{"a":1}', "read", id="a"), CALLS, DONE)

    assert (blocks(events), stop_reason(events)) == ([("a", '{"a":1}')], "tool_use")


def test_edge_2_text_beside_an_empty_list_of_calls_is_text() -> None:
    events = messages_stream(ROLE, chunk({"content": "Hi", "tool_calls": []}), STOP, DONE)

    assert blocks(events) == [("text", "Hi")]


def test_edge_3_text_that_comes_with_the_role_is_not_swallowed() -> None:
    assert blocks(messages_stream(chunk({"role": "assistant", "content": "Hi"}), STOP, DONE)) == [("text", "Hi")]


def test_edge_4_reasoning_is_a_block_and_text_the_next_one() -> None:
    events = messages_stream(ROLE, chunk({"reasoning_content": "Hm."}), chunk({"content": "So."}), STOP, DONE)

    assert blocks(events) == [("thinking", "Hm."), ("text", "So.")]
    assert [each["type"] for each in events].count("message_start") == 1


def test_edge_5_stop_after_calls_is_tool_use_without_an_empty_text() -> None:
    events = messages_stream(ROLE, called(0, "{}", "read", id="a"), STOP, DONE)

    assert (blocks(events), stop_reason(events)) == ([("a", "{}")], "tool_use")


def test_edge_6_interleaved_calls_are_two_blocks_of_json() -> None:
    wire = [
        called(0, "", "read", id="a"),
        called(1, "", "list", id="b"),
        called(0, '{"x":'),
        called(1, '{"y":2}'),
        called(0, "1}"),
    ]

    assert blocks(messages_stream(ROLE, *wire, CALLS, DONE)) == [("a", '{"x":1}'), ("b", '{"y":2}')]


def test_edge_9_one_index_with_two_ids_is_two_calls() -> None:
    events = messages_stream(ROLE, called(0, '{"x":1}', "read", id="a"), called(0, '{"y":2}', "read", id="b"), CALLS, DONE)

    assert blocks(events) == [("a", '{"x":1}'), ("b", '{"y":2}')]


def test_edge_11_a_call_without_arguments_has_an_empty_object() -> None:
    assert blocks(messages_stream(ROLE, called(0, None, "read", id="a"), CALLS, DONE)) == [("a", "{}")]


def test_edge_12_an_id_is_made_up_once_and_the_same_each_time() -> None:
    wire = [ROLE, called(0, "{", "read"), called(0, "}"), CALLS, DONE]

    assert blocks(messages_stream(*wire)) == [("call_c1_0", "{}")]
    assert blocks(messages_stream(*wire)) == [("call_c1_0", "{}")]


def test_edge_13_a_block_begins_when_the_name_is_known() -> None:
    events = messages_stream(ROLE, called(0, id="a"), called(0, '{"x":1}'), called(0, "", "read"), CALLS, DONE)

    (start,) = [each["content_block"] for each in events if each["type"] == "content_block_start"]
    assert (start["id"], start["name"], blocks(events)) == ("a", "read", [("a", '{"x":1}')])


def test_edge_14_chunks_behind_done_are_ignored() -> None:
    assert blocks(messages_stream(ROLE, chunk({"content": "Hi"}), STOP, DONE, chunk({"content": "!"}))) == [("text", "Hi")]


@pytest.mark.parametrize("rest", [[], [called(0, '{"x":', "read", id="a")]])
def test_edge_15_a_stream_that_just_stops_ends_as_an_error(rest: list[bytes]) -> None:
    events = messages_stream(ROLE, chunk({"content": "Hi"}), *rest)

    assert events[-1]["type"] == "error"


def test_edge_15_a_finish_reason_without_done_is_an_end() -> None:
    assert stop_reason(messages_stream(ROLE, chunk({"content": "Hi"}), STOP)) == "end_turn"


def test_edge_16_and_72_reason_and_usage_in_two_chunks_are_one_message_delta() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 75}}
    events = messages_stream(ROLE, chunk({"content": "Hi"}), STOP, chunk(usage=usage), DONE)

    (delta,) = [each for each in events if each["type"] == "message_delta"]
    assert delta["delta"]["stop_reason"] == "end_turn"
    assert (delta["usage"]["input_tokens"], delta["usage"]["cache_read_input_tokens"]) == (25, 75)
    assert delta["usage"]["output_tokens"] == 7


def test_edge_23_long_arguments_with_quotes_arrive_byte_for_byte() -> None:
    arguments = json.dumps({"patch": '"quoted" \\ and \n and é'})
    wire = [called(0, each) for each in arguments]

    assert blocks(messages_stream(ROLE, called(0, "", "read", id="a"), *wire, CALLS, DONE)) == [("a", arguments)]


def test_edge_24_a_stream_without_events_is_no_empty_success() -> None:
    assert [each["type"] for each in messages_stream(DONE)] == ["error"]


def test_edge_25_what_is_told_in_every_chunk_begins_once() -> None:
    first = {"role": "assistant", "content": None, "tool_calls": None}
    wire = [called(0, each, "read", id="a", type="function") for each in ('{"x"', ":1", "}")]

    assert blocks(messages_stream(chunk(first), chunk(first), *wire, CALLS, DONE)) == [("a", '{"x":1}')]


def test_edge_86_reasoning_in_two_fields_is_told_once() -> None:
    both = {"reasoning": "Hm.", "reasoning_content": "Hm."}

    assert blocks(messages_stream(ROLE, chunk(both), chunk({"content": "So."}), STOP, DONE))[0] == ("thinking", "Hm.")


def test_an_error_in_the_middle_keeps_its_words() -> None:
    failed = b'data: {"error": {"message": "No room.", "type": "server_error", "code": 503}}\n\n'
    events = messages_stream(ROLE, chunk({"content": "Hi"}), failed, DONE)

    error = events[-1]["error"]
    assert (error["type"], error["message"]) == ("overloaded_error", "No room.")


# Streams of other providers, as clients of Chat see them.


def event(kind: str, **more: Any) -> bytes:
    return f"event: {kind}\ndata: ".encode() + json.dumps({"type": kind, **more}).encode() + b"\n\n"


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    said = [event("content_block_start", index=index, content_block=content)]
    said += [event("content_block_delta", index=index, delta=each) for each in deltas]
    return b"".join([*said, event("content_block_stop", index=index)])


def use(index: int, call_id: str, *pieces: str) -> bytes:
    content = {"type": "tool_use", "id": call_id, "name": "read", "input": {}}
    return block(index, content, *({"type": "input_json_delta", "partial_json": each} for each in pieces))


def begin(**usage: int) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    return event("message_start", message=message)


def end(reason: str, details: object = None, **usage: int) -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": None, **({"stop_details": details} if details else {})}
    return event("message_delta", delta=delta, usage=usage) + event("message_stop")


def gemini_chunk(*parts: dict[str, Any], **more: Any) -> bytes:
    candidate = {"index": 0, "content": {"role": "model", "parts": list(parts)}, **more}
    return b"data: " + json.dumps({"candidates": [candidate], "responseId": "r1", "modelVersion": "m"}).encode() + b"\n\n"


def chat_stream(provider: str, *wire: bytes) -> list[Any]:
    """Return what a client of Chat gets of *wire*; nothing it would trip over is in it."""
    stream = carried(provider, CHAT, b"".join(wire))
    assert faults(CHAT, stream) == []
    return [data if data == "[DONE]" else json.loads(data) for _, data in sse(stream)]


def chat_calls(chunks: list[Any]) -> list[tuple[int, str, str]]:
    """Return index, id and arguments of each call."""
    calls: dict[int, tuple[str, str]] = {}
    for each in chunks:
        for choice in each["choices"] if isinstance(each, dict) else ():
            for call in choice["delta"].get("tool_calls", ()):
                call_id, arguments = calls.get(call["index"], (call.get("id", ""), ""))
                calls[call["index"]] = (call_id, arguments + call["function"].get("arguments", ""))
    return [(index, *call) for index, call in calls.items()]


def finish(chunks: list[Any]) -> str:
    (reason,) = [c["finish_reason"] for each in chunks[:-1] for c in each["choices"] if c["finish_reason"]]
    return str(reason)


def test_edge_7_indices_count_calls_and_not_blocks() -> None:
    text = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Both."})
    chunks = chat_stream(MESSAGES, begin(), text, use(1, "a", '{"x":', "1}"), use(2, "b", "{}"), end("tool_use"))

    assert (chat_calls(chunks), finish(chunks)) == ([(0, "a", '{"x":1}'), (1, "b", "{}")], "tool_calls")


def test_edge_8_calls_of_gemini_are_counted_on() -> None:
    wire = [gemini_chunk({"functionCall": {"name": name, "args": {}}}) for name in ("a", "b", "c")]
    chunks = chat_stream(GEMINI, *wire, gemini_chunk(finishReason="STOP"))

    assert [each[0] for each in chat_calls(chunks)] == [0, 1, 2]
    assert finish(chunks) == "tool_calls"


def test_edge_10_an_empty_input_stands_in_front_of_no_arguments() -> None:
    assert chat_calls(chat_stream(MESSAGES, begin(), use(0, "a", '{"x":1}'), end("tool_use"))) == [(0, "a", '{"x":1}')]


def test_edge_11_a_call_without_input_has_an_empty_object_here() -> None:
    assert chat_calls(chat_stream(MESSAGES, begin(), use(0, "a"), end("tool_use"))) == [(0, "a", "{}")]


def test_edge_20_and_14_the_end_is_done_and_said_once() -> None:
    chunks = chat_stream(GEMINI, gemini_chunk({"text": "Hi"}, finishReason="STOP"))

    assert chunks.count("[DONE]") == 1
    assert chunks[-1] == "[DONE]"


def test_edge_21_something_can_be_said_before_the_provider_says_anything() -> None:
    writer = translator(CHAT).stream_writer(chat.Asked(model="m", stream=True))
    stream = writer.keep_alive() + writer.write(chat.Started()) + writer.keep_alive()

    assert [name for name, _ in sse(stream)] == [""]
    assert stream.startswith(b": ")


def test_edge_70_and_71_what_the_cache_gave_is_part_of_the_prompt_and_counted_once() -> None:
    text = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hi"})
    counts = {"input_tokens": 5, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 7}
    chunks = chat_stream(MESSAGES, begin(**counts, output_tokens=1), text, end("end_turn", **counts, output_tokens=9))

    usage = chunks[-2]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (42, 9, 51)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 30


def test_edge_74_thoughts_are_part_of_the_output_and_counted_once() -> None:
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 20}
    said = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}], "usageMetadata": counts}
    usage = chat_stream(GEMINI, b"data: " + json.dumps(said).encode() + b"\n\n")[-2]["usage"]

    assert (usage["completion_tokens"], usage["total_tokens"]) == (10, 20)
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 6


def test_edge_88_a_refusal_without_content_is_no_empty_success() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "It is dangerous."}
    chunks = chat_stream(MESSAGES, begin(), end("refusal", details))

    assert finish(chunks) == "content_filter"
    assert [each["choices"][0]["delta"].get("refusal") for each in chunks[1:-2]] == ["It is dangerous."]


# Requests.


def crossed(client: str, body: dict[str, Any], goal: Goal) -> tuple[dict[str, Any], chat.Report]:
    """Return the request that is sent for *body*, and the report on it."""
    report = chat.Report()
    whole = {"model": "m", **({"max_tokens": 100} if client == MESSAGES else {}), **body}
    conversation, asked = translator(client).read_request("", json.dumps(whole).encode(), report)
    target = chat.Target(model="m", stream=asked.stream, abilities=goal.abilities)
    return json.loads(translator(goal.format).write_request(conversation, target, report).body), report


def tool_use(call_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": "read", "input": more}


def tool_result(call_id: str, content: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content}


def chat_call(call_id: str, arguments: str = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "read", "arguments": arguments}}


def user(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def test_edge_26_arguments_that_are_no_json_keep_their_call_and_its_result() -> None:
    history = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "tool_calls": [chat_call("a", "not json")]},
        {"role": "tool", "tool_call_id": "a", "content": "done"},
    ]
    body, _ = crossed(CHAT, {"messages": history}, CLAUDE)

    assert body["messages"][1]["content"] == [tool_use("a", _raw="not json")]
    assert body["messages"][2]["content"][0]["tool_use_id"] == "a"


@pytest.mark.parametrize("content", [None, ""])
def test_edge_27_and_29_results_come_in_one_message_behind_calls_without_an_empty_text(content: str | None) -> None:
    history = [
        {"role": "user", "content": "Read both."},
        {"role": "assistant", "content": content, "tool_calls": [chat_call("a"), chat_call("b")]},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]
    body, _ = crossed(CHAT, {"messages": history}, CLAUDE)

    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == [tool_use("a"), tool_use("b")]
    assert [each["tool_use_id"] for each in body["messages"][2]["content"]] == ["a", "b"]


def test_edge_28_content_is_never_null() -> None:
    history = [user({"type": "text", "text": "Read."}), {"role": "assistant", "content": [tool_use("a")]}]
    body, _ = crossed(MESSAGES, {"messages": [*history, user(tool_result("a", "done"))]}, ANY_CHAT)

    assert [each["content"] for each in body["messages"]] == ["Read.", "", "done"]


def test_edge_30_results_go_in_front_of_what_the_user_said_before_them() -> None:
    history = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [tool_use("a")]},
        user({"type": "text", "text": "Here:"}, tool_result("a", "done")),
    ]
    body, _ = crossed(MESSAGES, {"messages": history}, ANY_CHAT)

    assert [(each["role"], each["content"]) for each in body["messages"][2:]] == [("tool", "done"), ("user", "Here:")]


def test_edge_38_what_only_anthropic_does_with_tools_is_not_sent() -> None:
    tool = {"name": "read", "input_schema": {"type": "object", "properties": {}}, "defer_loading": True}
    body, report = crossed(MESSAGES, {"messages": [], "tools": [{**tool, "cache_control": {"type": "ephemeral"}}]}, ANY_CHAT)

    function = {"name": "read", "parameters": {"type": "object", "properties": {}}}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert set(report.losses) == {"/tools/0/defer_loading", "/tools/0/cache_control"}


def test_edge_39_and_68_a_search_of_anthropics_goes_and_the_choice_with_it() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    body, report = crossed(MESSAGES, {"messages": [], "tools": [search], "tool_choice": {"type": "any"}}, ANY_CHAT)

    assert body.keys() == {"model", "max_tokens", "messages"}
    assert set(report.losses) == {"/tools/0", "/tool_choice"}


@pytest.mark.parametrize("goal", [ANY_CHAT, GPT, DEEPSEEK])
def test_edge_43_and_44_system_text_stays_where_it_is_as_system(goal: Goal) -> None:
    history = [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]
    body, _ = crossed(MESSAGES, {"system": "first", "messages": history}, goal)

    assert [each["role"] for each in body["messages"]] == ["system", "user", "system", "user"]


def test_edge_48_and_85_a_picture_in_a_result_is_sent_as_a_picture() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    result = tool_result("a", [{"type": "text", "text": "Look:"}, {"type": "image", "source": source}])
    history = [{"role": "user", "content": "Show."}, {"role": "assistant", "content": [tool_use("a"), tool_use("b")]}]
    body, _ = crossed(MESSAGES, {"messages": [*history, user(result, tool_result("b", "2"))]}, ANY_CHAT)

    assert [each["role"] for each in body["messages"][2:]] == ["tool", "tool", "user"]
    assert PNG not in body["messages"][2]["content"]
    assert body["messages"][4]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PNG}"},
    }


def test_edge_49_a_list_of_texts_is_not_dropped() -> None:
    body, _ = crossed(CHAT, {"messages": [user({"type": "text", "text": "a"}, {"type": "text", "text": "b"})]}, CLAUDE)

    assert [each["text"] for each in body["messages"][0]["content"]] == ["a", "b"]


@pytest.mark.parametrize("head", ["data:;base64,", "data:image/png;charset=utf-8;base64,", "data:image/jpeg;base64,"])
def test_edge_50_and_98_a_data_url_without_the_right_type_gets_it_from_the_bytes(head: str) -> None:
    image = {"type": "image_url", "image_url": {"url": f"{head}{PNG}"}}
    body, _ = crossed(CHAT, {"messages": [user({"type": "text", "text": "Look:"}, image)]}, CLAUDE)

    assert body["messages"][0]["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}


def test_edge_52_a_document_keeps_its_name_both_ways() -> None:
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    document = {"type": "document", "source": source, "title": "a.pdf"}

    assert crossed(CHAT, {"messages": [user(file)]}, CLAUDE)[0]["messages"][0]["content"] == [document]
    assert crossed(MESSAGES, {"messages": [user(document)]}, ANY_CHAT)[0]["messages"][0]["content"] == [file]


def test_edge_57_every_call_has_its_reasoning_where_that_is_demanded() -> None:
    history = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": ""}, tool_use("a")]},
        user(tool_result("a", "1")),
        {"role": "assistant", "content": [tool_use("b")]},
        user(tool_result("b", "2")),
    ]
    body, _ = crossed(MESSAGES, {"messages": history}, DEEPSEEK)

    assert [each["reasoning_content"] for each in body["messages"] if each["role"] == "assistant"] == ["Hm.", ""]


@pytest.mark.parametrize(("effort", "expected"), [("max", "high"), ("medium", "low"), ("low", "low")])
def test_edge_60_an_effort_becomes_the_nearest_that_the_model_knows(effort: str, expected: str) -> None:
    body, _ = crossed(MESSAGES, {"messages": [], "output_config": {"effort": effort}}, GPT)

    assert body["reasoning_effort"] == expected


def test_edge_62_marks_for_the_cache_are_stripped_wherever_they_stand() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    history = [
        user({"type": "text", "text": "a", **mark}),
        {"role": "assistant", "content": [{**tool_use("a"), **mark}]},
        user({**tool_result("a", [{"type": "text", "text": "b", **mark}]), **mark}),
    ]
    system = [{"type": "text", "text": "s", **mark}]
    body, report = crossed(MESSAGES, {"system": system, "messages": history}, ANY_CHAT)

    assert "cache" not in json.dumps(body)
    assert len(report.losses) == 5


def test_edge_63_a_tier_is_not_sent_to_another_vendor() -> None:
    body, report = crossed(MESSAGES, {"messages": [], "service_tier": "auto"}, GPT)

    assert ("service_tier" in body, report.losses) == (False, ("/service_tier",))


def test_edge_66_options_of_a_stream_do_not_go_without_one() -> None:
    body, report = crossed(CHAT, {"messages": [], "stream_options": {"include_usage": True}}, CLAUDE)

    assert ("stream_options" in body, report.losses) == (False, ("/stream_options",))
    assert crossed(MESSAGES, {"messages": [], "stream": True}, ANY_CHAT)[0]["stream_options"] == {"include_usage": True}


# Whole answers and errors.


def test_edge_69_what_the_cache_gave_is_not_input_for_clients_of_messages() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 75}}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}
    answer = translator(CHAT).read_answer(json.dumps({"choices": [choice], "usage": usage}).encode())
    found = json.loads(translator(MESSAGES).write_answer(answer, chat.Asked(model="m")))["usage"]

    assert (found["input_tokens"], found["cache_read_input_tokens"]) == (25, 75)


@pytest.mark.parametrize("body", [b'[{"error": {"message": "Too many.", "code": 429}}]', b'{"detail": "Too many."}'])
def test_edge_75_an_error_is_unwrapped_for_clients_of_messages(body: bytes) -> None:
    error = translator(CHAT).read_error(429, Headers(), body)
    status, written = translator(MESSAGES).write_error(error)

    assert (status, json.loads(written)["error"]["type"]) == (429, "rate_limit_error")
    assert json.loads(written)["error"]["message"] == "Too many."


def test_edge_78_how_long_gemini_wants_to_wait_is_said_in_the_message() -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}
    said = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [retry]}}
    error = translator(GEMINI).read_error(429, Headers(), json.dumps(said).encode())
    status, written = translator(CHAT).write_error(error)

    assert (status, error.retry_after) == (429, 21.0)
    assert json.loads(written)["error"]["message"] == "Quota exceeded. Please try again in 21s."


def test_a_conversation_that_is_too_long_for_anthropic_has_openais_code() -> None:
    said = {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}}
    error = translator(MESSAGES).read_error(400, Headers(), json.dumps(said).encode())
    status, written = translator(CHAT).write_error(error)

    assert (status, json.loads(written)["error"]["code"]) == (400, "context_length_exceeded")
    assert json.loads(written)["error"]["message"] == "prompt is too long: 9 tokens > 8 maximum"
