"""What clients and providers of each format send: a request of about 1 KB, its whole answer, and streams as they are recorded.

A stream is its beginning, one event that can be repeated, and its end; the repeated one holds a text, a thought, or a piece of
the arguments of a call, of the size that models send.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import attrs

Piece: TypeAlias = Literal["text", "thought", "arguments"]
PIECES: tuple[Piece, ...] = ("text", "thought", "arguments")
SAID = " the answer is in the first line of the file,"
SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string", "description": "Where it is"}, "limit": {"type": "integer", "minimum": 1}},
    "required": ["path"],
    "additionalProperties": False,
}
SYSTEM = "You are a careful assistant. Answer in one sentence, and say which file you have read it in. " * 2
ASKED = "What does the file README.md say about performance? Please read it before you answer."
RESULT = "# KorProxy\n\nA gateway that disappears. See docs/explain/performance.md for what a request costs.\n"
ANSWERED = f"It says that a request costs next to nothing:{SAID * 16} and so on."


@attrs.frozen
class Stream:
    """A stream: its *head*, an event that makes the next *piece* of it whatever its number is, its *tail*."""

    head: bytes
    piece: Callable[[int], bytes]
    tail: bytes


def requests(*, stream: bool) -> Mapping[str, bytes]:
    """Return the body of one request of a coding tool by format: a tool, its call and its result, about 1 KB."""
    call = {"name": "read_file", "arguments": '{"path": "README.md"}'}
    chat = {
        "model": "m",
        "stream": stream,
        "max_tokens": 2048,
        "temperature": 0.2,
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": ASKED},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]},
            {"role": "tool", "tool_call_id": "call_1", "content": RESULT},
        ],
        "tools": [{"type": "function", "function": {"name": "read_file", "description": "Reads", "parameters": SCHEMA}}],
    }
    if stream:
        chat["stream_options"] = {"include_usage": True}
    messages = {
        "model": "m",
        "stream": stream,
        "max_tokens": 2048,
        "temperature": 0.2,
        "system": [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": ASKED}]},
            {"role": "assistant", "content": [_used({"path": "README.md"})]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": RESULT}]},
        ],
        "tools": [{"name": "read_file", "description": "Reads", "input_schema": SCHEMA}],
    }
    responses = {
        "model": "m",
        "stream": stream,
        "instructions": SYSTEM,
        "store": False,
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": ASKED}]},
            {"type": "function_call", "call_id": "call_1", **call},
            {"type": "function_call_output", "call_id": "call_1", "output": RESULT},
        ],
        "tools": [{"type": "function", "name": "read_file", "description": "Reads", "parameters": SCHEMA, "strict": False}],
    }
    gemini = {
        "systemInstruction": {"parts": [{"text": SYSTEM}]},
        "contents": [
            {"role": "user", "parts": [{"text": ASKED}]},
            {"role": "model", "parts": [{"functionCall": {"name": "read_file", "args": {"path": "README.md"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "read_file", "response": {"output": RESULT}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "read_file", "description": "Reads", "parameters": SCHEMA}]}],
        "generationConfig": {"maxOutputTokens": 2048, "temperature": 0.2},
    }
    said = {"openai-chat": chat, "anthropic-messages": messages, "openai-responses": responses, "gemini": gemini}
    return {name: json.dumps(body).encode() for name, body in said.items()}


def answers() -> Mapping[str, bytes]:
    """Return a whole answer by format: about 1 KB of text."""
    message: dict[str, Any] = {"role": "assistant", "content": ANSWERED, "refusal": None, "annotations": []}
    chat = {
        **_OF_CHAT,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _CHAT_USAGE,
    }
    block = {"type": "text", "text": ANSWERED}
    messages = {**_MESSAGE, "content": [block], "stop_reason": "end_turn", "usage": {"input_tokens": 472, "output_tokens": 180}}
    part = {"type": "output_text", "text": ANSWERED, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    responses = {**_RESPONSE, "status": "completed", "output": [item], "usage": _RESPONSES_USAGE}
    candidate = {"content": {"parts": [{"text": ANSWERED}], "role": "model"}, "finishReason": "STOP", "index": 0}
    gemini = {"candidates": [candidate], "usageMetadata": _GEMINI_USAGE, **_OF_GEMINI}
    said = {"openai-chat": chat, "anthropic-messages": messages, "openai-responses": responses, "gemini": gemini}
    return {name: json.dumps(body).encode() for name, body in said.items()}


def stream(format: str, piece: Piece) -> Stream:  # noqa: A002 -- the word for it
    """Return a provider's stream in *format* that says nothing but *piece*, many times."""
    return _STREAMS[format](piece)


def _chat(piece: Piece) -> Stream:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return _data({**_OF_CHAT, "object": "chat.completion.chunk", "choices": choices, "usage": None})

    def called(arguments: str, **more: Any) -> bytes:
        return chunk({"tool_calls": [{"index": 0, **more, "function": {"arguments": arguments}}]})

    head, end, ending = chunk({"role": "assistant", "content": ""}), b"", "stop"
    if piece == "arguments":
        function = {"name": "write", "arguments": ""}
        head += chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
        head, end, ending = head + called('{"text":"'), called('"}'), "tool_calls"
    usage = _data({**_OF_CHAT, "object": "chat.completion.chunk", "choices": [], "usage": _CHAT_USAGE})
    key = "content" if piece == "text" else "reasoning_content"
    said = called(SAID) if piece == "arguments" else chunk({key: SAID})
    return Stream(head, lambda _: said, end + chunk({}, ending) + usage + b"data: [DONE]\n\n")


