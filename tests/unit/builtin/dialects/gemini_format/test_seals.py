"""Signatures: Google's own, others' in the same place, placeholders."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE, UNSEALED, is_redacted, seal_of, signature_of


def test_googles_seal_is_its_signature() -> None:
    assert signature_of(chat.Seal(family="google", data="CiQB")) == "CiQB"
    assert seal_of("CiQB") == chat.Seal(family="google", data="CiQB")


def test_another_vendors_seal_is_base64_that_says_whose_it_is() -> None:
    signature = signature_of(chat.Seal(family="anthropic", data="Eq+/="))

    assert base64.b64decode(signature, validate=True) == b"korproxy:anthropic:Eq+/="


def test_what_is_no_base64_is_never_written_for_googles_sdk_would_refuse_the_answer() -> None:
    signature = signature_of(chat.Seal(family="google", data="x"))

    assert base64.b64decode(signature, validate=True) == b"korproxy:google:x"


@pytest.mark.parametrize("signature", ["", ANY_SIGNATURE, "context_engineering_is_the_way_to_go", "a29ycHJveHk6!"])
def test_a_placeholder_is_no_seal(signature: str) -> None:
    assert seal_of(signature) is None


@given(st.sampled_from(["anthropic", "openai", "google"]), st.from_regex("[A-Za-z0-9+/:=_]{1,40}", fullmatch=True))
def test_a_seal_comes_back_as_it_was(family: str, data: str) -> None:
    seal = chat.Seal(family=family, data=data)

    assert seal_of(signature_of(seal)) == seal


def test_a_call_without_a_seal_is_known_again_as_one() -> None:
    assert base64.b64decode(UNSEALED, validate=True) == b"korproxy:unsealed"
    assert (seal_of(UNSEALED), is_redacted(UNSEALED)) == (None, False)


def test_a_seal_that_is_all_there_is_is_known_again() -> None:
    seal = chat.Seal(family="anthropic", data="a:b")
    signatures = [signature_of(seal), signature_of(seal, redacted=True)]

    assert [is_redacted(each) for each in signatures] == [False, True]
    assert [seal_of(each) for each in signatures] == [seal, seal]
    assert not is_redacted("CiQB")
