"""Reasoning, put together from the fields in which servers stream it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.reasoning import read_detail, reasoning_text


@attrs.define
class StreamReasoning:
    """The reasoning of one answer that is open."""

    _open: bool = False
    _plain: list[str] = attrs.field(factory=list, repr=False)  # what came as plain text since the last end

    @property
    def is_open(self) -> bool:
        """Whether ``end`` has something to tell."""
        return self._open

    def tell(self, text: str) -> chat.ReasoningDelta:
        """Take *text* of a plain field, where nothing else came beside it; return it."""
        self._plain.append(text)
        self._open = True
        return chat.ReasoningDelta(text)

    def take(self, delta: Mapping[str, Any]) -> Iterator[chat.Event]:
        """Yield what *delta* tells of reasoning: ``reasoning_details`` repeat the text that plain fields have told."""
        text = reasoning_text(delta)
        if text:
            self._plain.append(text)
            yield from self.say(text)
        details = delta.get("reasoning_details")
        for said in details if isinstance(details, list) else ():
            part = read_detail(said)
            if part is None:
                continue
            if part.redacted:
                yield from self.end()
            elif part.text and not text and not self._is_told(part):
                yield from self.say(part.text)
            if part.seal is not None:
                self._shut()
                yield chat.ReasoningEnded(seal=part.seal, redacted=part.redacted)

    def say(self, text: str) -> Iterator[chat.Event]:
        """Yield *text*."""
        self._open = True
        yield chat.ReasoningDelta(text)

    def end(self) -> Iterator[chat.Event]:
        """Yield the end of what is open."""
        if self._open:
            self._shut()
            yield chat.ReasoningEnded()

    def _is_told(self, part: chat.Reasoning) -> bool:
        return part.seal is not None and bool(self._plain) and "".join(self._plain).endswith(part.text)

    def _shut(self) -> None:
        self._open = False
        self._plain.clear()
