"""Every call with its result right behind it, whatever a history looks like."""

from __future__ import annotations

import pytest
from hypothesis import given

from korproxy.api import chat
from tests.fakes.conversations import conversations
from tests.fakes.work import lines_run

NOTHING = (chat.Text(text=chat.NO_RESULT),)


def call(call_id: str, name: str = "read", at: str = "") -> chat.ToolCall:
    return chat.ToolCall(id=call_id, name=name, at=at)


def result(call_id: str, text: str = "ok", name: str = "read", at: str = "") -> chat.ToolResult:
    return chat.ToolResult(call_id=call_id, name=name, parts=(chat.Text(text=text),), at=at)


def user(*parts: chat.Part, at: str = "") -> chat.Turn:
    return chat.Turn(role="user", parts=parts, at=at)


def assistant(*parts: chat.Part) -> chat.Turn:
    return chat.Turn(role="assistant", parts=parts)


def text(content: str) -> chat.Text:
    return chat.Text(text=content)


def paired(*turns: chat.Turn) -> tuple[tuple[chat.Turn, ...], list[tuple[str, str]]]:
    report = chat.Report()
    return chat.pair_results(turns, report), [(each.pointer, each.fate) for each in report.notes]


def unpaired(turns: tuple[chat.Turn, ...]) -> list[str]:
    """Return what a strict provider would refuse; written without a look at the code under test."""
    faults = []
    awaited: list[tuple[str, str]] = []
    for turn in turns:
        results = [each for each in turn.parts if isinstance(each, chat.ToolResult)]
        if [(each.call_id, each.name) for each in results] != awaited:
            faults.append(f"{awaited} wanted, {results} found")
        if any(not isinstance(each, chat.ToolResult) for each in turn.parts[: len(results)]):
            faults.append("something stands in front of a result")
        if awaited and turn.role != "user":
            faults.append(f"results in a turn of {turn.role}")
        awaited = [(each.id, each.name) for each in turn.parts if isinstance(each, chat.ToolCall)]
    return faults + [f"{each} wanted at the end" for each in awaited]


def test_edge_29_results_in_messages_of_their_own_come_together_in_the_order_of_the_calls() -> None:
    turns = (assistant(call("1"), call("2")), user(result("2", name=""), at="/1"), user(result("1"), at="/2"), user(text("!")))
    assert paired(*turns) == ((turns[0], user(result("1"), result("2")), turns[3]), [])


def test_edge_30_results_stand_in_front_of_what_the_user_says() -> None:
    turns = (assistant(call("1")), user(text("a"), result("1"), text("b")))
    assert paired(*turns) == ((turns[0], user(result("1"), text("a"), text("b"))), [])


def test_edge_83_an_interrupted_call_gets_a_result_that_says_so() -> None:
    turns = (assistant(call("1"), call("2", "write", at="/0/1")), user(result("1")), user(text("stop")))
    nothing = chat.ToolResult(call_id="2", name="write", parts=NOTHING)
    assert paired(*turns) == ((turns[0], user(result("1"), nothing), turns[2]), [("/0/1", "mapped")])


def test_edge_83_calls_at_the_very_end_are_answered_too() -> None:
    nothing = chat.ToolResult(call_id="1", name="read", parts=NOTHING)
    assert paired(assistant(call("1"))) == ((assistant(call("1")), user(nothing)), [])


def test_the_last_of_several_results_stays() -> None:
    turns = (assistant(call("1")), user(result("1", "old", at="/1")), user(result("1", "new", at="/2")))
    assert paired(*turns) == ((turns[0], user(result("1", "new"))), [("/1", "lost")])


def test_a_late_result_goes_to_its_call() -> None:
    turns = (assistant(call("1"), call("2")), user(result("1")), assistant(text("hm")), user(result("2"), text("!")))
    assert paired(*turns) == ((turns[0], user(result("1"), result("2")), turns[2], user(text("!"))), [])


def test_a_result_without_a_call_is_a_text_of_the_user() -> None:
    mark = chat.CacheMark()
    failed = chat.ToolResult(call_id="9", name="read", parts=(text("gone"),), error=True, cache=mark, at="/0/1")
    empty = chat.ToolResult(call_id="8", at="/0/2")
    said = (text("a"), text("[tool error: read]"), chat.Text(text="gone", cache=mark), text("[tool result]"))
    assert paired(user(text("a"), failed, empty)) == ((user(*said),), [("/0/1", "mapped"), ("/0/2", "mapped")])


def test_a_result_in_front_of_its_call_is_none() -> None:
    turns = (user(result("1")), assistant(call("1")), user(result("1")))
    assert paired(*turns)[0] == (user(text("[tool result: read]"), text("ok")), *turns[1:])


def test_pictures_of_a_result_without_a_call_stay_pictures() -> None:
    picture = chat.Image(blob=chat.Blob(url="https://example.com/a.png"))
    lost = chat.ToolResult(call_id="9", parts=(picture,))
    assert paired(user(lost))[0] == (user(text("[tool result]"), picture),)


def test_an_id_that_comes_back_belongs_to_the_latest_call() -> None:
    turns = (assistant(call("0")), user(text("stop")), assistant(call("0")), user(result("0", "new")))
    nothing = chat.ToolResult(call_id="0", name="read", parts=NOTHING)
    assert paired(*turns)[0] == (turns[0], user(nothing), *turns[1:])


def test_one_id_for_two_calls_of_a_turn_is_answered_in_order() -> None:
    turns = (assistant(call("0"), call("0")), user(result("0", "a")), user(result("0", "b")))
    assert paired(*turns)[0] == (turns[0], user(result("0", "a"), result("0", "b")))
    assert paired(*turns, user(result("0", "c")))[0] == (turns[0], user(result("0", "a"), result("0", "c")))


