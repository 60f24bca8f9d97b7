from __future__ import annotations

import json

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.foreign_thinking import without_foreign_thinking
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator

OWN = '{"type":"thinking","thinking":"mine","signature":"Eq1=="}'
UNSIGNED = '{"type": "thinking", "thinking": "hm", "signature" : ""}'
TAGGED = '{"type":"thinking","thinking":"hm","signature":"korproxy:google:QUJD"}'
CALL = '{"type":"tool_use","id":"1","name":"read","input":{"a": 1.10, "n": 12345678901234567890123}}'
RESULT = '{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"\\u00e9"}]}'


def body(*blocks: str) -> bytes:
    turn = f'{{"role":"assistant","content":[{",".join(blocks)}]}}'
    return f'{{"model":"m", "max_tokens":9,"messages":[{{"role":"user","content":"hi"}},{turn},{RESULT}]}}'.encode()


def test_a_request_without_foreign_thinking_is_the_same_object() -> None:
    report = chat.Report()
    request = body(OWN, CALL)

    assert without_foreign_thinking(request, report) is request
    assert report.losses == ()


@pytest.mark.parametrize("foreign", [UNSIGNED, TAGGED])
def test_edge_53_thinking_of_others_goes_and_everything_else_stays_as_it_was_written(foreign: str) -> None:
    report = chat.Report()
    cleaned = without_foreign_thinking(body(OWN, foreign, CALL), report)

    assert json.loads(cleaned) == json.loads(body(OWN, CALL))
    assert CALL.encode() in cleaned
    assert RESULT.encode() in cleaned
    assert report.losses == ("/messages/1/content/1",)


def test_a_turn_of_which_nothing_is_left_goes_too() -> None:
    report = chat.Report()
    cleaned = json.loads(without_foreign_thinking(body(UNSIGNED, TAGGED), report))

    assert [each["role"] for each in cleaned["messages"]] == ["user", "user"]
    assert report.losses == ("/messages/1/content/0", "/messages/1/content/1")


@pytest.mark.parametrize(
    "odd",
    [
        b'{"signature":""}',
        b'["signature":"", ',
        b'{"messages":7,"signature":""}',
        b'{"messages":[7,{"content":"\\"signature\\":\\"\\""},{"content":[{"signature":""}]}]}',
        b'{"messages":[{"content":[{"type":"text","text":"x","signature":""}]}]}',
    ],
)
def test_what_is_no_such_request_passes_as_it_is(odd: bytes) -> None:
    report = chat.Report()

    assert without_foreign_thinking(odd, report) == odd
    assert report.losses == ()


def test_only_anthropic_itself_refuses_it() -> None:
    report = chat.Report()
    request = body(UNSIGNED, CALL)

    assert MessagesTranslator().without_foreign_reasoning(request, "qwen", report) is request
    assert MessagesTranslator().without_foreign_reasoning(request, "anthropic", report) != request
