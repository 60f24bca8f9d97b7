"""What turns are made of."""

from __future__ import annotations

from typing import get_args

import attrs
import pytest

from korproxy.api import chat

SECRET = "what the user wrote"


def test_where_a_part_stood_makes_no_difference() -> None:
    assert chat.Text(text="a", at="/messages/0") == chat.Text(text="a", at="/messages/1")
    assert chat.Text(text="a", cache=chat.CacheMark(at="/x")) == chat.Text(text="a", cache=chat.CacheMark())
    assert chat.Seal(family="google", data="x", at="/x") == chat.Seal(family="google", data="x")


@pytest.mark.parametrize("kind", get_args(chat.Part))
def test_every_part_knows_where_it_stood_and_cannot_be_changed(kind: type) -> None:
    values = {"text": "", "blob": chat.Blob(url="x"), "id": "1", "name": "a", "call_id": "1"}
    names = {each.name for each in attrs.fields(kind)}
    part = kind(at="/messages/0", **{key: value for key, value in values.items() if key in names})

    assert part.at == "/messages/0"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        part.at = ""


@pytest.mark.parametrize(
    "part",
    [
        chat.Text(text=SECRET, citations=(chat.Citation(url=SECRET, title=SECRET, quote=SECRET),)),
        chat.Document(text=SECRET, context=SECRET),
        chat.Image(blob=chat.Blob(data=SECRET)),
        chat.Image(blob=chat.Blob(url=SECRET)),
        chat.Reasoning(text=SECRET, seal=chat.Seal(family="google", data=SECRET)),
        chat.Refusal(text=SECRET),
        chat.ToolCall(id="1", name="a", arguments=SECRET),
        chat.ToolResult(call_id="1", parts=(chat.Text(text=SECRET),)),
    ],
)
def test_no_content_is_in_a_repr(part: chat.Part) -> None:
    assert SECRET not in repr(part)
