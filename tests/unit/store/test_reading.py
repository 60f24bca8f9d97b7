from __future__ import annotations

import pytest

from korproxy.models.searching import MOST, WantedRequests
from korproxy.store import reading, rows
from korproxy.store.connection import Connection
from tests.fakes.stores import NOON, finished

PAST = [
    finished(0),
    finished(1, outcome="failed", provider="claude", code="KP-PROV-102", status=502),
    finished(2, outcome="refused", status=429),
    finished(3, outcome="client left", provider=None, account=None, upstream_model=None, first_byte=None, stream=False),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
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
    ],
    ids=str,
)
def test_the_newest_come_first_and_only_what_is_wanted(
    connection: Connection, wanted: dict[str, object], expected: list[int]
) -> None:
    rows.write(connection, PAST)
    found = reading.requests(connection, WantedRequests(**wanted))  # type: ignore[arg-type]
    assert [int(each["correlation_id"][2:]) for each in found] == expected


def test_a_row_comes_back_as_it_went_in(connection: Connection) -> None:
    rows.write(connection, PAST[3:])
    (found,) = reading.requests(connection, WantedRequests())
    sent = dict(zip(rows.COLUMNS, rows.row(PAST[3]), strict=True))
    assert found == {**sent, "id": found["id"], "user": None}
    assert (found["stream"], found["provider"]) == (False, None)


def test_one_answer_has_a_bounded_number_of_rows(connection: Connection) -> None:
    rows.write(connection, [finished(number) for number in range(MOST + 5)])
    assert len(reading.requests(connection, WantedRequests(most=10**9))) == MOST
