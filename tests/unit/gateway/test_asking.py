from __future__ import annotations

import gzip
import json
import re
from itertools import pairwise

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.contracts import AnswerReader
from korproxy.errors.exceptions import (
    Busy,
    KorproxyError,
    NoProvider,
    PluginBroken,
)
from korproxy.gateway import asking as module
from korproxy.gateway.kept_answers import Kept
from korproxy.gateway.ledger import Ledger
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Headers
from korproxy.models.providers import Deadlines, Limits
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import BODY, a_call, ask, failure, odd, open_gate, said
from tests.fakes.gateway import UPSTREAM_KEY, provider_at
from tests.fakes.raw_upstream import answering, raw_upstream, read_request
from tests.fakes.waiting import until

NOWHERE = "http://127.0.0.1:1"  # nobody listens there


async def test_a_request_reaches_the_provider_byte_for_byte() -> None:
    async with open_echo() as echo, open_gate(provider_at(echo.url)) as gate:
        await ask(gate)

    assert echo.only.body == BODY
    assert f"authorization: Bearer {UPSTREAM_KEY}".encode() in echo.only.head.split(b"\r\n")


async def test_only_the_models_name_is_changed_and_only_where_it_differs() -> None:
    async with open_echo() as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate, a_call(b'{"stream" : true, "model": "one\\/m", "x":1.0}'))

    assert echo.only.body == b'{"stream" : true, "model": "m", "x":1.0}'
    assert (told.finished.model, told.finished.upstream_model) == ("one/m", "m")


async def test_thinking_of_another_vendor_reaches_nobody_who_did_not_make_it_and_is_reported() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "korproxy:google:QUJD"}
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [thinking, {"type": "text", "text": "b"}]}]
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": [*turns, {"role": "user", "content": "c"}]}).encode()
    async with open_echo() as echo:
        told = []
        for family in ("anthropic", "qwen"):
            async with open_gate(provider_at(echo.url, assumed=Abilities(family=family))) as gate:
                told.append(await ask(gate, a_call(body, dialect="anthropic-messages")))

    assert [json.loads(each.body)["messages"][1]["content"] for each in echo.arrived] == [[{"type": "text", "text": "b"}]] * 2
    assert [each.relay.ledger.losses for each in told] == [b"/messages/1/content/0"] * 2


async def test_of_the_clients_headers_only_the_vendors_own_travel_and_all_of_them() -> None:
    headers = Headers(
        (
            (b"anthropic-beta", b"a"),
            (b"cookie", b"c"),
            (b"anthropic-beta", b"b"),
            (b"x-korproxy-key", b"k"),
            (b"authorization", b"Bearer mine"),
            (b"openai-organization", b"o"),
        )
    )
    async with open_echo() as echo, open_gate(provider_at(echo.url)) as gate:
        await ask(gate, a_call(headers=headers))

    sent = echo.only.head.split(b"\r\n")
    assert [line for line in sent if line.startswith((b"anthropic-", b"openai-"))] == [
        b"anthropic-beta: a",
        b"anthropic-beta: b",
        b"openai-organization: o",
    ]
    assert not [line for line in sent if line.startswith((b"cookie", b"x-korproxy")) or b"mine" in line]


@pytest.mark.parametrize(("forwards", "sent"), [(True, b"Bearer theirs"), (False, b"Bearer ours")])
async def test_the_callers_own_credential_goes_only_where_an_account_forwards_it(forwards: bool, sent: bytes) -> None:
    account = Account(name="work", secret=None if forwards else Secret("ours"), forwards=forwards)
    async with open_echo() as echo, open_gate(provider_at(echo.url, accounts=[account])) as gate:
        await ask(gate, a_call(credential=Secret("theirs")))

    assert b"authorization: " + sent in echo.only.head.split(b"\r\n")


@pytest.mark.code("KP-AUTH-009")
async def test_an_account_that_forwards_needs_something_to_forward() -> None:
    async with open_gate(provider_at(NOWHERE, accounts=[Account(name="theirs", forwards=True)])) as gate:
        error, _ = await failure(gate)

    assert error.code == "KP-AUTH-009"


