"""One call: have it answered, pass the answer on, and put down how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial

import attrs
import trio

from korproxy.contracts import Dialect, Translator
from korproxy.errors.exceptions import KorproxyError, Stopping
from korproxy.gateway.deciding import Route
from korproxy.gateway.gate import Gate
from korproxy.gateway.journey import Meanwhile
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.relay import Relay
from korproxy.gateway.verdicts import unsayable
from korproxy.models.calls import Call, RawHeaders
from korproxy.models.clock import ticking
from korproxy.models.outcome import Finished
from korproxy.server.exchange import ClientLeft, Exchange, scope_of
from korproxy.server.faults import FaultWriter
from korproxy.server.grace import Grace
from korproxy.server.keep_alive import KeptAlive

KEEP_ALIVE = 15.0  # seconds of silence after which a client that waits for a translated stream gets a sign of life
GOODBYE = 0.4  # seconds a client gets to take the last words of an interrupted answer


def origin(exchange: Exchange) -> str:
    """Return the address under which the client called us; the Host has been checked."""
    return f"http://{exchange.headers.text(b'host')}"


@attrs.define(kw_only=True)
class Answerer:
    """Stands between the front and the gate.

    Attributes:
        keep_alive: Seconds of silence after which a client that waits for a translated stream gets a sign of life.
        now: Tells Trio's time.
    """

    gate: Gate
    faults: FaultWriter
    emit: Callable[[Finished], None]
    grace: Grace = attrs.field(factory=Grace)
    keep_alive: float = KEEP_ALIVE
    now: Callable[[], float] = attrs.field(factory=ticking, init=False, repr=False)

    async def settle(self, exchange: Exchange, call: Call, dialect: Dialect, common: RawHeaders) -> None:
        """Have *call* answered, and report how it ended exactly once.

        Args:
            common: Headers that go with every answer to this request.

        Raises:
            KorproxyError: Nothing was sent yet, and this is what the client has to be told.
        """
        ledger = Ledger(call)
        try:
            route = self.gate.route(call)
            translator = dialect.translator if call.peek.stream else None
            if translator is None:
                await self._serve(exchange, ledger, dialect, common, route)
            elif all(each.dialect != call.dialect for each in route.order):  # its client gets signs of life all the time
                kept = self._kept_alive(exchange, ledger, translator, common)
                await kept.during(partial(self._serve, kept, ledger, dialect, common, route))
            else:
                meanwhile = partial(self._wait_patiently, exchange, ledger, translator, common)
                await self._serve(exchange, ledger, dialect, common, route, meanwhile=meanwhile)
        except KorproxyError as exc:
            ledger.failed(exc)
            exc.put_down = True
            if exchange.started:  # by a sign of life: what went wrong can only be said in the stream
                last = dialect.late_error(self.faults.fault(exc, origin(exchange)))
                ledger.status = 200
                ledger.sent(len(last), trio.current_time())
                await exchange.finish(last)
                return
            ledger.status = self.faults.fault(exc).status
            raise
        except Exception:
            ledger.outcome, ledger.code, ledger.status = "failed", "KP-SYS-501", 500
            raise
        finally:
            if exchange.stalled:
                ledger.hung_up()
            finished = ledger.close(self.now())
            self.emit(finished)
            if ledger.decision is not None:
                self.gate.stories.add((finished, ledger.decision, ledger.tried))
            if finished.outcome in ("refused", "failed"):
                self.gate.lasting.shapes.add(call, finished)

    def unrouted(self, call: Call, exc: BaseException) -> None:
        """Report that *call* ended with *exc* before it was asked where it goes."""
        ledger = Ledger(call)
        if isinstance(exc, KorproxyError):
            ledger.failed(exc)
            ledger.status = self.faults.fault(exc).status
            exc.put_down = True
        elif isinstance(exc, Exception) and not isinstance(exc, ClientLeft):
            ledger.outcome, ledger.code, ledger.status = "failed", "KP-SYS-501", 500
        self.emit(ledger.close(self.now()))

    async def _wait_patiently(
        self,
        exchange: Exchange,
        ledger: Ledger,
        translator: Translator,
        common: RawHeaders,
        wait: Callable[[], Awaitable[None]],
    ) -> None:
        """Let a stream that passes unchanged wait for an account that rests: its client gets signs of life as others do."""
        await self._kept_alive(exchange, ledger, translator, common).during(wait)

    def _kept_alive(self, exchange: Exchange, ledger: Ledger, translator: Translator, common: RawHeaders) -> KeptAlive:
        from korproxy.chat.conversation import Asked  # needed by nobody who only passes calls on

        model = ledger.call.peek.model
        return KeptAlive(
            exchange=exchange,
            interval=self.keep_alive,
            head=lambda: [*common, *_about(ledger), (b"content-type", b"text/event-stream; charset=utf-8")],
            sign=lambda: translator.stream_writer(Asked(model=model, stream=True)).keep_alive(),
        )

    async def _serve(
        self,
        exchange: Exchange,
        ledger: Ledger,
        dialect: Dialect,
        common: RawHeaders,
        route: Route,
        *,
        meanwhile: Meanwhile | None = None,
    ) -> None:
        relay: Relay | None = None
        late_error = partial(self._late_error, dialect, exchange)
        try:
            with self.grace.interruptible(scope_of(exchange)) as work:
                relay = await self.gate.open(ledger.call, ledger, late_error, route, meanwhile)
                await self._pass_on(exchange, relay, ledger, common)
            if work.interrupted:
                await self._say_goodbye(exchange, relay)
        finally:
            if relay is not None:
                await relay.aclose()

    def _late_error(self, dialect: Dialect, exchange: Exchange, exc: KorproxyError, behind: bytes) -> bytes:
        return dialect.late_error(self.faults.fault(exc, origin(exchange)), behind)

    async def _say_goodbye(self, exchange: Exchange, relay: Relay | None) -> None:
        """The grace is over: end the answer in a way that nobody takes for complete."""
        stopping = Stopping("KP-SYS-511", "KorProxy is being stopped.")
        if relay is None or not exchange.started:
            raise stopping
        if relay.is_last:  # the client takes its time with the end of the answer, behind which nothing can be said
            relay.interrupt(stopping)
            exchange.break_off()
            return
        last = relay.interrupt(stopping)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + GOODBYE):
            if last:
                relay.ledger.sent(len(last), trio.current_time())
            await _end(exchange, relay, last)

    async def _pass_on(self, exchange: Exchange, relay: Relay, ledger: Ledger, common: RawHeaders) -> None:
        piece = relay.first
        if relay.ended_badly is not None:  # nothing was sent yet, so it can still be a real status
            raise relay.ended_badly
        if not exchange.started:
            coded = () if ledger.code is None else self._error(ledger.code)
            await exchange.start(relay.status, [*common, *_about(ledger), *coded, *relay.headers])
        elif not relay.is_stream:  # a sign of life went out, and then the provider refused
            piece = relay.as_event()
            if not piece:
                raise unsayable(relay.candidate.provider.id, relay.upstream_status, relay.code)
        keeping = self.gate.keeping(ledger.call, relay)
        while piece:
            ledger.sent(len(piece), self.now())
            if keeping is not None:
                keeping.see(piece)
            if relay.is_last:  # its end goes with it: one write costs half of two
                break
            await exchange.write(piece)
            piece = await relay.next_piece()
        if keeping is not None:
            keeping.end()
        if relay.ended_badly is None:
            await exchange.finish(piece)
        else:
            await _end(exchange, relay, piece)
        if relay.is_last:
            relay.taken()

    def _error(self, code: str) -> RawHeaders:
        return [(b"x-korproxy-error", _header_text(code))] if self.faults.show_codes else ()


def _about(ledger: Ledger) -> RawHeaders:
    """Say who answers, and what of the request did not reach them."""
    decision = ledger.decision
    safe = decision is not None and decision.safe_mode
    found = _answered_by(ledger.provider, ledger.account, ledger.upstream_model, safe)
    return [*found, (b"x-korproxy-lossy", ledger.losses)] if ledger.losses else found


@lru_cache(maxsize=256)
def _answered_by(provider: str | None, account: str | None, model: str | None, safe: bool) -> RawHeaders:
    found = [] if not safe else [(b"x-korproxy-safe-mode", b"1")]
    if provider is None:  # a sign of life went out before it was known
        return tuple(found)
    return (
        (b"x-korproxy-provider", _header_text(provider)),
        (b"x-korproxy-account", _header_text(account or "")),
        (b"x-korproxy-model", _header_text(model or "")),
        *found,
    )


async def _end(exchange: Exchange, relay: Relay, last: bytes) -> None:
    if relay.ended_badly is not None and not relay.is_stream:
        exchange.break_off()
    else:
        await exchange.finish(last)


def _header_text(text: str) -> bytes:
    if text.isascii() and text.isprintable():  # nearly all are
        return text[:200].encode()
    return "".join(each if " " <= each <= "~" else "?" for each in text)[:200].encode()
