"""Edge cases of crossings that end in the Messages format: streams for its clients, requests for its providers, errors.

Each number is the case's own in the list of edge cases that the project keeps (facts about translating, section 5). What needs
no second format is tested beside the module that takes care of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, Headers, chat
from tests.fakes.claude_code import claude_code_request
from tests.fakes.passing import carried, faults, translator
from tests.unit.builtin.dialects.messages_format.said import (
    NEW,
    OLD,
    PNG,
    call_block,
    ended,
    outline,
    shown,
    started,
    text_block,
)

CLIENT = "anthropic-messages"
ROLE = {"role": "assistant", "content": ""}


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> str:
    """Return one event of a Chat stream."""
    choices = [] if delta is None and finish is None else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**head, 'choices': choices, **more})}\n\n"


def called(index: int, arguments: str = "", **more: Any) -> dict[str, Any]:
    """Return a delta about one call; ``id`` and ``name`` where it begins."""
    name = {"name": more.pop("name")} if "name" in more else {}
    return {"tool_calls": [{"index": index, "type": "function", "function": {**name, "arguments": arguments}, **more}]}


def from_chat(*events: str, done: bool = True) -> list[str]:
    """Return what a client gets of a Chat stream, in short."""
    wire = "".join([*events, "data: [DONE]\n\n"] if done else events)
    stream = carried("openai-chat", CLIENT, wire.encode())
    assert faults(CLIENT, stream) == []
    return outline([stream])


def from_gemini(*chunks: dict[str, Any]) -> list[str]:
    """Return what a client gets of a Gemini stream, in short."""
    wire = "".join(f"data: {json.dumps({'responseId': 'r1', 'modelVersion': 'g', **each})}\n\n" for each in chunks)
    stream = carried("gemini", CLIENT, wire.encode())
    assert faults(CLIENT, stream) == []
    return outline([stream])


def parts(*said: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a chunk of a Gemini stream."""
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": list(said)}, **more}]}


