"""The last requests, as they are told to whoever asks why."""

from __future__ import annotations

import json

import attrs
import msgspec

from korproxy.gateway.why import Stories
from korproxy.models.decisions import Attempt, Decision, Way
from korproxy.models.outcome import Finished

DECISION = Decision(
    type="chat", profile="default", wanted="one/m", model="m", order=(Way(provider="one", account="work", model="m"),)
)
FINISHED = Finished(
    id="id-1",
    correlation_id="cor-1",
    key_name="client",
    dialect="openai-chat",
    model="one/m",
    outcome="ok",
    at=1000.0,
    seconds=3.0,
    upstream_model="m",
    provider="one",
    account="work",
    status=200,
    attempts=1,
    first_byte=2.0,
)
ATTEMPT = Attempt(provider="one", account="work", model="m", at=0.0, seconds=2.0, outcome="answered", status=200)


def finished(**fields: object) -> Finished:
    return msgspec.structs.replace(FINISHED, **fields)


def test_a_request_that_went_well_at_once_is_told_from_what_was_known_in_any_case() -> None:
    stories = Stories()
    stories.add((FINISHED, DECISION, None))

    [why] = stories.find("id-1")

    assert (why.wall, why.decision, why.attempts, why.outcome, why.code) == (997.0, DECISION, (ATTEMPT,), "ok", "")


def test_a_client_that_left_before_the_answer_is_told_as_such() -> None:
    stories = Stories()
    stories.add((finished(outcome="client left", first_byte=None, status=None, code="KP-NET-311"), DECISION, None))

    [why] = stories.find("id-1")

    assert why.attempts == (attrs.evolve(ATTEMPT, seconds=3.0, outcome="left", status=None),)
    assert (why.outcome, why.code) == ("client left", "KP-NET-311")


def test_where_nobody_was_asked_there_are_no_attempts() -> None:
    stories = Stories()
    stories.add((finished(attempts=0, provider=None, account=None, outcome="failed", code="KP-RATE-405"), DECISION, None))

    assert stories.find("id-1")[0].attempts == ()


def test_attempts_that_were_written_down_are_told_as_they_are() -> None:
    attempts = [attrs.evolve(ATTEMPT, outcome="limited", next="next candidate"), ATTEMPT]
    stories = Stories()
    stories.add((FINISHED, DECISION, attempts))

    assert stories.find("id-1")[0].attempts == tuple(attempts)


def test_a_correlation_id_finds_all_that_share_it_the_newest_first() -> None:
    stories = Stories()
    for number in range(4):
        stories.add((finished(id=f"id-{number}", correlation_id="a" if number % 2 else "b"), DECISION, None))

    assert [each.id for each in stories.find("a")] == ["id-3", "id-1"]
    assert [each.id for each in stories.find("b", most=1)] == ["id-2"]
    assert [each.id for each in stories.recent(3)] == ["id-3", "id-2", "id-1"]
    assert stories.find("c") == []


def test_only_the_last_ones_are_remembered() -> None:
    stories = Stories(most=3)
    for number in range(10):
        stories.add((finished(id=f"id-{number}"), DECISION, None))

    assert (len(stories), [each.id for each in stories.recent()]) == (3, ["id-9", "id-8", "id-7"])


def test_a_story_is_json() -> None:
    stories = Stories()
    stories.add((FINISHED, DECISION, None))
    told = json.loads(json.dumps(stories.find("id-1")[0].to_dict()))

    assert (told["id"], told["decision"]["order"][0]["provider"], told["attempts"][0]["seconds"]) == ("id-1", "one", 2.0)
