"""Whose reasoning it is, said in an encrypted content."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.seals import encrypted_of, is_redacted, seal_of, sealed


@pytest.mark.parametrize(
    ("seal", "redacted", "encrypted"),
    [
        (chat.Seal(family="openai", data="gAAA=="), False, "gAAA=="),
        (chat.Seal(family="google", data="Ci:Q=="), False, "korproxy:google:Ci:Q=="),
        (chat.Seal(family="anthropic", data="EqMB=="), True, "korproxy:redacted:anthropic:EqMB=="),
    ],
)
def test_a_seal_becomes_encrypted_content_and_a_seal_again(seal: chat.Seal, redacted: bool, encrypted: str) -> None:
    assert encrypted_of(seal, redacted=redacted) == encrypted
    assert (seal_of(encrypted), is_redacted(encrypted)) == (seal, redacted)


def test_openais_own_seals_are_never_marked() -> None:
    assert encrypted_of(chat.Seal(family="openai", data="gAAA=="), redacted=True) == "gAAA=="


@pytest.mark.parametrize("encrypted", ["", "korproxy:", "korproxy:google", "korproxy::data", "korproxy:redacted:x"])
def test_a_tag_that_says_nothing_is_nobodys(encrypted: str) -> None:
    assert seal_of(encrypted) is None


def test_what_a_provider_seals_is_its_own_whatever_it_looks_like() -> None:
    assert sealed("korproxy:google:x") == chat.Seal(family="openai", data="korproxy:google:x")
    nothing: tuple[object, ...] = ("", None, 7, {})
    assert [sealed(each) for each in nothing] == [None] * 4
