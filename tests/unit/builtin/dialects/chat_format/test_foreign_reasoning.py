from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.foreign_reasoning import ANY_SIGNATURE, without_foreign_reasoning
from korproxy.builtin.dialects.chat_format.translator import ChatTranslator

OWN, OTHERS = "T3du", "T3RoZXI="
SOUND = '{"type":"input_audio","input_audio":{"data":"T3RoZXI=","format":"wav"}}'


def detail(signature: str = "", *, data: str = "", said: str = "hm", form: str = "anthropic-claude-v1") -> str:
    kind = {"type": "reasoning.encrypted", "data": data} if data else {"type": "reasoning.text", "text": said}
    signed = {"signature": signature} if signature else {}
    return json.dumps({**kind, **signed, **({"format": form} if form else {}), "index": 0})


def call(mark: str = "", name: str = "read") -> str:
    extra = f',"extra_content":{{"google":{{"thought_signature":"{mark}"}}}}' if mark else ""
    return f'{{"id":"1","type":"function","function":{{"name":"{name}","arguments":"{{\\"n\\": 1.10}}"}}{extra}}}'


def body(*details: str, calls: tuple[str, ...] = ()) -> bytes:
    told = f',"reasoning_details":[{",".join(details)}]' if details else ""
    tools = f',"tool_calls":[{",".join(calls)}]' if calls else ""
    turns = f'{{"role":"user","content":[{SOUND}]}}, {{"role":"assistant","content":"a"{told}{tools}}}'
    return f'{{"model":"m","temperature": 1.0,"messages":[{turns}]}}'.encode()


def owner(family: str, *mine: str) -> Any:
    """Return what a provider of *family* says that has made *mine*, and nothing else of what is known."""

    def own(seal: chat.Seal) -> bool:
        if not seal.data:
            return seal.family != family
        return seal.data in mine

    return own


CLAUDE, GOOGLE = owner("anthropic", OWN), owner("google", OWN)


def sent(request: bytes, own: Any) -> tuple[Any, chat.Report]:
    """Return the assistant's message, and the report."""
    report = chat.Report()
    return json.loads(without_foreign_reasoning(request, own, report))["messages"][1], report


@pytest.mark.parametrize(
    "request_body",
    [
        body(),
        body(detail(OWN), detail(data=OWN)),
        body(detail()),
        body(calls=(call(OWN), call())),
        body(calls=(call(ANY_SIGNATURE),)),
    ],
)
def test_a_request_without_foreign_seals_is_the_same_object(request_body: bytes) -> None:
    report = chat.Report()

    assert without_foreign_reasoning(request_body, GOOGLE, report) is request_body
    assert report.notes == []


def test_where_nothing_is_foreign_nothing_is_decoded() -> None:
    broken = body(detail(OWN), calls=(call(OWN),)).replace(SOUND.encode(), b"{}")[:-1]

    assert without_foreign_reasoning(broken, CLAUDE, chat.Report()) is broken


def test_foreign_reasoning_keeps_its_text_and_what_has_none_goes() -> None:
    message, report = sent(body(detail(OTHERS), detail(data=OTHERS), detail(OTHERS, said=""), detail(OWN)), CLAUDE)

    assert message["reasoning_details"] == [json.loads(detail()), json.loads(detail(OWN))]
    assert report.losses == tuple(f"/messages/1/reasoning_details/{end}" for end in ("0/signature", "1", "2"))


def test_of_an_empty_list_nothing_is_left() -> None:
    message, _ = sent(body(detail(data=OTHERS)), CLAUDE)

    assert message == {"role": "assistant", "content": "a"}


def test_what_stays_is_written_as_it_was() -> None:
    cleaned = without_foreign_reasoning(body(detail(OTHERS), calls=(call(OTHERS),)), CLAUDE, chat.Report())

    for each in (SOUND, '"arguments":"{\\"n\\": 1.10}"', '"temperature":1.0'):
        assert each.encode() in cleaned


def test_a_seal_of_unknown_make_is_judged_as_such() -> None:
    asked: list[chat.Seal] = []

    def own(seal: chat.Seal) -> bool:
        asked.append(seal)
        return seal.family != "unknown"

    request = body(detail(OTHERS, form=""))
    assert without_foreign_reasoning(request, own, chat.Report()) is request
    assert asked[-1] == chat.Seal(family="", data=OTHERS)


def test_google_gets_the_value_that_it_takes_for_any_on_the_first_call_and_others_get_none() -> None:
    request = body(calls=(call(OTHERS), call(OTHERS), call()))
    message, report = sent(request, GOOGLE)
    assert message["tool_calls"] == [json.loads(call(ANY_SIGNATURE)), json.loads(call()), json.loads(call())]
    assert [each.fate for each in report.notes] == ["mapped", "lost"]

    message, report = sent(request, CLAUDE)
    assert message["tool_calls"] == [json.loads(call())] * 3
    assert report.losses[0] == "/messages/1/tool_calls/0/extra_content/google/thought_signature"


def test_what_else_a_client_keeps_beside_a_mark_stays() -> None:
    kept = call(OTHERS).replace('"google":{', '"other":1,"google":{"x":2,')
    message, _ = sent(body(calls=(kept,)), CLAUDE)

    assert message["tool_calls"][0]["extra_content"] == {"other": 1, "google": {"x": 2}}


def test_edge_54_after_a_refusal_every_first_call_has_the_value_that_google_takes_for_any() -> None:
    for mark in ("", OWN):
        message, report = sent(body(calls=(call(mark), call())), chat.nobody)
        assert message["tool_calls"] == [json.loads(call(ANY_SIGNATURE)), json.loads(call())]
        assert report.losses == ()


def test_after_a_refusal_of_somebody_with_details_no_call_gets_one() -> None:
    message, report = sent(body(detail(OWN), calls=(call(),)), chat.nobody)

    assert (message["tool_calls"], message["reasoning_details"]) == ([json.loads(call())], [json.loads(detail())])
    assert report.losses == ("/messages/1/reasoning_details/0/signature",)


@pytest.mark.parametrize(
    "odd",
    [
        b'{"thought_signature":"x"}',
        b'{"messages":7,"reasoning_details":[{"signature":"x"}]}',
        b'{"messages":[7,{"reasoning_details":7,"tool_calls":7},{"reasoning_details":[7],"tool_calls":[7,{"extra_content":7}]}],"signature":"x"}',
        b'["reasoning_details":[{"data":"x"}]',
    ],
)
def test_what_is_no_such_request_passes_as_it_is(odd: bytes) -> None:
    report = chat.Report()

    assert ChatTranslator().without_foreign_reasoning(odd, CLAUDE, report) is odd
    assert report.notes == []


MARKS = st.sampled_from([OWN, OTHERS, ""])


@given(st.lists(st.builds(detail, MARKS, data=MARKS)), st.lists(st.builds(call, MARKS)), st.sampled_from([CLAUDE, chat.nobody]))
def test_what_is_left_holds_no_foreign_seal_and_a_second_time_changes_nothing(
    details: list[str], calls: list[str], own: Any
) -> None:
    once = without_foreign_reasoning(body(*details, calls=tuple(calls)), own, chat.Report())
    left = once.replace(SOUND.encode(), b"{}")

    assert OTHERS.encode() not in left
    assert own is CLAUDE or OWN.encode() not in left
    assert without_foreign_reasoning(once, own, chat.Report()) is once or own is chat.nobody
