"""Turns, written as ``instructions`` and as the items of ``input``.

Facts: a call needs its output and the reverse, tied together by a ``call_id`` of at most 64 characters; an item without ``id``
is not looked for in OpenAI's store; reasoning is refused where nothing follows that it led to, and by models without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.seals import FAMILY, encrypted_of
from korproxy.builtin.dialects.responses_format.write_parts import PartWriter, Piece, input_text

Item: TypeAlias = dict[str, Any]

_ATTRIBUTION = "x-anthropic-billing-header:"
_FAILED = "[tool error] "
_CALLS = ("function_call", "custom_tool_call")


@attrs.frozen
class WrittenItems:
    """What is said before the conversation (empty: nothing), and the conversation."""

    instructions: str = attrs.field(repr=False)
    input: list[Item] = attrs.field(repr=False)


def write_items(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> WrittenItems:
    """Write the turns of *conversation*; system text in front becomes the instructions.

    Raises:
        CannotCarry: A part has no place in this format, or the model does not take it.
    """
    own = chat.own_reasoning(conversation, "" if abilities.reasoning == "none" else FAMILY, report)
    front, rest = chat.in_front(own.turns)
    _forget_names(own.turns, report)
    paired = attrs.evolve(own, turns=chat.pair_results(rest, report))
    turns = chat.fit_ids(paired).turns  # only now: where there are no ids, the names make the pairs
    writer = _Writer(report, PartWriter(abilities, report))
    front = [_without_attribution(each, report) for each in front]
    items = _leading([item for turn in turns for item in writer.items(turn)], writer.thoughts, report)
    if not items:  # OpenAI wants some input
        return WrittenItems("", [item for turn in front for item in writer.items(turn)])
    return WrittenItems("\n\n".join(piece["text"] for turn in front for piece in writer.system(turn)), items)


def _forget_names(turns: Sequence[chat.Turn], report: chat.Report) -> None:
    for turn in turns:
        if turn.name is not None and turn.at:
            report.lost(chat.child(turn.at, "name"), "OpenAI's Responses API has no names of participants")


def _without_attribution(turn: chat.Turn, report: chat.Report) -> chat.Turn:
    """Return *turn* without the line in which Claude Code says who pays: for others it only changes with every request."""
    first = turn.parts[0] if turn.parts else None
    if not isinstance(first, chat.Text) or not first.text.startswith(_ATTRIBUTION):
        return turn
    report.lost(first.at, "is meant for Anthropic only")
    return attrs.evolve(turn, parts=turn.parts[1:])


def _leading(items: Sequence[Item], places: Sequence[str], report: chat.Report) -> list[Item]:
    """Return *items* without reasoning behind which the assistant says nothing; *places* is where all reasoning stood."""
    kept: list[Item] = []
    leads, left = False, list(places)
    for item in reversed(items):
        at = left.pop() if item["type"] == "reasoning" else None
        if at is None:
            leads = item["type"] in _CALLS or item.get("role") == "assistant"
        elif not leads:
            report.lost(at, "nothing stands behind it that it led to")
            continue
        kept.append(item)
    return kept[::-1]


@attrs.define
class _Writer:
    report: chat.Report
    parts: PartWriter
    thoughts: list[str] = attrs.field(factory=list, init=False)  # where each item of reasoning stood
    _freeform: set[str] = attrs.field(factory=set, init=False)  # ids of calls with bare text

    def items(self, turn: chat.Turn) -> Iterator[Item]:
        if turn.role == "system":
            yield from _message("developer", self.system(turn))
        elif turn.role == "user":
            yield from self._user(turn)
        else:
            yield from self._assistant(turn)

    def system(self, turn: chat.Turn) -> list[Piece]:
        """Return the text of *turn*, which is the system's."""
        for part in turn.parts:
            if not isinstance(part, chat.Text):
                self.report.lost(part.at, "a system message holds text only")
        return [piece for part in turn.parts if isinstance(part, chat.Text) for piece in self.parts.pieces(part)]

    def _user(self, turn: chat.Turn) -> Iterator[Item]:
        """Yield results first, then what the user says."""
        said: list[Piece] = []
        for part in turn.parts:
            if isinstance(part, chat.ToolResult):
                yield self._result(part)
            else:
                said += self.parts.pieces(part)
        yield from _message("user", said)

    def _assistant(self, turn: chat.Turn) -> Iterator[Item]:
        """Yield the parts in their order: thoughts stand in front of what they led to."""
        said: list[Piece] = []
        for part in turn.parts:
            if isinstance(part, (chat.Text, chat.Refusal)):
                said += self._said(part)
                continue
            yield from _message("assistant", said)
            said = []
            if isinstance(part, chat.Reasoning):
                self.thoughts.append(part.at)
                yield _reasoning(part)
            elif isinstance(part, chat.ToolCall):
                yield self._call(part)
            else:
                self.report.lost(part.at, "an assistant's message holds text only")
        yield from _message("assistant", said)

    def _said(self, part: chat.Text | chat.Refusal) -> list[Piece]:
        if isinstance(part, chat.Refusal):
            return [{"type": "refusal", "refusal": part.text}] if part.text else []
        self.parts.forget_mark(part.cache)
        return [{"type": "output_text", "text": part.text}] if part.text else []

    def _call(self, call: chat.ToolCall) -> Item:
        self.parts.forget_mark(call.cache)
        if call.freeform:
            self._freeform.add(call.id)
            return {"type": "custom_tool_call", "call_id": call.id, "name": call.name, "input": call.arguments}
        arguments = bytes(chat.as_object(call.arguments)).decode()
        if arguments != call.arguments and call.arguments.strip():
            self.report.mapped(call.at, "its arguments are no JSON object, and were made one")
        return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments}

    def _result(self, result: chat.ToolResult) -> Item:
        self.parts.forget_mark(result.cache)
        pieces = [piece for part in result.parts for piece in self.parts.pieces(part)]
        if result.error:
            self.report.mapped(result.at, f"as text that begins with {_FAILED.strip()}")
        kind = "custom_tool_call_output" if result.call_id in self._freeform else "function_call_output"
        return {"type": kind, "call_id": result.call_id, "output": _output(pieces, failed=result.error)}


def _output(pieces: Sequence[Piece], *, failed: bool) -> str | list[Piece]:
    """Return what a tool gave: text alone is one string, which every server takes."""
    if all(each["type"] == "input_text" for each in pieces):
        return (_FAILED if failed else "") + "\n".join(each["text"] for each in pieces)
    return [input_text(_FAILED.strip()), *pieces] if failed else list(pieces)


def _reasoning(part: chat.Reasoning) -> Item:
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {"type": "reasoning", "summary": summary, "encrypted_content": encrypted_of(part.seal) if part.seal else None}


def _message(role: str, content: Sequence[Piece]) -> Iterator[Item]:
    if content:
        yield {"type": "message", "role": role, "content": list(content)}
