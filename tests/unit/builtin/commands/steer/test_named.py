from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Member
from korproxy.builtin.commands.steer.named import account_of, headers_of, member_text, members_of

CTX = click.Context(click.Command("x"))
PARAM = click.Option(["--x"])


def members(*texts: str) -> tuple[Member, ...]:
    return members_of(CTX, PARAM, texts)


@pytest.mark.parametrize(
    ("text", "expected"), [("one/work", ("one", "work")), ("one/a/b", ("one", "a/b")), ("one/ä b", ("one", "ä b"))]
)
def test_an_account_is_what_stands_before_and_after_the_first_slash(text: str, expected: tuple[str, str]) -> None:
    assert account_of(CTX, PARAM, text) == expected


@pytest.mark.parametrize("text", ["", "one", "/", "one/", "/work"])
def test_half_an_account_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter, match="PROVIDER/ACCOUNT"):
        account_of(CTX, PARAM, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one", Member(provider="one")),
        ("one:3", Member(provider="one", weight=3)),
        ("one/work", Member(provider="one", account="work")),
        ("one/work:12", Member(provider="one", account="work", weight=12)),
        ("one/a:b", Member(provider="one", account="a:b")),
        ("one/a:2:1", Member(provider="one", account="a:2")),
        ("one/work:", Member(provider="one", account="work:")),
    ],
)
def test_a_member_is_a_provider_or_an_account_with_a_weight(text: str, expected: Member) -> None:
    assert members(text) == (expected,)


@pytest.mark.parametrize("text", ["", "/", ":3", "/work", "one/", "one/:3", "one:9999999999"])
def test_what_is_no_member_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter, match="PROVIDER/ACCOUNT:WEIGHT"):
        members(text)


@given(
    st.builds(
        Member,
        provider=st.from_regex(r"[a-z0-9_-]{1,9}", fullmatch=True),
        account=st.from_regex(r"[!-~]{0,9}", fullmatch=True),
        weight=st.integers(1, 10**6),
    )
)
def test_a_member_is_read_as_it_is_written(member: Member) -> None:
    assert members(member_text(member, weights=True)) == (member,)


def test_a_weight_of_one_goes_without_saying() -> None:
    assert [member_text(each) for each in members("one", "one/a:1", "one/b:2")] == ["one", "one/a", "one/b:2"]


def test_headers_have_names_in_lower_case() -> None:
    assert headers_of(CTX, PARAM, ["X-A: b:c ", "y:*"]) == {"x-a": "b:c", "y": "*"}


@pytest.mark.parametrize("text", ["", "x", ":", "x:", ": y", "x: "])
def test_what_is_no_header_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter, match="'NAME: VALUE'"):
        headers_of(CTX, PARAM, [text])
