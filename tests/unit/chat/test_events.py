"""A streamed answer in no format."""

from __future__ import annotations

from typing import get_args

import attrs
import pytest

from korproxy.api import chat

SECRET = "what the model wrote"


@pytest.mark.parametrize("kind", get_args(chat.Event))
def test_an_event_cannot_be_changed(kind: type) -> None:
    values = {
        "text": "",
        "key": 0,
        "id": "1",
        "name": "a",
        "json": "",
        "part": None,
        "citation": None,
        "usage": None,
        "ending": None,
        "error": None,
    }
    needed = [each for each in attrs.fields(kind) if each.default is attrs.NOTHING]
    event = kind(**{each.name: values[each.name] for each in needed})

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.anything = None


@pytest.mark.parametrize("kind", [chat.TextDelta, chat.ReasoningDelta, chat.RefusalDelta])
def test_no_text_is_in_a_repr(kind: type) -> None:
    assert SECRET not in repr(kind(SECRET))


def test_no_arguments_are_in_a_repr() -> None:
    assert SECRET not in repr(chat.CallDelta(0, SECRET))
