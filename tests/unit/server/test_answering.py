from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from korproxy.builtin.dialects.openai_chat import ChatStream, OpenAIChat
from korproxy.contracts import AnswerReader, Dialect, Provider
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import BadRequest, KorproxyError, NoProvider, ProviderLost, Stopping
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Headers, RawHeaders
from korproxy.models.outcome import Finished, Usage
from korproxy.models.providers import Deadlines
from korproxy.server.answering import Answerer, origin
from korproxy.server.exchange import ClientLeft, Exchange
from korproxy.server.faults import FaultWriter
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import a_call, open_gate
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import answering, raw_upstream, read_request
from tests.fakes.waiting import until

COMMON = [(b"x-korproxy-request", b"1")]
EVENT = b'data: {"choices":[]}\n\n'
LAST = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
STREAM = [("content-type", "text/event-stream")]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n"


@attrs.define
class Client:
    """An exchange that keeps what the client would have got."""

    headers: Headers = attrs.field(factory=lambda: Headers(((b"host", b"127.0.0.1:1337"),)))
    method: str = "POST"
    path: str = "/v1/chat/completions"
    query: bytes = b""
    stalled: bool = False
    complete: bool = True
    takes_the_end: bool = True
    scope: trio.CancelScope | None = None
    status: int | None = None
    got_headers: RawHeaders = ()
    pieces: list[bytes] = attrs.field(factory=list)
    end: str = ""

    @property
    def started(self) -> bool:
        return self.status is not None

    @property
    def got(self) -> bytes:
        return b"".join(self.pieces)

    async def body(self, limit: int, patience: float) -> bytes:
        raise NotImplementedError

    async def drain(self, limit: int, patience: float) -> None:
        raise NotImplementedError

    async def start(self, status: int, headers: RawHeaders) -> None:
        await trio.lowlevel.checkpoint()
        assert not self.started
        self.status, self.got_headers = status, headers

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.pieces.append(data)

    async def finish(self, data: bytes = b"") -> None:
        await trio.lowlevel.checkpoint()
        assert not self.end
        self.pieces.append(data)
        if not self.takes_the_end:
            await trio.sleep_forever()
        self.end = "finished"

    def break_off(self) -> None:
        assert not self.end
        self.end = "broken off"


@attrs.define
class Stage:
    """An answerer in front of real sockets, and a client of it."""

    answerer: Answerer
    events: list[Finished]
    client: Client = attrs.field(factory=Client)

    async def settle(self, call: Call | None = None) -> Finished:
        """Have a call answered, and return how it was put down: once, and nothing held afterwards."""
        call = call or a_call()
        dialect: Dialect = self.answerer.gate.snapshot.dialects[call.dialect]
        try:
            await self.answerer.settle(self.client, call, dialect, COMMON)
        finally:
            for window in self.answerer.gate.windows.values():
                assert (window.slots.running, window.slots.waiting) == (0, 0)
        return self.only

    @property
    def only(self) -> Finished:
        [event] = self.events
        return event


@asynccontextmanager
async def stage(*providers: Provider, show_codes: bool = True, **dialects: Dialect) -> AsyncIterator[Stage]:
    events: list[Finished] = []
    async with open_gate(*providers, max_wait=0.0, **dialects) as gate:
        faults = FaultWriter(codes=Registry.of(BUILTIN_CODES), show_codes=show_codes)
        yield Stage(Answerer(gate=gate, faults=faults, emit=events.append), events)


async def test_a_good_answer_is_passed_on_with_who_gave_it_and_is_put_down() -> None:
    scripted = Scripted(
        headers=[*STREAM, ("x-ratelimit-remaining", "5"), ("set-cookie", "a=b")], pieces=[EVENT, LAST], framing="chunked"
    )
    async with open_echo(scripted) as echo, stage(provider_at(echo.url)) as at:
        event = await at.settle()

    assert (at.client.status, at.client.end, at.client.got) == (200, "finished", EVENT + LAST)
    assert at.client.got_headers == [
        (b"x-korproxy-request", b"1"),
        (b"x-korproxy-provider", b"one"),
        (b"x-korproxy-account", b"work"),
        (b"x-korproxy-model", b"m"),
        (b"content-type", b"text/event-stream"),
        (b"x-ratelimit-remaining", b"5"),
    ]
    assert (event.outcome, event.code, event.status, event.usage) == ("ok", None, 200, Usage(tokens_in=7, tokens_out=3))
    assert (event.bytes_out, event.first_byte is not None) == (len(EVENT + LAST), True)


