from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.content import Content
from korproxy.gateway.sessions import HEADERS, Sessions, session_of
from tests.fakes.routed import a_request


def session(headers: dict[str, str] | None = None, /, **members: Any) -> str:
    return session_of(a_request(headers=headers).headers, Content(json.dumps(members).encode()))


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text, **more}]}


ANSWER = {"role": "assistant", "content": "yes"}
SYSTEM = {"role": "system", "content": "be brief"}


@pytest.mark.parametrize("name", [each.decode() for each in HEADERS])
def test_the_tools_own_header_says_it_whatever_the_body(name: str) -> None:
    first = session({name: "s-1"}, messages=[user("one")])

    assert first == session({name: "s-1"}, messages=[user("two")], prompt_cache_key="k")
    assert len({first, session({name: "s-2"}), session(messages=[user("one")])}) == 3


def test_a_key_for_the_prompt_cache_says_it_and_then_the_user() -> None:
    keyed = session(prompt_cache_key="k", metadata={"user_id": "a"}, messages=[user("one")])

    assert keyed == session(prompt_cache_key="k", input="two")
    assert session(metadata={"user_id": "a"}, messages=[user("one")]) == session(metadata={"user_id": "a"}, messages=[])
    assert session(metadata={"user_id": "b"}) != session(metadata={"user_id": "a"})
    assert session(metadata={"user_id": 1}, prompt_cache_key=2) == ""
    assert session({"session_id": ""}, metadata="x") == ""


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"messages": [SYSTEM, user("one")]}, {"messages": [SYSTEM, user("one"), ANSWER, user("two")]}),
        (
            {"system": "s", "messages": [user("one", cache_control={"type": "ephemeral"})]},
            {"system": "s", "messages": [user("one"), ANSWER, user("two", cache_control={"type": "ephemeral"})]},
        ),
        (
            {
                "system": [{"type": "text", "text": "x-anthropic-billing-header: cch=1"}, {"text": "s"}],
                "messages": [user("one")],
            },
            {
                "system": [{"type": "text", "text": "x-anthropic-billing-header: cch=2"}, {"text": "s"}],
                "messages": [user("one")],
            },
        ),
        (
            {"instructions": "i", "input": [{"role": "developer", "content": "d"}, user("env"), user("one")]},
            {
                "instructions": "i",
                "input": [{"role": "developer", "content": "d"}, user("env"), user("one"), {"type": "reasoning"}, user("two")],
            },
        ),
        (
            {"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [{"parts": [{"text": "one"}]}]},
            {
                "systemInstruction": {"parts": [{"text": "s"}]},
                "contents": [{"parts": [{"text": "one"}]}, {"role": "model", "parts": []}, {"role": "user", "parts": []}],
            },
        ),
    ],
)
def test_a_conversation_is_known_by_how_it_begins(first: dict[str, Any], later: dict[str, Any]) -> None:
    assert session(**first) != ""
    assert session(**first) == session(model="another", temperature=1, tools=[1], **later)


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [SYSTEM, user("two")]},
        {"messages": [{"role": "system", "content": "be long"}, user("one")]},
        {"messages": [user("one")]},
        {"system": "s", "messages": [SYSTEM, user("one")]},
        {"messages": [SYSTEM, user("one"), user("more"), ANSWER]},
    ],
)
def test_another_beginning_is_another_session(other: dict[str, Any]) -> None:
    assert session(**other) not in {"", session(messages=[SYSTEM, user("one")])}


@pytest.mark.parametrize("name", ["system", "instructions", "systemInstruction", "system_instruction"])
def test_another_system_prompt_is_another_session(name: str) -> None:
    said = [session(None, messages=[user("one")], **{name: text}) for text in ("a", "b", "a")]

    assert said[0] != said[1]
    assert said[0] == said[2] != session(messages=[user("one")])


def test_a_conversation_that_is_one_text_begins_with_it() -> None:
    assert session(input="hello", instructions="i") not in {"", session(input="hello"), session(input="hi", instructions="i")}


@pytest.mark.parametrize(
    "members",
    [{}, {"messages": []}, {"messages": [SYSTEM, ANSWER]}, {"messages": None}, {"input": 1}, {"input": [1, [], None]}],
)
def test_where_the_user_says_nothing_there_is_no_session(members: dict[str, Any]) -> None:
    assert session(**members) == ""


@given(st.binary(max_size=80))
def test_any_body_has_a_session_or_none(body: bytes) -> None:
    assert isinstance(session_of(a_request().headers, Content(body)), str)


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_brackets_without_end_are_no_session_and_no_failure(depth: int) -> None:
    deep = b'{"messages":[{"role":"user","content":' + b"[" * depth + b"]" * depth + b"}]}"

    assert isinstance(session_of(a_request().headers, Content(deep)), str)


def test_what_people_say_is_not_in_the_digest() -> None:
    found = session(messages=[user("a secret")])

    assert len(found) == 24
    assert set(found) <= set("0123456789abcdef")


def test_a_session_has_an_account_for_each_model_until_another_one_answers() -> None:
    sessions = Sessions()
    assert sessions.account("s", "m") == ""
    sessions.keep("s", "m", "one/a")
    sessions.keep("s", "n", "two/c")

    assert (sessions.account("s", "m"), sessions.account("s", "n"), sessions.account("t", "m")) == ("one/a", "two/c", "")
    sessions.keep("s", "m", "one/b")
    assert sessions.account("s", "m") == "one/b"


def test_sessions_that_were_not_heard_of_for_longest_are_forgotten() -> None:
    sessions = Sessions(most=3)
    for name in "abc":
        sessions.keep(name, "m", name)
    sessions.account("a", "m")
    sessions.keep("d", "m", "d")

    assert [sessions.account(name, "m") for name in "abcd"] == ["a", "", "c", "d"]
    sessions.keep("a", "m", "z")
    sessions.keep("e", "m", "e")
    assert [sessions.account(name, "m") for name in "acde"] == ["z", "", "d", "e"]
    assert len(sessions) == 3


def test_of_a_prompt_or_a_turn_that_is_very_large_only_the_beginning_counts() -> None:
    many = [{"type": "text", "text": "x"}] * 20_000  # which to take apart would hold up all other requests
    others = [{"type": "text", "text": "y"}] * 20_000
    told = {"role": "user", "content": many}

    assert session(system=many, messages=[user("one")]) == session(system=[*many, *many], messages=[user("one"), ANSWER])
    assert session(messages=[told]) == session(messages=[told, ANSWER, user("two")])
    assert len({session(system=many, messages=[user("one")]), session(system=others, messages=[user("one")])}) == 2
    assert len({session(messages=[told]), session(messages=[{"role": "user", "content": others}])}) == 2
