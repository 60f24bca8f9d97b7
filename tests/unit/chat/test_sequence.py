"""Turns in the order that strict formats want."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from korproxy.api import chat
from tests.fakes.conversations import conversations


def turn(role: chat.Role, *texts: str, at: str = "", name: str | None = None) -> chat.Turn:
    return chat.Turn(role=role, parts=tuple(chat.Text(text=each) for each in texts), at=at, name=name)


def result(call_id: str) -> chat.ToolResult:
    return chat.ToolResult(call_id=call_id)


def reminder(text: str) -> str:
    return f"<system-reminder>\n{text}\n</system-reminder>"


def test_neighbours_of_one_role_come_together() -> None:
    turns = (turn("user", "a", at="/0", name="Ann"), turn("user", "b", at="/1"), turn("assistant", "c"), turn("user", "d"))
    [first, *others] = chat.merge(turns)
    assert first == turn("user", "a", "b", name="Ann")
    assert first.at == "/0"
    assert others == [*turns[2:]]


def test_empty_turns_go_and_what_they_kept_apart_comes_together() -> None:
    assert chat.merge((turn("user", "a"), turn("assistant"), turn("user", "b"), turn("system"))) == (turn("user", "a", "b"),)


def test_system_turns_stay_as_they_are() -> None:
    turns = (turn("system", "a"), turn("system", "b"), turn("user", "c"), turn("system", "d"), turn("user", "e"))
    assert chat.merge(turns) == turns
    assert chat.merge((*turns, turn("user", "f"))) == (*turns[:-1], turn("user", "e", "f"))


@given(conversations())
def test_merged_turns_alternate_and_hold_the_same_parts(asked: chat.Conversation) -> None:
    merged = chat.merge(asked.turns)
    assert all(one.role != two.role or one.role == "system" for one, two in pairwise(merged))
    assert all(each.parts for each in merged)
    assert [part for each in merged for part in each.parts] == [part for each in asked.turns for part in each.parts]
    assert chat.merge(merged) == merged


def test_system_text_in_front_is_told_from_the_rest() -> None:
    turns = (turn("system", "a"), turn("system", "b"), turn("user", "c"), turn("system", "d"))
    assert chat.in_front(turns) == (turns[:2], turns[2:])
    assert chat.in_front(turns[2:]) == ((), turns[2:])
    assert chat.in_front(()) == ((), ())


def test_edge_44_later_system_text_reminds_in_front_of_the_users_text() -> None:
    report = chat.Report()
    mark = chat.CacheMark(ttl="1h")
    said = chat.Turn(role="system", parts=(chat.Text(text="b", cache=mark), chat.Text(text="c")), at="/messages/2")
    turns = (turn("system", "x"), turn("assistant", "a"), said, turn("user", "d"))

    reminded = chat.remind(turns, report)

    new = (chat.Text(text=reminder("b"), cache=mark), chat.Text(text=reminder("c")), chat.Text(text="d"))
    assert reminded == (*turns[:2], chat.Turn(role="user", parts=new))
    assert [(each.pointer, each.fate) for each in report.notes] == [("/messages/2", "mapped")]


def test_a_reminder_stands_behind_results_so_that_they_are_next_to_their_calls() -> None:
    answered = chat.Turn(role="user", parts=(result("1"), result("2"), chat.Text(text="c")))
    reminded = chat.remind((turn("user", "a"), turn("system", "b"), turn("system", ""), answered), chat.Report())
    assert reminded[1].parts == (result("1"), result("2"), chat.Text(text=reminder("b")), chat.Text(text="c"))


def test_a_reminder_in_front_of_an_assistant_and_at_the_end_is_a_turn_of_its_own() -> None:
    turns = (turn("user", "a"), turn("system", "b"), turn("assistant", "c"), turn("system", "d"), turn("system", "e"))
    assert chat.remind(turns, chat.Report()) == (
        turn("user", "a"),
        turn("user", reminder("b")),
        turn("assistant", "c"),
        turn("user", reminder("d"), reminder("e")),
    )


def test_system_turns_without_text_leave_nothing() -> None:
    turns = (turn("user", "a"), turn("system", ""), turn("assistant", "b"), turn("system"))
    assert chat.remind(turns, chat.Report()) == (turn("user", "a"), turn("assistant", "b"))


@given(conversations())
def test_after_reminding_system_turns_stand_in_front_only(asked: chat.Conversation) -> None:
    reminded = chat.remind(asked.turns, chat.Report())
    front, rest = chat.in_front(reminded)
    assert front == chat.in_front(asked.turns)[0]
    assert all(each.role != "system" for each in rest)
    assert _others(reminded) == _others(asked.turns)
    assert chat.remind(reminded, chat.Report()) == reminded


@given(conversations(tidy=True))
def test_pairs_stay_pairs_when_turns_are_reminded_and_merged(asked: chat.Conversation) -> None:
    turns = chat.merge(chat.remind(chat.pair_results(asked.turns, chat.Report()), chat.Report()))
    report = chat.Report()
    assert chat.pair_results(turns, report) == turns
    assert report.notes == []


def _others(turns: tuple[chat.Turn, ...]) -> list[chat.Part]:
    """Return everything that is not system text, in order."""
    parts = [part for each in turns if each.role != "system" for part in each.parts]
    return [each for each in parts if not (isinstance(each, chat.Text) and each.text.startswith("<system-reminder>"))]
