"""Turns, written as messages.

Facts: a message with calls has to be followed by the results of all of them, each in a message of its own that holds text only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.read_parts import plain_text
from korproxy.builtin.dialects.chat_format.reasoning import write_details
from korproxy.builtin.dialects.chat_format.write_parts import PartWriter, Piece

Message: TypeAlias = dict[str, Any]

_ATTRIBUTION = "x-anthropic-billing-header:"
_FAILED = "[tool error] "
_BELOW = "[{}: in the next message]"


def write_messages(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> list[Message]:
    """Write the turns of *conversation*.

    Raises:
        CannotCarry: A part has no place in this format, or the model does not take it.
    """
    writer = _Writer(abilities, report, PartWriter(abilities, report))
    return [message for turn in _arranged(conversation, abilities, report) for message in writer.messages(turn)]


def _arranged(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> Iterator[chat.Turn]:
    """Yield the turns as they can be sent: results behind their calls, and only reasoning that is wanted back."""
    plain: Literal["keep", "drop"] = "keep" if abilities.reasoning_back else "drop"
    own = chat.own_reasoning(conversation, abilities.family, report, plain=plain)
    turns = chat.pair_results(own.turns, report)
    if any(isinstance(part, chat.ToolCall) and not part.id for turn in turns for part in turn.parts):
        turns = chat.fit_ids(attrs.evolve(own, turns=turns)).turns  # only now: without ids it is the names that make the pairs
    first = True
    for turn in turns:
        yield _without_attribution(turn, abilities, report) if first else turn
        first = False


def _without_attribution(turn: chat.Turn, abilities: Abilities, report: chat.Report) -> chat.Turn:
    """Return *turn* without the line in which Claude Code says who pays: for others it only changes with every request."""
    first = turn.parts[0] if turn.role == "system" and turn.parts else None
    if abilities.family == "anthropic" or not isinstance(first, chat.Text) or not first.text.startswith(_ATTRIBUTION):
        return turn
    report.lost(first.at, "is meant for Anthropic only")
    return attrs.evolve(turn, parts=turn.parts[1:])


@attrs.frozen
class _Writer:
    abilities: Abilities
    report: chat.Report
    parts: PartWriter

    def messages(self, turn: chat.Turn) -> Iterator[Message]:
        if turn.role == "system":
            yield from self._system(turn)
        elif turn.role == "user":
            yield from self._user(turn)
        else:
            yield from self._assistant(turn)

    def _system(self, turn: chat.Turn) -> Iterator[Message]:
        """Write system text where it stands, as ``system``: other servers do not know OpenAI's ``developer``."""
        for part in turn.parts:
            if not isinstance(part, chat.Text):
                self.report.lost(part.at, "a system message holds text only")
        content = self.parts.content(each for each in turn.parts if isinstance(each, chat.Text))
        if content:
            yield {"role": "system", "content": content, **_name(turn)}

    def _user(self, turn: chat.Turn) -> Iterator[Message]:
        """Write results first, then what they hold beside text, then what the user says."""
        below: list[chat.Part] = []
        results = [each for each in turn.parts if isinstance(each, chat.ToolResult)]
        for result in results:
            yield self._result(result, below)
        below += [each for each in turn.parts if not isinstance(each, chat.ToolResult)]
        if below or not results:
            yield {"role": "user", "content": self.parts.content(below), **_name(turn)}

    def _result(self, result: chat.ToolResult, below: list[chat.Part]) -> Message:
        """Write *result*; what a tool message cannot hold is put into *below*, and a word in its place."""
        self.parts.forget_mark(result.cache)
        texts: list[str] = []
        for part in result.parts:
            what = self._moved(part)
            if what is None:
                texts += [each["text"] for each in self.parts.pieces(part)]
                continue
            self.report.mapped(part.at, "in a message of the user behind the results")
            texts.append(_BELOW.format(what))
            below += [chat.Text(text=f"[{what} of the tool result {result.call_id}]"), part]
        if result.error:
            self.report.mapped(result.at, f"as text that begins with {_FAILED.strip()}")
        return {
            "role": "tool",
            "tool_call_id": result.call_id,
            "content": (_FAILED if result.error else "") + "\n".join(texts),
        }

    def _moved(self, part: chat.Part) -> str | None:
        """Return the word for what cannot stand in a tool message; None where *part* is text, or only a word can be sent."""
        if isinstance(part, chat.Image) and self.abilities.images:
            return "image"
        if isinstance(part, chat.Document) and self.abilities.documents:
            return "document" if part.blob is not None and plain_text(part.blob) is None else None
        return None

    def _assistant(self, turn: chat.Turn) -> Iterator[Message]:
        calls = [self._call(each) for each in turn.parts if isinstance(each, chat.ToolCall)]
        message: Message = {"role": "assistant", "content": self._said(turn), **_name(turn)}
        refusals = [each.text for each in turn.parts if isinstance(each, chat.Refusal)]
        if refusals and self._is_openai:
            message["refusal"] = "".join(refusals)
        message |= self._reasoning(turn.parts, has_calls=bool(calls))
        if calls:
            message["tool_calls"] = calls
        if message.keys() - {"role", "name", "content"} or message["content"]:
            yield message

    def _said(self, turn: chat.Turn) -> str | list[Piece]:
        """Return the texts of an answer as one, as they were told.

        Beside calls it may be empty, never null: OpenAI takes both, Gemini's endpoint and older templates of vLLM only this.
        """
        texts: list[chat.Part] = []
        for part in turn.parts:
            if isinstance(part, chat.Text) or (isinstance(part, chat.Refusal) and not self._is_openai):
                texts.append(part)
            elif not isinstance(part, (chat.Reasoning, chat.ToolCall, chat.Refusal)):
                self.report.lost(part.at, "an assistant's message holds text only")
        return self.parts.content(texts, between="")

    def _reasoning(self, parts: Sequence[chat.Part], *, has_calls: bool) -> Message:
        """Return what is sent back of reasoning. DeepSeek wants the field beside every call, empty if need be."""
        thoughts = [each for each in parts if isinstance(each, chat.Reasoning)]
        if not self.abilities.reasoning_back:
            for each in thoughts:
                self.report.lost(each.at, "the provider takes no reasoning back")
            return {}
        message: Message = {"reasoning_content": "".join(each.text for each in thoughts)} if thoughts or has_calls else {}
        details = write_details(thoughts)
        return {**message, "reasoning_details": details} if details else message

    def _call(self, call: chat.ToolCall) -> Message:
        self.parts.forget_mark(call.cache)
        arguments = call.arguments or "{}"
        if call.freeform:
            self.report.mapped(call.at, "its text is the member `input` of an object")
            arguments = bytes(chat.as_object(call.arguments, freeform=True)).decode()
        written: Message = {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": arguments},
        }
        if call.seal is not None and call.seal.family == "google":
            written["extra_content"] = {"google": {"thought_signature": call.seal.data}}
        return written

    @property
    def _is_openai(self) -> bool:
        return self.abilities.family == "openai"


def _name(turn: chat.Turn) -> Message:
    return {} if turn.name is None else {"name": turn.name}