def test_edge_35_results_without_id_answer_the_calls_of_their_name_else_the_next_one() -> None:
    calls = assistant(call("", "read"), call("", "write"), call("", "read"), call("x", "list"))
    answers = user(result("", "1", name=""), result("", "2", "read"), result("", "3", "other"), result("", "4", "write"))
    expected = (result("", "2", "read"), result("", "4", "write"), result("", "1", "read"), result("x", "3", "list"))
    assert paired(calls, answers) == ((calls, user(*expected)), [])


def test_results_without_id_answer_the_calls_right_before_them() -> None:
    turns = (assistant(call("")), user(result("", "a")), assistant(call("")), user(result("", "b")))
    assert paired(*turns) == (turns, [])


def test_results_with_ids_of_their_own_answer_calls_of_their_name_that_have_none() -> None:
    calls = assistant(call("", "read"), call("x", "read"), call("", "write"), call("", "read"))
    answers = user(result("w-1", "1", "write"), result("r-1", "2"), result("x", "3"), result("r-2", "4"), result("r-3", "5"))
    expected = (result("", "2"), result("x", "3"), result("", "1", "write"), result("", "4"))

    assert paired(calls, answers)[0] == (calls, user(*expected, text("[tool result: read]"), text("5")))


def test_a_result_without_id_and_without_an_open_call_is_text() -> None:
    turns = (assistant(call("")), user(result("", "1")), user(result("", "2", at="/2")))
    said = user(text("[tool result: read]"), text("2"))
    assert paired(*turns) == ((*turns[:2], said), [("/2", "mapped")])


def test_neighbouring_assistant_turns_with_calls_become_one() -> None:
    turns = (assistant(text("a"), call("1")), assistant(call("2")), user(result("2")), user(result("1")))
    expected = (assistant(text("a"), call("1"), call("2")), user(result("1"), result("2")))
    assert paired(*turns)[0] == expected


def test_system_text_between_a_call_and_its_result_stands_behind_them() -> None:
    turns = (assistant(call("1")), chat.Turn(role="system", parts=(text("s"),)), user(result("1"), text("b"), at="/2"))
    found, _ = paired(*turns)
    assert found == (turns[0], user(result("1")), turns[1], user(text("b")))
    assert found[1].at == "/2"


def test_pairs_that_are_right_are_left_alone() -> None:
    turns = (user(text("a")), assistant(call("1")), user(result("1"), text("b")), user(), assistant())
    found, notes = paired(*turns)
    assert notes == []
    assert all(one is two for one, two in zip(found, turns, strict=True))


@given(conversations())
def test_every_call_has_its_result_behind_it_whatever_the_history(asked: chat.Conversation) -> None:
    found, _ = paired(*asked.turns)
    assert unpaired(found) == []


@given(conversations())
def test_pairing_a_second_time_changes_nothing(asked: chat.Conversation) -> None:
    once, _ = paired(*asked.turns)
    assert paired(*once) == (once, [])


@given(conversations())
def test_pairing_takes_away_nothing_but_results_and_says_which(asked: chat.Conversation) -> None:
    found, notes = paired(*asked.turns)
    others = _others(asked.turns)
    places = {each.at for each in others}
    assert _places(asked.turns) - _places(found) == {pointer for pointer, fate in notes if fate == "lost"}
    assert [each for each in _others(found) if each.at in places] == others


@given(conversations(tidy=True))
def test_good_pairs_are_left_alone(asked: chat.Conversation) -> None:
    assert paired(*asked.turns) == (asked.turns, [])


def _one_turn(count: int, call_id: str, result_id: str, names: list[str]) -> list[chat.Turn]:
    calls = [call(call_id, names[at % len(names)]) for at in range(count)]
    results = [result(result_id, name=names[-1 - at % len(names)]) for at in range(count)]
    return [assistant(*calls), *(user(each) for each in results)]


@pytest.mark.parametrize(
    ("call_id", "result_id", "names"),
    [
        ("same", "same", ["read"]),
        ("", "", ["read"]),
        ("", "", ["read", "write", "list"]),
        ("same", "", [*map(str, range(1000))]),
        ("same", "other", ["read"]),
    ],
)
def test_the_work_for_results_of_one_turn_grows_with_their_number_and_no_faster(
    call_id: str, result_id: str, names: list[str]
) -> None:
    def work(count: int) -> int:
        turns = _one_turn(count, call_id, result_id, names)
        return lines_run(lambda: chat.pair_results(turns, chat.Report()))

    assert work(400) < 2.5 * work(200)


def test_the_work_for_late_results_without_id_grows_with_their_number_and_no_faster() -> None:
    def work(count: int) -> int:
        late = [turn for _ in range(count) for turn in (user(result("", name="odd")), assistant(text("Hm.")))]
        turns = [assistant(*(call(str(at)) for at in range(count))), *late]
        return lines_run(lambda: chat.pair_results(turns, chat.Report()))

    assert work(400) < 2.5 * work(200)


def test_twenty_thousand_results_for_one_id_are_answered_in_order() -> None:
    calls, results = ([make("same", str(at)) for at in range(20_000)] for make in (call, result))
    turns = (assistant(*calls), user(*results))

    found, notes = paired(*turns)
    assert [each.name for each in found[1].parts if isinstance(each, chat.ToolResult)] == [each.name for each in calls]
    assert notes == []


def _places(turns: tuple[chat.Turn, ...]) -> set[str]:
    return {part.at for turn in turns for part in turn.parts if part.at}


def _others(turns: tuple[chat.Turn, ...]) -> list[chat.Part]:
    return [part for turn in turns for part in turn.parts if not isinstance(part, chat.ToolResult)]
