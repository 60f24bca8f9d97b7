"""Keywords that hold no other schema: what each does to a draft. The whole is tested with ``schema_cleaning``."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.gemini_format.schema_drafts import Draft, Limit
from korproxy.builtin.dialects.gemini_format.schema_keywords import read_keyword


def read(**keywords: Any) -> tuple[Draft, list[tuple[str, str]]]:
    draft, notes = Draft(at="/s"), list[tuple[str, str]]()
    for key, value in keywords.items():
        read_keyword(draft, key, value, f"/s/{key}", lambda fate, at, _why: notes.append((fate, at)))
    return draft, notes


@pytest.mark.parametrize(
    ("type", "types", "nullable"),
    [
        ("string", ("STRING",), False),
        (["STRING", "null"], ("STRING",), True),
        (["integer", "number"], ("NUMBER",), False),
        ("null", ("NULL",), True),
        (["string", "any"], ("STRING",), False),
    ],
)
def test_types_are_put_in_geminis_words(type: Any, types: tuple[str, ...], nullable: bool) -> None:  # noqa: A002
    draft, notes = read(type=type)

    assert (draft.types, draft.nullable, notes) == (types, nullable, [])


def test_values_limits_and_notes_are_kept_with_their_places() -> None:
    draft, notes = read(enum=["a", "b"], const="b", minLength=1, maximum=2.5, title="T", default=None, required=["x"])

    assert draft.enum == Limit(["b"], "/s/const")
    assert draft.limits == {"minLength": Limit(1, "/s/minLength"), "maximum": Limit(2.5, "/s/maximum")}
    assert (draft.notes, draft.required, notes) == ({"title": "T", "default": None}, {"x": "/s/required/0"}, [])


def test_what_is_said_in_words_is_mapped_and_the_rest_lost() -> None:
    draft, notes = read(format="uri", multipleOf=5, **{"$schema": "x"}, minItems=-1)

    assert draft.words == ["format: uri", "a multiple of 5"]
    assert notes == [("mapped", "/s/format"), ("mapped", "/s/multipleOf"), ("lost", "/s/$schema"), ("lost", "/s/minItems")]
