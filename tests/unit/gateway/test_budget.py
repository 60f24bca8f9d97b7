"""How much may be repeated: enough for whoever suffers from an outage, and not so much that it grows by that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.budget import PER_REQUEST, RESERVE, RetryBudget


def test_sixty_four_clients_whose_account_fails_at_once_may_all_be_asked_again() -> None:
    budget = RetryBudget()

    assert all(budget.take("one") for _ in range(64))


def test_an_outage_without_an_end_is_repeated_for_one_request_in_five() -> None:
    budget = RetryBudget()
    repeated = 0
    for _ in range(10_000):
        budget.asked("one")
        repeated += budget.take("one")

    assert abs(repeated - (RESERVE + 10_000 * PER_REQUEST)) <= 1


def test_each_provider_has_a_bucket_of_its_own() -> None:
    budget = RetryBudget(reserve=1.0)

    assert [budget.take("one"), budget.take("one"), budget.take("two")] == [True, False, True]
    assert [budget.left(each) for each in ("one", "two", "three")] == [0.0, 0.0, 1.0]


def test_a_bucket_is_full_again_after_enough_requests_or_at_once_by_a_refill() -> None:
    budget = RetryBudget(reserve=1.0, per_request=0.5)
    budget.take("one")
    left = [budget.left("one")]
    for _ in range(3):
        budget.asked("one")
        left.append(budget.left("one"))

    assert left == [0.0, 0.5, 1.0, 1.0]
    assert not budget._left  # who is full is not kept

    budget.take("two")
    budget.refill()

    assert budget.left("two") == 1.0


@given(st.lists(st.sampled_from(["asked", "take", "refill"]), max_size=400))
def test_never_more_is_repeated_than_the_reserve_and_one_in_five(doings: list[str]) -> None:
    budget = RetryBudget(reserve=5.0)
    asked = taken = 0
    for each in doings:
        if each == "refill":
            budget.refill()
            asked = taken = 0
        elif each == "asked":
            budget.asked("one")
            asked += 1
        else:
            taken += budget.take("one")
        assert taken <= 5.0 + asked * PER_REQUEST + 1e-6
