from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from korproxy.api import Directions, Headers, LazyTranslator, Translator, chat

ANSWER = chat.Answer(ending=chat.Ending(reason="end"))
ERROR = chat.ProviderError(status=500, kind="server", message="x")


def saying(name: str) -> Callable[..., Any]:
    """Return a function that tells its own name and what it was given."""
    return lambda *given: (name, *given)


@attrs.frozen
class Known(LazyTranslator):
    loaded: list[str] = attrs.field(factory=list)

    def directions(self) -> Directions:
        self.loaded.append("now")
        return Directions(**{each.name: saying(each.name) for each in attrs.fields(Directions)})


def test_nothing_is_loaded_before_it_is_needed_and_then_once() -> None:
    known = Known()
    assert known.loaded == []

    known.load()
    known.load()
    known.stream_reader()

    assert known.loaded == ["now"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("read_request", ("/v1/x", b"{}", chat.Report())),
        ("write_request", (chat.Conversation(turns=()), "target", chat.Report())),
        ("read_answer", (b"{}",)),
        ("write_answer", (ANSWER, chat.Asked(model="m"))),
        ("stream_reader", ()),
        ("stream_writer", (chat.Asked(model="m"),)),
        ("read_error", (429, Headers(), b"{}")),
        ("write_error", (ERROR,)),
    ],
)
def test_each_direction_gets_what_was_asked(name: str, given: tuple[Any, ...]) -> None:
    assert getattr(Known(), name)(*given) == (name, *given)


def test_every_direction_is_one_of_the_contract_and_none_is_left_over() -> None:
    promised = {name for name in vars(Translator) if not name.startswith("_")}

    assert {each.name for each in attrs.fields(Directions)} == promised - {"load", "without_foreign_reasoning"}


def test_what_passes_is_left_alone_and_loads_nothing() -> None:
    known, body = Known(), b'{"signature":""}'

    assert known.without_foreign_reasoning(body, chat.nobody, chat.Report()) is body
    assert known.loaded == []
