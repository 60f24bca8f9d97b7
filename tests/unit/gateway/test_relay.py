from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable

import pytest
import trio

from korproxy.errors.exceptions import Stopping
from korproxy.gateway import frames
from korproxy.gateway import relay as relaying
from korproxy.gateway.gate import Gate
from korproxy.gateway.ledger import Ledger
from korproxy.models.outcome import Usage
from korproxy.models.providers import Deadlines
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import a_call, ask, open_gate, said
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import Serve, answering, raw_upstream, read_request

EVENT = b'data: {"choices":[{"delta":{"content":"\xe2\x80\xa8"}}]}\n\n'
LAST = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
STREAM = [("content-type", "text/event-stream")]
DOCUMENT = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).encode()
USAGE = Usage(tokens_in=7, tokens_out=3)
FINISH = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
ERROR = b'data: {"error":{"message":"Overloaded"}}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
MESSAGE_ERROR = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
OF_MESSAGES = [STOP, MESSAGE_ERROR]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def stream(*pieces: bytes, whole: bool = True, status: int = 200) -> Scripted:
    return Scripted(status=status, headers=STREAM, pieces=pieces, framing="chunked", whole=whole)


async def test_a_stream_passes_in_whole_events_as_they_come() -> None:
    async with (
        open_echo(stream(EVENT[:10], EVENT[10:] + EVENT[:5], EVENT[5:], LAST)) as echo,
        open_gate(provider_at(echo.url)) as gate,
    ):
        told = await ask(gate)

    assert (told.body, [each[-2:] for each in told.pieces]) == (EVENT * 2 + LAST, [b"\n\n"] * len(told.pieces))
    assert (told.relay.is_stream, told.relay.ended_badly, told.relay.code) == (True, None, None)
    assert (told.finished.outcome, told.finished.bytes_out, told.finished.usage) == ("ok", len(EVENT * 2 + LAST), USAGE)


async def test_a_plain_answer_passes_as_it_comes() -> None:
    scripted = Scripted(pieces=[DOCUMENT[:10], DOCUMENT[10:]], framing="chunked")
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.body == DOCUMENT
    assert (told.relay.is_stream, told.relay.status) == (False, 200)
    assert (told.finished.outcome, told.finished.usage) == ("ok", USAGE)


async def test_a_last_event_without_its_blank_line_is_passed_and_counts() -> None:
    async with open_echo(stream(EVENT, b"data: [DONE]")) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.pieces == [EVENT, b"data: [DONE]"]
    assert told.finished.outcome == "ok"


@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("half", [b"", b'data: {"choices":[{"del'])
async def test_a_stream_without_its_end_ends_with_an_error_and_half_an_event_is_never_passed(half: bytes, whole: bool) -> None:
    async with open_echo(stream(EVENT, half, whole=whole)) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.pieces == [EVENT, b"data: [KP-NET-309]\n\n"]
    assert told.relay.ended_badly is not None
    assert (told.finished.outcome, told.finished.code, told.finished.status) == ("failed", "KP-NET-309", 200)
    assert told.finished.bytes_out == len(told.body)


@pytest.mark.code("KP-NET-306")
async def test_a_stream_that_falls_silent_ends_with_an_error() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    serve = answering(head, b"%x\r\n%s\r\n" % (len(EVENT), EVENT), then_wait=True)
    async with raw_upstream(serve) as port:
        one = provider_at(f"http://127.0.0.1:{port}", deadlines=Deadlines(idle=0.2))
        async with open_gate(one) as gate:
            told = await ask(gate)

    assert told.pieces == [EVENT, b"data: [KP-NET-306]\n\n"]
    assert (told.finished.outcome, told.finished.code) == ("failed", "KP-NET-306")


async def test_the_error_after_a_torn_event_stands_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LONGEST_EVENT", 100)
    long = b"data: " + b"x" * 100
    async with open_echo(stream(EVENT, long, whole=False)) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.body == EVENT + long + b"\n\ndata: [KP-NET-309]\n\n"


@pytest.mark.code("KP-NET-309")
async def test_a_plain_answer_that_is_cut_off_has_no_last_word() -> None:
    scripted = Scripted(pieces=[DOCUMENT[:10], DOCUMENT[10:20]], framing="chunked", whole=False)
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.body == DOCUMENT[:20]
    assert told.relay.ended_badly is not None
    assert (told.finished.outcome, told.finished.code) == ("failed", "KP-NET-309")


async def test_a_refusal_that_is_a_stream_is_passed_and_needs_no_end() -> None:
    async with (
        open_echo(stream(b'data: {"error":{"message":"no"}}\n\n', status=429)) as echo,
        open_gate(provider_at(echo.url)) as gate,
    ):
        told = await ask(gate)

    assert told.pieces == [b'data: {"error":{"message":"no"}}\n\n']
    assert (told.relay.code, told.finished.outcome, told.finished.code) == ("KP-RATE-401", "refused", "KP-RATE-401")


