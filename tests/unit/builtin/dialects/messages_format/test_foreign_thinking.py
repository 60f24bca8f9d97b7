from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.foreign_thinking import without_foreign_thinking
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator

OWN = '{"type":"thinking","thinking":"mine","signature":"Eq1=="}'
OTHERS = '{"type":"thinking","thinking":"theirs","signature":"Eq2\\/"}'
HIDDEN = '{"data":"red","type" : "redacted_thinking"}'
UNSIGNED = '{"type": "thinking", "thinking": "hm", "signature" : ""}'
TAGGED = '{"type":"thinking","thinking":"hm","signature":"korproxy:google:QUJD"}'
TEXT = '{"type":"text","text":"a \\"signature\\":\\"Eq2/\\" is what it is"}'
CALL = '{"type":"tool_use","id":"1","name":"read","input":{"a": 1.10, "n": 12345678901234567890123}}'
SIGNING = '{"type":"tool_use","id":"1","name":"sign","input":{"signature":"Eq2/", "type":"thinking"}}'
RESULT = '{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"\\u00e9"}]}'
BUDGET = '"thinking":{"type":"enabled","budget_tokens":2048},'


def body(*blocks: str, top: str = "") -> bytes:
    turn = f'{{"role":"assistant","content":[{",".join(blocks)}]}}'
    return f'{{"model":"m", "max_tokens":9,{top}"messages":[{{"role":"user","content":"hi"}},{turn},{RESULT}]}}'.encode()


def own(seal: chat.Seal) -> bool:
    """Say what an account of Anthropic's says that has made ``OWN``, and nothing else."""
    return seal == chat.Seal(family="anthropic", data="Eq1==")


def cleaned(request: bytes, own: Any = own) -> tuple[Any, tuple[str, ...]]:
    report = chat.Report()
    return json.loads(without_foreign_thinking(request, own, report)), report.losses


@pytest.mark.parametrize("blocks", [(OWN, CALL), (TEXT,), (OWN, TEXT, CALL), ('{"type":"text","text":"redacted_thinking"}',)])
def test_a_request_without_foreign_thinking_is_the_same_object(blocks: tuple[str, ...]) -> None:
    report = chat.Report()
    request = body(*blocks, top=BUDGET)

    assert without_foreign_thinking(request, own, report) is request
    assert report.notes == []


def test_where_nothing_is_foreign_nothing_is_decoded() -> None:
    broken = body(OWN, CALL)[:-1]

    assert without_foreign_thinking(broken, own, chat.Report()) is broken


def test_each_block_is_looked_at_once_however_often_it_says_what_it_is() -> None:
    asked: list[str] = []

    def mine(seal: chat.Seal) -> bool:
        asked.append(seal.data)
        return True

    many = '{"x":[' + '"redacted_thinking",' * 9 + '0],"data":"red"}'
    for request in (body(many, HIDDEN, HIDDEN), body(HIDDEN)[:-60], b'["redacted_thinking","data":"red"'):
        without_foreign_thinking(request, mine, chat.Report())

    assert asked == ["red"] * 4


@pytest.mark.parametrize("foreign", [UNSIGNED, TAGGED, OTHERS, HIDDEN])
def test_edge_53_thinking_of_others_goes_and_everything_else_stays_as_it_was_written(foreign: str) -> None:
    report = chat.Report()
    sent = without_foreign_thinking(body(OWN, foreign, CALL), own, report)

    assert json.loads(sent) == json.loads(body(OWN, CALL))
    assert CALL.encode() in sent
    assert RESULT.encode() in sent
    assert report.losses == ("/messages/1/content/1",)


def test_what_looks_like_a_signature_in_a_tools_input_is_none() -> None:
    report = chat.Report()
    request = body(OWN, SIGNING)

    assert without_foreign_thinking(request, own, report) is request
    assert report.losses == ()


def test_a_turn_of_which_nothing_is_left_goes_too() -> None:
    sent, lost = cleaned(body(UNSIGNED, TAGGED))

    assert [each["role"] for each in sent["messages"]] == ["user", "user"]
    assert lost == ("/messages/1/content/0", "/messages/1/content/1")


def test_half_a_character_elsewhere_does_not_keep_it_in() -> None:
    sent, lost = cleaned(body(OTHERS, CALL).replace(b"\\u00e9", b"\\ud83d"))

    assert [each["type"] for each in sent["messages"][1]["content"]] == ["tool_use"]
    assert lost == ("/messages/1/content/0",)


