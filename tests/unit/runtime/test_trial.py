from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.errors.exceptions import KorproxyError
from korproxy.runtime.trial import trial
from tests.fakes.gateway import dialects_of_all

DIALECTS = dialects_of_all()
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": True}


def refused(**posted: Any) -> tuple[str, str]:
    with pytest.raises(KorproxyError) as caught:
        trial(posted, DIALECTS)
    return caught.value.code, caught.value.detail


def test_the_body_alone_is_enough() -> None:
    call, without = trial({"body": CHAT}, DIALECTS)

    assert (call.dialect, call.path, call.method, without) == ("openai-chat", "/v1/chat/completions", "POST", frozenset())
    assert (call.peek.model, call.peek.stream, call.key_name, json.loads(call.body)) == ("m", True, "client", CHAT)


def test_a_text_is_the_body_byte_for_byte() -> None:
    text = json.dumps(CHAT, indent=3) + "\n"
    assert trial({"body": text}, DIALECTS)[0].body == text.encode()


def test_the_path_says_the_format_before_anything_else() -> None:
    call, _ = trial({"body": CHAT, "path": "/v1/messages", "format": "openai-chat"}, DIALECTS)
    assert (call.dialect, call.path) == ("anthropic-messages", "/v1/messages")


def test_a_format_whose_path_says_the_model_is_told_it() -> None:
    call, _ = trial({"body": {"contents": []}, "format": "gemini", "model": "gemini-3.8-flash"}, DIALECTS)
    assert (call.path, call.peek.model) == ("/v1beta/models/gemini-3.8-flash:generateContent", "gemini-3.8-flash")


def test_headers_key_and_who_is_left_out_are_as_they_are_given() -> None:
    posted = {"body": CHAT, "headers": {"X-KorProxy-Profile": "night"}, "key": "team", "without": ["one", "two/work"]}
    call, without = trial(posted, DIALECTS)

    assert (call.headers.text(b"x-korproxy-profile"), call.key_name) == ("night", "team")
    assert without == {"one", "two/work"}


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({}, '"body" has to be the request'),
        ({"body": [1]}, '"body" has to be the request'),
        ({"body": "{"}, "The request is not JSON."),
        ({"body": "[" * 100_000}, "The request is not JSON."),
        ({"body": CHAT, "headers": ["a"]}, '"headers" has to be an object'),
        ({"body": CHAT, "without": "one"}, '"without" has to be a list'),
        ({"body": CHAT, "without": [1]}, '"without" has to be a list'),
        ({"body": CHAT, "path": 1}, '"path" has to be a text'),
        ({"body": CHAT, "key": {}}, '"key" has to be a text'),
    ],
)
def test_what_cannot_be_read_is_named(posted: dict[str, Any], words: str) -> None:
    code, detail = refused(**posted)

    assert code == "KP-SYS-509"
    assert detail.startswith(words)


@pytest.mark.code("KP-PROV-113")
@pytest.mark.parametrize("posted", [{"path": "/v1/nothing"}, {"format": "nobodys"}])
def test_a_format_that_there_is_not_is_told(posted: dict[str, str]) -> None:
    assert refused(body=CHAT, **posted)[0] == "KP-PROV-113"


@pytest.mark.code("KP-SYS-519")
def test_a_request_without_its_model_is_told() -> None:
    assert refused(body={"contents": []}, format="gemini")[0] == "KP-SYS-519"
