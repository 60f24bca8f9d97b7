"""The output items of a response: reasoning, messages, calls. Pure."""

from collections.abc import Iterator, Sequence

from korproxy_mock.answer import Answer
from korproxy_mock.formats import Call, JsonObject
from korproxy_mock.paths import bearer
from korproxy_mock.responses_read import kind_of
from korproxy_mock.responses_seals import seal_for
from korproxy_mock.responses_tools import Offered, meant
from korproxy_mock.script import Script, ToolCall
from korproxy_mock.searching import annotation, search_item

_COMMENTARY = "Let me see."
_WITHOUT_STATUS = ("reasoning", "compaction", "additional_tools", "configuration_update")


def output_items(call: Call, answer: Answer, script: Script, tools: tuple[Offered, ...], status: str) -> list[JsonObject]:
    """Return the items of *answer* in the order a model says them; *status* is that of the last."""
    searched = [] if answer.search is None else [search_item(answer)]
    bare = [*_thoughts(call, answer, script), *searched, *_messages(answer, script)]
    bare += [
        _called(each, meant(each.name, tools), f"call_mock{call.number:08d}{at:02d}") for at, each in enumerate(answer.calls)
    ]
    if not bare and answer.stop not in ("length", "refusal", "content_filter"):
        bare = [_message([_text("")], None)]
    if bare and "status" in bare[-1]:
        bare[-1]["status"] = status
    return [{"id": f"{prefix(each)}_mock{call.number:08d}{at:02d}", **each} for at, each in enumerate(bare)]


def prefix(item: JsonObject) -> str:
    """Return what the id of such an item begins with."""
    return {
        "message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc", "compaction": "cmp",
        "function_call_output": "fc", "custom_tool_call_output": "ctco", "additional_tools": "at",
        "web_search_call": "ws",
    }.get(kind_of(item), "item")  # fmt: skip


def compaction(call: Call, count: int) -> JsonObject:
    """Return the item that stands for *count* items of a conversation."""
    sealed = seal_for(bearer(call.received) or "", call.model, f"what {count} items said")
    return {"id": f"cmp_mock{call.number:08d}00", "type": "compaction", "encrypted_content": sealed}


def listed(items: Sequence[JsonObject], response_id: str) -> list[JsonObject]:
    """Return input items as OpenAI lists them: with ids, statuses and contents in parts; settings are left out."""
    told = [each for each in items if kind_of(each) not in ("compaction_trigger", "item_reference")]
    mark = response_id.removeprefix("resp_")
    return [{"id": f"{prefix(each)}_{mark}in{at:02d}", **_whole(each)} for at, each in enumerate(told)]


def _whole(item: JsonObject) -> JsonObject:
    kind = kind_of(item)
    said = {name: value for name, value in item.items() if value is not None}
    if kind == "message":
        said_as = "output_text" if said.get("role") == "assistant" else "input_text"
        return {**said, "type": kind, "status": "completed", "content": _parts_of(said.get("content"), said_as)}
    if isinstance(said.get("output"), list):
        said["output"] = _parts_of(said["output"], "input_text")
    return said if kind in _WITHOUT_STATUS else {"status": "completed", **said}


def _parts_of(content: object, kind: str) -> list[JsonObject]:
    """Return a content as parts, with what OpenAI fills in; a string is one of that *kind*."""
    parts = [{"type": kind, "text": content}] if isinstance(content, str) else content
    usual: dict[str, JsonObject] = {"output_text": {"annotations": [], "logprobs": []}, "input_image": {"detail": "auto"}}
    return [{**usual.get(each["type"], {}), **each} for each in parts] if isinstance(parts, list) else []


def summary_asked(body: JsonObject) -> bool:
    """Tell whether the request wants to see a summary of the reasoning; without, OpenAI shows none."""
    reasoning = body.get("reasoning")
    return isinstance(reasoning, dict) and bool(reasoning.get("summary") or reasoning.get("generate_summary"))


def _thoughts(call: Call, answer: Answer, script: Script) -> Iterator[JsonObject]:
    key = bearer(call.received) or ""
    if answer.thinking is not None and "reasoning-text" in script.quirks:
        yield {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": answer.thinking}]}
    elif answer.thinking is not None:
        parts = _parts(answer.thinking, script.summary_parts or 1) if summary_asked(call.body) else []
        summary = [{"type": "summary_text", "text": each} for each in parts]
        yield {"type": "reasoning", "summary": summary, "encrypted_content": seal_for(key, call.model, answer.thinking)}
    if answer.redacted is not None:
        yield {"type": "reasoning", "summary": [], "encrypted_content": seal_for(key, call.model, answer.redacted)}


def _parts(text: str, count: int) -> list[str]:
    """Cut *text* between words into *count* parts, or as many as there are words."""
    words = text.split(" ") if count > 1 else [text]
    size = max(1, -(-len(words) // count))
    return [" ".join(words[at : at + size]) for at in range(0, len(words), size)] if text else []


def _messages(answer: Answer, script: Script) -> Iterator[JsonObject]:
    """Text in front of calls is commentary itself, if commentary is asked for; else there is a message more."""
    phase = script.phase
    if phase == "commentary" and not (answer.calls and answer.pieces):
        yield _message([_text(_COMMENTARY)], "commentary")
        phase = "final_answer"
    cited = [] if answer.cite is None else [annotation(answer)]
    content = [{**_text(answer.text), "annotations": cited}] if answer.pieces else []
    if answer.refusal is not None:
        content.append({"type": "refusal", "refusal": answer.refusal})
    if content:
        yield _message(content, phase)


def _message(content: list[JsonObject], phase: str | None) -> JsonObject:
    message: JsonObject = {"type": "message", "status": "completed", "content": content, "role": "assistant"}
    return message if phase is None else {**message, "phase": phase}


def _text(text: str) -> JsonObject:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _called(call: ToolCall, tool: Offered, call_id: str) -> JsonObject:
    namespace = {} if tool.namespace is None else {"namespace": tool.namespace}
    if tool.custom:
        said = {"call_id": call_id, "input": call.arguments or "", "name": tool.name}
        return {"type": "custom_tool_call", **said, **namespace}
    arguments = "{}" if call.arguments is None else call.arguments
    said = {"status": "completed", "arguments": arguments, "call_id": call_id, "name": tool.name}
    return {"type": "function_call", **said, **namespace}
