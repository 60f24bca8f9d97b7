"""Edge cases on the way into Gemini's format and back, from both clients' formats, by their numbers in the list of cases."""

from __future__ import annotations

import base64
import json
from typing import Any

import attrs
import pytest
from korproxy_mock.gemini_checks import check
from korproxy_mock.gemini_shape import canonical

from korproxy.api import Abilities, Headers, chat
from tests.fakes.crossing import Goal, translated
from tests.fakes.passing import TWO_CLIENTS, carried, faults, translator

GEMINI_3 = Goal(
    "gemini-3-pro-preview",
    "gemini",
    Abilities(
        family="google",
        output=65_536,
        audio=True,
        image_links=False,
        prefill=False,
        reasoning="level",
        efforts=("low", "high"),
        reasoning_off=False,
    ),
)
GEMINI_2 = Goal(
    "gemini-2.5-flash", "gemini", attrs.evolve(GEMINI_3.abilities, reasoning="budget", efforts=(), reasoning_off=True)
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
INLINE = {"inlineData": {"mimeType": "image/png", "data": PNG}}
ADDRESS = {"type": "function", "function": {"name": "read", "arguments": '{"p": "a"}'}}


def chat_body(*messages: Any, **more: Any) -> Any:
    return {"model": "m", "messages": list(messages), **more}


def messages_body(*messages: Any, **more: Any) -> Any:
    return {"model": "m", "max_tokens": 100, "messages": list(messages), **more}


def said(text: str = "Hi", role: str = "user") -> Any:
    return {"role": role, "content": text}


def sent(body: Any, goal: Goal = GEMINI_3) -> Any:
    """Return what Gemini gets of a client's request, checked by Gemini's rules."""
    outcome = translated(client_of(body), body, goal)
    assert outcome.refused is None
    written = json.loads(outcome.sent)
    check(canonical("GenerateContentRequest", written), goal.name)
    return written


def client_of(body: Any) -> str:
    return "anthropic-messages" if "max_tokens" in body and "max_completion_tokens" not in body else "openai-chat"


def losses(body: Any, goal: Goal = GEMINI_3) -> tuple[str, ...]:
    return translated(client_of(body), body, goal).report.losses


def refused(body: Any, goal: Goal = GEMINI_3) -> str | None:
    return translated(client_of(body), body, goal).refused


def parts(body: Any, turn: int, goal: Goal = GEMINI_3) -> Any:
    return sent(body, goal)["contents"][turn]["parts"]


def uses(*calls: Any) -> Any:
    blocks = [{"type": "tool_use", "id": id, "name": name, "input": value} for id, name, value in calls]  # noqa: A001
    return {"role": "assistant", "content": blocks}


def gives(*results: Any) -> Any:
    blocks = [{"type": "tool_result", "tool_use_id": id, "content": content} for id, content in results]  # noqa: A001
    return {"role": "user", "content": blocks}


# Requests.


def test_edge_27_an_assistant_without_text_makes_no_empty_part() -> None:
    empty: tuple[Any, ...] = (None, "", [])
    for content in empty:
        body = chat_body(
            said(),
            {"role": "assistant", "content": content, "tool_calls": [{"id": "c1", **ADDRESS}]},
            {"role": "tool", "tool_call_id": "c1", "content": "x"},
        )
        assert [list(part) for part in parts(body, 1)] == [["functionCall", "thoughtSignature"]]


def test_edge_29_results_of_parallel_calls_are_one_turn() -> None:
    body = chat_body(
        said(),
        {"role": "assistant", "tool_calls": [{"id": "c1", **ADDRESS}, {"id": "c2", **ADDRESS}]},
        {"role": "tool", "tool_call_id": "c2", "content": "second"},
        {"role": "tool", "tool_call_id": "c1", "content": "first"},
    )

    assert [each["functionResponse"]["response"] for each in parts(body, 2)] == [{"result": "first"}, {"result": "second"}]


def test_edge_30_text_in_front_of_a_result_stands_behind_it() -> None:
    turn = gives(("a", "x"))
    turn["content"].insert(0, {"type": "text", "text": "Look:"})

    assert [next(iter(part)) for part in parts(messages_body(said(), uses(("a", "read", {})), turn), 2)] == [
        "functionResponse",
        "text",
    ]


def test_edge_32_ids_that_others_forbid_are_taken_as_they_are() -> None:
    body = chat_body(
        said(),
        {"role": "assistant", "tool_calls": [{"id": "fs.readFile:0", **ADDRESS}]},
        {"role": "tool", "tool_call_id": "fs.readFile:0", "content": "x"},
    )

    assert parts(body, 1)[0]["functionCall"]["id"] == parts(body, 2)[0]["functionResponse"]["id"] == "fs.readFile:0"


def test_edge_33_34_names_fit_and_stay_apart() -> None:
    tools = [
        {"type": "function", "function": {"name": name}} for name in ("mcp/server@x y", "mcp.server.x.y", "x" * 64, "1a", "1 a")
    ]
    names = [each["name"] for each in sent(chat_body(said(), tools=tools))["tools"][0]["functionDeclarations"]]

    assert len(set(names)) == 5
    assert names[1:3] == ["mcp.server.x.y", "x" * 64]


def test_edge_35_a_result_has_its_calls_name() -> None:
    body = messages_body(said(), uses(("a", "read", {}), ("b", "list", {})), gives(("b", "2"), ("a", "1")))

    assert [each["functionResponse"]["name"] for each in parts(body, 2)] == ["read", "list"]


def test_edge_36_37_claude_codes_schemas_are_cleaned() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "path": {"type": "string", "format": "uri", "minLength": 1},
            "limit": {"type": ["integer", "null"], "exclusiveMinimum": 0},
            "mode": {"const": "fast"},
            "options": {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
            "list": {"type": "array"},
        },
        "required": ["path", "gone"],
        "additionalProperties": False,
    }
    body = messages_body(
        said(), tools=[{"name": "a", "input_schema": schema}, {"name": "b", "input_schema": {"type": "object"}}]
    )
    first, second = sent(body)["tools"][0]["functionDeclarations"]

    assert second == {"name": "b"}
    assert first["parameters"] == {
        "type": "OBJECT",
        "properties": {
            "path": {"type": "STRING", "minLength": 1, "description": "format: uri"},
            "limit": {"type": "INTEGER", "nullable": True, "description": "more than 0"},
            "mode": {"type": "STRING", "enum": ["fast"]},
            "options": {"type": "OBJECT", "description": 'additionalProperties: {"type":"string"}'},
            "list": {"type": "ARRAY", "items": {"type": "STRING"}},
        },
        "required": ["path"],
    }


