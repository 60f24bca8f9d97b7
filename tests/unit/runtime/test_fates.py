from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from korproxy.chat.report import Note, Report
from korproxy.runtime.fates import fates, leaves
from tests.fakes import pointers

KEYS = st.sampled_from(["a", "b", "a/b", "~", ""])
DOCUMENTS = st.recursive(
    st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@st.composite
def reports(draw: st.DrawFn, document: Any) -> Report:
    """Draw a report about values of *document*, those that hold others too, and about one that it has not."""
    known = {
        pointer[:end] for pointer in leaves(document) for end in range(1, len(pointer) + 1) if pointer[end:][:1] in ("", "/")
    }
    about = st.sampled_from(["/not/there", *sorted(known)])
    notes = st.builds(Note, about, st.sampled_from(["mapped", "lost"]), st.text("xyz", min_size=1, max_size=2))
    return Report(draw(st.lists(notes, max_size=8)))


def test_each_value_has_the_note_about_it_or_about_what_it_is_in() -> None:
    report = Report()
    report.mapped("/tools", "said otherwise")
    report.lost("/tools/1", "has no place")
    report.mapped("/tools/0/name", "shortened")
    document = {"model": "m", "tools": [{"name": "a", "strict": True}, {"name": "b"}], "stop": []}

    assert dict(fates(document, report)) == {
        "/model": Note("/model", "kept", ""),
        "/tools/0/name": Note("/tools/0/name", "mapped", "shortened"),
        "/tools/0/strict": Note("/tools", "mapped", "said otherwise"),
        "/tools/1/name": Note("/tools/1", "lost", "has no place"),
        "/stop": Note("/stop", "kept", ""),
    }


def test_what_is_not_in_the_request_comes_last() -> None:
    report = Report()
    report.lost("header:anthropic-beta", "is for another vendor")

    assert [at for at, _ in fates({"a": 1, "b": {"c": 2}}, report)] == ["/a", "/b/c", "header:anthropic-beta"]


@given(DOCUMENTS)
def test_all_values_that_hold_no_others_are_found_in_order(document: Any) -> None:
    assert list(leaves(document)) == [at for at, _ in pointers.leaves(document)]


@given(st.data())
def test_the_fate_is_the_one_that_the_report_tells(data: st.DataObject) -> None:
    document = data.draw(DOCUMENTS)
    report = data.draw(reports(document))

    assert dict(fates(document, report)) == {
        at: report.fate(at)
        for at in [*leaves(document), *("/not/there" for each in report.notes if each.pointer == "/not/there")]
    }


def test_depth_is_no_limit() -> None:
    document: Any = 1
    for _ in range(5000):
        document = [document]

    assert [at.count("/") for at, _ in fates(document, Report())] == [5000]
