from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.measures import HOUR, MINUTE, MINUTES_KEPT, Totals
from korproxy.store import aging, books, reading, rows
from korproxy.store.aging import DAY, Plan, Tidied
from korproxy.store.connection import Connection, transaction
from korproxy.store.migrations import migrate
from tests.fakes.stores import NOON, Database, finished


def done(connection: Connection, plan: Plan) -> Tidied:
    whole = Tidied()
    while part := aging.step(connection, plan):
        whole += part
    return whole


def spans(connection: Connection) -> list[tuple[float, int, int]]:
    """Return start, span and number of requests of all buckets, times counted from noon."""
    found = connection.execute("SELECT start, span, requests FROM buckets ORDER BY start, span")
    return [(start - NOON, span, requests) for start, span, requests in found]


@given(st.floats(0, 4e9), st.integers(1, 3650), st.integers(0, 10**6))
def test_a_plan_keeps_a_day_of_minutes_and_whole_hours(now: float, days: int, most: int) -> None:
    plan = aging.plan(now, days, most)
    assert plan.rolled % HOUR == 0
    assert now - MINUTES_KEPT - HOUR < plan.rolled <= now - MINUTES_KEPT
    assert (plan.gone, plan.most) == (now - days * DAY, most)


def test_minutes_become_hours_and_not_a_request_is_lost(connection: Connection) -> None:
    for second in (0, 61, 3599, 3600, 7300):
        books.write(connection, [finished(second)], {})
    assert done(connection, Plan(rolled=int(NOON) + 2 * HOUR, gone=0, most=10)) == Tidied(hours=2)
    assert spans(connection) == [(0, HOUR, 3), (HOUR, HOUR, 1), (7260, MINUTE, 1)]
    whole = Totals()
    for _, totals in reading.counted(connection, NOON, NOON + DAY):
        whole.merge(totals)
    assert (whole.requests, whole.tokens_in, whole.seconds.count) == (5, 50, 5)


def test_a_minute_that_comes_late_is_added_to_its_hour(connection: Connection) -> None:
    plan = Plan(rolled=int(NOON) + HOUR, gone=0, most=10)
    for second in (0, 5):
        books.write(connection, [finished(second)], {})
        done(connection, plan)
    assert spans(connection) == [(0, HOUR, 2)]


def test_what_is_old_goes_and_the_rest_stays(connection: Connection) -> None:
    events = [finished(hour * HOUR) for hour in range(6)]
    rows.write(connection, events, {})
    books.write(connection, events, {})
    plan = Plan(rolled=int(NOON) + 4 * HOUR, gone=NOON + 2 * HOUR, most=3)
    assert done(connection, plan) == Tidied(requests=3, buckets=2, hours=2)
    assert spans(connection) == [(2 * HOUR, HOUR, 1), (3 * HOUR, HOUR, 1), (4 * HOUR, MINUTE, 1), (5 * HOUR, MINUTE, 1)]
    assert done(connection, plan) == Tidied()


def test_many_old_rows_go_in_steps(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aging, "AT_ONCE", 4)
    rows.write(connection, [finished(number) for number in range(10)], {})
    plan = Plan(rolled=0, gone=NOON + 9, most=10)
    assert [aging.step(connection, plan).requests for _ in range(4)] == [4, 4, 1, 0]


def test_a_series_of_which_nothing_is_left_is_forgotten(connection: Connection) -> None:
    books.write(connection, [finished(0, upstream_model="old"), finished(DAY, upstream_model="new")], {})
    done(connection, Plan(rolled=0, gone=NOON + HOUR, most=10))
    aging.tidy(connection)
    models = [each[0] for each in connection.execute("SELECT model FROM series")]
    assert (models, [key.model for key, _ in reading.totals(connection)]) == (["new"], ["new"])


def test_two_daemons_tidy_up_one_after_the_other(base: Database) -> None:
    if base.kind == "sqlite":
        pytest.skip("one daemon has the file")
    one, other = base.connect(), base.connect()
    try:
        migrate(one)
        rows.write(one, [finished(0)], {})
        plan = Plan(rolled=0, gone=NOON + HOUR, most=0)
        with transaction(one):
            assert one.lock(aging.LOCK)
            assert not aging.step(other, plan)
        assert aging.step(other, plan) == Tidied(requests=1)
    finally:
        one.close()
        other.close()
