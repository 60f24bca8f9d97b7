from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.foreign_signatures import without_foreign_signatures
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE, UNSEALED, signature_of
from korproxy.builtin.dialects.gemini_format.translator import GeminiTranslator

OWN, OTHERS = "T3du", "T3RoZXI="
TAGGED = signature_of(chat.Seal(family="anthropic", data="Eq1"))
THOUGHT = '{"text":"hm","thought":true}'
ASKING = '{"role":"user","parts":[{"text":"hi \\"thoughtSignature\\":\\"T3RoZXI=\\""}]}'
RESULT = '{"role":"user","parts":[{"functionResponse":{"name":"read","response":{"n": 1.10}}}]}'


def call(signature: str = "", *, key: str = "thoughtSignature") -> str:
    signed = f', "{key}" : "{signature}"' if signature else ""
    return f'{{"functionCall":{{"name":"read","args":{{"n": 1.10}}}}{signed}}}'


def text(said: str, signature: str) -> str:
    return f'{{"text":"{said}","thoughtSignature":"{signature}"}}'


def body(*parts: str, role: str = "model") -> bytes:
    turn = f'{{"role":"{role}","parts":[{",".join(parts)}]}}'
    return f'{{"contents":[{ASKING}, {turn}, {RESULT}],"generationConfig":{{"temperature": 1.0}}}}'.encode()


def own(seal: chat.Seal) -> bool:
    """Say what a key of Google's says that has made ``OWN``, and nothing else."""
    return seal == chat.Seal(family="google", data=OWN)


def sent(request: bytes, owner: Any = own) -> tuple[list[Any], chat.Report]:
    """Return the parts of the model's turn, and the report."""
    report = chat.Report()
    cleaned = json.loads(without_foreign_signatures(request, owner, report))
    return [part for each in cleaned["contents"] if each["role"] == "model" for part in each["parts"]], report


@pytest.mark.parametrize("signature", [OWN, "", ANY_SIGNATURE])
def test_a_request_without_foreign_signatures_is_the_same_object(signature: str) -> None:
    request, report = body(THOUGHT, call(signature)), chat.Report()

    assert without_foreign_signatures(request, own, report) is request
    assert report.notes == []


def test_where_nothing_is_foreign_nothing_is_decoded() -> None:
    broken = body(call(OWN))[:-1]

    assert without_foreign_signatures(broken, own, chat.Report()) is broken


@pytest.mark.parametrize("foreign", [OTHERS, TAGGED])
@pytest.mark.parametrize("key", ["thoughtSignature", "thought_signature"])
def test_on_the_first_call_a_value_takes_its_place_that_google_takes_for_any(foreign: str, key: str) -> None:
    parts, report = sent(body(THOUGHT, call(foreign, key=key), call(foreign)))

    assert [each.get(key) for each in parts] == [None, ANY_SIGNATURE, None]
    assert [(each.pointer, each.fate) for each in report.notes] == [
        (f"/contents/1/parts/1/{key}", "mapped"),
        ("/contents/1/parts/2/thoughtSignature", "lost"),
    ]


def test_what_stays_is_written_as_it_was() -> None:
    cleaned = without_foreign_signatures(body(call(OTHERS)), own, chat.Report())

    assert b'"args":{"n": 1.10}' in cleaned
    assert ASKING.encode() in cleaned
    assert RESULT.encode() in cleaned
    assert b'"generationConfig":{"temperature": 1.0}' in cleaned


def test_a_text_stays_without_its_signature_and_an_empty_one_goes() -> None:
    parts, report = sent(body(THOUGHT, text("a", OTHERS), text("", OTHERS), text("", OWN)))

    assert parts == [json.loads(THOUGHT), {"text": "a"}, {"text": "", "thoughtSignature": OWN}]
    assert report.losses == ("/contents/1/parts/1/thoughtSignature", "/contents/1/parts/2/thoughtSignature")


def test_a_turn_of_which_nothing_is_left_goes_too() -> None:
    parts, _ = sent(body(text("", OTHERS)))

    assert parts == []


def test_edge_54_after_a_refusal_every_first_call_has_the_value_that_google_takes_for_any() -> None:
    assert sent(body(THOUGHT, call(OWN), call(OWN)), chat.nobody)[0][1:] == [
        json.loads(call(ANY_SIGNATURE)),
        json.loads(call()),
    ]
    parts, report = sent(body(THOUGHT, call()), chat.nobody)
    assert (parts[1], report.losses) == (json.loads(call(ANY_SIGNATURE)), ())
    assert sent(body(call(ANY_SIGNATURE), call()), chat.nobody)[1].notes == []


def test_contents_may_be_one_turn_alone() -> None:
    request = f'{{"contents":{{"role":"model","parts":[{call(OTHERS)}]}}}}'.encode()

    assert json.loads(without_foreign_signatures(request, own, chat.Report()))["contents"] == [
        {"role": "model", "parts": [json.loads(call(ANY_SIGNATURE))]}
    ]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"thoughtSignature":"x"}',
        b'{"contents":7,"thoughtSignature":"x"}',
        b'{"contents":[7,{"parts":7},{"parts":[7]}],"thoughtSignature":"x"}',
        b'["thoughtSignature":"x"',
    ],
)
@pytest.mark.parametrize("owner", [own, chat.nobody])
def test_what_is_no_such_request_passes_as_it_is(odd: bytes, owner: Any) -> None:
    report = chat.Report()

    assert GeminiTranslator().without_foreign_reasoning(odd, owner, report) == odd
    assert report.notes == []


def test_a_tag_that_cannot_be_read_is_nobodys() -> None:
    broken = base64.b64encode(b"korproxy:\xff").decode()

    assert sent(body(call(broken)))[0] == [json.loads(call(ANY_SIGNATURE))]


PARTS = st.sampled_from([call(OWN), call(OTHERS), call(TAGGED), call(), THOUGHT, text("a", OTHERS), text("", OWN)])


@given(st.lists(PARTS, min_size=1), st.sampled_from([own, chat.nobody]))
def test_what_is_left_holds_no_foreign_signature_and_a_second_time_changes_nothing(parts: list[str], owner: Any) -> None:
    once = without_foreign_signatures(body(*parts), owner, chat.Report())
    left = [each.get("thoughtSignature") for each in sent(once, lambda _: True)[0]]

    assert set(left) <= ({None, ANY_SIGNATURE, OWN} if owner is own else {None, ANY_SIGNATURE})
    assert without_foreign_signatures(once, owner, chat.Report()) is once


def test_calls_that_came_without_a_seal_are_no_loss_and_the_first_has_the_value_that_google_takes_for_any() -> None:
    parts, report = sent(body(call(UNSEALED), call(UNSEALED)))

    assert [each.get("thoughtSignature") for each in parts] == [ANY_SIGNATURE, None]
    assert report.losses == ()
