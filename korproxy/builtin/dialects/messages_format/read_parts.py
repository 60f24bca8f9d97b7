"""Content blocks of a request, read into parts.

Facts: ``ContentBlockParam`` of Anthropic's Python SDK 2.12 and the types it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.read_served import is_served, read_served
from korproxy.builtin.dialects.messages_format.seals import FAMILY, seal_of

Inputs: TypeAlias = Callable[[str], str]  # pointer of a ``tool_use`` -> its input as a text of JSON

_CITES = "only Anthropic cites"
_CALLER = "only Anthropic's own code calls tools"
_TOOLSETS = "only Anthropic has sets of tools"


def read_parts(owner: chat.Fields, key: str, inputs: Inputs) -> tuple[chat.Part, ...]:
    """Return the content that *owner*, a message, has at *key*: a text or blocks. Empty texts say nothing, and go."""
    return tuple(_content(owner, key, lambda block: _part(block, inputs)))


def read_texts(owner: chat.Fields, key: str) -> tuple[chat.Text, ...]:
    """Return content that can only be text, of a system prompt for instance; other blocks are reported as lost."""
    found = _content(owner, key, lambda block: _text(block) if block.get("type") == "text" else _foreign(block))
    return tuple(each for each in found if isinstance(each, chat.Text))


def read_cache_mark(owner: chat.Fields) -> chat.CacheMark | None:
    """Return the ``cache_control`` of *owner*."""
    mark = owner.table("cache_control")
    if mark is None:
        return None
    if mark.text("type") != "ephemeral":
        mark.report.lost(mark.at, "is a kind of cache that KorProxy does not know")
        return None
    ttl = mark.text("ttl")
    mark.close()
    return chat.CacheMark(ttl=ttl, at=mark.at)


def _content(owner: chat.Fields, key: str, read: Callable[[chat.Fields], Iterable[chat.Part]]) -> Iterator[chat.Part]:
    said = owner.get(key)
    if isinstance(said, str):
        if said:
            yield chat.Text(text=said, at=owner.pointer(key))
        return
    for block in owner.tables(key):
        yield from read(block)
        block.close()


def _part(block: chat.Fields, inputs: Inputs) -> Iterable[chat.Part]:
    kind = block.text("type") or ""
    if kind == "tool_use":
        return _call(block, inputs(block.at))
    if is_served(kind):
        return read_served(block, kind)
    return _READ.get(kind, _foreign)(block)


def _text(block: chat.Fields) -> Iterator[chat.Text]:
    text = block.text("text")
    block.lost("citations", _CITES)
    if text:
        yield chat.Text(text=text, cache=read_cache_mark(block), at=block.at)
    else:
        block.lost("cache_control", "an empty text cannot be cached")


def _image(block: chat.Fields) -> Iterator[chat.Image]:
    block.lost("transformations", "only Anthropic can be told what to do with large images")
    blob = _blob(block)
    if blob is not None:
        yield chat.Image(blob=blob, cache=read_cache_mark(block), at=block.at)


def _blob(block: chat.Fields) -> chat.Blob | None:
    """Return the ``source`` of *block*, one of a kind that images and documents share; None, reported, if it is another."""
    source = block.table("source")
    if source is None:
        block.report.lost(block.at, "has no source")
        return None
    kind = source.text("type")
    blob = None
    if kind == "base64":
        data = source.text("data") or ""
        blob = chat.Blob(media_type=_media_type(source, data), data=data)
    elif kind == "url":
        blob = chat.Blob(url=source.text("url") or "")
    elif kind == "file":
        blob = chat.Blob(file=source.text("file_id") or "")
    if blob is None or not (blob.data or blob.url or blob.file):
        block.report.lost(block.at, "has a source that KorProxy does not know")
        return None
    source.close()
    return blob


def _media_type(source: chat.Fields, data: str) -> str:
    """Return what the bytes say, where they say something: Anthropic itself refuses a label that is wrong."""
    said = source.text("media_type") or ""
    found = chat.sniffed(said, data)
    if said and found != said:
        source.report.mapped(source.pointer("media_type"), f"as {found}, which is what the bytes are")
    return found


def _document(block: chat.Fields) -> Iterator[chat.Part]:
    block.lost("citations", _CITES)
    said = block.value.get("source")
    images: list[chat.Image] = []
    if isinstance(said, dict) and said.get("type") in ("text", "content"):  # not a set: it may be no text at all
        text, images = _text_and_images(chat.Fields(said, block.pointer("source"), block.report))
        block.get("source")
        found = chat.Document(text=text)
    else:
        blob = _blob(block)
        if blob is None:
            return
        found = chat.Document(blob=blob)
    title, context, cache = block.text("title"), block.text("context"), read_cache_mark(block)
    if images:
        block.report.mapped(block.at, "as its text, with its images behind it")
    if found.blob is not None or found.text or not images:
        yield attrs.evolve(found, title=title, context=context, cache=cache, at=block.at)
    yield from images


def _text_and_images(source: chat.Fields) -> tuple[str, list[chat.Image]]:
    if source.get("type") == "text":
        if source.text("media_type") not in {None, "text/plain"}:
            source.lost("media_type", "every text is a plain one")
        text = source.text("data") or ""
        source.close()
        return text, []
    read: Mapping[str, Callable[[chat.Fields], Iterable[chat.Part]]] = {"text": _text, "image": _image}
    parts = list(_content(source, "content", lambda each: read.get(each.text("type") or "", _foreign)(each)))
    source.close()
    return _joined(parts, source.report), [each for each in parts if isinstance(each, chat.Image)]


def _joined(parts: Iterable[chat.Part], report: chat.Report) -> str:
    """Return the texts among *parts* as one; its marks cannot stand inside of it."""
    texts = [each for each in parts if isinstance(each, chat.Text)]
    for each in texts:
        if each.cache:
            report.lost(each.cache.at, "a part of a text cannot be cached on its own")
    return "\n\n".join(each.text for each in texts)


def _search_result(block: chat.Fields) -> Iterator[chat.Text]:
    title, source = block.text("title"), block.text("source")
    text = _joined(read_texts(block, "content"), block.report)
    block.lost("citations", _CITES)
    block.report.mapped(block.at, "as a text with its title and its source")
    head = "\n".join(each for each in (title, source) if each)
    yield chat.Text(text="\n\n".join(each for each in (head, text) if each), cache=read_cache_mark(block), at=block.at)


def _tool_reference(block: chat.Fields) -> Iterator[chat.Text]:
    name = block.text("tool_name")
    if name:
        block.report.mapped(block.at, "as a text: every tool is known from the beginning")
        yield chat.Text(text=f"Tool found: {name}", cache=read_cache_mark(block), at=block.at)


def _call(block: chat.Fields, arguments: str) -> Iterator[chat.ToolCall]:
    block.get("input")
    block.lost("caller", _CALLER)
    block.lost("toolset_name", _TOOLSETS)
    id_, name, cache = block.text("id") or "", block.text("name") or "", read_cache_mark(block)
    yield chat.ToolCall(id=id_, name=name, arguments=arguments, cache=cache, at=block.at)


def _result(block: chat.Fields) -> Iterator[chat.ToolResult]:
    block.lost("toolset_name", _TOOLSETS)
    parts = _content(block, "content", lambda each: _READ_OF_RESULT.get(each.text("type") or "", _foreign)(each))
    found = tuple(each for each in parts if isinstance(each, (chat.Text, chat.Image, chat.Document)))
    yield chat.ToolResult(
        call_id=block.text("tool_use_id") or "",
        parts=found,
        error=block.flag("is_error") or False,
        cache=read_cache_mark(block),
        at=block.at,
    )


def _thinking(block: chat.Fields) -> Iterator[chat.Reasoning]:
    text, seal = block.text("thinking") or "", seal_of(block.text("signature") or "")
    if text or seal:
        yield chat.Reasoning(text=text, seal=seal, at=block.at)


def _redacted(block: chat.Fields) -> Iterator[chat.Reasoning]:
    data = block.text("data") or ""
    if data:
        yield chat.Reasoning(seal=seal_of(data) or chat.Seal(family=FAMILY, data=data), redacted=True, at=block.at)


def _summary(block: chat.Fields) -> Iterator[chat.Text]:
    text = block.text("content")
    block.report.mapped(block.at, "a summary of what was said before, as a text")
    if text:
        yield chat.Text(text=text, cache=read_cache_mark(block), at=block.at)


def _foreign(block: chat.Fields) -> Iterable[chat.Part]:
    kind = block.get("type")
    block.report.lost(block.at, _NAMED.get(str(kind), f"is a block that cannot be sent to others ({str(kind)[:50]})"))
    block.value = {}  # said once for all of it
    return ()


_NAMED = {
    "container_upload": "only Anthropic keeps containers",
    "browser_state": "only Anthropic's browser tools have such a state",
}
_READ: Mapping[str, Callable[[chat.Fields], Iterable[chat.Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
    "tool_result": _result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "compaction": _summary,
}
_READ_OF_RESULT = {kind: _READ[kind] for kind in ("text", "image", "document", "search_result", "tool_reference")}