async def test_a_compressed_stream_is_passed_without_a_look_into_it() -> None:
    packed = b"\x1f\x8b\x08\x00\n\nnot really"
    scripted = Scripted(headers=[*STREAM, ("content-encoding", "gzip")], pieces=[packed], framing="chunked")
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert (told.body, told.relay.is_stream, told.finished.outcome, told.finished.usage) == (packed, False, "ok", Usage())


async def test_an_answer_can_be_ended_from_our_side() -> None:
    stopping = Stopping("KP-SYS-511", "KorProxy is being stopped.")
    serve = answering(HEAD, *chunked(EVENT), then_wait=True)
    async with raw_upstream(serve) as port, open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        pieces = [relay.first, relay.interrupt(stopping), await relay.next_piece(), relay.interrupt(stopping)]
        await relay.aclose()

    assert pieces == [EVENT, b"data: [KP-SYS-511]\n\n", b"", b""]
    assert relay.ended_badly is stopping
    assert (ledger.close(0).outcome, ledger.close(0).code) == ("failed", "KP-SYS-511")


async def test_the_last_piece_of_a_whole_answer_says_so_and_is_put_down_once_the_client_has_it() -> None:
    async with open_echo(Scripted(pieces=[b"{}"])) as echo, open_gate(provider_at(echo.url)) as gate:
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        before = (relay.first, relay.is_last, ledger.outcome)
        after = (await relay.next_piece(), relay.is_last, ledger.outcome)
        await relay.aclose()

    assert (before, after) == ((b"{}", True, "client left"), (b"", False, "ok"))


async def test_of_a_stream_without_its_end_the_client_gets_everything_before_it_is_told() -> None:
    async with open_echo(Scripted(headers=STREAM, pieces=[EVENT])) as echo, open_gate(provider_at(echo.url)) as gate:
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        first = (relay.first, relay.is_last, relay.ended_badly)
        last = (await relay.next_piece(), relay.is_last, await relay.next_piece())
        await relay.aclose()

    assert (first, last) == ((EVENT, False, None), (b"data: [KP-NET-309]\n\n", False, b""))
    assert (ledger.outcome, ledger.code) == ("failed", "KP-NET-309")


async def test_an_answer_that_is_complete_is_not_spoilt_by_the_stop_that_follows() -> None:
    async with open_echo(stream(LAST)) as echo, open_gate(provider_at(echo.url)) as gate:
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        pieces = [relay.first, await relay.next_piece(), relay.interrupt(Stopping("KP-SYS-511", ""))]
        await relay.aclose()

    assert (pieces, ledger.close(0).outcome, relay.ended_badly) == ([LAST, b"", b""], "ok", None)


async def test_a_plain_answer_is_ended_without_a_word() -> None:
    async with open_echo(Scripted(pieces=[b"{", b"}"], framing="chunked")) as echo, open_gate(provider_at(echo.url)) as gate:
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        last = relay.interrupt(Stopping("KP-SYS-511", ""))
        await relay.aclose()

    assert (last, relay.ended_badly is None, ledger.close(0).code) == (b"", False, "KP-SYS-511")


async def test_a_relay_that_is_closed_early_lets_go_of_everything_and_keeps_what_it_saw() -> None:
    used = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    serve = answering(head, b"%x\r\n%s\r\n" % (len(used), used), then_wait=True)
    async with raw_upstream(serve) as port, open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
        window = gate.windows["one"]
        ledger = Ledger(call=a_call())
        relay = await gate.open(ledger.call, ledger, said)
        during = (window.slots.running, window.upstream.open_connections)
        with trio.CancelScope() as scope:
            scope.cancel()
            await relay.aclose()
        after = (window.slots.running, window.upstream.open_connections)

    assert (during, after) == ((1, 1), (0, 0))
    assert (ledger.close(0).outcome, ledger.close(0).code, ledger.close(0).usage) == ("client left", "KP-NET-311", USAGE)


def dialect_of(last: bytes) -> str:
    return "anthropic-messages" if last in OF_MESSAGES else "openai-chat"


def booked(last: bytes) -> tuple[str, str | None]:
    return ("refused", "KP-PROV-102") if last in {ERROR, MESSAGE_ERROR} else ("ok", None)


def chunked(*pieces: bytes) -> list[bytes]:
    return [b"%x\r\n%s\r\n" % (len(each), each) for each in pieces]


def resetting(*pieces: bytes) -> Serve:
    """Return a server that breaks its connection off with a reset as soon as the other side has the last piece."""

    async def serve(stream: trio.abc.Stream) -> None:
        assert isinstance(stream, trio.SocketStream)
        await read_request(stream)
        for each in pieces:
            await stream.send_all(each)
        await trio.sleep(0.1)  # a reset overtakes what the other side has not read yet
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve


@pytest.mark.code("KP-PROV-102")
@pytest.mark.parametrize("last", [ERROR, MESSAGE_ERROR])
async def test_an_error_that_the_provider_sends_in_mid_stream_is_passed_and_put_down(last: bytes) -> None:
    async with open_echo(stream(EVENT, last)) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate, a_call(dialect=dialect_of(last)))

    assert (told.body, told.relay.ended_badly, told.relay.code) == (EVENT + last, None, None)
    assert (told.finished.outcome, told.finished.code, told.finished.status) == ("refused", "KP-PROV-102", 200)


