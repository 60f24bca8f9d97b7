"""The items of an answer, written for a client: one for each text, thought and call.

Facts: ``ResponseOutputItem`` of OpenAI's Python SDK 3.57, whose required members are all there. Stream and whole answer are
made of the same items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.annotations import write_members
from korproxy.builtin.dialects.chat_format.answer_writer import part_text
from korproxy.builtin.dialects.chat_format.freeform import bare_text
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.seals import encrypted_of

Item: TypeAlias = dict[str, Any]
Words: TypeAlias = Literal["output_text", "refusal"]
_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}


@attrs.frozen
class Items:
    """Makes the items of one answer; each knows its place in the output.

    Attributes:
        asked: What the answer is for.
        ids: Of this answer.
    """

    asked: chat.Asked
    ids: Ids

    def message(
        self, index: int, kind: Words, text: str, annotations: Sequence[Item] = (), *, status: str = "completed"
    ) -> Item:
        """Return a message that holds *text* as its one part; without a *text* it has none yet."""
        content = [words(kind, text, annotations)] if text else []
        return self._item("message", index, {"role": "assistant", "status": status, "content": content})

    def reasoning(self, index: int, text: str, seal: chat.Seal | None = None, *, redacted: bool = False) -> Item:
        """Return reasoning with *text* as its summary, and its seal."""
        summary = [summed_up(text)] if text else []
        encrypted = {} if seal is None else {"encrypted_content": encrypted_of(seal, redacted=redacted)}
        return self._item("reasoning", index, {"summary": summary, **encrypted})

    def called(self, index: int, call: chat.ToolCall | chat.CallStarted) -> Called:
        """Return the item of *call*, the next one of the answer, without its arguments."""
        wrapped = call.name in self.asked.freeform and not call.freeform
        kind = "custom_tool_call" if wrapped or call.freeform else "function_call"
        namespace, name = self.asked.namespaces.get(call.name, ("", call.name))
        inside = {"namespace": namespace} if namespace else {}
        about = {"call_id": self.ids.call(call.id), "name": name, **inside}
        return Called(self._item(kind, index, about), wrapped=wrapped)

    def _item(self, kind: str, index: int, about: Mapping[str, Any]) -> Item:
        return {"type": kind, "id": self.ids.item(_PREFIXES[kind], index), **about}


@attrs.frozen
class Called:
    """A call of a tool. ``wrapped``: its text comes inside of an object, and has to be taken out of it when it is whole."""

    about: Item
    wrapped: bool

    @property
    def freeform(self) -> bool:
        """Whether the tool is called with bare text."""
        return bool(self.about["type"] == "custom_tool_call")

    def begun(self) -> Item:
        """Return it as it begins."""
        return {**self.about, "input": ""} if self.freeform else {**self.about, "arguments": "", "status": "in_progress"}

    def text(self, arguments: str) -> str:
        """Return what the client is told of *arguments*, which are all that came."""
        return bare_text(arguments) if self.wrapped else arguments

    def whole(self, text: str) -> Item:
        """Return it with *text*, which ``text`` has made. Arguments that broke off are told so: nobody must run them."""
        if self.freeform:
            return {**self.about, "input": text}
        return {**self.about, "arguments": text, "status": "completed" if chat.is_object(text) else "incomplete"}


def words(kind: Words, text: str, annotations: Sequence[Item] = ()) -> dict[str, Any]:
    """Return *text* as a part of a message; a refusal has no *annotations*."""
    if kind == "refusal":
        return {"type": kind, "refusal": text}
    return {"type": kind, "annotations": list(annotations), "logprobs": [], "text": text}


def annotation(citation: chat.Citation, length: int) -> Item:
    """Return *citation* as an annotation of a text that has *length* characters so far."""
    return {"type": "url_citation", **write_members(citation, chat.span_of(citation, length))}


def summed_up(text: str) -> dict[str, Any]:
    """Return *text* as a part of a summary."""
    return {"type": "summary_text", "text": text}


def picture(part: chat.Image | chat.Document) -> str:
    """Return what a model made as a text in Markdown: this format has no place for what its own tools have not made."""
    return part_text(part)
