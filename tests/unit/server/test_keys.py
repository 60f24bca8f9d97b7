"""Keys are found by their digest, in a time that tells nothing, and show themselves to nobody."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.accounts import Secret
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing

TEXTS = st.text(min_size=1, max_size=60)


def ring(*texts: str) -> KeyRing:
    return KeyRing(tuple(Key.of(f"number {number}", Secret(text), CLIENT) for number, text in enumerate(texts)))


@given(st.lists(TEXTS, unique=True, max_size=6), TEXTS)
def test_a_text_is_found_exactly_where_it_is_a_key(texts: list[str], presented: str) -> None:
    found = ring(*texts).find(presented)

    assert (found and found.name) == (f"number {texts.index(presented)}" if presented in texts else None)


@given(st.lists(TEXTS, unique=True, min_size=1, max_size=6))
def test_every_key_is_found_under_its_own_name(texts: list[str]) -> None:
    keys = ring(*texts)

    assert [keys.find(text) for text in texts] == list(keys.keys)


@given(TEXTS, st.data())
def test_part_of_a_key_and_more_than_a_key_are_no_key(text: str, data: st.DataObject) -> None:
    part = text[: data.draw(st.integers(0, len(text) - 1))]
    more = text + data.draw(TEXTS)

    assert [ring(text).find(each) for each in (part, more)] == [None, None]


@pytest.mark.parametrize("presented", ["one", "two", "three", "none of them", ""])
def test_a_text_is_compared_with_every_key_whichever_is_right(presented: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    keys = ring("one", "two", "three")
    monkeypatch.setattr(hmac, "compare_digest", note)
    keys.find(presented)

    assert compared == [(key.digest, hashlib.sha256(presented.encode()).digest()) for key in keys.keys]


def test_no_key_is_found_where_there_is_none() -> None:
    assert KeyRing(()).find("") is None


def test_the_first_that_is_a_key_is_taken() -> None:
    keys = ring("one", "two")

    found = [keys.first(each) for each in (["wrong", "two", "one"], ["wrong"], [])]

    assert found == [keys.keys[1], None, None]


def test_a_key_opens_what_it_was_made_for() -> None:
    assert Key.of("management", Secret("x"), READ, MANAGE).scopes == {"read", "manage"}


def test_a_key_from_bytes_that_are_no_text_is_found_again() -> None:
    text = b"kp-\xff\xfe".decode("utf-8", "surrogateescape")  # as an environment variable or a file gives it

    assert ring(text).find(text) is not None


@pytest.mark.parametrize("show", [str, repr, ascii], ids=["str", "repr", "ascii"])
def test_neither_a_key_nor_its_digest_is_ever_shown(show: type[str]) -> None:
    keys = ring("kp-very-secret")
    shown = show(keys) + show(keys.keys[0])

    assert "number 0" in shown
    assert "very" not in shown
    assert "digest" not in shown


def test_the_text_of_a_key_is_not_kept() -> None:
    key = Key.of("client", Secret("kp-very-secret"), CLIENT)

    kept = [getattr(key, name) for name in ("name", "digest", "scopes")]

    assert kept == ["client", hashlib.sha256(b"kp-very-secret").digest(), frozenset({"client"})]
    assert not hasattr(key, "__dict__")