@pytest.mark.code("KP-CONF-209")
async def test_a_plugin_that_fails_while_it_builds_a_request_is_named() -> None:
    async with open_gate(odd(NOWHERE, when_prepared=KeyError("sk-secret"))) as gate:
        error, ledger = await failure(gate)

    assert isinstance(error, PluginBroken)
    assert (error.code, error.plugin) == ("KP-CONF-209", "one")
    assert re.fullmatch(r"The plugin behind provider 'one' failed: KeyError in fakes/gate\.py:\d+\.", error.detail)
    assert (ledger.provider, ledger.attempts) == ("one", 1)


async def test_a_plugins_own_coded_error_stays_what_it_is() -> None:
    async with open_gate(odd(NOWHERE, when_prepared=NoProvider("KP-PROV-106", "It ended."))) as gate:
        error, _ = await failure(gate)

    assert (type(error), error.code, error.detail) == (NoProvider, "KP-PROV-106", "It ended.")


@attrs.frozen
class Unreadable(OpenAIChat):
    """A format whose reader cannot be made."""

    def reader(self, *, stream: bool) -> AnswerReader:
        raise RuntimeError(stream)


async def test_a_broken_format_holds_no_place_and_no_connection() -> None:
    scripted = Scripted(pieces=[b"{", b"}"], framing="chunked", whole=False)
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url), openai_chat=Unreadable()) as gate:
        window = gate.windows["one"]
        with pytest.raises(RuntimeError):
            await gate.open(a_call(), Ledger(call=a_call()), said)

        assert (window.slots.running, window.upstream.open_connections) == (0, 0)


async def test_a_client_that_leaves_while_its_request_is_opened_holds_nothing() -> None:
    async with raw_upstream(answering(then_wait=True)) as port, open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
        window = gate.windows["one"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(gate.open, a_call(), Ledger(call=a_call()), said)
            await until(lambda: window.upstream.open_connections)
            during = window.slots.running
            nursery.cancel_scope.cancel()

        assert (during, window.slots.running, window.upstream.open_connections) == (1, 0, 0)


async def test_a_client_that_leaves_between_head_and_body_holds_nothing() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    async with (
        raw_upstream(answering(head, then_wait=True)) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate,
    ):
        window = gate.windows["one"]
        with trio.move_on_after(0.2):
            await gate.open(a_call(), Ledger(call=a_call()), said)

        assert (window.slots.running, window.upstream.open_connections) == (0, 0)


@pytest.mark.code("KP-RATE-402")
@pytest.mark.code("KP-RATE-404")
async def test_a_full_provider_makes_requests_wait_and_sends_the_rest_away() -> None:
    errors: list[KorproxyError] = []

    async def try_to_open() -> None:
        with pytest.raises(Busy) as caught:
            await gate.open(a_call(), Ledger(call=a_call()), said)
        errors.append(caught.value)

    async with open_echo(Scripted(pieces=[b"{", b"}"], framing="chunked")) as echo:
        one = provider_at(echo.url, limits=Limits(max_concurrency=1, max_queue=1), deadlines=Deadlines(first_byte=0.3))
        async with open_gate(one) as gate:
            holder = await gate.open(a_call(), Ledger(call=a_call()), said)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(try_to_open)
                await until(lambda: gate.windows["one"].slots.waiting)
                nursery.start_soon(try_to_open)
            await holder.aclose()
            told = await ask(gate)

    assert [each.code for each in errors] == ["KP-RATE-402", "KP-RATE-404"]
    assert (told.finished.outcome, len(echo.arrived)) == ("ok", 2)


@settings(max_examples=20)
@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(0, 3000), max_size=5), st.sampled_from([200, 400, 500]))
async def test_any_answer_of_a_provider_passes_byte_for_byte(body: bytes, cuts: list[int], status: int) -> None:
    edges = [0, *sorted(min(each, len(body)) for each in cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    async with open_echo(Scripted(status=status, pieces=pieces, framing="chunked")) as echo:
        async with open_gate(provider_at(echo.url)) as gate:
            told = await ask(gate)

    assert (told.relay.status, told.body) == (status, body)


async def test_a_compressed_answer_keeps_its_bytes_and_says_what_they_are() -> None:
    packed = gzip.compress(b'{"choices":[]}')
    scripted = Scripted(headers=[("content-type", "application/json"), ("content-encoding", "gzip")], pieces=[packed])
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.body == packed
    assert (b"content-encoding", b"gzip") in told.relay.headers


REFUSED = json.dumps({"type": "error", "error": {"type": "x", "message": "Invalid `signature` in `thinking` block"}}).encode()
GOOD = b'{"type":"message","content":[]}'


def thinking(filler: str = "") -> bytes:
    """Return a request that holds a seal."""
    block = {"type": "thinking", "thinking": filler, "signature": "RXE="}
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [block, {"type": "text", "text": "b"}]}]
    return json.dumps({"model": "m", "messages": [*turns, {"role": "user", "content": "c"}]}).encode()


