"""Edge cases of translation from or into OpenAI Responses, from one end to the other.

The numbers are those of the project's list of facts about translation; each was a fault of some gateway. What concerns one
reader or one writer alone is tested beside it, under the same numbers.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, Headers, chat, sse_events
from tests.fakes.passing import carried, faults, guarded, read, translator
from tests.unit.builtin.dialects.messages_format import said as messages
from tests.unit.builtin.dialects.responses_format import said

RESPONSES, CHAT, MESSAGES, GEMINI = "openai-responses", "openai-chat", "anthropic-messages", "gemini"
OTHERS = (CHAT, MESSAGES, GEMINI)
DONE = b"data: [DONE]\n\n"
SPENT = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 75, "cache_write_tokens": 0},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 109,
}


def got(client: str, *wire: bytes, provider: str = RESPONSES) -> list[dict[str, Any]]:
    """Return what a client gets of *wire*; nothing it would trip over is in it."""
    stream = carried(provider, client, b"".join(wire))
    assert faults(client, stream) == []
    return [json.loads(data) for _, data in sse_events(stream) if data != b"[DONE]"]


def deltas(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the deltas of a Chat stream that say something, but for the first one."""
    found = [choice["delta"] for each in chunks for choice in each.get("choices", ())]
    return [each for each in found[1:] if each]


