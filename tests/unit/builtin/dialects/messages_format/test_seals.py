"""Whose reasoning it is, said in a signature."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.seals import seal_of, signature_of


@pytest.mark.parametrize(
    ("seal", "signature"),
    [
        (None, ""),
        (chat.Seal(family="anthropic", data="EqMB=="), "EqMB=="),
        (chat.Seal(family="google", data="Ci:Q=="), "korproxy:google:Ci:Q=="),
    ],
)
def test_a_seal_becomes_a_signature_and_a_seal_again(seal: chat.Seal | None, signature: str) -> None:
    assert signature_of(seal) == signature
    assert seal_of(signature) == seal


@pytest.mark.parametrize("signature", ["korproxy:", "korproxy:google", "korproxy::data", "korproxy:google:"])
def test_a_tag_that_says_nothing_is_nobodys(signature: str) -> None:
    assert seal_of(signature) is None
