from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict

from korproxy.models.measures import HOUR, Totals, key_of
from korproxy.models.searching import MOST, WantedRequests
from korproxy.store import books, reading, rows
from korproxy.store.connection import Connection, Damaged
from tests.fakes.stores import NOON, finished

PAST = [
    finished(0),
    finished(1, outcome="failed", provider="claude", code="KP-PROV-102", status=502),
    finished(2, outcome="refused", status=429),
    finished(3, outcome="client left", provider=None, account=None, upstream_model=None, first_byte=None, stream=False),
]


WANTED: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [3, 2, 1, 0]),
    ({"most": 2}, [3, 2]),
    ({"most": 0}, []),
    ({"most": -1}, []),
    ({"failed": True}, [2, 1]),
    ({"provider": "openai"}, [2, 0]),
    ({"provider": "openai", "failed": True}, [2]),
    ({"since": NOON + 1.5}, [3, 2]),
    ({"id": "c-1"}, [1]),
    ({"id": finished(2).id}, [2]),
    ({"id": "' OR 1=1 --"}, []),
    ({"user": "somebody"}, []),
]


def test_the_newest_come_first_and_only_what_is_wanted(connection: Connection) -> None:
    rows.write(connection, PAST, {})
    found = [(wanted, reading.requests(connection, WantedRequests(**wanted))) for wanted, _ in WANTED]
    assert [(wanted, [int(each["correlation_id"][2:]) for each in answer]) for wanted, answer in found] == WANTED


def test_a_row_comes_back_as_it_went_in(connection: Connection) -> None:
    rows.write(connection, PAST[3:], {})
    (found,) = reading.requests(connection, WantedRequests())
    sent = asdict(PAST[3])
    sent |= asdict(sent.pop("usage")) | {"request_id": sent.pop("id")}
    assert found == {**sent, "id": found["id"], "user": None}
    assert (found["stream"], found["provider"]) == (False, None)


def test_one_answer_has_a_bounded_number_of_rows(connection: Connection) -> None:
    rows.write(connection, [finished(number) for number in range(MOST + 5)], {})
    assert len(reading.requests(connection, WantedRequests(most=10**9))) == MOST


def test_what_was_counted_over_days_is_added_up_by_series(connection: Connection) -> None:
    hours = 50
    events = [finished(hour * HOUR, upstream_model=f"m{hour % 3}", seconds=hour) for hour in range(hours)]
    books.write(connection, events, {})
    found = dict(reading.counted(connection, NOON + HOUR, NOON + (hours - 1) * HOUR))
    exact = {key_of(each): Totals() for each in events}
    for each in events[1:-1]:
        exact[key_of(each)].merge(Totals.of([each]))
    assert found == exact


def test_where_nothing_was_counted_there_is_nothing(connection: Connection) -> None:
    books.write(connection, [finished()], {})
    assert reading.counted(connection, NOON + 60, 10 * NOON) == []


def test_a_bucket_that_is_no_histogram_is_damage_and_the_next_question_is_answered(connection: Connection) -> None:
    books.write(connection, [finished()], {})
    connection.execute("UPDATE buckets SET first_byte = ?", (b"garbage",))
    with pytest.raises(Damaged):
        reading.counted(connection, NOON, NOON + 60)
    assert [totals.requests for _, totals in reading.totals(connection)] == [1]
