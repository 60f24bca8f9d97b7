from __future__ import annotations

import json
from typing import Any, NoReturn

import attrs
import pytest

from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.crossing import Reading, no_way, read, translators, write
from korproxy.gateway.routing import Candidate
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Headers, Peek
from tests.fakes.formats import Known

CHAT, MESSAGES = OpenAIChat(), AnthropicMessages()
PROVIDER = HttpProvider(id="claude", base_url="https://a.test", speaks={"anthropic-messages": ANTHROPIC_MESSAGES})
CANDIDATE = Candidate(provider=PROVIDER, account=Account(name="work"), model="claude-x", dialect="anthropic-messages")


def call(headers: Headers | None = None, **document: object) -> Call:
    body = json.dumps({"model": "asked", "messages": [{"role": "user", "content": "hi"}], **document}).encode()
    peek = Peek(model="asked", stream=False)
    return Call(
        id="1",
        correlation_id="c",
        dialect="openai-chat",
        path="/v1/chat/completions",
        peek=peek,
        body=body,
        headers=headers or Headers(),
    )


def crossed(one: Call) -> tuple[dict[str, object], Reading]:
    ways = translators(CHAT, MESSAGES)
    assert ways is not None
    reading = read(one, ways[0], created=7)
    return json.loads(write(reading, one, CANDIDATE, ways[1]).body), reading


def test_a_request_is_written_for_the_candidate_under_its_own_name_of_the_model() -> None:
    document, reading = crossed(call(max_completion_tokens=9))

    assert (document["model"], document["max_tokens"]) == ("claude-x", 9)
    assert (reading.asked.model, reading.asked.created) == ("asked", 7)
    assert reading.report.losses == ()


def test_what_cannot_be_carried_is_in_the_report() -> None:
    _, reading = crossed(call(logit_bias={"1": 2}, seed=3))

    assert set(reading.report.losses) == {"/logit_bias", "/seed"}


def test_headers_that_change_what_a_body_means_are_reported_as_lost() -> None:
    sent = ((b"openai-beta", b"x=1"), (b"openai-organization", b"o"), (b"anthropic-version", b"2023-06-01"))
    new = ((b"anthropic-of-next-year", b"1"), (b"anthropic-beta", b""), (b"x-stainless-lang", b"js"), (b"openai-beta", b"y"))
    _, reading = crossed(call(Headers((*sent, *new))))

    assert reading.report.losses == ("header:openai-beta", "header:anthropic-of-next-year")


@pytest.mark.code("KP-PROV-115")
def test_what_would_mean_something_else_is_refused_with_its_place() -> None:
    with pytest.raises(BadRequest) as caught:
        crossed(call(n=2))

    assert caught.value.code == "KP-PROV-115"
    assert "/n" in str(caught.value)


@attrs.frozen
class Deep:
    """A translator that gives up on what is nested too deeply."""

    def read_request(self, *_: object) -> NoReturn:
        raise RecursionError

    def write_request(self, *_: object) -> NoReturn:
        raise RecursionError


@pytest.mark.code("KP-PROV-115")
def test_what_is_nested_too_deeply_is_the_requests_own_fault() -> None:
    deep: Any = Deep()
    with pytest.raises(BadRequest) as reading:
        read(call(), deep, created=7)
    with pytest.raises(BadRequest) as writing:
        write(crossed(call())[1], call(), CANDIDATE, deep)

    assert [each.value.code for each in (reading, writing)] == ["KP-PROV-115", "KP-PROV-115"]


def test_a_format_without_translator_crosses_nowhere() -> None:
    plain = Known()

    assert translators(CHAT, plain) is None  # type: ignore[arg-type]
    assert translators(plain, CHAT) is None  # type: ignore[arg-type]
    assert translators(None, CHAT) is None
    assert translators(CHAT, None) is None


@pytest.mark.code("KP-PROV-113")
def test_two_formats_between_which_nothing_translates_are_named() -> None:
    failure = no_way(call(), CANDIDATE)

    assert (failure.code, str(failure)) == (
        "KP-PROV-113",
        "The request is in the format openai-chat, claude speaks anthropic-messages, and nothing translates between the two.",
    )