@pytest.mark.parametrize("last", [LAST, ERROR, *OF_MESSAGES])
@pytest.mark.parametrize("serving", [answering, resetting])
async def test_nothing_is_added_to_a_complete_stream_whose_connection_breaks(
    serving: Callable[..., Serve], last: bytes
) -> None:
    async with (
        raw_upstream(serving(HEAD, *chunked(EVENT, last))) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate,
    ):
        told = await ask(gate, a_call(dialect=dialect_of(last)))

    assert (told.body, told.relay.ended_badly) == (EVENT + last, None)
    assert (told.finished.outcome, told.finished.code) == booked(last)


@pytest.mark.parametrize("last", [LAST, ERROR, *OF_MESSAGES])
async def test_a_complete_stream_that_the_provider_leaves_open_is_ended_after_a_while(
    last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "LINGER", 0.1)
    async with (
        raw_upstream(answering(HEAD, *chunked(EVENT, last), then_wait=True)) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}", deadlines=Deadlines(idle=10.0))) as gate,
    ):
        with trio.fail_after(5):
            told = await ask(gate, a_call(dialect=dialect_of(last)))
        held = (gate.windows["one"].slots.running, gate.windows["one"].upstream.open_connections)

    assert (told.body, told.relay.ended_badly) == (EVENT + last, None)
    assert (told.finished.outcome, told.finished.code) == booked(last)
    assert held == (0, 0)


async def test_what_follows_the_last_event_is_passed_too_and_the_connection_is_used_again() -> None:
    async def serve(upstream: trio.abc.Stream) -> None:
        while await read_request(upstream):
            for each in [HEAD, *chunked(EVENT, LAST)]:
                await upstream.send_all(each)
            await trio.sleep(0.05)
            for each in [*chunked(b": bye\n\n"), b"0\r\n\r\n"]:
                await upstream.send_all(each)

    async with raw_upstream(serve) as port, open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
        first, second = await ask(gate), await ask(gate)
        kept = gate.windows["one"].upstream.open_connections

    assert (first.body, second.body) == (EVENT + LAST + b": bye\n\n",) * 2
    assert (first.finished.outcome, kept) == ("ok", 1)


@pytest.mark.code("KP-NET-309")
async def test_a_finish_reason_alone_does_not_excuse_a_connection_that_breaks() -> None:
    async with open_echo(stream(EVENT, FINISH, whole=False)) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert told.body == EVENT + FINISH + b"data: [KP-NET-309]\n\n"
    assert (told.finished.outcome, told.finished.code) == ("failed", "KP-NET-309")


async def left_after(gate: Gate, last: bytes, *, sent: bool = True) -> Ledger:
    """Return the books of a client that hangs up on the event *last*, or before anything of it was sent."""
    ledger = Ledger(call=a_call(dialect=dialect_of(last)))
    opened = await gate.open(ledger.call, ledger, said)
    piece = opened.first
    while True:
        if sent:
            ledger.sent(len(piece), trio.current_time())
        if piece.endswith(last):
            break
        piece = await opened.next_piece()
    with trio.move_on_after(0.05):
        await opened.next_piece()
    await opened.aclose()
    return ledger


@pytest.mark.parametrize("last", [LAST, ERROR, *OF_MESSAGES])
async def test_a_client_that_hangs_up_on_the_last_event_has_its_answer(last: bytes) -> None:
    async with (
        raw_upstream(answering(HEAD, *chunked(EVENT, last), then_wait=True)) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate,
    ):
        finished = (await left_after(gate, last)).close(0)

    assert (finished.outcome, finished.code) == booked(last)


@pytest.mark.code("KP-NET-311")
@pytest.mark.parametrize(("last", "sent"), [(LAST, False), (FINISH, True)])
async def test_a_client_that_left_before_the_last_event_was_sent_has_left(last: bytes, sent: bool) -> None:
    async with (
        raw_upstream(answering(HEAD, *chunked(EVENT, last), then_wait=True)) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate,
    ):
        finished = (await left_after(gate, last, sent=sent)).close(0)

    assert (finished.outcome, finished.code) == ("client left", "KP-NET-311")


@pytest.mark.parametrize(("asked", "expected"), [(True, b""), (False, b"data: [KP-SYS-511]\n\n")])
async def test_a_stop_spoils_a_complete_stream_only_while_its_last_event_is_on_the_way(asked: bool, expected: bytes) -> None:
    stopping = Stopping("KP-SYS-511", "KorProxy is being stopped.")
    async with (
        raw_upstream(answering(HEAD, *chunked(LAST), then_wait=True)) as port,
        open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate,
    ):
        ledger = Ledger(call=a_call())
        opened = await gate.open(ledger.call, ledger, said)
        first = opened.first
        if asked:
            with trio.move_on_after(0.05):
                await opened.next_piece()
        last = opened.interrupt(stopping)
        await opened.aclose()

    assert (first, last, ledger.outcome) == (LAST, expected, "ok" if asked else "failed")
