from __future__ import annotations

from typing import Any

import attrs

from korproxy.gateway.why import Story
from korproxy.models.decisions import Attempt, Decision
from korproxy.models.history import shown
from korproxy.runtime.lately import failures, of_accounts, with_accounts
from tests.fakes.finished import finished

DECISION = Decision(type="chat", profile="default", wanted="one/m", model="m")
ATTEMPT = Attempt(provider="one", account="work", model="m", at=0.5, seconds=0.5, outcome="answered", status=200)


def story(*attempts: Attempt, **fields: Any) -> Story:
    """Return a request that began at 100 and ended at 103."""
    ended = finished(0, **{"id": "r-1", "provider": "one", "account": "work", "at": 103.0, "seconds": 3.0, **fields})
    return ended, DECISION, attempts


def row(**fields: Any) -> dict[str, Any]:
    known = {"request_id": "old", "at": 50.0, "provider": "one", "account": "work", "outcome": "ok", "upstream_model": "m"}
    rest = dict.fromkeys(
        ("tokens_in", "cache_read", "cache_write", "tokens_out", "reasoning", "bytes_in", "bytes_out", "code", "status")
    )
    return shown({**known, **rest, **fields})


def entry(at: str, **fields: Any) -> dict[str, Any]:
    return {"at": f"1970-01-01T00:0{at}Z", "model": "m", "status": None, "code": "", "request": "r-1", **fields}


def test_each_account_has_its_last_success_and_its_last_error() -> None:
    limited = attrs.evolve(ATTEMPT, account="home", outcome="limited", status=429, code="KP-RATE-401")
    found = of_accounts([story(limited, attrs.evolve(ATTEMPT, at=2.0))])

    assert found == {
        "one/home": {"last_success": None, "last_error": entry("1:41.000", status=429, code="KP-RATE-401")},
        "one/work": {"last_success": entry("1:42.500", status=200), "last_error": None},
    }


def test_an_answer_that_broke_off_is_no_success() -> None:
    found = of_accounts([story(ATTEMPT, outcome="failed", code="KP-NET-305")])

    assert found["one/work"] == {"last_success": None, "last_error": entry("1:41.000", status=200, code="KP-NET-305")}


def test_what_says_nothing_about_an_account_is_no_error_of_it() -> None:
    others = [attrs.evolve(ATTEMPT, outcome=each) for each in ("busy", "overtaken", "unfit", "left")]

    assert of_accounts([story(*others, outcome="client left")]) == {}


def test_what_was_before_the_stories_is_taken_from_the_history() -> None:
    rows = [row(outcome="failed", code="KP-NET-301", status=502), row(), row(provider=None), row(outcome="client left")]
    found = of_accounts([story(ATTEMPT)], rows)

    assert found["one/work"] == {
        "last_success": entry("1:41.000", status=200),
        "last_error": entry("0:50.000", code="KP-NET-301", status=502, request="old"),
    }


def test_failures_come_with_their_story_the_newest_first() -> None:
    rows = [row(outcome="refused", code="KP-PROV-101"), row(request_id="r-1", at=103.0, outcome="failed"), row(request_id="ok")]
    found = failures([story(ATTEMPT, outcome="failed", code="KP-NET-305"), story(ATTEMPT, id="good", outcome="ok")], rows)

    assert [(each["id"], each["outcome"], each["code"]) for each in found] == [
        ("r-1", "failed", "KP-NET-305"),
        ("old", "refused", "KP-PROV-101"),
    ]
    assert found[0]["why"]["decision"]["wanted"] == "one/m"
    assert found[1]["why"] is None


def test_only_the_newest_failures_are_told() -> None:
    stories = [story(ATTEMPT, id=str(number), at=float(number), outcome="failed") for number in reversed(range(30))]

    assert [each["id"] for each in failures(stories, [row(outcome="failed", at=99.0)], most=3)] == ["old", "29", "28"]


def test_accounts_of_which_nothing_is_known_say_so() -> None:
    known = {"one/a": {"last_success": None, "last_error": {"code": "KP-NET-301"}}}
    [found] = with_accounts([{"id": "one", "accounts": ["a", "b"]}], known)

    assert found["accounts"] == [
        {"name": "a", "state": "unknown", "last_success": None, "last_error": {"code": "KP-NET-301"}},
        {"name": "b", "state": "unknown", "last_success": None, "last_error": None},
    ]


def test_the_state_of_an_account_is_what_keeps_it_from_being_asked() -> None:
    health = [
        {"account": "c", "model": "m", "state": "rate_limited"},
        {"account": "d", "model": "m", "state": "rate_limited"},
        {"account": "d", "model": "", "state": "refused"},
        {"account": "e", "model": "m", "state": "available"},
    ]
    provider = {"id": "one", "accounts": [*"abcde"], "disabled": ["a"], "no_key": ["a", "b"], "health": health}
    [found] = with_accounts([provider], {})

    assert {each["name"]: each["state"] for each in found["accounts"]} == {
        "a": "disabled",
        "b": "no key",
        "c": "rate_limited, partly",
        "d": "refused",
        "e": "available",
    }
