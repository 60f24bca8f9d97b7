"""Ids and names that targets take, and the client's own back again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from tests.fakes.conversations import IDS, answers, conversations, good_streams
from tests.fakes.work import lines_run

CHAT = chat.NameRule(longest=64)
GEMINI = chat.NameRule(longest=64, characters="A-Za-z0-9_.:-", first="A-Za-z_")
RULES = st.sampled_from([CHAT, GEMINI, chat.NameRule(longest=128), chat.NameRule(longest=16)])
LONG = "mcp__" + "server_" * 10


def calling(*ids: str, name: str = "read") -> chat.Turn:
    return chat.Turn(role="assistant", parts=tuple(chat.ToolCall(id=each, name=name) for each in ids))


def results(*ids: str) -> chat.Turn:
    return chat.Turn(role="user", parts=tuple(chat.ToolResult(call_id=each) for each in ids))


def ids_of(conversation: chat.Conversation) -> list[list[str]]:
    found = [[_id(part) for part in turn.parts] for turn in conversation.turns]
    return [[each for each in ids if each is not None] for ids in found]


def _id(part: chat.Part) -> str | None:
    if isinstance(part, chat.ToolCall):
        return part.id
    return part.call_id if isinstance(part, chat.ToolResult) else None


def fitted(*turns: chat.Turn) -> list[list[str]]:
    return ids_of(chat.fit_ids(chat.Conversation(turns=turns)))


def names_of(conversation: chat.Conversation) -> Iterator[str]:
    yield from (each.name for each in conversation.functions)
    yield from conversation.choice.names if conversation.choice else ()
    for turn in conversation.turns:
        yield from (each.name for each in turn.parts if isinstance(each, (chat.ToolCall, chat.ToolResult)) and each.name)


def test_edge_32_an_id_keeps_what_can_be_kept_in_its_result_too() -> None:
    assert fitted(calling("fs.readFile:0"), results("fs.readFile:0")) == [["fs_readFile_0"], ["fs_readFile_0"]]


def test_edge_32_ids_that_would_meet_stay_apart() -> None:
    turns = (calling("a.b", "a:b", "a_b"), results("a_b", "a:b", "a.b"))
    [[first, second, third], answered] = fitted(*turns)
    assert first == "a_b"
    assert re.fullmatch("a_b_[0-9a-f]{8}", second)
    assert re.fullmatch("a_b_[0-9a-f]{8}", third)
    assert answered == [third, second, first]
    assert len({first, second, third}) == 3


def test_an_id_that_comes_back_in_a_later_turn_gets_another_end_and_so_does_its_result() -> None:
    turns = (calling("call_0"), results("call_0"), calling("call_0"), results("call_0"), calling("call_0"), results("call_0"))
    found = fitted(*turns)
    assert found[0] == found[1] == ["call_0"]
    assert found[2] == found[3]
    assert found[4] == found[5]
    assert len({found[0][0], found[2][0], found[4][0]}) == 3
    assert fitted(*turns[:4]) == found[:4]


def test_an_id_twice_in_one_turn_belongs_to_the_results_in_order() -> None:
    [[first, second], answered] = fitted(calling("x", "x"), results("x", "x"))
    assert first != second
    assert answered == [first, second]


def test_the_results_of_an_interrupted_call_are_not_given_to_the_next_of_its_id() -> None:
    found = fitted(calling("x"), results(), calling("x"), results("x"))
    assert found[0] == ["x"]
    assert found[2] == found[3] != ["x"]


def test_edge_12_an_empty_id_is_made_up_and_given_to_the_next_result_without_one() -> None:
    turns = (calling("", ""), results("", ""), calling(""), results(""))
    assert fitted(*turns) == [["call_0", "call_1"], ["call_0", "call_1"], ["call_2"], ["call_2"]]


def test_a_result_of_no_call_gets_an_id_that_fits() -> None:
    assert fitted(results("a.b", "")) == [["a_b", "result_0"]]


def test_ids_of_every_kind_are_cut_to_length_with_a_hash() -> None:
    one, two = chat.fit_id("x" * 64 + "1"), chat.fit_id("x" * 64 + "2")
    assert [len(one), len(two)] == [64, 64]
    assert one != two
    assert chat.fit_id("x" * 64) == "x" * 64
    assert chat.fit_id("") == ""


@given(st.text() | IDS, st.integers(16, 64))
def test_one_id_alone_is_fitted_in_the_same_way_each_time(old: str, longest: int) -> None:
    new = chat.fit_id(old, longest=longest)
    assert re.fullmatch("[A-Za-z0-9_-]*", new)
    assert len(new) <= longest
    assert chat.fit_id(new, longest=longest) == new
    assert bool(new) == bool(old)


@given(conversations())
def test_ids_fit_each_call_has_its_own_and_a_second_time_nothing_changes(asked: chat.Conversation) -> None:
    once = chat.fit_ids(asked)
    found = [each for ids in ids_of(once) for each in ids]
    calls = [part.id for turn in once.turns for part in turn.parts if isinstance(part, chat.ToolCall)]
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", each) for each in found)
    assert len(set(calls)) == len(calls)
    assert chat.fit_ids(once) is once
    assert chat.fit_ids(asked) == once


@given(conversations(), st.integers(0, 8))
def test_what_is_appended_to_a_conversation_changes_no_id_before_it(asked: chat.Conversation, length: int) -> None:
    shorter = attrs.evolve(asked, turns=asked.turns[:length])
    assert ids_of(chat.fit_ids(shorter)) == ids_of(chat.fit_ids(asked))[:length]


@given(conversations(), conversations())
def test_fitting_ids_keeps_pairs(first: chat.Conversation, second: chat.Conversation) -> None:
    report = chat.Report()
    paired = chat.pair_results((*first.turns, *second.turns), report)
    once = chat.fit_ids(chat.Conversation(turns=paired))
    again = chat.Report()
    assert chat.pair_results(once.turns, again) == once.turns
    assert again.notes == []


@pytest.mark.parametrize("id", ["same", "", "fs.read"])
def test_the_work_for_ids_that_come_back_grows_with_their_number_and_no_faster(id: str) -> None:  # noqa: A002
    def work(count: int) -> int:
        once = chat.Conversation(turns=(calling(*[id] * count), results(*[id] * count)))
        again = chat.Conversation(turns=tuple(turn for _ in range(count) for turn in (calling(id), results(id))))
        return lines_run(lambda: (chat.fit_ids(once), chat.fit_ids(again)))

    assert work(400) < 2.5 * work(200)


def test_twenty_thousand_calls_with_one_id_get_ids_of_their_own() -> None:
    (first, second) = fitted(calling(*["same"] * 20_000), results(*["same"] * 20_000))

    assert len({*first}) == 20_000
    assert first == second


@given(conversations(tidy=True))
def test_ids_that_fit_are_not_touched(asked: chat.Conversation) -> None:
    assert chat.fit_ids(asked) is asked


def test_edge_33_a_name_fits_everywhere_and_comes_back() -> None:
    odd = "mcp/server@x y"
    asked = chat.Conversation(
        tools=(chat.Tool(name=odd, at="/tools/0"), chat.Tool(name="read"), chat.HostedTool(kind="web_search")),
        choice=chat.ToolChoice(mode="any", names=(odd, "read"), at="/tool_choice"),
        turns=(
            chat.Turn(role="assistant", parts=(chat.ToolCall(id="1", name=odd, at="/messages/0"),)),
            chat.Turn(role="user", parts=(chat.ToolResult(call_id="1", name=odd, at="/messages/1"), chat.Text(text=odd))),
        ),
    )
    report = chat.Report()

    written, names = chat.fit_names(asked, GEMINI, report)

    [new] = names
    assert re.fullmatch("mcp_server_x_y_[0-9a-f]{8}", new)
    assert names == {new: odd}
    assert list(names_of(written)) == [new, "read", new, "read", new, new]
    assert [(each.pointer, each.fate) for each in report.notes] == [
        ("/tools/0", "mapped"),
        ("/tool_choice", "mapped"),
        ("/messages/0", "mapped"),
    ]
    assert chat.rename_event(chat.CallStarted(key=0, id="1", name=new), names).name == odd  # type: ignore[union-attr]


def test_edge_34_names_that_collide_when_shortened_or_cleaned_stay_apart() -> None:
    old = [LONG + "read", LONG + "write", "a.b", "a b", "a_b"]
    asked = chat.Conversation(turns=(), tools=tuple(chat.Tool(name=each) for each in old))
    written, names = chat.fit_names(asked, CHAT, chat.Report())
    new = [each.name for each in written.functions]
    assert len(set(new)) == 5
    assert [names.get(each, each) for each in new] == old


def test_a_name_becomes_the_same_whichever_tools_stand_beside_it() -> None:
    tools = (chat.Tool(name="a b"), chat.Tool(name="a_b"), chat.Tool(name="a.b"))
    one, _ = chat.fit_names(chat.Conversation(turns=(), tools=tools[2:]), CHAT, chat.Report())
    all_three, _ = chat.fit_names(chat.Conversation(turns=(), tools=tools), CHAT, chat.Report())
    assert one.functions[0] == all_three.functions[2]


def test_a_name_that_a_hash_would_meet_is_passed_by() -> None:
    one, _ = chat.fit_names(chat.Conversation(turns=(), tools=(chat.Tool(name="a.b"),)), CHAT, chat.Report())
    taken = one.functions[0]
    both, names = chat.fit_names(chat.Conversation(turns=(), tools=(chat.Tool(name="a.b"), taken)), CHAT, chat.Report())
    assert both.functions[1] == taken
    assert [names[each.name] for each in both.functions[:1]] == ["a.b"]
    assert both.functions[0].name != taken.name


@pytest.mark.parametrize(
    ("old", "pattern"), [("1st", "tool_1st_[0-9a-f]{8}"), ("", "tool_[0-9a-f]{8}"), ("größe", "gr__e_[0-9a-f]{8}")]
)
def test_a_name_begins_as_the_format_wants_it(old: str, pattern: str) -> None:
    written, _ = chat.fit_names(chat.Conversation(turns=(), tools=(chat.Tool(name=old),)), GEMINI, chat.Report())
    assert re.fullmatch(pattern, written.functions[0].name)


@given(conversations(), RULES)
def test_names_fit_are_told_apart_can_be_given_back_and_fit_a_second_time(
    asked: chat.Conversation, rule: chat.NameRule
) -> None:
    written, names = chat.fit_names(asked, rule, chat.Report())
    new, old = list(names_of(written)), list(names_of(asked))
    fits = re.compile(f"[{rule.first}][{rule.characters}]{{0,{rule.longest - 1}}}")
    assert all(fits.fullmatch(each) for each in new)
    assert [names.get(each, each) for each in new] == old
    assert all(one == two for one, two in zip(old, new, strict=True) if fits.fullmatch(one))
    assert len(set(new)) == len(set(old))
    assert chat.fit_names(asked, rule, chat.Report()) == (written, names)
    assert chat.fit_names(written, rule, chat.Report()) == (written, {})


def test_names_that_fit_are_not_touched() -> None:
    report = chat.Report()
    asked = chat.Conversation(turns=(calling("1"),), tools=(chat.Tool(name="x" * 64), chat.Tool(name="mcp__a-B")))
    written, names = chat.fit_names(asked, CHAT, report)
    assert written is asked
    assert (names, report.notes) == ({}, [])


@given(answers(), good_streams())
def test_answers_call_tools_by_the_clients_names(answer: chat.Answer, stream: list[chat.Event]) -> None:
    names = {"read": "read/it", "Read": "Read it"}
    renamed = chat.rename_answer(answer, names)
    assert [each.name for each in renamed.parts if isinstance(each, chat.ToolCall)] == [
        names.get(each.name, each.name) for each in answer.parts if isinstance(each, chat.ToolCall)
    ]
    assert [
        each.name for each in (chat.rename_event(event, names) for event in stream) if isinstance(each, chat.CallStarted)
    ] == [names.get(each.name, each.name) for each in stream if isinstance(each, chat.CallStarted)]
    assert chat.rename_answer(renamed, {new: old for old, new in names.items()}) == answer


def test_without_renamed_tools_answers_are_left_alone() -> None:
    answer = chat.Answer(parts=(chat.ToolCall(id="1", name="read"),), ending=chat.Ending(reason="tools"))
    assert chat.rename_answer(answer, {}) is answer
