"""Messages, read: one turn for each.

Facts: ``ChatCompletionMessageParam`` of OpenAI's Python SDK 3.54; ``reasoning_content`` and the like are other servers'.
"""

from __future__ import annotations

from collections.abc import Iterator

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.chat_format.read_parts import read_content
from korproxy.builtin.dialects.chat_format.reasoning import FIELDS, read_detail, read_reasoning

_ROLES: dict[str | None, chat.Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def read_messages(request: chat.Fields) -> Iterator[chat.Turn]:
    """Yield a turn for each of ``messages``."""
    for message in request.tables("messages"):
        role = message.text("role")
        if role == "assistant":
            yield _assistant(message)
        elif role in {"tool", "function"}:
            yield _result(message)
        else:
            yield _said(message, role)
        message.close()


def _said(message: chat.Fields, role: str | None) -> chat.Turn:
    if role not in _ROLES:
        message.report.mapped(message.pointer("role"), "KorProxy knows no such role, and takes it for the user's")
    parts = tuple(read_content(message))
    return chat.Turn(role=_ROLES.get(role, "user"), parts=parts, name=message.text("name"), at=message.at)


def _assistant(message: chat.Fields) -> chat.Turn:
    parts: list[chat.Part] = [*_reasoning(message), *read_content(message)]
    if refusal := message.text("refusal"):
        parts.append(chat.Refusal(text=refusal, at=message.pointer("refusal")))
    parts += _calls(message)
    message.lost("audio", "sound of former answers stays with the vendor that made it")
    if message.get("annotations"):
        message.lost("annotations", "no other format has them in a request")
    return chat.Turn(role="assistant", parts=tuple(parts), name=message.text("name"), at=message.at)


def _reasoning(message: chat.Fields) -> Iterator[chat.Part]:
    found = read_reasoning(message.value, message.at)
    told = {each.at for each in found}
    text = "".join(each.text for each in found)
    for name in FIELDS:
        said, at = message.text(name), message.pointer(name)
        if not said or at in told:
            continue
        if said == text:
            message.report.mapped(at, "is told by other fields of the message")
        else:
            message.report.lost(at, "another field says something else, and goes first")
    for detail in message.tables("reasoning_details"):
        _note(detail)
    yield from found


def _note(detail: chat.Fields) -> None:
    """Report what becomes of one of ``reasoning_details``."""
    part = read_detail(detail.value)
    if part is None:
        detail.report.lost(detail.at, "KorProxy cannot tell whose reasoning this is")
        return
    for name in ("type", "text", "summary", "data", "format"):
        detail.get(name)
    if part.seal is None:
        detail.lost("signature", "KorProxy cannot tell whose signature this is")
    detail.get("signature")
    if detail.get("index") is not None:
        detail.report.mapped(detail.pointer("index"), "the order says it")
    detail.close("only its maker knows what it is for")


def _calls(message: chat.Fields) -> Iterator[chat.ToolCall]:
    for call in message.tables("tool_calls"):
        yield _call(call)
        call.close()
    old = message.table("function_call")
    if old is not None:
        name, arguments = old.text("name") or "", _arguments(old, "arguments")
        old.close()
        yield chat.ToolCall(id="", name=name, arguments=arguments, at=old.at)


def _call(call: chat.Fields) -> chat.ToolCall:
    kind = call.text("type") or ("custom" if "custom" in call.value else "function")
    if kind not in {"function", "custom"}:
        raise chat.CannotCarry(call.at, f"no other format has tool calls of the kind {kind!r}")
    call.get("index")  # some clients keep it from the stream; the order says it
    inner = call.table(kind)
    call_id = call.text("id") or ""
    if inner is None:
        call.report.lost(call.at, "is a call without a name")
        return chat.ToolCall(id=call_id, name="", at=call.at)
    arguments = _arguments(inner, "input" if kind == "custom" else "arguments")
    name = inner.text("name") or ""
    inner.close()
    freeform = kind == "custom"
    return chat.ToolCall(id=call_id, name=name, arguments=arguments, freeform=freeform, seal=_seal(call), at=call.at)


def _arguments(inner: chat.Fields, key: str) -> str:
    """Return arguments as they are written; some clients have made an object of the text."""
    said = inner.get(key)
    if isinstance(said, (dict, list)):
        return json_bytes(said).decode()
    return inner.text(key) or ""


def _seal(call: chat.Fields) -> chat.Seal | None:
    """Return Gemini's mark on a call, where Google's own compatible endpoint has it."""
    extra = call.table("extra_content")
    google = extra.table("google") if extra is not None else None
    if extra is None or google is None:
        return None
    mark = google.text("thought_signature")
    google.close()
    extra.close()
    return chat.Seal(family="google", data=mark, at=google.pointer("thought_signature")) if mark else None


def _result(message: chat.Fields) -> chat.Turn:
    call_id = message.text("tool_call_id") or ""
    name = message.text("name") or ""
    if name:
        message.report.mapped(message.pointer("name"), "the call says it")
    parts: list[chat.Text | chat.Image | chat.Document] = []
    for part in read_content(message):
        if isinstance(part, (chat.Text, chat.Image, chat.Document)):
            parts.append(part)
        else:
            message.report.lost(part.at, "is nothing that a tool can give back")
    result = chat.ToolResult(call_id=call_id, name=name, parts=tuple(parts), at=message.at)
    return chat.Turn(role="user", parts=(result,), at=message.at)
