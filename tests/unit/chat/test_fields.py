"""Reading an object so that nothing in it is overlooked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from tests.fakes.json_bodies import TEXTS, VALUES


def fields(**value: Any) -> tuple[chat.Fields, chat.Report]:
    report = chat.Report()
    return chat.Fields(value, "/a", report), report


def notes(report: chat.Report) -> list[tuple[str, str]]:
    return [(each.pointer, each.why) for each in report.notes]


def misread(kind: str) -> str:
    return f"has a value that KorProxy does not understand ({kind})"


def test_values_of_the_right_kind_are_read() -> None:
    found, report = fields(text="x", flag=False, whole=12, round=12.0, half=0.5, table={"b": 1}, list=[{"c": 2}])
    read = (found.text("text"), found.flag("flag"), found.integer("whole"), found.integer("round"), found.number("half"))
    table = found.table("table")
    assert read == ("x", False, 12, 12, 0.5)
    assert isinstance(read[3], int)
    assert table is not None
    assert (table.get("b"), table.at) == (1, "/a/table")
    assert [(each.get("c"), each.at) for each in found.tables("list")] == [(2, "/a/list/0")]
    found.close()
    assert report.notes == []


@pytest.mark.parametrize("read", ["get", "text", "flag", "integer", "number", "table"])
def test_null_and_absence_are_the_same(read: str) -> None:
    found, report = fields(a=None)
    assert (getattr(found, read)("a"), getattr(found, read)("b")) == (None, None)
    found.close()
    assert report.notes == []


@pytest.mark.parametrize(
    ("read", "value", "kind"),
    [
        ("text", 1, "int"),
        ("flag", "true", "str"),
        ("integer", 1.5, "float"),
        ("integer", True, "bool"),
        ("number", "1", "str"),
        ("number", False, "bool"),
        ("table", [], "list"),
    ],
)
def test_a_value_of_another_kind_is_lost(read: str, value: object, kind: str) -> None:
    found, report = fields(a=value)
    assert getattr(found, read)("a") is None
    found.close()
    assert notes(report) == [("/a/a", misread(kind))]


def test_items_that_are_no_objects_are_lost_one_by_one() -> None:
    found, report = fields(a=[{"b": 1}, 2, None, {}], c={})
    assert [each.value for each in found.tables("a")] == [{"b": 1}, {}]
    assert list(found.tables("c")) == []
    assert notes(report) == [("/a/a/1", "is not an object"), ("/a/a/2", "is not an object"), ("/a/c", misread("dict"))]


def test_what_is_lost_on_purpose_says_why_and_counts_as_read() -> None:
    found, report = fields(a=1, b=None)
    found.lost("a", "Gemini has none")
    found.lost("b", "Gemini has none")
    found.lost("c", "Gemini has none")
    found.close()
    assert notes(report) == [("/a/a", "Gemini has none")]


def test_keys_that_nobody_asked_for_are_lost() -> None:
    found, report = fields(**{"known": 1, "a/b~c": 2, "null": None})
    found.get("known")
    found.close("is new")
    assert notes(report) == [("/a/a~1b~0c", "is new")]


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.data())
def test_every_key_is_read_or_reported(value: dict[str, Any], data: st.DataObject) -> None:
    found, report = fields(**value)
    asked = data.draw(st.sets(st.sampled_from(sorted(value)))) if value else set()
    for key in asked:
        found.get(key)
    found.close()
    assert report.losses == tuple(chat.child("/a", key) for key in value if key not in asked and value[key] is not None)
