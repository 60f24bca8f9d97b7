from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.foreign_reasoning import without_foreign_reasoning
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator

OWN, OTHERS, TAGGED = "gAAAown", "gAAAothers", "korproxy:anthropic:Eq1"
USER = '{"role":"user","content":"say \\"encrypted_content\\":\\"gAAAothers\\""}'
MESSAGE = '{"type":"message","role":"assistant","id":"msg_1","content":[{"type":"output_text","text":"a"}]}'
CALL = '{"type":"function_call","id":"fc_1","call_id":"call_1","name":"read","arguments":"{\\"n\\": 1.10}"}'
RESULT = '{"type":"function_call_output","id":"out_1","call_id":"call_1","output":"b"}'
STORED = '{"type":"reasoning","id":"rs_9","summary":[]}'
SEARCH = '{"type":"web_search_call","id":"ws_1","status":"completed"}'


def reasoning(encrypted: str) -> str:
    return f'{{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content" : "{encrypted}"}}'


def compaction(encrypted: str) -> str:
    return f'{{"type":"compaction","id":"cmp_1","encrypted_content":"{encrypted}"}}'


def body(*items: str) -> bytes:
    return f'{{"model":"m", "temperature": 1.0,"input":[{", ".join(items)}]}}'.encode()


def own(seal: chat.Seal) -> bool:
    """Say what an account of OpenAI's says that has made ``OWN``, and nothing else."""
    return seal == chat.Seal(family="openai", data=OWN)


def sent(request: bytes, owner: Any = own) -> tuple[list[Any], chat.Report]:
    """Return the items that are left, and the report."""
    report = chat.Report()
    return json.loads(without_foreign_reasoning(request, owner, report))["input"], report


@pytest.mark.parametrize("items", [(USER,), (USER, reasoning(OWN), CALL, RESULT), (compaction(OWN), USER), (STORED, CALL)])
def test_a_request_without_foreign_seals_is_the_same_object(items: tuple[str, ...]) -> None:
    request, report = body(*items), chat.Report()

    assert without_foreign_reasoning(request, own, report) is request
    assert report.notes == []


def test_where_nothing_is_foreign_nothing_is_decoded() -> None:
    broken = body(USER, reasoning(OWN))[:-1]

    assert without_foreign_reasoning(broken, own, chat.Report()) is broken


@pytest.mark.parametrize("foreign", [OTHERS, TAGGED])
def test_edge_56_reasoning_of_another_account_goes_and_what_it_led_to_stays_without_its_id(foreign: str) -> None:
    items, report = sent(body(USER, reasoning(foreign), MESSAGE, CALL, RESULT, reasoning(OWN), MESSAGE))

    assert [each.get("id") for each in items] == [None, None, None, "out_1", "rs_1", "msg_1"]
    assert [each.get("type") for each in items][:3] == [None, "message", "function_call"]
    assert [(each.pointer, each.fate) for each in report.notes] == [
        ("/input/1", "lost"),
        ("/input/2/id", "mapped"),
        ("/input/3/id", "mapped"),
    ]


def test_what_stays_is_written_as_it_was() -> None:
    cleaned = without_foreign_reasoning(body(USER, reasoning(OTHERS), CALL, RESULT), own, chat.Report())

    for each in (USER, RESULT, '"arguments":"{\\"n\\": 1.10}"', '"temperature":1.0'):
        assert each.encode() in cleaned


def test_calls_that_openai_runs_itself_keep_their_ids() -> None:
    items, _ = sent(body(USER, reasoning(OTHERS), SEARCH, MESSAGE))

    assert [each.get("id") for each in items] == [None, "ws_1", "msg_1"]


def test_a_conversation_that_another_account_has_compacted_is_gone_and_it_is_said() -> None:
    items, report = sent(body(compaction(OTHERS), USER))

    assert items == [json.loads(USER)]
    assert report.losses == ("/input/0",)


def test_after_a_refusal_all_that_is_sealed_goes() -> None:
    items, _ = sent(body(compaction(OWN), USER, reasoning(OWN), CALL, RESULT, STORED), chat.nobody)

    assert [each.get("type") for each in items] == [None, "function_call", "function_call_output", "reasoning"]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"encrypted_content":"x"}',
        b'{"input":"\\"encrypted_content\\":\\"x\\"","metadata":{"encrypted_content":"x"}}',
        b'{"input":[7,{"type":7,"encrypted_content":"x"},{"type":"reasoning","encrypted_content":7}]}',
        b'["encrypted_content":"x"',
    ],
)
@pytest.mark.parametrize("owner", [own, chat.nobody])
def test_what_is_no_such_request_passes_as_it_is(odd: bytes, owner: Any) -> None:
    report = chat.Report()

    assert ResponsesTranslator().without_foreign_reasoning(odd, owner, report) is odd
    assert report.notes == []


ITEMS = st.sampled_from([USER, MESSAGE, CALL, RESULT, STORED, *map(reasoning, (OWN, OTHERS, TAGGED)), compaction(OTHERS)])


@given(st.lists(ITEMS), st.sampled_from([own, chat.nobody]))
def test_what_is_left_holds_no_foreign_seal_and_a_second_time_changes_nothing(items: list[str], owner: Any) -> None:
    once = without_foreign_reasoning(body(*items), owner, chat.Report())
    seals = [each.get("encrypted_content") for each in json.loads(once)["input"]]

    assert set(seals) <= ({None, OWN} if owner is own else {None})
    assert without_foreign_reasoning(once, owner, chat.Report()) is once


def test_reasoning_that_korproxy_itself_gave_an_id_is_looked_for_nowhere_and_goes() -> None:
    ours = f'{{"type":"reasoning","id":"rs_{"0a" * 16}_0","summary":[{{"type":"summary_text","text":"Hm."}}]}}'
    items, report = sent(body(USER, ours, CALL, RESULT))

    assert items == [json.loads(USER), {k: v for k, v in json.loads(CALL).items() if k != "id"}, json.loads(RESULT)]
    assert report.losses == ("/input/1",)
