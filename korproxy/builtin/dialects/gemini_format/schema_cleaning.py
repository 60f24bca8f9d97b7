"""JSON Schema, cleaned for Gemini by an allow-list.

What its ``Schema`` knows stays, what words can say goes into descriptions, everything else is reported as lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_drafts import Budget, Draft, Merging
from korproxy.builtin.dialects.gemini_format.schema_intake import Intake
from korproxy.builtin.dialects.gemini_format.schema_keywords import Note
from korproxy.builtin.dialects.gemini_format.schema_refs import References
from korproxy.builtin.dialects.gemini_format.schema_shaping import Schema, Shaping
from korproxy.builtin.dialects.gemini_format.schema_words import required_together


def clean_schema(schema: object, at: str, report: chat.Report) -> Schema:
    """Return *schema*, which stands at *at* in the request, as a ``Schema`` for an answer. The properties keep their order.

    Cleaning what is clean changes nothing. Where *at* is empty, nobody knows where it stood, and nothing is reported.

    Raises:
        CannotCarry: It refers to itself, or is too large or too deep once its references are written out.
    """
    cleaning = _Cleaning.of(schema, at, report, ordered=True)
    return cleaning.shaping.shaped(cleaning.draft)


def clean_parameters(schema: object, at: str, report: chat.Report) -> Schema | None:
    """Return *schema*, the arguments of a tool, as a ``Schema`` of type ``OBJECT``; None where there are none to give.

    Raises:
        CannotCarry: As above.
    """
    cleaning = _Cleaning.of(schema, at, report, ordered=False)
    draft = cleaning.as_object(cleaning.draft)
    shaped = None if draft is None else cleaning.shaping.shaped(draft)
    return shaped if shaped is not None and "properties" in shaped else None


@attrs.define
class _Cleaning:
    draft: Draft
    shaping: Shaping
    note: Note

    @classmethod
    def of(cls, schema: object, at: str, report: chat.Report, *, ordered: bool) -> _Cleaning:
        note = _noting(report if at else chat.Report())
        budget = Budget(at)
        merging = Merging(budget.spend, lambda place, why: note("lost", place, why))
        intake = Intake(References(schema, at), budget, merging, note)
        return cls(intake.whole(schema, at), Shaping(budget=budget, merging=merging, note=note, ordered=ordered), note)

    def as_object(self, draft: Draft) -> Draft | None:
        """Return *draft* as one object: Gemini takes no alternatives for all arguments of a tool. None: it is no object."""
        if draft.any_of:
            found = [self.as_object(each) for each in draft.any_of if not each.never and each.types != ("NULL",)]
            objects = [each for each in found if each is not None]
            self.note("mapped", draft.any_at, "is sent as one object that may have the properties of all of them")
            draft = attrs.evolve(draft, any_of=())
            draft = self.shaping.merging.both(draft, _union(objects, draft.at)) if objects else draft
        if draft.never or (draft.types and "OBJECT" not in draft.types):
            self.note("lost", draft.at, "is no schema of an object")
            return None
        return attrs.evolve(draft, types=("OBJECT",), nullable=False)


def _union(objects: Sequence[Draft], at: str) -> Draft:
    """Return an object that may be any of *objects*."""
    drafts: dict[str, list[Draft]] = {}
    for each in objects:
        for name, schema in each.properties.items():
            drafts.setdefault(name, []).append(schema)
    properties = {name: _either(each) for name, each in drafts.items()}
    everywhere = [name for name in objects[0].required if all(name in each.required for each in objects)]
    wanted = [[name for name in each.required if name not in everywhere] for each in objects]
    words = required_together(wanted)
    return Draft(
        at=at,
        properties=properties,
        required={name: objects[0].required[name] for name in everywhere},
        words=[words] if words else [],
    )


def _either(drafts: Sequence[Draft]) -> Draft:
    return drafts[0] if len(drafts) == 1 else Draft(at=drafts[0].at, any_of=tuple(drafts), any_at=drafts[0].at)


def _noting(report: chat.Report) -> Note:
    """Return what writes a note once: a definition may be used many times."""
    known: set[tuple[str, str]] = set()

    def note(fate: str, at: str, why: str) -> None:
        if (fate, at) not in known:
            known.add((fate, at))
            (report.lost if fate == "lost" else report.mapped)(at, why)

    return note
