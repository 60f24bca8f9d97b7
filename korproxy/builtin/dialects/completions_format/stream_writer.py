"""Events, written as a client's stream: the same object in each, with a piece of the text.

Facts: ``Completion`` of OpenAI's Python SDK 3.57, which is what its streams consist of, too.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy.api import Usage, chat, json_bytes
from korproxy.builtin.dialects.chat_format.answer_writer import part_text
from korproxy.builtin.dialects.chat_format.errors import error_object
from korproxy.builtin.dialects.chat_format.usage import write_usage
from korproxy.builtin.dialects.completions_format.answer_writer import choice, finish, head, refusal_of

_DONE = b"data: [DONE]\n\n"


@attrs.define
class CompletionsStreamWriter:
    """Writes one answer. Each piece of text leaves at once."""

    asked: chat.Asked
    _head: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)
    _usage: Usage = attrs.field(factory=Usage, init=False)
    _has_text: bool = attrs.field(default=False, init=False)

    def write(self, event: chat.Event) -> bytes:
        """Return the bytes for *event*; see ``StreamWriter``."""
        match event:
            case chat.Started(id=own):
                self._head = head(own, self.asked)
            case chat.TextDelta(text=text) | chat.RefusalDelta(text=text):
                return self._said(text)
            case chat.PartAdded(part=part):
                return self._said(part_text(part))
            case chat.UsageSeen(usage=usage):
                self._usage = usage
            case chat.Ended(ending=ending):
                return self._end(ending)
            case chat.Failed(error=error):
                return b"data: " + json_bytes({"error": error_object(error)}) + b"\n\n"
        return b""

    def keep_alive(self) -> bytes:
        """Return a comment."""
        return b": keep-alive\n\n"

    def _said(self, text: str) -> bytes:
        if not text:
            return b""
        self._has_text = True
        return self._chunk(choice(text, None))

    def _end(self, ending: chat.Ending) -> bytes:
        explained = b"" if self._has_text else self._said(refusal_of(ending))
        said = explained + self._chunk(choice("", finish(ending)))
        usage = write_usage(self._usage)
        if self.asked.usage and usage is not None:
            said += self._event({"choices": [], "usage": usage})
        return said + _DONE

    def _chunk(self, said: dict[str, Any]) -> bytes:
        unknown = {"usage": None} if self.asked.usage else {}  # as OpenAI does where usage will follow
        return self._event({"choices": [said], **unknown})

    def _event(self, members: dict[str, Any]) -> bytes:
        return b"data: " + json_bytes({**self._head, **members}) + b"\n\n"
