"""What a writer of requests is told, and gives back."""

from __future__ import annotations

import pytest

from korproxy.api import Abilities, chat


def test_a_refusal_to_carry_says_where_and_why() -> None:
    with pytest.raises(chat.CannotCarry, match="no room for n > 1") as caught:
        raise chat.CannotCarry("/n", "Anthropic's API has no room for n > 1")
    assert caught.value.pointer == "/n"


def test_no_content_is_in_the_repr_of_what_was_written() -> None:
    assert repr(chat.Written(body=b"what the user wrote", names={"a_1": "a/1"})) == "Written(names={'a_1': 'a/1'})"


def test_a_target_is_a_model_and_what_it_can_do() -> None:
    target = chat.Target(model="m", stream=True, abilities=Abilities(family="google"))
    assert (target.model, target.stream, target.abilities.family) == ("m", True, "google")