@pytest.mark.code("KP-RATE-401")
@pytest.mark.parametrize("show_codes", [True, False])
async def test_beside_a_providers_own_error_stands_a_code_where_codes_are_shown(show_codes: bool) -> None:
    async with open_echo(Scripted(status=429, pieces=[b"slow down"])) as echo:
        async with stage(provider_at(echo.url), show_codes=show_codes) as at:
            event = await at.settle()

    assert (at.client.status, at.client.got) == (429, b"slow down")
    assert dict(at.client.got_headers).get(b"x-korproxy-error") == (b"KP-RATE-401" if show_codes else None)
    assert (event.outcome, event.code, event.status) == ("refused", "KP-RATE-401", 429)


async def test_names_that_no_header_can_carry_are_written_as_far_as_one_can() -> None:
    account = Account(name="größe\r\nx: y" + "z" * 300)
    async with open_echo() as echo, stage(provider_at(echo.url, accounts=[account])) as at:
        await at.settle(a_call('{"model":"one/\u65e5\\n"}'.encode()))

    about = dict(at.client.got_headers)
    assert about[b"x-korproxy-model"] == b"??"
    assert about[b"x-korproxy-account"] == b"gr??e??x: y" + b"z" * 189


async def failure(at: Stage, kind: type[Exception] = KorproxyError, call: Call | None = None) -> Exception:
    with pytest.raises(kind) as caught:
        await at.settle(call)
    assert (at.client.started, at.client.end) == (False, "")
    return caught.value


async def test_what_nobody_can_answer_is_raised_and_put_down_with_the_status_it_will_get() -> None:
    async with stage() as at:
        error = await failure(at, NoProvider)

    assert str(error).startswith("No provider is configured")
    assert (at.only.outcome, at.only.code, at.only.status) == ("failed", "KP-CONF-207", 503)
    assert (at.only.provider, at.only.attempts, at.only.bytes_out) == (None, 0, 0)


@pytest.mark.parametrize(("status", "kept"), [(200, False), (400, True)])
async def test_what_a_request_looked_like_is_kept_only_where_it_failed(status: int, kept: bool) -> None:
    async with open_echo(Scripted(status=status, pieces=[b"{}"])) as echo, stage(provider_at(echo.url)) as at:
        event = await at.settle()
        found = await at.answerer.gate.lasting.shapes.find(event.id)

    assert (found is not None) == kept


@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize("kind", [b"text/event-stream", b"application/json"])
async def test_what_breaks_before_anything_was_sent_is_a_real_status(kind: bytes) -> None:
    half = b'8\r\ndata: {"\r\n' if kind == b"text/event-stream" else b""
    async with raw_upstream(answering(HEAD % kind, half)) as port, stage(provider_at(f"http://127.0.0.1:{port}")) as at:
        error = await failure(at, ProviderLost)

    assert isinstance(error, ProviderLost)
    assert error.code == "KP-NET-309"
    assert (at.only.outcome, at.only.code, at.only.status) == ("failed", "KP-NET-309", 502)


@attrs.define
class Blind(ChatStream):
    """A reader that fails at the first look."""

    def feed(self, chunk: bytes) -> None:
        raise LookupError(chunk)


@attrs.frozen
class BlindChat(OpenAIChat):
    """A format whose reader fails."""

    def reader(self, *, stream: bool) -> AnswerReader:
        del stream
        return Blind()


@pytest.mark.code("KP-SYS-501")
async def test_a_fault_of_our_own_is_put_down_and_holds_nothing() -> None:
    async with open_echo() as echo, stage(provider_at(echo.url), openai_chat=BlindChat()) as at:
        await failure(at, LookupError)

    assert (at.only.outcome, at.only.code, at.only.status) == ("failed", "KP-SYS-501", 500)


@pytest.mark.code("KP-NET-309")
async def test_a_stream_that_breaks_ends_with_an_error_in_the_clients_format() -> None:
    async with open_echo(Scripted(headers=STREAM, pieces=[EVENT], framing="chunked", whole=False)) as echo:
        async with stage(provider_at(echo.url)) as at:
            event = await at.settle()

    last = at.client.got.removeprefix(EVENT)
    assert (at.client.status, at.client.end) == (200, "finished")
    assert last.startswith(b'data: {"error":')
    assert b"KP-NET-309: http://127.0.0.1:1337/errors/KP-NET-309" in last
    assert (event.outcome, event.code, event.status, event.bytes_out) == ("failed", "KP-NET-309", 200, len(at.client.got))