@attrs.define
class Twice:
    """A server that refuses the first request for its seals, and then sends *answer*, or nothing."""

    answer: bytes = b""
    arrived: list[bytes] = attrs.field(factory=list)

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.arrived.append(await read_request(stream))
        status, body = (b"400 No", REFUSED) if len(self.arrived) == 1 else (b"200 OK", self.answer)
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        if body:
            await stream.send_all(head % (status, len(body)) + body)


@pytest.mark.parametrize("size", [10, module.LARGE])
async def test_a_request_that_is_refused_for_its_seals_is_sent_once_more_without(size: int) -> None:
    server = Twice(GOOD)
    async with raw_upstream(server.serve) as port:
        async with open_gate(provider_at(f"http://127.0.0.1:{port}", assumed=Abilities(family="anthropic"))) as gate:
            told = await ask(gate, a_call(thinking("x" * size), dialect="anthropic-messages"))
            again = await ask(gate, a_call(thinking("x" * size), dialect="anthropic-messages"))

    assert [b"RXE=" in each for each in server.arrived] == [True, False, False]
    assert (told.relay.status, told.body, told.relay.code) == (200, GOOD, None)
    assert [(each.finished.attempts, each.finished.outcome) for each in (told, again)] == [(2, "ok"), (1, "ok")]
    assert told.relay.ledger.losses == b"/messages/1/content/0"


async def test_a_second_try_without_an_answer_holds_nothing() -> None:
    server = Twice()
    async with raw_upstream(server.serve) as port:
        async with open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
            error, ledger = await failure(gate, a_call(thinking(), dialect="anthropic-messages"))
            window = gate.windows["one"]

            assert window.upstream.open_connections == 0

    assert (error.code, ledger.attempts, ledger.provider) == ("KP-NET-308", 2, "one")


async def test_a_refusal_stands_where_the_other_form_cannot_be_made() -> None:
    message = "Function tools with reasoning_effort are not supported. Please use /v1/responses."
    refused = json.dumps({"error": {"message": message, "param": "reasoning_effort"}}).encode()
    tools = [{"type": "function", "function": {"name": "read"}}]
    two_answers = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}], "tools": tools, "n": 2}).encode()
    scripted = Scripted(status=400, headers=[("content-type", "application/json")], pieces=[refused])
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url), openai_responses=OpenAIResponses()) as gate:
        told = [await ask(gate, a_call(two_answers)) for _ in range(2)]

    assert [each.head.split(b" ")[1] for each in echo.arrived] == [b"/v1/chat/completions"] * 2
    assert [(each.relay.status, each.body, each.finished.attempts) for each in told] == [(400, refused, 1)] * 2


@pytest.mark.parametrize("size", [10, module.LARGE])
async def test_a_request_that_goes_on_from_an_answer_says_all_that_whoever_is_asked_does_not_have(size: int) -> None:
    responses = OpenAIResponses()
    body = b'{"model":"m","input":"And?","previous_response_id":"resp_1"}'
    said = {"role": "user", "content": "x" * size}
    async with open_echo() as echo, open_gate(provider_at(echo.url), openai_responses=responses) as gate:
        answer = b'{"id":"resp_1","status":"completed","output":[]}'
        gate.kept.put(Kept(id="resp_1", items=json.dumps([said]).encode(), answer=answer), trio.current_time(), scope="")
        path = responses.paths[0]
        await ask(
            gate, structs.replace(a_call(), dialect=responses.name, path=path, body=body, peek=responses.peek(path, body))
        )

    asked = {"type": "message", "role": "user", "content": "And?"}
    assert json.loads(echo.only.body) == {"model": "m", "input": [said, asked]}
