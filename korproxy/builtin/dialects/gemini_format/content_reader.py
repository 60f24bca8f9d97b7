"""``contents`` and ``systemInstruction`` of a client's request, read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

import attrs
import msgspec

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.seals import is_redacted, seal_of

_ROLES: dict[str | None, chat.Role] = {None: "user", "user": "user", "function": "user", "tool": "user", "model": "assistant"}
_GOOGLES = ("gs://", "https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/")
_ABOUT = ("videoMetadata", "mediaResolution", "partMetadata", "mediaProcessing")


class _Call(msgspec.Struct):
    args: msgspec.Raw = msgspec.Raw(b"null")


class _Response(msgspec.Struct):
    response: msgspec.Raw = msgspec.Raw(b"null")


class _Part(msgspec.Struct):
    call: _Call | None = msgspec.field(default=None, name="functionCall")
    call_: _Call | None = msgspec.field(default=None, name="function_call")
    answer: _Response | None = msgspec.field(default=None, name="functionResponse")
    answer_: _Response | None = msgspec.field(default=None, name="function_response")


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Body(msgspec.Struct):
    contents: list[_Content] | _Content | None = None


_bodies = msgspec.json.Decoder(_Body)


def read_system(top: chat.Fields) -> Iterator[chat.Turn]:
    """Yield the turn that ``systemInstruction`` is; its role says nothing."""
    key = spelled(top, "systemInstruction")
    if isinstance(top.get(key), str):
        yield chat.Turn(role="system", parts=(chat.Text(text=top.value[key], at=top.pointer(key)),), at=top.pointer(key))
        return
    content = top.table(key)
    if content is None:
        return
    content.get("role")
    parts = []
    for part in content.tables("parts"):
        text = part.text("text")
        if text:
            parts.append(chat.Text(text=text, at=part.at))
        part.close("Gemini takes only text from the system")
    content.close()
    if parts:
        yield chat.Turn(role="system", parts=tuple(parts), at=content.at)


def read_contents(top: chat.Fields, text: bytes) -> Iterator[chat.Turn]:
    """Yield the turns; *text* is the request as it was written, for what has to stay so.

    Raises:
        CannotCarry: A part that only Gemini knows, and without which the rest would mean something else.
    """
    written = _Written(text)
    contents = [top.table("contents")] if isinstance(top.get("contents"), dict) else top.tables("contents")
    for number, content in enumerate(each for each in contents if each is not None):
        role = content.text("role")
        if role not in _ROLES:
            raise chat.CannotCarry(content.pointer("role"), f"{str(role)[:50]!r} is no role that a turn can have.")
        turn = _ROLES[role]
        parts = tuple(each for part in content.tables("parts") for each in _read(part, turn, written, number))
        content.close()
        yield chat.Turn(role=turn, parts=parts, at=content.at)


@attrs.define
class _Written:
    """Arguments and responses as they are written in *text*."""

    text: bytes = attrs.field(repr=False)
    _contents: Sequence[_Content] | None = attrs.field(default=None, init=False, repr=False)

    def at(self, content: int, part: int) -> _Part:
        if self._contents is None:
            try:
                found = _bodies.decode(self.text).contents
            except msgspec.ValidationError:  # a neighbour of what is looked for is of no type that Gemini knows
                found = None
            self._contents = [found] if isinstance(found, _Content) else found or []
        parts = self._contents[content].parts if content < len(self._contents) else None
        return parts[part] if parts and part < len(parts) else _Part()


def _read(part: chat.Fields, role: chat.Role, written: _Written, content: int) -> Iterator[chat.Part]:
    for key in _ABOUT:
        part.lost(spelled(part, key), "only Gemini takes it")
    signature = spelled(part, "thoughtSignature")
    seal = seal_of(part.text(signature) or "", part.pointer(signature))
    raw = written.at(content, int(part.at.rpartition("/")[2])) if _has_raw(part) else _Part()
    call, answer = part.table(spelled(part, "functionCall")), part.table(spelled(part, "functionResponse"))
    if call is not None:
        yield _call(call, raw, seal, part.at)
    elif answer is not None:
        yield _result(answer, raw, part.at)
    else:
        yield from _said(part, role, seal)
    part.close()


def _has_raw(part: chat.Fields) -> bool:
    return any(part.value.get(spelled(part, key)) is not None for key in ("functionCall", "functionResponse"))


def _call(call: chat.Fields, raw: _Part, seal: chat.Seal | None, at: str) -> chat.ToolCall:
    name, found = call.text("name") or "", raw.call or raw.call_
    call.get("args")
    args = bytes(found.args).strip() if found is not None else json_bytes(call.value.get("args"))
    arguments = bytes(chat.as_object(args.decode())).decode()
    own = call.text("id") or ""
    call.close()
    return chat.ToolCall(id=own, name=name, arguments=arguments, seal=seal, at=at)


def _result(answer: chat.Fields, raw: _Part, at: str) -> chat.ToolResult:
    name, own = answer.text("name") or "", answer.text("id") or ""
    found = raw.answer or raw.answer_
    text, error = _response(answer, "" if found is None else bytes(found.response).decode())
    parts: list[chat.Text | chat.Image | chat.Document] = [chat.Text(text=text, at=answer.pointer("response"))] if text else []
    for each in answer.tables("parts"):
        parts += [media for media in _media(each) if isinstance(media, (chat.Image, chat.Document))]
        each.close()
    answer.close()
    return chat.ToolResult(call_id=own, name=name, parts=tuple(parts), error=error, at=at)


def _response(answer: chat.Fields, written: str) -> tuple[str, bool]:
    """Return the text of a response, and whether it tells an error.

    Google's words are ``output`` and ``error``; many clients write ``result``. An object that holds more stays one.
    """
    said = answer.get("response")
    if isinstance(said, dict) and len(said) == 1:
        (key, value) = next(iter(said.items()))
        if key in {"output", "result", "error"} and isinstance(value, str):
            return value, key == "error"
    return ("", False) if said in (None, {}) else (written or json_bytes(said).decode(), False)


def _said(part: chat.Fields, role: chat.Role, seal: chat.Seal | None) -> Iterator[chat.Part]:
    text = part.text("text") or ""
    if part.flag("thought") and role == "assistant":
        if text or seal is not None:
            redacted = is_redacted(part.text(spelled(part, "thoughtSignature")) or "")
            yield chat.Reasoning(text=text, seal=seal, redacted=redacted, at=part.at)
        return
    if text:
        yield chat.Text(text=text, at=part.at)
    yield from _media(part)
    yield from _ran(part)
    if seal is not None and role == "assistant":
        yield chat.Reasoning(seal=seal, at=seal.at)  # and not the part, which may say something of its own


def _media(part: chat.Fields) -> Iterator[chat.Image | chat.Document | chat.Audio]:
    inline, file = part.table(spelled(part, "inlineData")), part.table(spelled(part, "fileData"))
    for holder, key in ((inline, "data"), (file, "fileUri")):
        if holder is None:
            continue
        media_type = holder.text(spelled(holder, "mimeType")) or ""
        name = spelled(holder, "displayName")
        title, found = holder.text(name), holder.text(spelled(holder, key)) or ""
        medium = _medium(_blob(media_type, key, found), media_type, title, part.at)
        if not isinstance(medium, chat.Document):
            holder.lost(name, "only files have names elsewhere")
        holder.close()
        yield medium


def _blob(media_type: str, key: str, found: str) -> chat.Blob:
    if key == "data":
        return chat.blob_of_base64(media_type, found)
    return chat.Blob(media_type=media_type, **{"file" if found.startswith(_GOOGLES) else "url": found})


def _medium(blob: chat.Blob, media_type: str, title: str | None, at: str) -> chat.Image | chat.Document | chat.Audio:
    kind = media_type.partition("/")[0]
    if kind == "image":
        return chat.Image(blob=blob, at=at)
    if kind == "audio":
        return chat.Audio(blob=blob, at=at)
    if kind == "video":
        raise chat.CannotCarry(at, "Only Gemini takes films. Leave it out, or use a Gemini provider.")
    if kind == "text" and blob.data is not None:
        try:
            return chat.Document(text=base64.b64decode(blob.data).decode(), title=title, at=at)
        except (binascii.Error, ValueError):
            pass
    return chat.Document(blob=blob, title=title, at=at)


def _ran(part: chat.Fields) -> Iterator[chat.Text]:
    """Yield what Gemini ran itself as text: others have no such parts, and what follows speaks of it."""
    for name, key, language in (("executableCode", "code", "language"), ("codeExecutionResult", "output", "outcome")):
        ran = part.table(spelled(part, name))
        if ran is None:
            continue
        text, word = ran.text(key) or "", (ran.text(language) or "").lower()
        ran.close()
        part.report.mapped(ran.at, "is sent as a text")
        yield chat.Text(text=f"```{word}\n{text}\n```", at=part.at)
