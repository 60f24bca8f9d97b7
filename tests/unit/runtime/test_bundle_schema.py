from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from korproxy.runtime.bundle_schema import PARTS, SCHEMA, text
from tests.unit.runtime.test_bundle import made

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "debug-bundle.schema.json"


def mistakes(bundle: dict[str, Any]) -> list[str]:
    found = import_module("jsonschema").Draft202012Validator(SCHEMA).iter_errors(bundle)
    return [f"{each.json_path}: {each.message}" for each in found]


def good() -> dict[str, Any]:
    return made(**{name: {"error": "no"} for name in ("korproxy", "configuration", "log", "metrics", "sections")})


def test_it_is_published_word_for_word() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == text()


def test_it_is_a_schema_itself() -> None:
    import_module("jsonschema").Draft202012Validator.check_schema(SCHEMA)


def test_a_bundle_is_what_it_says() -> None:
    assert mistakes(good()) == []


@pytest.mark.parametrize("part", PARTS)
def test_no_part_may_be_missing(part: str) -> None:
    bundle = good()
    del bundle[part]

    assert mistakes(bundle) == [f"$: {part!r} is a required property"]


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("more", 1),
        ("format", "else"),
        ("made_at", "yesterday"),
        ("asked", "a friend"),
        ("log", {"lines": [{"time": "now"}]}),
        ("failures", [{}]),
        ("plugins", [{"name": "x", "state": "asleep"}]),
        ("supervision", {"name": "root"}),
        ("repro", {"body": None}),
        ("cut", [1]),
    ],
)
def test_what_is_not_as_it_says_is_found(part: str, wrong: object) -> None:
    assert mistakes({**good(), part: wrong}) != []