def _messages(piece: Piece) -> Stream:
    def event(kind: str, **fields: Any) -> bytes:
        return b"event: %b\n" % kind.encode() + _data({"type": kind, **fields})

    usage = {"input_tokens": 472, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
    head = event("message_start", message={**_MESSAGE, "content": [], "stop_reason": None, "usage": usage})
    block, kind, key = {
        "text": ({"type": "text", "text": ""}, "text_delta", "text"),
        "thought": ({"type": "thinking", "thinking": "", "signature": ""}, "thinking_delta", "thinking"),
        "arguments": (_used({}), "input_json_delta", "partial_json"),
    }[piece]

    def delta(said: str) -> bytes:
        return event("content_block_delta", index=0, delta={"type": kind, key: said})

    head += event("content_block_start", index=0, content_block=block)
    end = b""
    if piece == "arguments":
        head, end = head + delta('{"text":"'), delta('"}')
    if piece == "thought":
        end += event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2lnbmVk"})
    end += event("content_block_stop", index=0)
    stop = "tool_use" if piece == "arguments" else "end_turn"
    end += event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 180})
    said = delta(SAID)
    return Stream(head, lambda _: said, end + event("message_stop"))


def _responses(piece: Piece) -> Stream:
    numbers = [0]

    def event(kind: str, **fields: Any) -> bytes:
        numbers[0] += 1
        return b"event: %b\n" % kind.encode() + _data({"type": kind, "sequence_number": numbers[0], **fields})

    kinds: Mapping[Piece, tuple[dict[str, Any], str, dict[str, Any]]] = {
        "text": ({"type": "message", "role": "assistant", "content": []}, "output_text", {"content_index": 0, "logprobs": []}),
        "thought": ({"type": "reasoning", "summary": []}, "reasoning_summary_text", {"summary_index": 0}),
        "arguments": (
            {"type": "function_call", "call_id": "call_1", "name": "write", "arguments": ""},
            "function_call_arguments",
            {},
        ),
    }
    item, kind, place = kinds[piece]
    item = {"id": "item_0a11text", "status": "in_progress", **item}
    about = {"item_id": "item_0a11text", "output_index": 0, **place}

    def delta(said: str) -> bytes:
        return event(f"response.{kind}.delta", **about, delta=said, obfuscation="x7Qa")

    head = event("response.created", response={**_RESPONSE, "status": "in_progress", "output": []})
    head += event("response.output_item.added", output_index=0, item=item)
    end = b""
    if piece == "arguments":
        head, end = head + delta('{"text":"'), delta('"}')
    end += event("response.output_item.done", output_index=0, item={**item, "status": "completed"})
    whole = {**_RESPONSE, "status": "completed", "output": [], "usage": _RESPONSES_USAGE}
    return Stream(head, lambda _: delta(SAID), end + event("response.completed", response=whole))


def _gemini(piece: Piece) -> Stream:
    """Return a stream of Gemini's; a call comes whole there, so each piece is one."""

    def chunk(part: Mapping[str, Any] | None, **more: Any) -> bytes:
        content = {} if part is None else {"content": {"parts": [part], "role": "model"}}
        said = {"candidates": [{**content, **more, "index": 0}], "usageMetadata": usage, **_OF_GEMINI}
        return _data(said).replace(b"\n", b"\r\n")

    usage = {**_GEMINI_USAGE}

    def piece_of(number: int) -> bytes:
        usage["candidatesTokenCount"], usage["totalTokenCount"] = number + 1, 473 + number  # each chunk counts anew
        if piece == "arguments":
            return chunk({"functionCall": {"id": f"call_{number}", "name": "write", "args": {"text": SAID}}})
        return chunk({"text": SAID, "thought": True} if piece == "thought" else {"text": SAID})

    return Stream(b"", piece_of, chunk({"text": ""}, finishReason="STOP"))


def _used(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": arguments}


def _data(said: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(said, separators=(",", ":")).encode() + b"\n\n"


_STREAMS: Mapping[str, Callable[[Piece], Stream]] = {
    "openai-chat": _chat,
    "anthropic-messages": _messages,
    "openai-responses": _responses,
    "gemini": _gemini,
}
_CHAT_USAGE = {
    "prompt_tokens": 472,
    "completion_tokens": 180,
    "total_tokens": 652,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
_RESPONSES_USAGE = {
    "input_tokens": 472,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 180,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 652,
}
_GEMINI_USAGE = {
    "promptTokenCount": 472,
    "candidatesTokenCount": 180,
    "totalTokenCount": 652,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 472}],
}
_OF_CHAT = {
    "id": "chatcmpl-Cq1AbcDEF2ghiJKLmno3PQRstuVW4",
    "created": 1790000000,
    "model": "gpt-5.5-2026-04-23",
    "service_tier": "default",
    "system_fingerprint": "fp_5d0c1e3a7b",
}
_OF_GEMINI = {"modelVersion": "gemini-3-flash", "responseId": "zKqVaJ3VEtGO-sAPvdTJwQw"}
_MESSAGE = {
    "id": "msg_014p7gG3wDgGV9EUtLvnow3U",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5",
    "stop_sequence": None,
}
_RESPONSE = {
    "id": "resp_0a11textABCDEF0123456789abcdef01",
    "object": "response",
    "created_at": 1790000000,
    "model": "gpt-5.5-2026-04-23",
    "error": None,
    "incomplete_details": None,
    "parallel_tool_calls": True,
    "tools": [],
}
