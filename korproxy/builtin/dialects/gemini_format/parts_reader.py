"""Parts of an answer as events, in their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.chunks import FunctionCall, Part
from korproxy.builtin.dialects.gemini_format.seals import FAMILY
from korproxy.builtin.dialects.gemini_format.usual_chunks import UsualChunk, UsualPart


@attrs.define
class PartsReader:
    """Reads the parts of one answer, from one chunk or many.

    Attributes:
        id: The answer's own, for ids of calls that have none, so that the same answer makes the same ones. Where it has none
            either, they are random, once for the answer: an id that came back in each answer would stand for many calls of a
            conversation. Messages demands that each stands for one, and reasoning is remembered by it.
        calls: How many calls there were.
    """

    id: str = ""
    calls: int = 0
    _thinking: bool = attrs.field(default=False, init=False)
    _stem: str = attrs.field(default="", init=False)

    def goes_on(self, chunk: UsualChunk) -> bool:
        """Whether there is nothing more to tell of *chunk* than its part: no id, no end of reasoning."""
        return bool(self.id or not isinstance(chunk.id, str)) and bool(chunk.part.thought or not self._thinking)

    def more(self, part: UsualPart) -> chat.TextDelta | chat.ReasoningDelta:
        """Return the one event that *part* tells, which goes on with what was told before."""
        if part.thought:
            self._thinking = True
            return chat.ReasoningDelta(part.text)
        return chat.TextDelta(part.text)

    def read(self, part: Part) -> Iterator[chat.Event]:
        """Yield what *part* says. A tool that Google runs says nothing to others, nor does the seal on it, which is its own."""
        if part.served is not None:
            return
        seal = chat.Seal(family=FAMILY, data=part.signature) if isinstance(part.signature, str) and part.signature else None
        if part.call is not None:
            yield from self._call(part.call, seal)
            return
        text = part.text if isinstance(part.text, str) else ""
        if part.thought and text:
            self._thinking = True
            yield chat.ReasoningDelta(text)
        elif text:
            yield from self._say(text)
        for each in (_picture(part.inline, "data"), _picture(part.file, "fileUri", "file_uri")):
            if each is not None:
                yield from self.close()
                yield chat.PartAdded(each)
        for fenced in (_fenced(part.code, "code", "language"), _fenced(part.outcome, "output", "")):
            yield from self._say(fenced)
        if seal is not None:  # of the reasoning before it, or of none that is shown
            self._thinking = False
            yield chat.ReasoningEnded(seal=seal)

    def close(self) -> Iterator[chat.Event]:
        """Yield the end of reasoning that is open."""
        if self._thinking:
            self._thinking = False
            yield chat.ReasoningEnded()

    def _say(self, text: str) -> Iterator[chat.Event]:
        if text:
            yield from self.close()
            yield chat.TextDelta(text)

    def _call(self, call: FunctionCall, seal: chat.Seal | None) -> Iterator[chat.Event]:
        if not isinstance(call.name, str) or not call.name:
            raise chat.Unreadable("a call of a tool has no name")
        yield from self.close()
        key = self.calls
        self.calls += 1
        own = call.id if isinstance(call.id, str) and call.id else self._made_up(key)
        yield chat.CallStarted(key=key, id=own, name=call.name, seal=seal)
        args = bytes(call.args).strip()
        whole = args if args.startswith(b"{") else bytes(chat.as_object(args.decode()))
        yield chat.CallDelta(key, whole.decode())
        yield chat.CallEnded(key)

    def _made_up(self, key: int) -> str:
        self._stem = self._stem or self.id or os.urandom(8).hex()  # kept even if a later chunk says the answer's own id
        return f"call_{self._stem}_{key}"


def _picture(said: Any, *keys: str) -> chat.Image | chat.Document | None:
    """Return what a blob or a file holds; *keys* are the names of where it is."""
    found = (
        next((said[key] for key in keys if isinstance(said.get(key), str) and said[key]), None)
        if isinstance(said, dict)
        else None
    )
    if found is None:
        return None
    media_type = said.get("mimeType") or said.get("mime_type") or ""
    blob = chat.Blob(media_type=media_type, data=found) if keys == ("data",) else chat.Blob(media_type=media_type, url=found)
    title = said.get("displayName") or said.get("display_name")
    if isinstance(media_type, str) and media_type.startswith("image/"):
        return chat.Image(blob=blob)
    return chat.Document(blob=blob, title=title if isinstance(title, str) else None)


def _fenced(said: Any, key: str, language: str) -> str:
    """Return code that Gemini ran itself, or what it printed, for clients that know no such parts."""
    text = said.get(key) if isinstance(said, dict) else None
    if not isinstance(text, str) or not text:
        return ""
    word = str(said.get(language) or "").lower()
    return f"\n```{'' if word == 'language_unspecified' else word}\n{text.rstrip()}\n```\n"