def gemini_parts(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts of a Gemini stream."""
    return [part for each in chunks for part in each["candidates"][0].get("content", {}).get("parts", ())]


def output(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the output with which a Responses stream ends."""
    items = events[-1]["response"]["output"]
    assert isinstance(items, list)
    return items


def chunk(delta: dict[str, Any] | None = None, finish: object = None, **more: Any) -> bytes:
    """Return a chunk of a Chat provider."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    about = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    return b"data: " + json.dumps({**about, **more}).encode() + b"\n\n"


def called(index: int, arguments: str = "", **more: Any) -> bytes:
    """Return a chunk of a Chat provider about one call."""
    function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
    return chunk({"tool_calls": [{"index": index, **more, "function": function}]})


def candidate(*parts: dict[str, Any], **more: Any) -> bytes:
    """Return a chunk of Gemini."""
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    usage = {"usageMetadata": more.pop("usage")} if "usage" in more else {}
    said = {"responseId": "r1", "modelVersion": "g", "candidates": [{"index": 0, **content, **more}], **usage}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


ROLE, STOP, CALLS = chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), chunk({}, "tool_calls")

# From Responses to others.

THOUGHT = said.reasoning_item(0, ("First ", "this."), ("Then that.",), ("Done.",), encrypted_content="gAAAA==")


def test_from_responses_to_chat_calls_are_counted_and_not_items() -> None:
    wire = [
        said.created(),
        said.text_item(0, "Hi"),
        said.call_item(1, "{}"),
        said.call_item(2, "{}", id="fc_2", call_id="call_2"),
    ]
    chunks = got(CHAT, *wire, said.ended())
    calls = [call for each in deltas(chunks) for call in each.get("tool_calls", ())]

    assert [(each["index"], each["id"]) for each in calls if "id" in each] == [(0, "call_1"), (1, "call_2")]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_from_responses_to_chat_what_is_incomplete_was_cut_off() -> None:
    end = said.ended("incomplete", incomplete_details={"reason": "max_output_tokens"})

    assert got(CHAT, said.created(), said.text_item(0, "Hi"), end)[-1]["choices"][0]["finish_reason"] == "length"


def test_edge_18_from_responses_to_chat_parts_of_a_summary_are_paragraphs() -> None:
    chunks = got(CHAT, said.created(), THOUGHT, said.text_item(1, "Hi"), said.ended())

    assert "".join(each.get("reasoning_content", "") for each in deltas(chunks)) == "First this.\n\nThen that.\n\nDone."


def test_edge_18_from_responses_to_messages_a_summary_is_one_thinking_with_the_seal_of_its_end() -> None:
    events = got(MESSAGES, said.created(), THOUGHT, said.text_item(1, "Hi"), said.ended())
    starts = [each["content_block"]["type"] for each in events if each["type"] == "content_block_start"]
    found = [each["delta"] for each in events if each["type"] == "content_block_delta" and each["index"] == 0]

    assert starts == ["thinking", "text"]
    assert "".join(each.get("thinking", "") for each in found) == "First this.\n\nThen that.\n\nDone."
    assert [each["signature"] for each in found if "signature" in each] == ["korproxy:openai:gAAAA=="]


def test_from_responses_to_messages_a_commentary_is_a_text_of_its_own() -> None:
    wire = [said.text_item(0, "I look."), said.text_item(1, "There ", "it is.", id="msg_2")]
    stream = carried(RESPONSES, MESSAGES, b"".join([said.created(), *wire, said.ended()]))

    assert faults(MESSAGES, stream) == []
    assert messages.outline([stream]) == [
        "start",
        "+0 text",
        "0 text_delta I look.",
        "-0",
        "+1 text",
        "1 text_delta There ",
        "1 text_delta it is.",
        "-1",
        "end end_turn",
        "stop",
    ]


def test_from_responses_to_gemini_arguments_come_at_once_and_a_done_line_is_not_passed_on() -> None:
    wire = [said.created(), said.call_item(0, '{"path":', '"a"}'), said.ended(), DONE]
    (call, *_) = gemini_parts(got(GEMINI, *wire))

    assert (call["functionCall"]["name"], call["functionCall"]["args"]) == ("read", {"path": "a"})
    assert b"[DONE]" not in carried(RESPONSES, GEMINI, b"".join(wire))


def test_from_responses_to_gemini_reasoning_is_a_thought() -> None:
    parts = gemini_parts(got(GEMINI, said.created(), THOUGHT, said.text_item(1, "Hi"), said.ended()))

    assert "".join(each["text"] for each in parts if each.get("thought")) == "First this.\n\nThen that.\n\nDone."
    assert "".join(each.get("text", "") for each in parts if not each.get("thought")) == "Hi"


@pytest.mark.parametrize("client", OTHERS)
def test_edge_17_without_output_at_the_end_the_items_make_the_answer(client: str) -> None:
    done = [said.event("output_item.done", output_index=0, item=said.message("Hi")), said.ended()]
    at_the_end = [said.ended("completed", said.message("Hi"))]

    for wire in (done, at_the_end):
        assert '"Hi"' in json.dumps(got(client, said.created(), *wire))


@pytest.mark.parametrize("status", ["incomplete", "failed"])
def test_edge_73_what_an_answer_cost_is_counted_however_it_ends(status: str) -> None:
    more = {"incomplete_details": {"reason": "max_output_tokens"}} if status == "incomplete" else {}
    events = read(RESPONSES, said.created() + said.text_item(0, "Hi") + said.ended(status, usage=SPENT, **more)).events
    (usage,) = [each.usage for each in events if isinstance(each, chat.UsageSeen)]

    assert (usage.tokens_in, usage.cache_read, usage.tokens_out, usage.reasoning) == (25, 75, 9, 4)


def test_edge_69_and_73_a_client_of_messages_is_told_the_input_without_the_cache() -> None:
    end = said.ended("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=SPENT)
    events = got(MESSAGES, said.created(), said.text_item(0, "Hi"), end)
    (last,) = [each for each in events if each["type"] == "message_delta"]

    assert last["delta"]["stop_reason"] == "max_tokens"
    assert (last["usage"]["input_tokens"], last["usage"]["cache_read_input_tokens"]) == (25, 75)


@pytest.mark.parametrize("client", OTHERS)
@pytest.mark.parametrize("inside", [True, False])
def test_edge_77_an_error_of_a_response_is_told_wherever_it_stood(client: str, inside: bool) -> None:
    error = {"code": "rate_limit_exceeded", "message": "Slow down, please."}
    end = said.event(
        "failed",
        response=said.response("failed", **({"error": error} if inside else {})),
        **({} if inside else {"error": error}),
    )
    last = got(client, said.created(), said.text_item(0, "Hi"), end)[-1]

    assert last["error"]["message"].startswith("Slow down, please.")


@pytest.mark.parametrize("client", OTHERS)
def test_a_refusal_in_words_is_a_refusal_everywhere(client: str) -> None:
    done = said.event("output_item.done", output_index=0, item=said.refusal("I won't."))
    text = json.dumps(got(client, said.created(), done, said.ended()))

    assert "I won't." in text
    assert any(word in text for word in ('"content_filter"', '"refusal"', '"SAFETY"'))


# From others to Responses.


def test_from_chat_calls_without_ids_get_some_and_items_come_in_order() -> None:
    wire = [
        ROLE,
        chunk({"reasoning_content": "Hm."}),
        chunk({"content": "So."}),
        called(0, "{}", name="read"),
        called(1, "{}", name="list"),
    ]
    items = output(got(RESPONSES, *wire, CALLS, DONE, provider=CHAT))

    assert [each["type"] for each in items] == ["reasoning", "message", "function_call", "function_call"]
    assert [each["call_id"] for each in items[2:]] == ["call_c1_0", "call_c1_1"]


def test_edge_6_from_chat_calls_that_interleave_are_whole_items_one_after_the_other() -> None:
    wire = [
        called(0, "", name="read", id="a"),
        called(1, "", name="list", id="b"),
        called(0, '{"x":'),
        called(1, '{"y":2}'),
        called(0, "1}"),
    ]
    items = output(got(RESPONSES, ROLE, *wire, CALLS, DONE, provider=CHAT))

    assert [(each["call_id"], each["arguments"]) for each in items] == [("a", '{"x":1}'), ("b", '{"y":2}')]


def test_edge_15_from_chat_an_end_without_a_done_line_completes_the_answer() -> None:
    last = got(RESPONSES, ROLE, chunk({"content": "Hi"}), STOP, provider=CHAT)[-1]

    assert (last["type"], last["response"]["status"]) == ("response.completed", "completed")


@pytest.mark.parametrize("rest", [chunk({"content": "Hi"}), called(0, '{"a":', name="read", id="a")])
def test_edge_15_from_chat_an_answer_that_breaks_off_has_failed(rest: bytes) -> None:
    said_last, last = got(RESPONSES, ROLE, rest, provider=CHAT)[-2:]

    assert (said_last["type"], last["type"]) == ("error", "response.failed")
    assert last["response"]["error"]["code"] == "KP-NET-309"


def test_edge_5_from_chat_a_stop_after_calls_completes_the_answer_all_the_same() -> None:
    last = got(RESPONSES, ROLE, called(0, "", name="read", id="a"), STOP, DONE, provider=CHAT)[-1]["response"]

    assert (last["status"], last["output"][0]["arguments"], last["output"][0]["status"]) == ("completed", "{}", "completed")


def test_from_messages_thinking_is_reasoning_with_a_tagged_seal() -> None:
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    thought = [{"type": "thinking_delta", "thinking": "Hm"}, {"type": "signature_delta", "signature": "EqM="}]
    redacted = messages.block(1, {"type": "redacted_thinking", "data": "Em=="})
    wire = [
        messages.started(input_tokens=5),
        messages.block(0, thinking, *thought),
        redacted,
        messages.text_block(2, "a"),
        messages.text_block(3, "b"),
    ]
    items = output(got(RESPONSES, *wire, messages.ended(output_tokens=2), provider=MESSAGES))

    assert [(each["summary"], each["encrypted_content"]) for each in items[:2]] == [
        ([{"type": "summary_text", "text": "Hm"}], "korproxy:anthropic:EqM="),
        ([], "korproxy:redacted:anthropic:Em=="),
    ]
    assert [each["content"][0]["text"] for each in items[2:]] == ["a", "b"]


def test_edge_10_from_messages_arguments_come_as_they_are_and_the_input_is_counted_whole() -> None:
    start = messages.started(input_tokens=5, cache_read_input_tokens=7, cache_creation_input_tokens=1)
    end = messages.ended("tool_use", output_tokens=2)
    last = got(RESPONSES, start, messages.call_block(0, '{"n":', " 1.10}"), end, provider=MESSAGES)[-1]["response"]

    assert last["output"][0]["arguments"] == '{"n": 1.10}'
    assert (last["usage"]["input_tokens"], last["usage"]["total_tokens"]) == (13, 15)
    assert last["usage"]["input_tokens_details"] == {"cached_tokens": 7, "cache_write_tokens": 1}


def test_edge_88_from_messages_a_refusal_without_words_is_no_empty_success() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "That is forbidden."}
    end = messages.event("message_delta", delta={"stop_reason": "refusal", "stop_details": details}) + messages.event(
        "message_stop"
    )
    last = got(RESPONSES, messages.started(), end, provider=MESSAGES)[-1]["response"]

    assert (last["status"], last["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    assert last["output"][0]["content"] == [{"type": "refusal", "refusal": "That is forbidden."}]


def test_from_gemini_a_call_is_one_piece_of_arguments_and_their_end() -> None:
    call = {"functionCall": {"name": "read", "args": {"path": "a"}}, "thoughtSignature": "QUJD"}
    wire = [candidate({"text": "Hm", "thought": True}), candidate(call, finishReason="STOP", usage={"promptTokenCount": 3})]
    events = got(RESPONSES, *wire, provider=GEMINI)
    about = [each for each in events if "function_call_arguments" in each["type"]]

    assert [(each["type"], each.get("delta") or each["arguments"]) for each in about] == [
        ("response.function_call_arguments.delta", '{"path": "a"}'),
        ("response.function_call_arguments.done", '{"path": "a"}'),
    ]
    assert [each["type"] for each in output(events)] == ["reasoning", "function_call"]


def test_edge_89_from_gemini_a_prompt_that_was_blocked_is_incomplete() -> None:
    blocked = b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n'
    last = got(RESPONSES, blocked, provider=GEMINI)[-1]["response"]

    assert (last["status"], last["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})


def test_from_gemini_a_call_that_broke_is_a_failure() -> None:
    last = got(RESPONSES, candidate({"text": "a"}), candidate(finishReason="MALFORMED_FUNCTION_CALL"), provider=GEMINI)[-1]

    assert (last["type"], last["response"]["error"]["code"]) == ("response.failed", "server_error")


# Requests and their answers.

TOOLS = [
    {"type": "custom", "name": "apply_patch", "description": "Change files.", "format": {"type": "text"}},
    {
        "type": "namespace",
        "name": "files",
        "description": "Files.",
        "tools": [{"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}],
    },
]


def asked_with_tools(*, in_an_item: bool) -> tuple[dict[str, Any], chat.Asked]:
    """Return what a Chat provider is sent for a request with the tools, and what its answer has to be told by."""
    question = {"type": "message", "role": "user", "content": "Hi"}
    added = [{"type": "additional_tools", "role": "developer", "tools": TOOLS}] if in_an_item else []
    request = {"model": "gpt-x", "stream": True, "input": [*added, question], **({} if in_an_item else {"tools": TOOLS})}
    report = chat.Report()
    conversation, asked = translator(RESPONSES).read_request("/v1/responses", json.dumps(request).encode(), report)
    written = translator(CHAT).write_request(conversation, chat.Target(model="m", stream=True, abilities=Abilities()), report)
    return json.loads(written.body), attrs.evolve(asked, created=1, id="0-1")


@pytest.mark.parametrize("in_an_item", [True, False])
def test_edge_40_and_41_tools_of_codex_go_to_chat_and_are_called_by_their_own_names(in_an_item: bool) -> None:
    sent, asked = asked_with_tools(in_an_item=in_an_item)
    names = [each["function"]["name"] for each in sent["tools"]]
    wire = [
        ROLE,
        called(0, '{"input":"*** Be', name=names[0], id="a"),
        called(0, 'gin"}'),
        called(1, "{}", name=names[1], id="b"),
        CALLS,
        DONE,
    ]
    writer = translator(RESPONSES).stream_writer(asked)
    stream = b"".join(writer.write(each) for each in guarded(read(CHAT, b"".join(wire)).events))

    assert names == ["apply_patch", "files__read"]
    assert faults(RESPONSES, stream) == []
    assert [
        {key: each.get(key) for key in ("type", "namespace", "name", "input", "arguments")}
        for each in output(said.shown(stream))
    ] == [
        {"type": "custom_tool_call", "namespace": None, "name": "apply_patch", "input": "*** Begin", "arguments": None},
        {"type": "function_call", "namespace": "files", "name": "read", "input": None, "arguments": "{}"},
    ]


def test_what_the_client_is_sent_back_is_read_again_as_it_was() -> None:
    """The ids, seals and names of an answer come back in the next request."""
    _, asked = asked_with_tools(in_an_item=False)
    parts = (
        chat.Reasoning(text="Hm", seal=chat.Seal(family="anthropic", data="EqM=")),
        chat.Reasoning(seal=chat.Seal(family="anthropic", data="Em=="), redacted=True),
        chat.Text(text="So."),
        chat.ToolCall(id="a", name="apply_patch", arguments="*** Begin", freeform=True),
        chat.ToolCall(id="b", name="files__read", arguments="{}"),
    )
    answer = chat.Answer(parts=parts, ending=chat.Ending(reason="tools"))
    items = json.loads(translator(RESPONSES).write_answer(answer, asked))["output"]
    results = [
        {"type": "custom_tool_call_output", "call_id": "a", "output": "ok"},
        {"type": "function_call_output", "call_id": "b", "output": "ok"},
    ]
    request = {"model": "gpt-x", "tools": TOOLS, "input": [{"role": "user", "content": "Hi"}, *items, *results]}
    conversation, _ = translator(RESPONSES).read_request("/v1/responses", json.dumps(request).encode(), chat.Report())
    told = [part for turn in conversation.turns if turn.role == "assistant" for part in turn.parts]

    assert tuple(told) == parts


@pytest.mark.parametrize("provider", OTHERS)
def test_edge_78_how_long_to_wait_is_said_in_words_that_codex_reads(provider: str) -> None:
    bodies = {
        CHAT: {"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}},
        MESSAGES: {"type": "error", "error": {"type": "rate_limit_error", "message": "Rate limit reached."}},
        GEMINI: {"error": {"code": 429, "message": "Rate limit reached.", "status": "RESOURCE_EXHAUSTED"}},
    }
    error = translator(provider).read_error(429, Headers([(b"retry-after", b"21")]), json.dumps(bodies[provider]).encode())
    status, body = translator(RESPONSES).write_error(error)

    assert (status, json.loads(body)["error"]["type"]) == (429, "rate_limit_error")
    assert json.loads(body)["error"]["message"] == "Rate limit reached. Please try again in 21s."


PAGE = "https://a.example/rain"


def searched(client: str, pause: str = "end_turn") -> list[dict[str, Any]]:
    """Return what a client gets of a stream in which Claude has searched the web."""
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    cited = {"type": "web_search_result_location", "url": PAGE, "title": "Rain", "cited_text": "x", "encrypted_index": "E"}
    blocks = [
        messages.text_block(0, "I look. "),
        messages.block(1, call, {"type": "input_json_delta", "partial_json": '{"query": "rain"}'}),
        messages.block(2, found),
        messages.block(
            3,
            {"type": "text", "text": ""},
            {"type": "citations_delta", "citation": cited},
            {"type": "text_delta", "text": "It rains."},
        ),
        messages.ended(pause),
    ]
    return got(client, messages.started(), *blocks, provider=MESSAGES)


def test_edge_68_a_search_of_claudes_is_text_and_its_pages_for_others() -> None:
    page = {"start_index": 8, "end_index": 17, "title": "Rain", "url": PAGE}
    assert deltas(searched(CHAT)) == [
        {"content": "I look. "},
        {"content": "It rains."},
        {"annotations": [{"type": "url_citation", "url_citation": page}]},
    ]
    items = output(searched(RESPONSES))
    assert [(item["type"], item["content"][0]["text"]) for item in items] == [("message", "I look. "), ("message", "It rains.")]
    assert items[1]["content"][0]["annotations"] == [{"type": "url_citation", **page, "start_index": 0, "end_index": 9}]
    chunks = searched(GEMINI)
    assert [part["text"] for part in gemini_parts(chunks)] == ["I look. ", "It rains.", ""]
    assert chunks[-1]["candidates"][0]["groundingMetadata"] == {"groundingChunks": [{"web": {"uri": PAGE, "title": "Rain"}}]}


def test_edge_90_a_pause_in_a_search_is_a_natural_end_with_all_text_so_far() -> None:
    assert searched(RESPONSES, "pause_turn")[-1]["type"] == "response.completed"
    assert searched(CHAT, "pause_turn")[-1]["choices"][0]["finish_reason"] == "stop"
    assert searched(GEMINI, "pause_turn")[-1]["candidates"][0]["finishReason"] == "STOP"
    assert len(deltas(searched(CHAT, "pause_turn"))) == 3
