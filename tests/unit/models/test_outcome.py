"""What is known at the end of a request."""

from __future__ import annotations

import pytest
from msgspec import structs

from korproxy.models.outcome import Fault, Finished, Refusal, Usage


def test_what_nobody_said_is_none_and_not_zero() -> None:
    assert set(structs.asdict(Usage()).values()) == {None}


def test_a_refusal_is_not_about_the_credential_unless_it_says_so() -> None:
    assert Refusal(code="KP-RATE-401") == Refusal(code="KP-RATE-401", credential=False, retry_after=None)


@pytest.mark.parametrize("kind", [Usage, Refusal, Fault, Finished])
def test_an_outcome_cannot_be_changed_afterwards(kind: type) -> None:
    values = {"code": "KP-SYS-501", "status": 500, "message": "x"} if kind is Fault else {"code": "KP-SYS-501"}
    needed = {
        Usage: {},
        Refusal: values,
        Fault: values,
        Finished: {
            **dict.fromkeys(("id", "correlation_id", "key_name", "dialect", "model", "outcome"), "x"),
            "at": 0.0,
            "seconds": 0.0,
        },
    }[kind]
    made = kind(**needed)

    with pytest.raises(AttributeError):  # of attrs' and of msgspec's own kind
        setattr(made, next(iter(needed)) if needed else "tokens_in", None)


def test_a_finished_call_has_no_room_for_content() -> None:
    names = {each.name for each in structs.fields(Finished)}

    assert names.isdisjoint({"body", "headers", "prompt", "answer", "text", "content", "credential"})