def test_edge_38_39_what_others_have_at_tools_is_stripped_and_a_choice_without_tools_goes() -> None:
    tool = {"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}, "defer_loading": True}

    assert sent(messages_body(said(), tools=[tool]))["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
    assert {"/tools/0/cache_control", "/tools/0/defer_loading"} <= set(losses(messages_body(said(), tools=[tool])))
    assert sent(chat_body(said(), tools=[], tool_choice="required")).keys() == {"contents"}


def test_edge_43_44_developer_and_later_system_text_is_kept() -> None:
    body = chat_body(said("Be kind.", "developer"), said(), said("Be brief.", "system"), said("And?"))

    assert sent(body)["systemInstruction"] == {"parts": [{"text": "Be kind."}]}
    assert parts(body, 0) == [
        {"text": "Hi"},
        {"text": "<system-reminder>\nBe brief.\n</system-reminder>"},
        {"text": "And?"},
    ]


@pytest.mark.parametrize("make", [chat_body, messages_body])
def test_edge_45_46_the_user_speaks_first_and_last(make: Any) -> None:
    roles = [turn["role"] for turn in sent(make(said("Hello.", "assistant"), said(), said("It is", "assistant")))["contents"]]

    assert roles == ["user", "model", "user", "model", "user"]


@pytest.mark.parametrize(("goal", "inside"), [(GEMINI_3, True), (GEMINI_2, False)])
def test_edge_48_a_picture_in_a_result_is_a_picture(goal: Goal, inside: bool) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    found = parts(messages_body(said(), uses(("a", "read", {})), gives(("a", [picture]))), 2, goal)

    assert (found[0]["functionResponse"].get("parts") == [INLINE]) is inside
    assert (INLINE in found) is not inside
    assert json.dumps(found).count(PNG) == 1


def test_edge_49_content_of_only_text_parts_is_not_dropped() -> None:
    assert parts(chat_body({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), 0) == [
        {"text": "a"},
        {"text": "b"},
    ]


@pytest.mark.parametrize(
    "url", [f"data:;base64,{PNG}", f"data:image/png;charset=utf-8;base64,{PNG}", f"data:image/jpeg;base64,{PNG}"]
)
def test_edge_50_98_a_data_url_is_read_and_its_label_put_right(url: str) -> None:
    assert parts(chat_body({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}), 0) == [INLINE]


def test_edge_51_a_link_is_followed_by_nobody_here() -> None:
    body = chat_body({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}]})
    follows = Goal(GEMINI_3.name, "gemini", attrs.evolve(GEMINI_3.abilities, image_links=True))

    assert refused(body) == "/messages/0/content/0"
    assert parts(body, 0, follows) == [{"fileData": {"mimeType": "image/png", "fileUri": "https://example.test/a.png"}}]


def test_edge_52_a_pdf_keeps_its_name() -> None:
    pdf = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
    inline = {"inlineData": {"mimeType": "application/pdf", "data": pdf}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{pdf}"}}
    source = {"type": "base64", "media_type": "application/pdf", "data": pdf}

    assert parts(chat_body({"role": "user", "content": [file]}), 0) == [{"text": "[file: a.pdf]"}, inline]
    document = {"type": "document", "source": source, "title": "a.pdf"}
    assert parts(messages_body({"role": "user", "content": [document]}), 0) == [{"text": "[file: a.pdf]"}, inline]


def test_edge_53_54_thoughts_of_others_go_and_calls_get_placeholders() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "EqAB"}
    turn = uses(("a", "read", {}), ("b", "read", {}))
    turn["content"].insert(0, thought)
    body = messages_body(said(), turn, gives(("a", "1"), ("b", "2")))

    assert [each.get("thoughtSignature") for each in parts(body, 1)] == ["skip_thought_signature_validator", None]
    assert "thought" not in json.dumps(parts(body, 1, GEMINI_2))
    assert "/messages/1/content/0" in losses(body)


def test_edge_54_googles_own_seals_come_back_to_it() -> None:
    seal = base64.b64encode(b"whatever Google wrote").decode()
    google = {"google": {"thought_signature": seal}}
    body = chat_body(
        said(),
        {"role": "assistant", "tool_calls": [{"id": "c1", **ADDRESS, "extra_content": google}]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"},
    )
    (part,) = json.loads(translated("openai-chat", body, GEMINI_3).sent)["contents"][1]["parts"]

    assert part["thoughtSignature"] == seal


@pytest.mark.parametrize(
    ("effort", "level", "budget"),
    [
        ("none", "LOW", 0),
        ("minimal", "LOW", 1024),
        ("medium", "LOW", 8192),
        ("high", "HIGH", 24_576),
        ("xhigh", "HIGH", 24_576),
    ],
)
def test_edge_60_an_effort_is_the_nearest_level_or_a_budget(effort: str, level: str, budget: int) -> None:
    body = chat_body(said(), reasoning_effort=effort)

    assert sent(body)["generationConfig"]["thinkingConfig"]["thinkingLevel"] == level
    assert sent(body, GEMINI_2)["generationConfig"]["thinkingConfig"]["thinkingBudget"] == budget


def test_edge_64_the_limit_of_tokens_is_sent() -> None:
    assert sent(messages_body(said()))["generationConfig"] == {"maxOutputTokens": 100}
    assert sent(chat_body(said(), max_completion_tokens=7))["generationConfig"] == {"maxOutputTokens": 7}


def test_edge_65_forms_of_answers_are_sent() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}, "required": ["b", "a"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    written = {
        "type": "OBJECT",
        "title": "x",
        "properties": {"b": {"type": "STRING"}, "a": {"type": "INTEGER"}},
        "propertyOrdering": ["b", "a"],
        "required": ["b", "a"],
    }
    with_form = sent(chat_body(said(), response_format=form))["generationConfig"]

    assert with_form == {"responseMimeType": "application/json", "responseSchema": written}
    assert sent(chat_body(said(), response_format={"type": "json_object"}))["generationConfig"] == {
        "responseMimeType": "application/json"
    }


def test_edge_66_wishes_about_the_stream_are_no_part_of_the_body() -> None:
    assert sent(chat_body(said(), stream=True, stream_options={"include_usage": True})).keys() == {"contents"}


SEARCH = {"type": "web_search_20250305", "name": "web_search"}
READ = {"name": "read", "input_schema": {"type": "object", "properties": {}}}


def searching(goal: Goal, search: Any) -> Goal:
    return attrs.evolve(goal, abilities=attrs.evolve(goal.abilities, search=search))


def test_edge_68_a_search_for_a_model_that_has_none_is_dropped_and_reported() -> None:
    body = messages_body(said(), tools=[SEARCH])

    assert "tools" not in sent(body)
    assert "/tools/0" in losses(body)


def test_edge_68_a_search_of_anthropics_becomes_googles() -> None:
    alone, beside = messages_body(said(), tools=[SEARCH]), messages_body(said(), tools=[READ, SEARCH])
    third, second = searching(GEMINI_3, "tool"), searching(GEMINI_2, "alone")

    assert sent(alone, third)["tools"] == sent(alone, second)["tools"] == [{"googleSearch": {}}]
    assert [list(each) for each in sent(beside, third)["tools"]] == [["functionDeclarations"], ["googleSearch"]]
    assert [list(each) for each in sent(beside, second)["tools"]] == [["functionDeclarations"]]
    assert (losses(beside, third), losses(beside, second)) == ((), ("/tools/1",))


def test_edge_83_an_interrupted_call_has_a_result() -> None:
    body = messages_body(said(), uses(("a", "read", {}), ("b", "read", {})), said("Never mind."))

    assert [each["functionResponse"]["response"]["result"] for each in parts(body, 2)[:2]] == [chat.NO_RESULT] * 2


@pytest.mark.parametrize(("value", "args"), [("x", {"value": "x"}), ([1], {"value": [1]}), (None, {})])
def test_edge_84_an_input_that_is_no_object_becomes_one(value: Any, args: Any) -> None:
    assert parts(messages_body(said(), uses(("a", "read", value)), gives(("a", "x"))), 1)[0]["functionCall"]["args"] == args


def test_edge_97_an_empty_system_text_is_left_out() -> None:
    assert "systemInstruction" not in sent(messages_body(said(), system=""))
    assert "systemInstruction" not in sent(chat_body(said("", "system"), said()))


def test_several_answers_are_refused() -> None:
    assert refused(chat_body(said(), n=2)) == "/n"


# Answers.


def wire(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)


def chunk(*given: Any, reason: str | None = None, **more: Any) -> Any:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(given)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": reason} if reason else {})], "responseId": "r", **more}


def events(stream: bytes) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in stream.splitlines() if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


CALLS = [{"functionCall": {"name": name, "args": {"n": number}}} for number, name in enumerate(["a", "b", "b"])]
PARALLEL = wire(*(chunk(each) for each in CALLS), chunk({"text": ""}, reason="STOP"))


def test_edge_8_parallel_calls_have_running_indices_in_chat() -> None:
    deltas = [each["choices"][0]["delta"] for each in events(carried("gemini", "openai-chat", PARALLEL)) if each["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    arguments = {
        index: "".join(each["function"]["arguments"] for each in calls if each["index"] == index) for index in range(3)
    }

    assert [(each["index"], each["id"]) for each in calls if "id" in each] == [(n, f"call_r_{n}") for n in range(3)]
    assert [json.loads(each) for each in arguments.values()] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert b'"finish_reason":"tool_calls"' in carried("gemini", "openai-chat", PARALLEL)


def test_edge_8_parallel_calls_are_blocks_of_their_own_in_messages() -> None:
    told = events(carried("gemini", "anthropic-messages", PARALLEL))
    starts = [each["content_block"]["id"] for each in told if each["type"] == "content_block_start"]

    assert starts == ["call_r_0", "call_r_1", "call_r_2"]
    assert [each["delta"]["stop_reason"] for each in told if each["type"] == "message_delta"] == ["tool_use"]


@pytest.mark.parametrize("client", TWO_CLIENTS)
def test_edge_15_19_a_stream_ends_where_there_was_a_reason_and_not_before(client: str) -> None:
    usage = {"promptTokenCount": 100, "cachedContentTokenCount": 75, "candidatesTokenCount": 24, "thoughtsTokenCount": 16}
    early = carried("gemini", client, wire(chunk({"text": "Hi"}, reason="STOP"), chunk({"text": "!"}, usageMetadata=usage)))
    cut = carried("gemini", client, wire(chunk({"text": "Hi"})))

    assert faults(client, early) == faults(client, cut) == []
    assert b'"!"' in early
    assert b'"error"' not in early
    assert b'"error"' in cut


def test_edge_74_thoughts_are_counted_once() -> None:
    usage = {"promptTokenCount": 100, "cachedContentTokenCount": 75, "candidatesTokenCount": 24, "thoughtsTokenCount": 16}
    stream = wire(chunk({"text": "Hi"}, reason="STOP", usageMetadata=usage))
    in_chat = events(carried("gemini", "openai-chat", stream))[-1]["usage"]
    (in_messages,) = [
        each["usage"] for each in events(carried("gemini", "anthropic-messages", stream)) if each["type"] == "message_delta"
    ]

    assert (in_chat["prompt_tokens"], in_chat["completion_tokens"], in_chat["total_tokens"]) == (100, 40, 140)
    assert in_chat["prompt_tokens_details"]["cached_tokens"] == 75
    assert (in_messages["input_tokens"], in_messages["cache_read_input_tokens"], in_messages["output_tokens"]) == (25, 75, 40)


def test_edge_78_the_wait_that_google_asks_for_is_told() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}
    body = {"error": {"code": 429, "message": "Please retry in 20.9s.", "status": "RESOURCE_EXHAUSTED", "details": [info]}}
    error = translator("gemini").read_error(429, Headers(), json.dumps(body).encode())

    assert error.retry_after == 21.0
    for client in TWO_CLIENTS:
        status, written = translator(client).write_error(error)
        assert (status, "Please retry in 20.9s." in written.decode()) == (429, True)


@pytest.mark.parametrize("client", TWO_CLIENTS)
def test_edge_88_89_a_block_is_a_refusal_and_no_error(client: str) -> None:
    for stream in (wire({"promptFeedback": {"blockReason": "SAFETY"}}), wire(chunk(reason="PROHIBITED_CONTENT"))):
        told = carried("gemini", client, stream)

        assert faults(client, told) == []
        assert (b'"content_filter"' if client == "openai-chat" else b'"refusal"') in told


@pytest.mark.parametrize("client", TWO_CLIENTS)
def test_a_call_that_the_model_got_wrong_is_an_error_to_every_client(client: str) -> None:
    told = carried("gemini", client, wire(chunk({"text": "Hi"}), chunk(reason="MALFORMED_FUNCTION_CALL")))

    assert b'"error"' in told
    assert b"message_stop" not in told
    assert b'"finish_reason":"' not in told


@pytest.mark.parametrize("client", TWO_CLIENTS)
def test_edge_22_a_character_cut_in_two_by_the_network_is_whole(client: str) -> None:
    stream = "data: {}\r\n\r\n".format(json.dumps(chunk({"text": "größe 😀"}, reason="STOP"), ensure_ascii=False)).encode()
    whole = carried("gemini", client, stream)

    assert all(carried("gemini", client, stream, [at]) == whole for at in range(1, len(stream), 7))
    assert "größe 😀" in whole.decode()
