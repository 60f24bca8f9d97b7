"""Turns as ``contents``, and system text as ``systemInstruction``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.media_writer import Json, lose_mark, media_parts
from korproxy.builtin.dialects.gemini_format.results_writer import result_parts
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE, FAMILY

_CLAUDE_CODES_MARK = "x-anthropic-billing-header:"  # Claude Code's first system text, which is for Anthropic's books
_NOTHING_SAID = " "  # a text may not be empty


def system_instruction(turns: Sequence[chat.Turn], report: chat.Report) -> Json | None:
    """Return the system text of *turns*, each text a part of its own; None where there is none."""
    parts: list[Json] = []
    for number, part in enumerate(each for turn in turns for each in turn.parts):
        if not isinstance(part, chat.Text):
            report.lost(part.at, "Gemini takes only text from the system")
        elif number == 0 and part.text.startswith(_CLAUDE_CODES_MARK):
            report.lost(part.at, "is for Anthropic only")
        else:
            parts += [{"text": part.text}] if part.text else []
            if part.cache is not None:
                lose_mark(part.cache, report)
    return {"parts": parts} if parts else None


def contents(turns: Sequence[chat.Turn], abilities: Abilities, report: chat.Report) -> list[Json]:
    """Return *turns*, which alternate and have every call answered, as Gemini's.

    The first one is the user's, and so is the last.
    """
    turns = _from_user_to_user(turns, report)
    demands_seals = abilities.reasoning == "level" and abilities.family == FAMILY
    written = []
    for turn in turns:
        if turn.role == "assistant":
            role, parts = "model", list(_model_parts(turn, abilities, report))
            if demands_seals:
                _seal_first_call(parts)
        else:
            role, parts = "user", list(_user_parts(turn, abilities, report))
        written.append({"role": role, "parts": parts or [{"text": _NOTHING_SAID}]})
    return written


def _from_user_to_user(turns: Sequence[chat.Turn], report: chat.Report) -> Sequence[chat.Turn]:
    if turns and turns[-1].role == "assistant":
        last = turns[-1]
        if any(not isinstance(each, chat.Text) or each.text.strip() for each in last.parts):
            report.mapped(last.at, "is followed by a turn that says to continue: Gemini does not go on with a turn of its own")
            turns = [*turns, chat.Turn(role="user", parts=(chat.Text(text="Continue."),))]
        else:
            report.lost(last.at, "is empty")
            turns = turns[:-1]
    if not turns or turns[0].role == "assistant":
        if turns:
            report.mapped(turns[0].at, "a user who says nothing stands in front of it: Gemini begins with the user")
        turns = [chat.Turn(role="user", parts=(chat.Text(text=_NOTHING_SAID),)), *turns]
    return turns


def _seal_first_call(parts: list[Json]) -> None:
    """Put a placeholder on the first call if it has no signature: Gemini 3 demands one in each turn since the user last spoke.

    Older turns get it too: if it went when the user speaks again, the next request would not begin with the bytes of this one,
    and nothing of it would be found in Gemini's cache.
    """
    first = next((each for each in parts if "functionCall" in each), None)
    if first is not None:
        first.setdefault("thoughtSignature", ANY_SIGNATURE)


def _model_parts(turn: chat.Turn, abilities: Abilities, report: chat.Report) -> Iterator[Json]:
    for part in turn.parts:
        match part:
            case chat.Reasoning(text=text, seal=seal):
                yield {"text": text, **({"thought": True} if text else {}), **_signature(seal)}
            case chat.ToolCall():
                args = chat.as_object(part.arguments, freeform=part.freeform)
                call = {"id": part.id} if part.id else {}
                yield {"functionCall": {**call, "name": part.name, "args": args}, **_signature(part.seal)}
                if part.cache is not None:
                    lose_mark(part.cache, report)
            case _:
                yield from _plain(part, abilities, report)


def _user_parts(turn: chat.Turn, abilities: Abilities, report: chat.Report) -> Iterator[Json]:
    results = [each for each in turn.parts if isinstance(each, chat.ToolResult)]
    yield from result_parts(results, abilities, report)
    for part in turn.parts:
        if not isinstance(part, chat.ToolResult):
            yield from _plain(part, abilities, report)


def _plain(part: chat.Part, abilities: Abilities, report: chat.Report) -> Iterator[Json]:
    match part:
        case chat.Text(text=text, cache=cache):
            if text:
                yield {"text": text}
            if cache is not None:
                lose_mark(cache, report)
        case chat.Refusal(text=text):
            if text:
                report.mapped(part.at, "is sent as a plain text")
                yield {"text": text}
        case chat.Image() | chat.Document() | chat.Audio():
            yield from media_parts(part, abilities, report)
        case _:  # reasoning and calls are the assistant's, results the user's
            report.lost(part.at, "stands in the turn of somebody who cannot have said it")


def _signature(seal: chat.Seal | None) -> Json:
    return {} if seal is None else {"thoughtSignature": seal.data}


def without_names(turns: Sequence[chat.Turn], report: chat.Report) -> Sequence[chat.Turn]:
    """Return *turns* without names of participants, reported as lost."""
    for each in turns:
        if each.name is not None and each.at:
            report.lost(chat.child(each.at, "name"), "Gemini has no names of participants")
    return [attrs.evolve(each, name=None) if each.name else each for each in turns]
