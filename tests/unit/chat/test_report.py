"""What became of each thing in a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat


def test_what_has_no_note_is_kept() -> None:
    report = chat.Report()
    report.mapped("/tools/10", "x")
    assert report.fate("/tools/1") == chat.Note("/tools/1", "kept", "")


def test_the_nearest_note_counts() -> None:
    report = chat.Report()
    report.mapped("/thinking", "sent as a level")
    report.mapped("/thinking/budget", "sent as a budget")
    assert report.fate("/thinking/budget").why == "sent as a budget"
    assert report.fate("/thinking/effort").why == "sent as a level"


def test_what_stands_in_something_lost_is_lost() -> None:
    report = chat.Report()
    report.lost("/tools/0", "Gemini has no such tool")
    report.mapped("/tools/0/name", "renamed")
    assert report.fate("/tools/0/name") == chat.Note("/tools/0", "lost", "Gemini has no such tool")


def test_losses_are_told_once_in_order() -> None:
    report = chat.Report()
    for pointer in ("/b", "/a", "/b"):
        report.lost(pointer, "x")
    report.mapped("/c", "x")
    assert report.losses == ("/b", "/a")


def test_what_was_not_in_the_request_is_not_noted() -> None:
    report = chat.Report()
    report.lost("", "x")
    report.mapped("", "x")
    assert report.notes == []


@pytest.mark.parametrize(
    ("pointer", "key", "expected"),
    [("", "a", "/a"), ("/a", 0, "/a/0"), ("/a", "b/c~d", "/a/b~1c~0d"), ("/a", "", "/a/"), ("/a", "~1", "/a/~01")],
)
def test_a_pointer_is_escaped_as_rfc_6901_says(pointer: str, key: str | int, expected: str) -> None:
    assert chat.child(pointer, key) == expected


@given(st.lists(st.text(max_size=4)))
def test_a_pointer_leads_back_to_its_keys(keys: list[str]) -> None:
    pointer = ""
    for key in keys:
        pointer = chat.child(pointer, key)
    assert [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]] == keys
