from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.cli.insight.history import query_of, requests
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.searching import MOST, WantedRequests
from korproxy.server.manage.insight import REQUESTS, wanted_requests
from korproxy.server.manage.query import Query
from korproxy.store.store import Store
from tests.fakes.daemon import answering, answering_each
from tests.fakes.finished import finished
from tests.fakes.steered import cli, furnished

NOW = 2e9
WANTED = st.builds(
    WantedRequests,
    failed=st.booleans(),
    provider=st.text(max_size=30),
    since=st.just(0.0) | st.floats(1e9, NOW),
    id=st.text(max_size=30),
    user=st.text(max_size=30),
    most=st.integers(1, MOST),
)


@given(WANTED)
def test_the_daemon_is_asked_for_just_that(wanted: WantedRequests) -> None:
    asked = wanted_requests(Query.of(query_of(wanted).encode(), *REQUESTS), NOW)

    assert attrs.evolve(asked, since=0.0) == attrs.evolve(wanted, since=0.0)
    assert abs(asked.since - wanted.since) <= 0.001


def test_what_does_not_matter_is_not_asked() -> None:
    assert parse_qs(query_of(WantedRequests())) == {"limit": ["50"]}


def test_a_daemon_is_asked_where_one_runs(home: Path) -> None:
    with answering_each(home, {"GET /v1/requests?limit=50": {"requests": [{"id": "r"}]}}):
        assert requests(cli(home), WantedRequests()) == {"asked": "daemon", "requests": [{"id": "r"}]}


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_does_not_answer_is_an_error_and_the_disk_no_way_out(home: Path) -> None:
    with answering(home, b"", status=500), pytest.raises(CommandFailed) as caught:
        requests(cli(home), WantedRequests())

    assert caught.value.code == "KP-SYS-520"


def test_without_a_daemon_it_is_the_rows_on_the_disk_the_newest_first_and_without_secrets(home: Path) -> None:
    furnished(home)
    secret = "sk-ant-api03-" + "A1b2" * 20
    store = Store.open(home / "korproxy.db")
    store.write([finished(1), finished(2, outcome="failed", code="KP-PROV-105", model=f"my {secret}")])
    store.close()

    found = requests(cli(home), WantedRequests())
    failed = requests(cli(home), WantedRequests(failed=True))

    assert found["asked"] == "files"
    assert [each["id"] for each in found["requests"]] == ["r-2", "r-1"]  # type: ignore[attr-defined]
    assert [each["model"] for each in failed["requests"]] == ["my ***REDACTED***"]  # type: ignore[attr-defined]


def test_what_no_text_is_on_the_command_line_is_asked_for_as_one() -> None:
    assert parse_qs(query_of(WantedRequests(id="\udcff"))) == {"limit": ["50"], "id": ["?"]}
