"""Keeping answers, and going on from them at any provider."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any

import pytest
from msgspec import structs

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.keeping import (
    LONGEST,
    Keeping,
    at_account,
    by_origin,
    continued,
    first_choice,
    forget,
    keeper_of,
    unfinished,
    unsaid,
    watching,
)
from korproxy.gateway.kept_answers import Kept, KeptAnswers, Origin
from korproxy.gateway.routing import Candidate, Snapshot
from korproxy.kit.http_provider import OPENAI_RESPONSES, HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call

RESPONSES = OpenAIResponses()
ANSWER = b'{"id":"resp_1","status":"completed","store":true,"output":[{"type":"message","role":"assistant","content":[]}]}'


def candidate(id: str = "codex", account: str = "work", dialect: str = "openai-responses") -> Candidate:  # noqa: A002
    provider = HttpProvider(
        id=id, base_url="https://x.test", speaks={"openai-responses": OPENAI_RESPONSES}, accounts=(Account(name=account),)
    )
    return Candidate(provider=provider, account=provider.accounts[0], model="m", dialect=dialect)


def call(**more: Any) -> Call:
    body = json.dumps({"model": "m", "input": "Hi", **more}).encode()
    path = RESPONSES.paths[0]
    return Call(
        id="1",
        correlation_id="c",
        dialect=RESPONSES.name,
        path=path,
        peek=RESPONSES.peek(path, body),
        body=body,
        key_name="mine",
    )


def answers(origin: Origin | None = None) -> KeptAnswers:
    made = KeptAnswers()
    made.put(Kept(id="resp_1", items=b"[]", answer=ANSWER, origin=origin), 0, scope="mine")
    return made


def keeping(kept: KeptAnswers, asked: Call, *, by: Candidate, is_stream: bool = False) -> Keeping:
    return Keeping(call=asked, keeper=RESPONSES.keeper, kept=kept, candidate=by, is_stream=is_stream, now=0)


def sent(asked: Call, to: Candidate, kept: KeptAnswers) -> Call:
    before = unsaid(asked, to, RESPONSES, kept, 0)
    return continued(asked, before, RESPONSES) if before else asked


def test_only_formats_that_have_such_a_thing_have_a_keeper() -> None:
    assert keeper_of(RESPONSES) is RESPONSES.keeper
    assert keeper_of(OpenAIChat()) is None
    assert keeper_of(None) is None


def test_a_request_that_goes_on_from_nothing_is_left_alone() -> None:
    asked = call()

    assert sent(asked, candidate(), answers()) is asked


def test_the_account_that_has_the_answer_gets_the_id_only() -> None:
    asked = call(previous_response_id="resp_1")

    assert sent(asked, candidate(), answers(Origin(provider="codex", account="work"))) is asked


@pytest.mark.parametrize(
    "other", [candidate(account="home"), candidate("azure"), candidate("codex", dialect="anthropic-messages")], ids=str
)
def test_anybody_else_gets_all_that_was_said(other: Candidate) -> None:
    asked = sent(call(previous_response_id="resp_1"), other, answers(Origin(provider="codex", account="work")))

    assert json.loads(asked.body) == {
        "model": "m",
        "input": [
            {"type": "message", "role": "assistant", "content": []},
            {"type": "message", "role": "user", "content": "Hi"},
        ],
    }
    assert asked.repeated == {"previous_response_id": "resp_1"}
    assert asked.peek.span is not None
    assert asked.body[slice(*asked.peek.span)] == b'"m"'


@pytest.mark.code("KP-PROV-118")
def test_an_id_that_nobody_knows_is_refused_where_it_would_mean_nothing() -> None:
    with pytest.raises(BadRequest) as caught:
        sent(call(previous_response_id="resp_2"), candidate(dialect="gemini"), answers())

    assert (caught.value.code, str(caught.value)) == ("KP-PROV-118", "Previous response with id 'resp_2' not found.")


def test_an_id_that_is_not_known_passes_to_a_provider_that_may_know_it() -> None:
    asked = call(previous_response_id="resp_2")

    assert sent(asked, candidate(), answers()) is asked


def test_nobody_goes_on_from_another_keys_answer() -> None:
    asked = structs.replace(call(previous_response_id="resp_1"), key_name="other")

    with pytest.raises(BadRequest):
        sent(asked, candidate(dialect="gemini"), answers())


@pytest.mark.code("KP-SYS-509")
def test_a_request_whose_input_is_nothing_readable_is_refused() -> None:
    asked = call(previous_response_id="resp_1", input=["no", "items"])

    with pytest.raises(BadRequest) as caught:
        sent(asked, candidate(dialect="gemini"), answers())

    assert caught.value.code == "KP-SYS-509"


def test_whoever_has_the_answer_is_asked_first() -> None:
    origin = Origin(provider="b", account="y")
    plan = [candidate("a", "x"), candidate("b", "x"), candidate("b", "y")]
    first = first_choice(call(previous_response_id="resp_1"), RESPONSES.keeper, answers(origin), 0)

    assert first == origin
    assert [(each.provider.id, each.account.name) for each in by_origin(plan, first)] == [("b", "y"), ("a", "x"), ("b", "x")]
    assert by_origin(plan, None) is plan


def test_a_call_about_an_answer_goes_to_its_account_and_nowhere_else() -> None:
    snapshot = Snapshot(providers=(candidate("a").provider, candidate("b").provider))

    found = at_account(structs.replace(call(), account=("b", "work")), snapshot)
    assert [(each.provider.id, each.dialect) for each in found] == [("b", "openai-responses")]
    with pytest.raises(BadRequest) as caught:
        at_account(structs.replace(call(), account=("b", "gone"), tail="/resp_1/input_items"), snapshot)
    assert caught.value.code == "KP-SYS-521"
    assert (
        caught.value.detail == "Response with id 'resp_1' not found: b's account 'gone', which has it, is not there any more."
    )


@pytest.mark.parametrize(
    ("method", "status", "left"), [("DELETE", 200, 0), ("DELETE", 404, 0), ("DELETE", 500, 1), ("GET", 404, 1)]
)
def test_an_answer_is_forgotten_once_its_account_has_deleted_it(method: str, status: int, left: int) -> None:
    kept = answers()
    about = structs.replace(call(), method=method, account=("codex", "work"), tail="/resp_1")
    forget(about, status, kept)

    assert len(kept) == left


def test_nobody_deletes_another_keys_answer() -> None:
    kept = answers()
    about = structs.replace(call(), method="DELETE", account=("codex", "work"), tail="/resp_1", key_name="other")
    forget(about, 200, kept)

    assert len(kept) == 1


def test_a_stream_is_kept_when_its_last_event_is_there_and_before_the_client_has_it() -> None:
    kept = KeptAnswers()
    watch = keeping(kept, call(previous_response_id="resp_0"), by=candidate(), is_stream=True)
    watch.see(b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n')
    assert len(kept) == 0
    watch.see(b'event: response.completed\ndata: {"type":"response.completed","response":' + ANSWER + b"}\n\n")

    assert kept.get("resp_1", 0, scope="mine") == Kept(
        id="resp_1",
        previous="resp_0",
        items=b'[{"type":"message","role":"user","content":"Hi"}]',
        answer=ANSWER,
        origin=Origin(provider="codex", account="work"),
        model="m",
    )


@pytest.mark.parametrize("cut", range(0, len(ANSWER), 7))
def test_a_plain_answer_is_kept_wherever_it_was_cut(cut: int) -> None:
    kept = KeptAnswers()
    watch = keeping(kept, call(), by=candidate())
    watch.see(ANSWER[:cut])
    watch.see(ANSWER[cut:])

    assert [each.answer for each in kept.chain("resp_1", 0, scope="mine") or ()] == [ANSWER]


def test_an_answer_in_small_pieces_is_kept_in_the_time_that_its_bytes_take() -> None:
    kept = KeptAnswers()
    watch = keeping(kept, call(), by=candidate())
    said = b'{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}'
    answer = ANSWER.replace(b"[{", b"[" + b",".join([said] * 4000) + b",{", 1)
    began = perf_counter()
    for at in range(len(answer)):
        watch.see(answer[at : at + 1])
    watch.end()

    assert [each.answer for each in kept.chain("resp_1", 0, scope="mine") or ()] == [answer]
    assert perf_counter() - began < 10  # looked at whenever a bracket closes it takes minutes


QUEUED = b'{"id":"resp_1","status":"queued","background":true,"store":true,"output":[]}'
CODEX = Origin(provider="codex", account="work")


def event(kind: str, response: bytes) -> bytes:
    return f'event: {kind}\ndata: {{"type":"{kind}","response":'.encode() + response + b"}\n\n"


@pytest.mark.parametrize("is_stream", [False, True])
def test_an_answer_that_is_made_in_the_background_can_be_asked_for_before_it_is_whole(is_stream: bool) -> None:
    kept = KeptAnswers()
    watch = keeping(kept, call(), by=candidate(), is_stream=is_stream)
    watch.see(event("response.created", QUEUED) if is_stream else QUEUED)

    found = kept.get("resp_1", 0, scope="mine")
    assert found is not None
    assert (found.origin, found.whole) == (CODEX, False)


@pytest.mark.parametrize("is_stream", [False, True])
def test_it_is_kept_whole_as_soon_as_the_client_gets_it_so(is_stream: bool) -> None:
    kept = KeptAnswers()
    keeping(kept, call(previous_response_id="resp_0"), by=candidate()).see(QUEUED)
    asked = structs.replace(call(), method="GET", tail="/resp_1", account=("codex", "work"), body=b"")
    watch = watching(asked, RESPONSES.keeper, kept, candidate(), is_stream=is_stream, now=0)
    assert watch is not None
    watch.see(event("response.completed", ANSWER) if is_stream else ANSWER)

    assert watching(asked, RESPONSES.keeper, kept, candidate(), is_stream=is_stream, now=0) is None
    assert kept.get("resp_1", 0, scope="mine") == Kept(
        id="resp_1",
        previous="resp_0",
        items=b'[{"type":"message","role":"user","content":"Hi"}]',
        answer=ANSWER,
        origin=CODEX,
        model="m",
    )


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_whatever_else_is_done_to_it_tells_nothing_of_the_answer(method: str) -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=candidate()).see(QUEUED)

    assert unfinished(structs.replace(call(), method=method, tail="/resp_1", account=("codex", "work")), kept, 0) is None
    assert unfinished(structs.replace(call(), method="GET", tail="/resp_1"), kept, 0) is None


@pytest.mark.code("KP-PROV-118")
def test_only_its_own_account_goes_on_from_an_answer_that_is_not_whole() -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=candidate()).see(QUEUED)
    asked = call(previous_response_id="resp_1")

    assert unsaid(asked, candidate(), RESPONSES, kept, 0) == ()
    with pytest.raises(BadRequest, match="still being made") as caught:
        unsaid(asked, candidate("azure"), RESPONSES, kept, 0)
    assert caught.value.code == "KP-PROV-118"


@pytest.mark.parametrize(
    ("answer", "by"),
    [
        (QUEUED.replace(b'"store":true', b'"store":false'), candidate()),
        (QUEUED, candidate(dialect="gemini")),
        (QUEUED.replace(b"queued", b"cancelled"), candidate()),
    ],
)
def test_what_nobody_has_stored_is_not_kept_before_it_is_whole(answer: bytes, by: Candidate) -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=by).see(answer)
    keeping(kept, call(), by=by, is_stream=True).see(event("response.created", answer))

    assert len(kept) == 0


def test_an_answer_that_was_translated_is_nobodys_but_ours() -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=candidate(dialect="gemini")).see(ANSWER)

    assert [each.origin for each in kept.chain("resp_1", 0, scope="mine") or ()] == [None]


def test_an_answer_that_its_provider_did_not_store_is_nobodys_but_ours() -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=candidate()).see(ANSWER.replace(b'"store":true', b'"store":false'))

    assert [each.origin for each in kept.chain("resp_1", 0, scope="mine") or ()] == [None]


def test_an_error_is_not_kept() -> None:
    kept = KeptAnswers()
    keeping(kept, call(), by=candidate()).see(b'{"error":{"message":"no"}}')

    assert len(kept) == 0


def test_an_answer_that_is_too_long_is_not_held() -> None:
    kept = KeptAnswers()
    watch = keeping(kept, call(), by=candidate())
    watch.see(b" " * LONGEST)
    watch.see(ANSWER)

    assert len(kept) == 0