async def test_a_plain_answer_that_breaks_is_broken_off() -> None:
    scripted = Scripted(pieces=[b'{"a":', b"1"], framing="chunked", whole=False)
    async with open_echo(scripted) as echo, stage(provider_at(echo.url)) as at:
        event = await at.settle()

    assert (at.client.status, at.client.got, at.client.end) == (200, b'{"a":1', "broken off")
    assert (event.outcome, event.code, event.bytes_out) == ("failed", "KP-NET-309", 6)


@pytest.mark.code("KP-NET-311")
@pytest.mark.parametrize("pieces", [[], [HEAD % b"text/event-stream", b"%x\r\n%s\r\n" % (len(EVENT), EVENT)]])
async def test_a_client_that_leaves_is_put_down_as_that(pieces: Sequence[bytes]) -> None:
    async with raw_upstream(answering(*pieces, then_wait=True)) as port, stage(provider_at(f"http://127.0.0.1:{port}")) as at:
        window = at.answerer.gate.windows["one"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(at.settle)
            await until(lambda: at.client.pieces if pieces else window.slots.running)
            nursery.cancel_scope.cancel()
        left = (window.slots.running, window.upstream.open_connections)

    assert left == (0, 0)
    assert (at.only.outcome, at.only.code) == ("client left", "KP-NET-311")
    assert (at.only.status, at.only.bytes_out) == ((200, len(EVENT)) if pieces else (None, 0))


async def settled(at: Stage, shared: bool) -> None:
    """Have a call answered in a scope that the grace is, or is not, to use for it."""
    with trio.CancelScope() as scope:
        at.client.scope = scope if shared else None
        await at.settle()


@pytest.mark.code("KP-SYS-511")
@pytest.mark.parametrize("shared", [True, False])
async def test_after_the_grace_nothing_begins_any_more(shared: bool) -> None:
    async with open_echo() as echo, stage(provider_at(echo.url)) as at:
        at.answerer.grace.end()
        with trio.CancelScope() as scope:
            at.client.scope = scope if shared else None
            error = await failure(at, Stopping)

    assert isinstance(error, Stopping)
    assert error.code == "KP-SYS-511"
    assert (at.only.outcome, at.only.code, at.only.status) == ("failed", "KP-SYS-511", 503)


@pytest.mark.code("KP-SYS-511")
@pytest.mark.parametrize("shared", [True, False])
async def test_a_stream_that_outlasts_the_grace_says_goodbye_and_ends_properly(shared: bool) -> None:
    wire = HEAD % b"text/event-stream" + b"%x\r\n%s\r\n" % (len(EVENT), EVENT)
    async with raw_upstream(answering(wire, then_wait=True)) as port, stage(provider_at(f"http://127.0.0.1:{port}")) as at:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(settled, at, shared)
            await until(lambda: at.client.pieces)
            at.answerer.grace.end()

    assert (at.client.end, b"KP-SYS-511" in at.client.got.removeprefix(EVENT)) == ("finished", True)
    assert (at.only.outcome, at.only.code, at.only.bytes_out) == ("failed", "KP-SYS-511", len(at.client.got))


@pytest.mark.parametrize("shared", [True, False])
async def test_a_plain_answer_that_outlasts_the_grace_is_broken_off(shared: bool) -> None:
    wire = HEAD % b"application/json" + b'5\r\n{"a":\r\n'
    async with raw_upstream(answering(wire, then_wait=True)) as port, stage(provider_at(f"http://127.0.0.1:{port}")) as at:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(settled, at, shared)
            await until(lambda: at.client.pieces)
            at.answerer.grace.end()

    assert (at.client.got, at.client.end, at.only.code, at.only.bytes_out) == (b'{"a":', "broken off", "KP-SYS-511", 5)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("headers", [STREAM, [("content-type", "application/json")]])
async def test_a_whole_answer_of_which_the_client_does_not_take_the_end_is_broken_off_when_the_grace_ends(
    headers: Sequence[tuple[str, str]], shared: bool
) -> None:
    async with open_echo(Scripted(headers=headers, pieces=[LAST])) as echo, stage(provider_at(echo.url)) as at:
        at.client.takes_the_end = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(settled, at, shared)
            await until(lambda: at.client.pieces)
            at.answerer.grace.end()

    assert (at.client.pieces, at.client.end) == ([LAST], "broken off")
    assert (at.only.outcome, at.only.code) == ("failed", "KP-SYS-511")


@pytest.mark.parametrize(("kind", "outcome"), [("text/event-stream", "ok"), ("application/json", "client left")])
async def test_a_client_that_leaves_before_the_end_of_a_plain_answer_has_left_early(kind: str, outcome: str) -> None:
    async with open_echo(Scripted(headers=[("content-type", kind)], pieces=[LAST])) as echo, stage(provider_at(echo.url)) as at:
        at.client.takes_the_end = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(at.settle)
            await until(lambda: at.client.pieces)
            nursery.cancel_scope.cancel()

    assert (at.client.pieces, at.client.end, at.only.outcome) == ([LAST], "", outcome)


async def test_the_end_of_an_answer_goes_out_with_its_last_piece() -> None:
    async with open_echo(Scripted(pieces=[b'{"a":1}'])) as echo, stage(provider_at(echo.url)) as at:
        event = await at.settle()

    assert (at.client.pieces, at.client.end, event.outcome, event.bytes_out) == ([b'{"a":1}'], "finished", "ok", 7)


async def test_an_answer_goes_out_piece_by_piece_as_it_comes() -> None:
    go_on = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(HEAD % b"text/event-stream" + b"%x\r\n%s\r\n" % (len(EVENT), EVENT))
        await go_on.wait()
        await stream.send_all(b"%x\r\n%s\r\n0\r\n\r\n" % (len(LAST), LAST))

    async with raw_upstream(serve) as port, stage(provider_at(f"http://127.0.0.1:{port}")) as at:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(at.settle)
            await until(lambda: at.client.pieces)
            before = list(at.client.pieces)
            go_on.set()

    assert (before, at.client.pieces, at.only.outcome) == ([EVENT], [EVENT, LAST], "ok")


async def test_a_stream_that_announced_its_length_can_still_end_with_an_error() -> None:
    scripted = Scripted(headers=STREAM, pieces=[EVENT], framing="length")
    async with open_echo(scripted) as echo, stage(provider_at(echo.url, deadlines=Deadlines(idle=5))) as at:
        await at.settle()

    assert b"content-length" not in dict(at.client.got_headers)
    assert at.client.got.startswith(EVENT + b'data: {"error":')


@pytest.mark.code("KP-NET-308")
async def test_a_failure_behind_a_sign_of_life_is_told_in_the_stream_and_put_down_with_what_went_out() -> None:
    give_up = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await give_up.wait()

    async with raw_upstream(serve) as port:
        provider = attrs.evolve(provider_at(f"http://127.0.0.1:{port}"), speaks={"anthropic-messages": ANTHROPIC_MESSAGES})
        async with stage(provider) as at:
            at.answerer.keep_alive = 0.02
            call = a_call(b'{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}')
            async with trio.open_nursery() as nursery:
                nursery.start_soon(at.settle, call)
                await until(lambda: at.client.pieces)
                give_up.set()

    signs, last = at.client.pieces[:-1], at.client.pieces[-1]
    assert (at.client.status, at.client.end, set(signs)) == (200, "finished", {b": keep-alive\n\n"})
    assert (last[:15], b"KP-NET-308" in last) == (b'data: {"error":', True)
    assert (at.only.outcome, at.only.code, at.only.status) == ("failed", "KP-NET-308", 200)
    assert at.only.bytes_out == len(last)


def test_an_exchange_of_a_test_is_one_like_any_other() -> None:
    exchange: Exchange = Client()

    assert origin(exchange) == "http://127.0.0.1:1337"


def test_errors_are_not_answered_here() -> None:
    """What is raised before the first byte is the front's to write: it knows paths and formats."""
    assert issubclass(BadRequest, KorproxyError)


@pytest.mark.parametrize(
    ("exc", "outcome", "status", "code", "put_down"),
    [
        (BadRequest("KP-SYS-509", "No JSON."), "failed", 400, "KP-SYS-509", True),
        (LookupError(), "failed", 500, "KP-SYS-501", None),
        (ClientLeft(), "client left", None, "KP-NET-311", None),
        (KeyboardInterrupt(), "client left", None, "KP-NET-311", None),  # as of all that ends a task
    ],
)
async def test_what_came_to_no_routing_is_reported_all_the_same(
    exc: BaseException, outcome: str, status: int | None, code: str, put_down: bool | None
) -> None:
    finished: list[Finished] = []
    async with open_gate() as gate:
        answerer = Answerer(gate=gate, faults=FaultWriter(codes=Registry.of(BUILTIN_CODES)), emit=finished.append)
        call = a_call()
        answerer.unrouted(call, exc)

    [row] = finished
    assert (row.id, row.key_name, row.bytes_in) == (call.id, call.key_name, len(call.body))
    assert (row.outcome, row.status, row.code, getattr(exc, "put_down", None)) == (outcome, status, code, put_down)
    assert (row.profile, row.type, row.provider, row.attempts) == ("", "", None, 0)
