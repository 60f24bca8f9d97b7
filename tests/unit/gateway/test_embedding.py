"""Embeddings across formats: how a request crosses, and how vectors pass."""

from __future__ import annotations

import gzip
import json
from typing import Any, cast

import attrs
import pytest
from msgspec import structs

from korproxy.api import BadRequest, Dialect, Headers, Peek, Settings, Usage, chat
from korproxy.builtin.dialects.chat_format.embeddings import OpenAIEmbedder
from korproxy.builtin.dialects.gemini_embeddings import korproxy_dialects as gemini
from korproxy.builtin.dialects.gemini_format.embeddings import GeminiEmbedder
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_embeddings import korproxy_dialects as openai
from korproxy.errors.exceptions import ProviderLost
from korproxy.gateway import embedding
from korproxy.gateway.embedding import Embedded, EmbeddingCrossing, cross, embedders
from korproxy.gateway.inflate import Inflater
from korproxy.gateway.routing import Candidate
from korproxy.models.accounts import Account
from korproxy.models.calls import Call
from tests.fakes.gateway import provider_at

GOOGLE, OPENAI = GeminiEmbedder(), OpenAIEmbedder()
GOOD = b'{"embeddings": [{"values": [1, 0.5]}], "usageMetadata": {"promptTokenCount": 3}}'


def a_call(body: bytes, *, headers: Headers | None = None) -> Call:
    peek = Peek(model="m", stream=False)
    call = Call(id="1", correlation_id="1", dialect="openai-embeddings", path="/v1/embeddings", peek=peek, body=body)
    return structs.replace(call, headers=headers or Headers())


def a_candidate() -> Candidate:
    provider = provider_at("http://127.0.0.1:9")
    return Candidate(provider=provider, account=Account(name="a"), model="gemini-x", dialect="gemini-embeddings")


def crossing(*, count: int = 1) -> EmbeddingCrossing:
    asked, written = chat.EmbeddingAsked(model="m"), chat.Written(body=b"")
    return EmbeddingCrossing(back=OPENAI, away=GOOGLE, asked=asked, count=count, written=written, report=chat.Report())


def passage(*chunks: bytes, **more: Any) -> Embedded:
    made = Embedded(provider="one", crossing=more.pop("crossing", crossing()), **more)
    for each in chunks:
        assert made.feed(each) == b""
    return made


def test_only_two_formats_of_embeddings_cross() -> None:
    [ours], [theirs] = openai(cast("Settings", None)), gemini(cast("Settings", None))
    talk: Dialect = OpenAIChat()

    assert embedders(ours, theirs) is not None
    assert [embedders(*pair) for pair in ((ours, talk), (talk, theirs), (ours, None), (None, None))] == [None] * 4


def test_a_request_crosses_with_all_that_is_lost() -> None:
    headers = Headers([(b"openai-beta", b"x"), (b"openai-project", b"p"), (b"user-agent", b"u")])
    made = cross(a_call(b'{"model": "m", "input": ["a", "b"], "user": "u"}', headers=headers), a_candidate(), OPENAI, GOOGLE)

    assert [each["model"] for each in json.loads(made.written.body)["requests"]] == ["models/gemini-x"] * 2
    assert (made.count, made.asked.model, made.report.losses) == (2, "m", ("header:openai-beta", "/user"))


@attrs.frozen
class Deep(OpenAIEmbedder):
    """Meets more brackets than it can count."""

    def read_request(self, path: str, body: bytes, report: chat.Report) -> Any:
        del path, body, report
        raise RecursionError


@pytest.mark.parametrize(
    ("client", "text"), [(OPENAI, "cannot be translated at /input: "), (Deep(), "a part of it is nested too deeply")]
)
def test_what_cannot_be_carried_is_refused(client: OpenAIEmbedder, text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        cross(a_call(b'{"model": "m", "input": [1]}'), a_candidate(), client, GOOGLE)

    assert caught.value.code == "KP-PROV-115"
    assert text in str(caught.value)


def test_vectors_leave_when_all_are_there() -> None:
    made = passage(GOOD[:9], GOOD[9:])
    body = made.end()

    assert json.loads(body)["data"] == [{"object": "embedding", "index": 0, "embedding": [1, 0.5]}]
    assert (made.usage, made.status, made.failed, made.is_stream, made.final) == (Usage(tokens_in=3), None, False, False, False)
    assert made.headers([(b"content-length", b"9"), (b"x-a", b"b")]) == [
        (b"x-a", b"b"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    assert (made.as_event(), made.last_words(ProviderLost("KP-NET-309", "", provider="one"))) == (b"", b"")


def test_packed_vectors_are_unpacked() -> None:
    headers = Headers([(b"content-encoding", b"gzip")])
    made = passage(gzip.compress(GOOD), inflater=Inflater.of(headers, longest=10**6))

    assert b'"embedding":[1,0.5]' in made.end()


def test_what_cannot_be_unpacked_breaks_off() -> None:
    headers = Headers([(b"content-encoding", b"gzip")])
    made = passage(b"no gzip at all", inflater=Inflater.of(headers, longest=10**6))

    assert made.broken is not None
    assert made.broken.code == "KP-PROV-116"


def test_an_answer_without_end_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "LONGEST", 10)
    made = passage(GOOD)

    assert made.broken is not None
    assert "more than 10 bytes" in str(made.broken)


@pytest.mark.parametrize(("count", "body"), [(2, GOOD), (0, GOOD), (1, b"{}"), (1, b"no JSON")])
def test_vectors_that_are_none_or_not_as_many_as_texts_are_not_passed_on(count: int, body: bytes) -> None:
    with pytest.raises(ProviderLost) as caught:
        passage(body, crossing=crossing(count=count)).end()

    assert caught.value.code == "KP-PROV-116"


def test_an_error_with_a_good_status_gets_its_own() -> None:
    made = passage(b'{"error": {"code": 429, "message": "Please retry in 7s.", "status": "RESOURCE_EXHAUSTED"}}')
    body = made.end()

    assert (made.status, made.failed, made.usage) == (429, True, Usage())
    assert json.loads(body)["error"]["type"] == "rate_limit_error"
    assert (b"retry-after", b"7") in made.headers([])
