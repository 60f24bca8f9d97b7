from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.measures import MOST_SERIES, OTHERS, SeriesKey, Totals, key_of
from korproxy.models.outcome import Finished
from korproxy.store import books, reading
from korproxy.store.connection import Connection, Damaged
from korproxy.store.migrations import migrate
from korproxy.store.sqlite_file import in_memory
from tests.fakes.stores import NOON, finished

FOREVER = (0.0, 2 * NOON)


def test_batches_of_the_same_minute_add_up(connection: Connection) -> None:
    series: dict[SeriesKey, int] = {}
    books.write(connection, [finished(1), finished(2)], series)
    books.write(connection, [finished(3), finished(60)], series)
    found = [(key, totals.requests) for key, totals in reading.counted(connection, NOON, NOON + 60)]
    assert found == [(key_of(finished()), 3)]
    assert [totals.requests for _, totals in reading.counted(connection, *FOREVER)] == [4]
    assert connection.execute("SELECT start, requests FROM buckets ORDER BY start") == [(NOON, 3), (NOON + 60, 1)]
    ((_, whole),) = reading.totals(connection)
    assert told(whole) == told(Totals.of([finished()] * 4))


def test_what_another_process_has_counted_is_added_to(connection: Connection) -> None:
    books.write(connection, [finished(1)], {})
    books.write(connection, [finished(2)], {})
    assert [totals.requests for _, totals in reading.totals(connection)] == [2]


def test_beyond_so_many_series_models_are_counted_together(connection: Connection) -> None:
    events = [finished(0, upstream_model=f"m{number}") for number in range(MOST_SERIES + 30)]
    books.write(connection, events, {})
    found = {key.model: totals.requests for key, totals in reading.totals(connection)}
    assert (len(found), found[OTHERS], sum(found.values())) == (MOST_SERIES + 1, 30, len(events))


def test_what_is_no_histogram_is_damage(connection: Connection) -> None:
    books.write(connection, [finished(1)], {})
    connection.execute("UPDATE totals SET seconds = ?", (b"garbage",))
    with pytest.raises(Damaged):
        reading.totals(connection)


QUARTERS = st.integers(0, 400).map(lambda number: number / 4)  # their sums are exact
EVENTS = st.builds(
    finished,
    st.integers(0, 200),
    upstream_model=st.sampled_from(["a", "b", None]),
    outcome=st.sampled_from(["ok", "failed"]),
    seconds=QUARTERS,
    first_byte=st.none() | QUARTERS,
)


@given(st.lists(EVENTS, max_size=30), st.data())
def test_counts_do_not_depend_on_how_requests_are_put_together(events: list[Finished], data: st.DataObject) -> None:
    connection = in_memory()
    migrate(connection)
    series: dict[SeriesKey, int] = {}
    done = 0
    while done < len(events):
        size = data.draw(st.integers(1, 10))
        books.write(connection, events[done : done + size], series)
        done += size
    wanted = Counter((key_of(each), int(each.at) // 60) for each in events)
    assert len(connection.execute("SELECT series FROM buckets")) == len(wanted)
    exact: dict[SeriesKey, list[Finished]] = {}
    for each in events:
        exact.setdefault(key_of(each), []).append(each)
    for found in (reading.totals(connection), reading.counted(connection, *FOREVER)):
        assert {key: told(each) for key, each in found} == {key: told(Totals.of(each)) for key, each in exact.items()}
    connection.close()


def told(totals: Totals) -> tuple[object, ...]:
    """Return much of *totals*; fractions may differ in the last digit."""
    return totals.requests, totals.tokens_in, totals.seconds.counts, totals.first_byte.counts, round(totals.seconds.sum, 3)
