"""In which form a candidate is asked, and when a second one is worth it."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest
from msgspec import structs

from korproxy.chat.parts import Seal
from korproxy.chat.report import Report
from korproxy.chat.thinking import nobody
from korproxy.gateway.attempts import Form, Learnt, Second, second
from korproxy.gateway.provenance import Owner, Provenance
from korproxy.gateway.routing import Candidate
from korproxy.kit.http_provider import OPENAI_CHAT, OPENAI_RESPONSES, HttpProvider
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Peek, UpstreamRequest
from korproxy.models.outcome import Refusal

CHAT, RESPONSES = "openai-chat", "openai-responses"


def candidate(model: str = "m", *, dialect: str = CHAT, speaks: Any = None) -> Candidate:
    both = {CHAT: OPENAI_CHAT, RESPONSES: OPENAI_RESPONSES}
    provider = HttpProvider(id="openai", base_url="http://x", speaks=speaks or both, assumed=Abilities(family="openai"))
    return Candidate(provider=provider, account=Account(name="work"), model=model, dialect=dialect)


def call(*, tools: bool = True) -> Call:
    peek = Peek(model="m", stream=False, tools=tools)
    return Call(id="1", correlation_id="1", dialect=CHAT, path="/v1/chat/completions", peek=peek, body=b"{}")


def form(asked: Candidate) -> Form:
    owner = Owner(Provenance(), asked.origin)
    return Form(candidate=asked, owner=owner, crossing=None, report=Report(), wanted=UpstreamRequest(method="POST", url="x"))


@pytest.mark.parametrize("refusal", [None, Refusal(code="KP-PROV-101"), Refusal(code="KP-AUTH-007", credential=True)])
def test_other_refusals_and_good_answers_have_no_second_form(refusal: Refusal | None) -> None:
    assert second(refusal, form(candidate()), call()) is None


@pytest.mark.parametrize("seals", ["refused", "missing"])
def test_where_it_is_about_seals_the_same_candidate_is_asked_without_any(seals: Any) -> None:
    asked = form(candidate())
    other = second(Refusal(code="KP-PROV-101", seals=seals, instead=RESPONSES), asked, call())

    assert other == Second(asked.candidate, nobody)
    assert other is not None
    assert other.own(Seal(family="openai", data="x")) is False


def test_where_another_format_is_wanted_it_is_asked_in_that_if_it_speaks_it() -> None:
    refusal = Refusal(code="KP-PROV-101", instead=RESPONSES)
    asked = form(candidate())
    only_chat = form(candidate(speaks={CHAT: OPENAI_CHAT}))

    assert second(refusal, asked, call()) == Second(attrs.evolve(asked.candidate, dialect=RESPONSES), asked.owner)
    assert second(refusal, only_chat, call()) is None


def test_who_gives_no_summaries_is_asked_without_where_the_request_was_translated() -> None:
    refusal = Refusal(code="KP-PROV-101", summaries=True)
    passed, crossed = form(candidate()), structs.replace(form(candidate()), crossing=cast("Any", object()))

    assert second(refusal, passed, call()) is None
    assert second(refusal, crossed, call()) == Second(attrs.evolve(crossed.candidate, summaries=False), crossed.owner)


def test_an_account_that_gives_no_summaries_is_not_asked_for_them_again() -> None:
    learnt = Learnt()
    learnt.note(candidate(), attrs.evolve(candidate(), summaries=False))
    other = attrs.evolve(candidate("n"), account=Account(name="home"))

    assert learnt.applied(candidate("n"), call(tools=False)).abilities.summaries is False
    assert learnt.applied(candidate(), call()).dialect == CHAT
    assert learnt.applied(other, call()) is other


def test_an_account_that_gives_no_summaries_still_teaches_which_format_a_model_wants() -> None:
    learnt = Learnt()
    unshown = attrs.evolve(candidate(), summaries=False)
    learnt.note(candidate(), unshown)
    learnt.note(unshown, attrs.evolve(unshown, dialect=RESPONSES))

    found = learnt.applied(candidate(), call())
    assert (found.dialect, found.summaries) == (RESPONSES, False)


def test_what_was_learnt_counts_for_that_model_where_there_are_tools() -> None:
    learnt = Learnt()
    learnt.note(candidate(), candidate(dialect=RESPONSES))

    assert learnt.applied(candidate(), call()).dialect == RESPONSES
    assert learnt.applied(candidate(), call(tools=False)).dialect == CHAT
    assert learnt.applied(candidate("other"), call()).dialect == CHAT
    same = candidate(dialect=RESPONSES)
    assert learnt.applied(same, call()) is same


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    learnt = Learnt(most=2)
    for name in "abc":
        learnt.note(candidate(name), candidate(name, dialect=RESPONSES))

    assert [learnt.applied(candidate(name), call()).dialect for name in "abc"] == [CHAT, RESPONSES, RESPONSES]


def test_what_was_learnt_can_be_forgotten_as_a_whole() -> None:
    learnt, asked = Learnt(), candidate()
    learnt.note(asked, attrs.evolve(asked, dialect=RESPONSES, summaries=False))
    before = learnt.applied(asked, call())
    learnt.forget()

    assert (before.dialect, before.summaries) == (RESPONSES, False)
    assert (learnt.applied(asked, call()), learnt.anything) == (asked, False)
