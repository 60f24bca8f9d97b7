from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from korproxy.cli.insight.counted import metrics
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.clock import wall_time
from korproxy.models.measures import HOUR, MINUTE
from korproxy.models.summary import OFF
from korproxy.store.store import Store
from tests.fakes.daemon import answering, answering_each
from tests.fakes.finished import finished
from tests.fakes.steered import cli, furnished

DAY = 24 * HOUR


def written(home: Path, *ago: float, **more: Any) -> None:
    """Write a request that ended so many seconds *ago*, for each."""
    store = Store.open(home / "korproxy.db")
    store.write([finished(number, at=wall_time() - each, **more) for number, each in enumerate(ago)])
    store.close()


def test_a_daemon_is_asked_where_one_runs(home: Path) -> None:
    with answering_each(home, {"GET /v1/metrics?since=3600s": {"total": {"requests": 3}}}):
        assert metrics(cli(home), since=3600) == {"asked": "daemon", "total": {"requests": 3}}


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_does_not_answer_is_an_error_and_the_disk_no_way_out(home: Path) -> None:
    with answering(home, b"", status=500), pytest.raises(CommandFailed) as caught:
        metrics(cli(home), since=3600)

    assert caught.value.code == "KP-SYS-520"


def test_without_a_daemon_it_is_what_was_written_on_the_disk_and_without_secrets(home: Path) -> None:
    furnished(home)
    written(home, 1, 2 * HOUR, upstream_model="sk-ant-api03-" + "A1b2" * 20)

    found: Any = metrics(cli(home), since=DAY)
    lately: Any = metrics(cli(home), since=HOUR)

    assert (found["asked"], found["total"]["requests"], lately["total"]["requests"]) == ("files", 2, 1)
    assert [each["model"] for each in found["by_model"]] == ["***REDACTED***"]


def test_since_when_it_really_is_what_it_says(home: Path) -> None:
    furnished(home)
    now = wall_time()

    found: Any = metrics(cli(home), since=DAY)
    long: Any = metrics(cli(home), since=7 * DAY)

    assert (found["since"] % MINUTE, long["since"] % HOUR) == (0, 0)
    assert 0 <= now - DAY - found["since"] < MINUTE + 60
    assert 0 <= now - 7 * DAY - long["since"] < HOUR + 60


def test_a_home_without_a_store_has_counted_nothing(home: Path) -> None:
    found: Any = metrics(cli(home), since=DAY)

    assert (found["asked"], found["total"]["requests"], found["by_model"], found["notes"]) == ("files", 0, [], [])


def test_who_has_switched_metrics_off_still_sees_what_was_counted_before(home: Path) -> None:
    furnished(home, "[store]\nmetrics = false\n")
    written(home, 1)

    found: Any = metrics(cli(home), since=DAY)

    assert (found["total"]["requests"], found["notes"]) == (1, [OFF])