def test_thinking_by_a_budget_is_off_where_the_last_calls_have_lost_theirs() -> None:
    edits = '"context_management":{"edits":[{"type":"clear_thinking_20251015"},{"type":"clear_tool_uses_20250919"}]},'
    report = chat.Report()
    sent = json.loads(without_foreign_thinking(body(OTHERS, CALL, top=BUDGET + edits), own, report))

    assert sent["thinking"] == {"type": "disabled"}
    assert sent["context_management"] == {"edits": [{"type": "clear_tool_uses_20250919"}]}
    assert [(each.pointer, each.fate) for each in report.notes] == [
        ("/messages/1/content/0", "lost"),
        ("/thinking", "mapped"),
        ("/context_management/edits/0", "lost"),
    ]


@pytest.mark.parametrize(
    ("blocks", "wish"),
    [
        ((OTHERS, CALL), '"thinking":{"type":"adaptive"},'),
        ((OTHERS, TEXT), BUDGET),
        ((OWN, OTHERS, CALL), BUDGET),
        ((OTHERS, CALL), ""),
        ((OTHERS, CALL), '"thinking":7,'),
    ],
)
def test_elsewhere_the_wish_to_think_stays(blocks: tuple[str, ...], wish: str) -> None:
    sent, _ = cleaned(body(*blocks, top=wish))

    assert sent.get("thinking") == json.loads(body(top=wish)).get("thinking")


def test_calls_that_never_had_thinking_are_the_clients_affair_until_the_provider_refuses() -> None:
    request = body(CALL, top=BUDGET)

    assert cleaned(request)[0] == json.loads(request)
    sent, lost = cleaned(request, chat.nobody)
    assert (sent["thinking"], lost) == ({"type": "disabled"}, ())


def test_after_a_refusal_all_of_it_goes() -> None:
    sent, lost = cleaned(body(OWN, HIDDEN, UNSIGNED, CALL, top=BUDGET), chat.nobody)

    assert [each["type"] for each in sent["messages"][1]["content"]] == ["tool_use"]
    assert sent["thinking"] == {"type": "disabled"}
    assert len(lost) == 3


@pytest.mark.parametrize(
    "odd",
    [
        b'{"signature":""}',
        b'["signature":"", ',
        b'{"messages":7,"signature":""}',
        b'{"messages":[7,{"content":"\\"signature\\":\\"\\""},{"content":[{"signature":""}]}]}',
        b'{"messages":[{"content":[{"type":"text","text":"x","signature":""}]}]}',
        b'{"messages":[{"content":[{"type":"redacted_thinking","data":7}]}]}',
        b'{"messages":[{"role":"assistant","content":[{"type":{"thinking":1},"signature":""}]}]}',
        b'{"messages":[{"role":"assistant","content":[{"type":["thinking"],"signature":""},{"type":"tool_use"}]}]}',
        b'{"messages":[{"role":"assistant","content":[]}],"thinking":{"type":"enabled"},"x":{"signature":""}}',
        b'"redacted_thinking"',
    ],
)
@pytest.mark.parametrize("owner", [own, chat.nobody])
def test_what_is_no_such_request_passes_as_it_is(odd: bytes, owner: Any) -> None:
    report = chat.Report()

    assert without_foreign_thinking(odd, owner, report) == odd
    assert report.losses == ()


def test_unsigned_thinking_stays_with_servers_that_take_it_back() -> None:
    asked: list[chat.Seal] = []

    def takes_it(seal: chat.Seal) -> bool:
        asked.append(seal)
        return True

    request = body(UNSIGNED, CALL)
    assert MessagesTranslator().without_foreign_reasoning(request, takes_it, chat.Report()) is request
    assert asked == [chat.Seal(family="anthropic", data="")]


@given(st.lists(st.sampled_from([OWN, OTHERS, HIDDEN, UNSIGNED, TAGGED, TEXT, CALL]), min_size=1), st.booleans())
def test_what_is_left_holds_no_foreign_seal_and_a_second_time_changes_nothing(blocks: list[str], refused: bool) -> None:
    owner = chat.nobody if refused else own
    once = without_foreign_thinking(body(*blocks, top=BUDGET), owner, chat.Report())
    kept = [each for turn in json.loads(once)["messages"] if turn["role"] == "assistant" for each in turn["content"]]

    assert kept == [json.loads(each) for each in blocks if each in (TEXT, CALL) or (each == OWN and not refused)]
    assert without_foreign_thinking(once, owner, chat.Report()) is once
