from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.builtin.commands.steer.health import account_state

LIMITED = {"state": "rate_limited", "code": "KP-RATE-401", "returns_in": 61.2, "model": "m"}


def test_against_whom_nothing_is_held_is_available() -> None:
    assert account_state([]) == account_state([{"state": "available", "failures": 2}]) == "available"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LIMITED, "rate limited for m [KP-RATE-401], asked again in 1 min 2 s"),
        ({**LIMITED, "model": "", "spent": True}, "rate limit used up [KP-RATE-401], asked again in 1 min 2 s"),
        ({**LIMITED, "probing": True}, "rate limited for m [KP-RATE-401], a request is testing it right now"),
        (
            {"state": "refused", "code": "KP-AUTH-007", "returns_in": None},
            "refused [KP-AUTH-007], not asked until its key changes or it is woken",
        ),
        ({"state": "erroring"}, "erroring"),
    ],
)
def test_each_finding_is_told_with_its_end(entry: dict[str, object], words: str) -> None:
    assert account_state([{"state": "available"}, entry]) == words


def test_only_the_first_of_many_are_told() -> None:
    words = account_state([{"state": "erroring", "model": f"m{number}"} for number in range(9)])

    assert words == "erroring for m0; erroring for m1; erroring for m2; and for 6 more models"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["state", "code", "model", "returns_in", "probing", "spent"]),
            st.none() | st.text() | st.floats() | st.booleans(),
        )
    )
)
@example([{"state": ""}])
def test_whatever_a_daemon_of_another_version_says_there_are_words(health: list[dict[str, object]]) -> None:
    assert account_state(health) != ""
