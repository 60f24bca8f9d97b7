from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from korproxy.models.outcome import Finished, Usage
from korproxy.models.searching import WantedRequests
from korproxy.store import reading, rows
from korproxy.store.connection import Connection
from tests.fakes.stores import NOON, finished

ALL = WantedRequests(most=1000)


def ids(connection: Connection) -> list[int]:
    return sorted(int(each["correlation_id"][2:]) for each in reading.requests(connection, ALL))


def test_what_many_requests_have_in_common_is_stored_once(connection: Connection) -> None:
    kinds: rows.Kinds = {}
    rows.write(connection, [finished(1), finished(2), finished(3, status=None, provider=None)], kinds)
    rows.write(connection, [finished(4)], {})
    found = connection.execute("SELECT kind, count(*) FROM requests GROUP BY kind ORDER BY kind")
    assert ([count for _, count in found], len(kinds)) == ([3, 1], 2)


def test_kinds_are_not_known_by_heart_without_end(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_KINDS", 3)
    kinds: rows.Kinds = {}
    for number in range(6):
        rows.write(connection, [finished(number, status=200 + number)], kinds)
    rows.write(connection, [finished(6)], kinds)
    assert (len(kinds), connection.execute("SELECT count(*) FROM kinds")[0][0]) == (3, 6)


def test_the_oldest_rows_go_first(connection: Connection) -> None:
    rows.write(connection, [finished(number) for number in range(10)], {})
    gone = [rows.delete_before(connection, NOON + 5, 3), rows.delete_before(connection, NOON + 5, 3)]
    assert (gone, ids(connection)) == ([3, 2], [5, 6, 7, 8, 9])


def test_there_are_never_more_rows_than_wanted(connection: Connection) -> None:
    rows.write(connection, [finished(number) for number in range(10)], {})
    gone = [rows.delete_beyond(connection, 4, 5) for _ in range(3)]
    assert (gone, ids(connection)) == ([5, 1, 0], [6, 7, 8, 9])


def test_no_rows_at_all_may_be_wanted(connection: Connection) -> None:
    rows.write(connection, [finished(0)], {})
    assert (rows.delete_beyond(connection, 0, 5), ids(connection)) == (1, [])


def test_names_with_secrets_in_them_are_redacted_and_the_rest_is_not_looked_at_one_by_one() -> None:
    asked: list[str] = []

    def harmless(text: str) -> bool:
        asked.append(text)
        return "secret" not in text

    events = [finished(1), finished(2)]
    assert rows.cleaned(events, harmless, str.upper) is events
    assert len(asked) == 1
    found = rows.cleaned([finished(1), finished(2, correlation_id="secret", model="m")], harmless, str.upper)
    assert [(each.correlation_id, each.model, each.upstream_model, each.profile) for each in found] == [
        ("C-1", "GPT-5", "GPT-5-2026", "DEFAULT"),
        ("SECRET", "M", "GPT-5-2026", "DEFAULT"),
    ]


def test_a_name_of_a_megabyte_is_cut() -> None:
    found = rows.cleaned([finished(1, model="m" * 10**6, upstream_model=None)], lambda _: True, lambda text: text)
    assert (found[0].model, found[0].upstream_model) == ("m" * rows.MOST_TEXT, None)


SPOILT = st.builds(
    finished,
    model=st.text(),
    code=st.none() | st.text(),
    attempts=st.integers(),
    bytes_in=st.integers(),
    seconds=st.floats(),
    first_byte=st.none() | st.floats(),
    usage=st.builds(Usage, *[st.none() | st.integers()] * 5),
)


@given(SPOILT)
def test_what_was_tamed_fits_everywhere(event: Finished) -> None:
    for value in (*astuple(tamed := rows.tamed(event)), *astuple(tamed.usage)):
        match value:
            case str():
                assert "\0" not in value.encode().decode()
            case int():
                assert 0 <= value <= 2**53
            case float():
                assert math.isfinite(value)
            case _:
                assert value is None or value == tamed.usage


@given(SPOILT)
def test_what_was_tamed_stays_as_it_is(event: Finished) -> None:
    once = rows.tamed(event)
    assert rows.tamed(once) == once
