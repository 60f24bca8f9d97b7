from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from korproxy.runtime.fitting import DEEPEST, LEFT_OUT, fitted, shortened, size

ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=20), inner, max_size=30),
    max_leaves=60,
)


def test_what_fits_stays_as_it_is() -> None:
    value = {"a": ["x" * 50_000, 1, None, True, 1.5], "b": {}}

    assert fitted(value, 60_000, "part") == (value, [])


def test_long_texts_are_cut_before_entries_are_left_out() -> None:
    lines = [{"message": f"{number} " + "x" * 8000} for number in range(100)]
    kept, cut = fitted(lines, 300_000, "log.lines")

    assert len(kept) == 100
    assert kept[99] == {"message": "99 " + "x" * 997 + "... (7003 characters more)"}
    assert cut[0] == "log.lines[0].message: 7002 characters left out"
    assert (len(cut), cut[-1]) == (21, "and 80 more places")


def test_of_lists_and_tables_the_first_entries_stay() -> None:
    kept, cut = fitted({"rows": [*range(100_000)], "names": {str(n): n for n in range(5000)}}, 40_000, "x")

    assert (kept["rows"][:2], len(kept["rows"]), len(kept["names"])) == ([0, 1], 2000, 2000)
    assert cut == ["x.rows: 98000 entries left out", "x.names: 3000 entries left out"]


def test_what_nests_deeper_than_anybody_reads_is_left_out() -> None:
    deep: list[Any] = []
    for _ in range(DEEPEST + 5):
        deep = [deep]
    kept, cut = fitted(deep, 200, "x")
    innermost = kept
    while isinstance(innermost, list):
        [innermost] = innermost

    assert innermost == LEFT_OUT
    assert cut[0].endswith("nested too deeply")


def test_where_nothing_helps_all_of_it_is_left_out() -> None:
    assert fitted({"x" * 50: "y"}, 10, "part") == (None, ["part: all of it left out, it takes more than 10 bytes"])


@given(ANY_JSON, st.integers(2, 4000))
def test_nothing_ever_takes_more_room_than_there_is(value: Any, room: int) -> None:
    kept, cut = fitted(value, room, "part")

    assert size(kept) <= max(room, len("null"))
    assert (kept == value) or cut


def test_lines_beyond_the_most_are_counted() -> None:
    assert shortened(["a", "b", "c"], most=2) == ["a", "b", "and 1 more places"]