def to_messages(
    messages: Sequence[dict[str, Any]], abilities: Abilities = OLD, **more: Any
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the request that is written for a Chat request, and the notes."""
    report = chat.Report()
    body = json.dumps({"model": "m", "messages": list(messages), **more}).encode()
    conversation, _ = translator("openai-chat").read_request("/v1/chat/completions", body, report)
    target = chat.Target(model="claude-y", stream=False, abilities=abilities)
    written = translator(CLIENT).write_request(conversation, target, report)
    return json.loads(written.body), [(each.pointer, each.fate) for each in report.notes]


def tool_call(id: str, name: str = "Read", arguments: str = "{}") -> dict[str, Any]:  # noqa: A002
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


HI = {"role": "user", "content": "Hi"}


def test_edge_1_a_call_that_comes_whole_is_told_whole() -> None:
    said = from_chat(chunk({**ROLE, **called(0, '{"a":1}', id="call_1", name="f")}), chunk(finish="tool_calls"))

    assert said == ["start", "+0 tool_use", '0 input_json_delta {"a":1}', "-0", "end tool_use", "stop"]


def test_edge_2_text_beside_an_empty_list_of_calls_is_text() -> None:
    assert from_chat(chunk({"content": "Hi", "tool_calls": []}), chunk(finish="stop"))[1:3] == ["+0 text", "0 text_delta Hi"]


def test_edge_3_text_beside_the_role_is_not_swallowed() -> None:
    assert from_chat(chunk({"role": "assistant", "content": "Hi"}), chunk(finish="stop"))[2] == "0 text_delta Hi"


def test_edge_4_reasoning_and_text_are_two_blocks() -> None:
    said = from_chat(chunk(ROLE), chunk({"reasoning_content": "Hm"}), chunk({"content": "So"}), chunk(finish="stop"))

    assert said == [
        "start",
        "+0 thinking",
        "0 thinking_delta Hm",
        "0 signature_delta ",
        "-0",
        "+1 text",
        "1 text_delta So",
        "-1",
        "end end_turn",
        "stop",
    ]


def test_edge_5_calls_end_in_tool_use_whatever_the_finish_reason_says() -> None:
    said = from_chat(chunk(ROLE), chunk(called(0, "{}", id="call_1", name="f")), chunk({"content": ""}), chunk(finish="stop"))

    assert (said[1], said[-2]) == ("+0 tool_use", "end tool_use")


def test_edge_6_interleaved_calls_become_two_blocks_of_json() -> None:
    said = from_chat(
        chunk(ROLE),
        chunk(called(0, id="call_1", name="f")),
        chunk(called(1, id="call_2", name="g")),
        chunk(called(0, '{"a"')),
        chunk(called(1, '{"b"')),
        chunk(called(0, ":1}")),
        chunk(called(1, ":2}")),
        chunk(finish="tool_calls"),
    )

    assert said == [
        "start",
        "+0 tool_use",
        '0 input_json_delta {"a"',
        "0 input_json_delta :1}",
        "-0",
        "+1 tool_use",
        '1 input_json_delta {"b":2}',
        "-1",
        "end tool_use",
        "stop",
    ]


def test_edge_8_parallel_calls_of_gemini_are_blocks_of_their_own() -> None:
    one, two = ({"functionCall": {"name": each, "args": {"n": 1}}} for each in "fg")
    said = from_gemini(parts(one), parts(two), parts(finishReason="STOP"))

    assert [each for each in said if each.startswith(("+", "end"))] == ["+0 tool_use", "+1 tool_use", "end tool_use"]


def test_edge_9_the_same_index_with_another_id_is_another_call() -> None:
    said = from_chat(
        chunk(called(0, "{}", id="call_1", name="f")), chunk(called(0, "{}", id="call_2", name="f")), chunk(finish="tool_calls")
    )

    assert said.count("0 input_json_delta {}") == said.count("1 input_json_delta {}") == 1


def test_edge_11_a_call_without_arguments_has_an_empty_object() -> None:
    for client, expected in ((CLIENT, '"partial_json":"{}"'), ("openai-chat", '"arguments":"{}"')):
        wire = started() + call_block(0) + ended("tool_use")
        assert expected in carried(CLIENT, client, wire).decode()


def test_edge_13_a_call_begins_when_its_name_is_known() -> None:
    said = from_chat(
        chunk(called(0, id="call_1")), chunk(called(0, name="f")), chunk(called(0, "{}")), chunk(finish="tool_calls")
    )

    assert said[1:3] == ["+0 tool_use", "0 input_json_delta {}"]


def test_edge_14_nothing_behind_the_end_is_told() -> None:
    late = "data: [DONE]\n\n" + chunk({"content": "late"})

    assert from_chat(chunk({"content": "a"}), chunk(finish="stop"), late)[-3:] == ["-0", "end end_turn", "stop"]


def test_edge_15_a_stream_that_was_cut_ends_in_an_error() -> None:
    stream = carried("openai-chat", CLIENT, chunk({"content": "a"}).encode())

    assert [each["type"] for each in shown([stream])][-1] == "error"
    assert "message_stop" not in stream.decode()


def test_edge_16_finish_and_usage_in_two_chunks_are_one_end() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107, "prompt_tokens_details": {"cached_tokens": 75}}
    wire = chunk({"content": "a"}) + chunk(finish="stop") + chunk(usage=usage) + "data: [DONE]\n\n"
    ends = [each for each in shown([carried("openai-chat", CLIENT, wire.encode())]) if each["type"] == "message_delta"]

    assert [each["delta"]["stop_reason"] for each in ends] == ["end_turn"]
    assert ends[0]["usage"] == {"input_tokens": 25, "cache_read_input_tokens": 75, "output_tokens": 7}


def test_edge_22_characters_of_several_bytes_may_be_cut_anywhere() -> None:
    wire = (chunk({"content": "naïve 🦄"}) + chunk(finish="stop") + "data: [DONE]\n\n").replace("\\u00ef", "ï").encode()

    assert carried("openai-chat", CLIENT, wire, range(1, len(wire))) == carried("openai-chat", CLIENT, wire)


def test_edge_24_a_stream_of_nothing_is_an_error_and_no_empty_answer() -> None:
    assert [each["type"] for each in shown([carried("openai-chat", CLIENT, b"")])] == ["error"]


def test_edge_26_arguments_that_cannot_be_read_stay_with_their_result() -> None:
    body, _ = to_messages(
        [HI, {"role": "assistant", "tool_calls": [tool_call("c", arguments="rubbish")]}, {"role": "tool", "tool_call_id": "c"}]
    )

    assert body["messages"][1]["content"][0]["input"] == {"_raw": "rubbish"}
    assert body["messages"][2]["content"][0]["tool_use_id"] == "c"


@pytest.mark.parametrize("content", [None, ""])
def test_edge_27_calls_without_text_make_no_empty_text(content: str | None) -> None:
    body, _ = to_messages(
        [
            HI,
            {"role": "assistant", "content": content, "tool_calls": [tool_call("c")]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ]
    )

    assert [each["type"] for each in body["messages"][1]["content"]] == ["tool_use"]


def test_edge_29_results_in_several_messages_come_into_one() -> None:
    body, _ = to_messages(
        [
            HI,
            {"role": "assistant", "tool_calls": [tool_call("a"), tool_call("b")]},
            {"role": "tool", "tool_call_id": "b", "content": "2"},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "user", "content": "Well?"},
        ]
    )

    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
    assert [each.get("tool_use_id", each.get("text")) for each in body["messages"][2]["content"]] == ["a", "b", "Well?"]


def test_edge_32_ids_that_are_forbidden_change_in_both_places() -> None:
    body, _ = to_messages(
        [
            HI,
            {"role": "assistant", "tool_calls": [tool_call("fs.readFile:0")]},
            {"role": "tool", "tool_call_id": "fs.readFile:0", "content": "x"},
        ]
    )

    assert body["messages"][1]["content"][0]["id"] == body["messages"][2]["content"][0]["tool_use_id"] == "fs_readFile_0"


def test_edge_36_a_tool_without_a_schema_gets_one() -> None:
    tools = [{"type": "function", "function": {"name": "now"}}]

    assert to_messages([HI], tools=tools)[0]["tools"] == [{"name": "now", "input_schema": {"type": "object", "properties": {}}}]


def test_edge_38_what_only_anthropic_does_with_tools_reaches_nobody_else() -> None:
    report = chat.Report()
    body = json.dumps(claude_code_request()).encode()
    conversation, _ = translator(CLIENT).read_request("/v1/messages", body, report)
    target = chat.Target(model="m", stream=True, abilities=Abilities())
    written = translator("openai-chat").write_request(conversation, target, report).body.decode()

    for word in ("defer_loading", "eager_input_streaming", "cache_control", "context_management"):
        assert word not in written


def test_edge_39_no_tools_and_no_choice_of_them() -> None:
    body, notes = to_messages([HI], tools=[], tool_choice="auto")

    assert ("tools" in body, "tool_choice" in body, notes) == (False, False, [("/tool_choice", "lost")])


def test_edge_40_a_custom_tool_is_one_that_takes_a_text() -> None:
    tools = [{"type": "custom", "custom": {"name": "patch", "description": "Patches."}}]
    (tool,) = to_messages([HI], tools=tools)[0]["tools"]

    assert tool["input_schema"]["required"] == ["input"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_edge_44_system_text_between_turns_is_not_lost(role: str) -> None:
    messages = [
        HI,
        {"role": "assistant", "content": "Ho"},
        {"role": role, "content": "Closed."},
        {"role": "user", "content": "So?"},
    ]
    new, old = to_messages(messages, NEW)[0]["messages"], to_messages(messages)[0]["messages"]

    assert [each["role"] for each in new] == ["user", "assistant", "system", "user"]
    assert [each["text"] for each in old[2]["content"]] == ["<system-reminder>\nClosed.\n</system-reminder>", "So?"]


def test_edge_45_the_user_begins() -> None:
    body, _ = to_messages([{"role": "assistant", "content": "Hello!"}, HI])

    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]


def test_edge_46_a_begun_answer_is_not_sent_to_those_who_refuse_it() -> None:
    messages = [HI, {"role": "assistant", "content": "{"}]

    assert to_messages(messages)[0]["messages"][-1]["role"] == "assistant"
    assert to_messages(messages, NEW)[0]["messages"][-1] == {"role": "user", "content": [{"type": "text", "text": "Continue."}]}


def test_edge_51_an_image_on_the_web_is_a_link() -> None:
    url = "https://a.example/b.png"
    body, _ = to_messages([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])

    assert body["messages"][0]["content"] == [{"type": "image", "source": {"type": "url", "url": url}}]


def test_edge_52_a_pdf_is_a_document_with_its_name() -> None:
    file = {"file_data": "data:application/pdf;base64,JVBERi0xLjQK", "filename": "a.pdf"}
    body, _ = to_messages([{"role": "user", "content": [{"type": "file", "file": file}]}])

    assert body["messages"][0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
            "title": "a.pdf",
        }
    ]


def test_edge_53_reasoning_that_nobody_signed_is_not_sent() -> None:
    body, notes = to_messages([HI, {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"}, HI])

    assert [each["type"] for each in body["messages"][1]["content"]] == ["text"]
    assert [fate for _, fate in notes] == ["lost"]


def test_edge_58_temperature_is_not_sent_to_those_who_refuse_it() -> None:
    body, notes = to_messages([HI], NEW, temperature=0.2)

    assert ("temperature" in body, notes) == (False, [("/temperature", "lost")])


@pytest.mark.parametrize(
    ("effort", "thinking", "said"),
    [("minimal", "adaptive", "low"), ("xhigh", "adaptive", "xhigh"), ("max", "adaptive", "max"), ("none", "disabled", None)],
)
def test_edge_60_every_effort_has_a_nearest(effort: str, thinking: str, said: str | None) -> None:
    body, _ = to_messages([HI], NEW, reasoning_effort=effort)

    assert (body["thinking"]["type"], body.get("output_config", {}).get("effort")) == (thinking, said)


def test_edge_61_there_is_room_for_thinking_and_for_the_answer() -> None:
    body, _ = to_messages([HI], reasoning_effort="medium", max_completion_tokens=1000)

    assert (body["thinking"]["budget_tokens"], body["max_tokens"]) == (8192, 9192)


def test_edge_65_a_wanted_form_of_the_answer_is_kept() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    body, _ = to_messages([HI], NEW, response_format=wanted)

    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {**schema, "title": "x"}}}
    assert "JSON" in to_messages([HI], response_format={"type": "json_object"})[0]["system"][0]["text"]


def test_edge_68_a_search_becomes_anthropics_where_the_model_has_one() -> None:
    place = {"type": "approximate", "approximate": {"city": "Graz"}}
    search = {"search_context_size": "low", "user_location": place}
    body, notes = to_messages([HI], attrs.evolve(OLD, search="tool"), web_search_options=search)

    where = {"type": "approximate", "city": "Graz"}
    assert body["tools"] == [{"type": "web_search_20250305", "name": "web_search", "user_location": where}]
    assert notes == [("/web_search_options/search_context_size", "lost")]


def test_edge_68_a_search_that_the_model_has_not_is_lost_in_the_open() -> None:
    body, notes = to_messages([HI], web_search_options={})

    assert ("tools" in body, notes) == (False, [("/web_search_options", "lost")])


def test_edge_71_chat_counts_the_cache_as_input() -> None:
    first = {"input_tokens": 20, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 10, "output_tokens": 1}
    wire = started(**first) + text_block(0, "a") + ended(output_tokens=5)
    told = carried(CLIENT, "openai-chat", wire).decode()

    assert '"prompt_tokens":100' in told
    assert '"completion_tokens":5' in told


def test_edge_72_an_input_that_was_unknown_at_first_is_told_at_the_end() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    wire = chunk({"content": "a"}) + chunk(finish="stop") + chunk(usage=usage) + "data: [DONE]\n\n"
    data = shown([carried("openai-chat", CLIENT, wire.encode())])

    assert (data[0]["message"]["usage"]["input_tokens"], data[-2]["usage"]["input_tokens"]) == (0, 9)


def test_edge_75_and_76_errors_of_others_are_errors_of_anthropics() -> None:
    body = json.dumps({"error": {"message": "No such model", "type": "invalid_request_error", "code": "model_not_found"}})
    error = translator("openai-chat").read_error(404, Headers(), body.encode())
    status, written = translator(CLIENT).write_error(error)

    assert (status, json.loads(written)["error"]) == (
        404,
        {"type": "not_found_error", "message": "No such model", "details": {"error_code": "model_not_found"}},
    )


def test_a_conversation_that_is_too_long_for_others_makes_claude_code_compact() -> None:
    message = "This model's maximum context length is 128000 tokens."
    said = {"message": message, "type": "invalid_request_error", "code": "context_length_exceeded"}
    error = translator("openai-chat").read_error(400, Headers(), json.dumps({"error": said}).encode())
    status, written = translator(CLIENT).write_error(error)

    assert (status, json.loads(written)["error"]["message"]) == (400, f"prompt is too long: {message}")


def test_edge_78_a_wait_that_gemini_asks_for_is_known() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}
    said = {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED", "details": [info]}
    error = translator("gemini").read_error(429, Headers(), json.dumps({"error": said}).encode())

    assert (error.retry_after, translator(CLIENT).write_error(error)[0]) == (21.0, 429)


def test_edge_83_interrupted_calls_get_a_result() -> None:
    body, _ = to_messages(
        [
            HI,
            {"role": "assistant", "tool_calls": [tool_call("a"), tool_call("b")]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "user", "content": "Go on."},
        ]
    )

    assert body["messages"][2]["content"][1]["content"] == [{"type": "text", "text": chat.NO_RESULT}]


def test_edge_88_a_refusal_with_nothing_in_it_is_no_empty_success() -> None:
    delta = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "cyber", "explanation": "No."}}
    wire = started() + f"data: {json.dumps({'type': 'message_delta', 'delta': delta})}\n\n".encode()
    told = carried(CLIENT, "openai-chat", wire + b'data: {"type":"message_stop"}\n\n').decode()

    assert '"finish_reason":"content_filter"' in told
    assert "No." in told


def test_edge_89_a_prompt_that_gemini_blocks_is_a_refusal() -> None:
    said = from_gemini({"promptFeedback": {"blockReason": "SAFETY"}})

    assert said[-2:] == ["end refusal", "stop"]


def test_edge_90_a_pause_is_a_natural_end_for_others() -> None:
    wire = started() + text_block(0, "a") + ended("pause_turn")

    assert '"finish_reason":"stop"' in carried(CLIENT, "openai-chat", wire).decode()


def test_edge_98_an_image_with_a_wrong_label_gets_the_right_one() -> None:
    url = f"data:image/jpeg;base64,{PNG}"
    body, _ = to_messages([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])

    assert body["messages"][0]["content"][0]["source"]["media_type"] == "image/png"
