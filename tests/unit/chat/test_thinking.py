"""How much to think, and whose thoughts go where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from tests.fakes.conversations import conversations

OWN = chat.Seal(family="anthropic", data="Eq==")
FOREIGN = chat.Seal(family="google", data="QUJD")


def conversation(*parts: chat.Part) -> chat.Conversation:
    asked = chat.Turn(role="user", parts=(chat.Text(text="?"),), at="/messages/0")
    return chat.Conversation(turns=(asked, chat.Turn(role="assistant", parts=parts, at="/messages/1")))


@pytest.mark.parametrize(
    ("budget", "effort"),
    [
        (None, None),
        (-1, None),
        (0, "none"),
        (1, "low"),
        (1024, "low"),
        (1025, "medium"),
        (8192, "medium"),
        (8193, "high"),
        (24576, "high"),
        (24577, "xhigh"),
        (10**9, "xhigh"),
    ],
)
def test_an_effort_is_read_from_the_budget(budget: int | None, effort: str | None) -> None:
    assert chat.effort_of(chat.Thinking(budget=budget)) == effort


@pytest.mark.parametrize("effort", chat.EFFORTS)
def test_an_effort_that_was_said_stands(effort: chat.Effort) -> None:
    assert chat.effort_of(chat.Thinking(effort=effort, budget=5)) == effort


@pytest.mark.parametrize(
    ("thinking", "budget"),
    [
        (chat.Thinking(), None),
        (chat.Thinking(budget=-1), None),
        (chat.Thinking(budget=0), 0),
        (chat.Thinking(budget=7, effort="high"), 7),
        (chat.Thinking(effort="none"), 0),
        (chat.Thinking(effort="minimal"), 1024),
        (chat.Thinking(effort="max"), 64000),
    ],
)
def test_a_budget_is_as_said_or_by_the_table(thinking: chat.Thinking, budget: int | None) -> None:
    assert chat.budget_of(thinking) == budget


@pytest.mark.parametrize(
    ("effort", "known", "expected"),
    [
        ("minimal", ("low", "medium", "high"), "low"),
        ("xhigh", ("low", "medium", "high"), "high"),
        ("max", ("low", "medium", "high", "xhigh"), "xhigh"),
        ("none", ("low", "high"), "low"),
        ("none", ("none", "low"), "none"),
        ("minimal", ("none", "low"), "low"),
        ("medium", ("low", "high"), "low"),
        ("high", ("none",), "none"),
        ("high", ("standard",), "standard"),
    ],
)
def test_edge_60_an_unknown_effort_becomes_the_nearest(effort: chat.Effort, known: tuple[str, ...], expected: str) -> None:
    assert chat.nearest(effort, known) == expected


@given(st.sampled_from(chat.EFFORTS), st.sets(st.sampled_from(chat.EFFORTS), min_size=1))
def test_the_nearest_effort_is_known_and_none_is_nearer(effort: chat.Effort, some: set[chat.Effort]) -> None:
    known = [each for each in chat.EFFORTS if each in some]
    found = chat.EFFORTS.index(chat.nearest(effort, known)) if known else -1
    wanted = chat.EFFORTS.index(effort)
    away = {abs(chat.EFFORTS.index(each) - wanted) for each in known if each != "none" or effort == "none" or len(known) == 1}
    assert abs(found - wanted) == min(away)


def test_only_the_familys_own_reasoning_stays() -> None:
    report = chat.Report()
    own = chat.Reasoning(text="mine", seal=OWN, at="/messages/1/content/0")
    hidden = chat.Reasoning(seal=OWN, redacted=True, at="/messages/1/content/1")
    others = (
        chat.Reasoning(text="yours", seal=FOREIGN, at="/messages/1/content/2"),
        chat.Reasoning(text="nobody's", at="/messages/1/content/3"),
        chat.Reasoning(at="/messages/1/content/4"),
    )

    kept = chat.own_reasoning(conversation(own, hidden, *others, chat.Text(text="!")), "anthropic", report)

    assert kept.turns[1].parts == (own, hidden, chat.Text(text="!"))
    assert report.losses == tuple(each.at for each in others)


def test_plain_reasoning_keeps_its_text_and_loses_foreign_seals() -> None:
    report = chat.Report()
    parts = (
        chat.Reasoning(text="yours", seal=FOREIGN, at="/messages/1/content/0"),
        chat.Reasoning(text="nobody's", at="/messages/1/content/1"),
        chat.Reasoning(seal=FOREIGN, redacted=True, at="/messages/1/content/2"),
    )

    kept = chat.own_reasoning(conversation(*parts), "", report, plain="keep")

    assert kept.turns[1].parts == (chat.Reasoning(text="yours"), chat.Reasoning(text="nobody's"))
    assert report.losses == ("/messages/1/content/0/signature", "/messages/1/content/2")


def test_the_place_of_a_seal_is_reported_where_it_is_known() -> None:
    report = chat.Report()
    seal = chat.Seal(family="google", data="QUJD", at="/messages/1/tool_calls/0/extra_content/google/thought_signature")
    calls = (
        chat.ToolCall(id="1", name="a", seal=seal, at="/messages/1/tool_calls/0"),
        chat.ToolCall(id="2", name="a", seal=FOREIGN, at="/messages/1/tool_calls/1"),
        chat.ToolCall(id="3", name="a", seal=OWN, at="/messages/1/tool_calls/2"),
    )

    kept = chat.own_reasoning(conversation(*calls), "anthropic", report)

    assert kept.turns[1].parts == (chat.ToolCall(id="1", name="a"), chat.ToolCall(id="2", name="a"), calls[2])
    assert [(each.pointer, each.fate) for each in report.notes] == [(seal.at, "lost"), (calls[1].at, "mapped")]


def test_a_turn_of_nothing_but_foreign_reasoning_goes() -> None:
    asked = conversation(chat.Reasoning(text="yours", seal=FOREIGN))
    assert chat.own_reasoning(asked, "anthropic", chat.Report()).turns == asked.turns[:1]


def test_edge_53_an_empty_family_owns_nothing() -> None:
    unmarked = chat.Reasoning(text="x", seal=chat.Seal(family="", data="QUJD"))
    kept = chat.own_reasoning(conversation(unmarked, chat.Text(text="!")), "", chat.Report())
    assert kept.turns[1].parts == (chat.Text(text="!"),)


@given(conversations(), st.sampled_from(["anthropic", "google", ""]), st.booleans())
def test_what_is_left_may_be_sent_and_is_left_a_second_time(asked: chat.Conversation, family: str, keep: bool) -> None:
    kept = chat.own_reasoning(asked, family, chat.Report(), plain="keep" if keep else "drop")
    again = chat.Report()
    seals = [
        part.seal
        for turn in kept.turns
        for part in turn.parts
        if isinstance(part, (chat.Reasoning, chat.ToolCall)) and part.seal
    ]
    assert all(each.family == family for each in seals)
    assert chat.own_reasoning(kept, family, again, plain="keep" if keep else "drop") is kept
    assert again.notes == []


def test_what_is_not_ones_own_becomes_nobodys_and_goes_as_any_other_vendors() -> None:
    mine = chat.Reasoning(text="a", seal=OWN)
    others = chat.Reasoning(text="b", seal=chat.Seal(family="anthropic", data="x", at="/s"))
    call = chat.ToolCall(id="1", name="read", seal=others.seal, at="/messages/1/c")
    said = conversation(mine, others, chat.Reasoning(text="plain"), chat.Text(text="c"), call)
    told = chat.disowned(said, lambda seal: seal == OWN)

    report = chat.Report()
    left = chat.own_reasoning(told, "anthropic", report, plain="keep").turns[1].parts
    assert left == (
        mine,
        chat.Reasoning(text="b"),
        chat.Reasoning(text="plain"),
        chat.Text(text="c"),
        chat.ToolCall(id="1", name="read"),
    )
    assert [(each.pointer, each.fate) for each in report.notes] == [("/s", "lost"), ("/s", "lost")]


@given(conversations())
def test_what_is_all_ones_own_stays_the_same_and_of_nobodys_nothing_is_left(said: chat.Conversation) -> None:
    assert chat.disowned(said, lambda _: True) is said
    left = chat.disowned(said, chat.nobody)
    for family in ("anthropic", "google", "openai"):
        owned = chat.own_reasoning(left, family, chat.Report(), plain="keep")
        parts = [part for turn in owned.turns if turn.role == "assistant" for part in turn.parts]
        assert not any(each.seal for each in parts if isinstance(each, (chat.Reasoning, chat.ToolCall)))
