"""A whole answer, and an error, in no format."""

from __future__ import annotations

from typing import get_args

import attrs
import pytest

from korproxy.api import Usage, chat
from tests.fakes.streams import REASONS


def test_an_answer_says_nothing_that_the_provider_did_not() -> None:
    answer = chat.Answer(ending=chat.Ending(reason="end"))
    assert (answer.id, answer.model, answer.parts, answer.usage) == ("", "", (), Usage())


def test_the_reasons_are_those_of_all_formats() -> None:
    assert set(REASONS) == set(get_args(chat.Reason))


def test_an_error_keeps_the_providers_words() -> None:
    error = chat.ProviderError(status=429, kind="rate_limit", message="Slow down.", type="rate_limit_error", code="rpm")
    assert (error.message, error.type, error.code, error.param, error.retry_after) == (
        *("Slow down.", "rate_limit_error", "rpm"),
        *(None, None),
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid"),
        (401, "authentication"),
        (418, "invalid"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
        (529, "overloaded"),
    ],
)
def test_a_status_alone_tells_a_kind(status: int, kind: chat.ErrorKind) -> None:
    assert chat.error_kind(status) == kind


@pytest.mark.parametrize(
    "made",
    [
        chat.Ending(reason="end"),
        chat.Answer(ending=chat.Ending(reason="end")),
        chat.ProviderError(status=500, kind="server", message=""),
    ],
)
def test_an_answer_cannot_be_changed(made: object) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.anything = None  # type: ignore[attr-defined]
