"""Cleaned schemas, remembered: a session sends the same tools with every request, and cleaning one costs half a millisecond."""

from __future__ import annotations

from functools import lru_cache

import attrs
import msgspec

from korproxy.api import chat, json_bytes, read_json
from korproxy.builtin.dialects.gemini_format.schema_cleaning import clean_parameters, clean_schema

_REMEMBERED = 512
_LONGEST = 64 * 1024  # bytes; a longer one is cleaned anew each time, so that what is remembered stays below 32 MiB or so
_HERE = "/x"  # stands for the place of the schema, which differs from request to request


def parameters(schema: object, at: str, report: chat.Report) -> msgspec.Raw | None:
    """Return what ``clean_parameters`` does, as JSON."""
    return _recalled(schema, at, report, of_tool=True)


def answer_schema(schema: object, at: str, report: chat.Report) -> msgspec.Raw | None:
    """Return what ``clean_schema`` does, as JSON."""
    return _recalled(schema, at, report, of_tool=False)


@attrs.frozen
class _Cleaned:
    """What came of a schema: its text, what there is to report, or where and why it is refused."""

    text: bytes | None = None
    notes: tuple[chat.Note, ...] = ()
    refusal: tuple[str, str] | None = None


def _recalled(schema: object, at: str, report: chat.Report, *, of_tool: bool) -> msgspec.Raw | None:
    try:
        text = json_bytes(schema)
    except RecursionError:
        raise chat.CannotCarry(at, "The schema is nested too deeply. Make it flatter.") from None
    clean = _clean if len(text) <= _LONGEST else _clean.__wrapped__
    done = clean(text, of_tool)
    if done.refusal is not None:
        place, why = done.refusal
        raise chat.CannotCarry(f"{at}{place}" if at else "", why)
    for note in done.notes if at else ():
        (report.lost if note.fate == "lost" else report.mapped)(f"{at}{note.pointer}", note.why)
    return None if done.text is None else msgspec.Raw(done.text)


@lru_cache(maxsize=_REMEMBERED)
def _clean(text: bytes, of_tool: bool) -> _Cleaned:
    report = chat.Report()
    try:
        found = (clean_parameters if of_tool else clean_schema)(read_json(text)[0], _HERE, report)
    except chat.CannotCarry as exc:
        return _Cleaned(refusal=(exc.pointer.removeprefix(_HERE), str(exc)))
    notes = tuple(attrs.evolve(each, pointer=each.pointer.removeprefix(_HERE)) for each in report.notes)
    return _Cleaned(None if found is None else json_bytes(found), notes)
