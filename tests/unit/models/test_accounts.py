"""Secrets that do not leak, and accounts that hold them."""

from __future__ import annotations

import traceback

import pytest

from korproxy.models.accounts import Account, Secret

VALUE = "sk-very-secret"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, "%s".__mod__, ascii], ids=range(6))
def test_a_secret_is_never_printed(show: object) -> None:
    assert callable(show)
    assert "very" not in show(Secret(VALUE))
    assert "very" not in show([Secret(VALUE)])
    assert "very" not in show(Account(name="work", secret=Secret(VALUE)))


def test_a_secret_is_revealed_only_on_demand() -> None:
    assert Secret(VALUE).reveal() == VALUE


def test_a_secret_equals_only_itself() -> None:
    one = Secret(VALUE)
    others: list[object] = [Secret("another"), Secret(VALUE), VALUE]

    assert one == one  # noqa: PLR0124
    assert one not in others


def test_a_traceback_that_shows_values_shows_no_secret() -> None:
    def fail(secret: Secret) -> None:
        raise RuntimeError(secret)

    with pytest.raises(RuntimeError) as caught:
        fail(Secret("sk-hush"))
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()

    assert [line for line in lines if "secret = " in line and "sk-hush" in line] == []
