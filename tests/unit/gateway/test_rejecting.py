from __future__ import annotations

import pytest

from korproxy.gateway.health import WELL, Health
from korproxy.gateway.rejecting import rejected
from korproxy.gateway.routing import Candidate
from korproxy.models.accounts import Account
from korproxy.models.routing import Routing
from tests.fakes.routed import CHAT, a_request, provider, snapshot

WAY = Candidate(provider=provider("one"), account=Account(name="a"), model="m", dialect=CHAT)


def why(health: Health = WELL, *, disabled: str = "", without: str = "", now: float = 10.0) -> str:
    mine = snapshot(routing=Routing(disabled=frozenset({disabled})))
    found = rejected(a_request(), mine, WAY, health, now=now, without=frozenset({without}))
    return "" if found is None else found.why


def test_who_is_well_is_asked() -> None:
    assert why() == ""


@pytest.mark.parametrize("without", ["one/a", "one"])
def test_an_account_or_all_of_a_provider_can_be_left_out(without: str) -> None:
    assert why(without=without) == "excluded"
    assert why(without="one/b") == ""


def test_the_users_own_word_goes_before_what_has_happened_to_the_account() -> None:
    resting = Health(state="rate_limited", until=20.0)

    assert why(resting) == "rate_limited"
    assert why(resting, without="one") == "excluded"
    assert why(resting, without="one", disabled="one/a") == "disabled"


def test_behind_its_wait_an_account_may_be_asked_again_by_one() -> None:
    assert why(Health(state="erroring", until=10.0)) == ""
    assert why(Health(state="erroring", until=10.0, probing=1)) == "probing"
    assert why(Health(state="erroring", until=11.0, probing=1)) == "erroring"
