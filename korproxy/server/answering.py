"""One call: have it answered, pass the answer on, and put down how it ended."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import KorproxyError, Stopping
from korproxy.gateway.gate import Gate
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.relay import Relay
from korproxy.models.calls import Call, RawHeaders
from korproxy.models.outcome import Finished
from korproxy.server.exchange import Exchange
from korproxy.server.faults import FaultWriter
from korproxy.server.grace import Grace

GOODBYE = 0.4  # seconds a client gets to take the last words of an interrupted answer


def origin(exchange: Exchange) -> str:
    """Return the address under which the client called us; the Host has been checked."""
    return f"http://{exchange.headers.text(b'host')}"


@attrs.define(kw_only=True)
class Answerer:
    """Stands between the front and the gate."""

    gate: Gate
    faults: FaultWriter
    emit: Callable[[Finished], None]
    grace: Grace = attrs.field(factory=Grace)

    async def settle(self, exchange: Exchange, call: Call, dialect: Dialect, common: RawHeaders) -> None:
        """Have *call* answered, and report how it ended exactly once.

        Args:
            common: Headers that go with every answer to this request.

        Raises:
            KorproxyError: Nothing was sent yet, and this is what the client has to be told.
        """
        ledger = Ledger(call=call)
        try:
            await self._answer(exchange, call, dialect, ledger, common)
        except KorproxyError as exc:
            ledger.failed(exc)
            ledger.status = self.faults.fault(exc).status
            raise
        except Exception:
            ledger.outcome, ledger.code, ledger.status = "failed", "KP-SYS-501", 500
            raise
        finally:
            if exchange.stalled:
                ledger.hung_up()
            self.emit(ledger.close(trio.current_time()))

    async def _answer(self, exchange: Exchange, call: Call, dialect: Dialect, ledger: Ledger, common: RawHeaders) -> None:
        where = origin(exchange)
        relay: Relay | None = None
        try:
            with self.grace.interruptible() as scope:
                relay = await self.gate.open(call, ledger, lambda exc: dialect.late_error(self.faults.fault(exc, where)))
                await self._pass_on(exchange, relay, ledger, common)
            if scope.cancelled_caught:
                await self._say_goodbye(exchange, relay)
        finally:
            if relay is not None:
                await relay.aclose()

    async def _say_goodbye(self, exchange: Exchange, relay: Relay | None) -> None:
        """The grace is over: end the answer in a way that nobody takes for complete."""
        stopping = Stopping("KP-SYS-511", "KorProxy is being stopped.")
        if relay is None or not exchange.started:
            raise stopping
        last = relay.interrupt(stopping)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + GOODBYE):
            if last:
                relay.ledger.sent(len(last), trio.current_time())
            await _end(exchange, relay, last)

    async def _pass_on(self, exchange: Exchange, relay: Relay, ledger: Ledger, common: RawHeaders) -> None:
        piece = await relay.next_piece()
        if relay.ended_badly is not None:  # nothing was sent yet, so it can still be a real status
            raise relay.ended_badly
        await exchange.start(relay.status, [*common, *self._about(relay), *relay.headers])
        while piece:
            ledger.sent(len(piece), trio.current_time())
            await exchange.write(piece)
            piece = await relay.next_piece()
        await _end(exchange, relay, b"")

    def _about(self, relay: Relay) -> RawHeaders:
        """Say who answered."""
        chosen = relay.candidate
        found = [
            (b"x-korproxy-provider", _header_text(chosen.provider.id)),
            (b"x-korproxy-account", _header_text(chosen.account.name)),
            (b"x-korproxy-model", _header_text(chosen.model)),
        ]
        shown = relay.code is not None and self.faults.show_codes
        return [*found, (b"x-korproxy-error", _header_text(relay.code or ""))] if shown else found


async def _end(exchange: Exchange, relay: Relay, last: bytes) -> None:
    if relay.ended_badly is not None and not relay.is_stream:
        exchange.break_off()
    else:
        await exchange.finish(last)


def _header_text(text: str) -> bytes:
    return "".join(each if " " <= each <= "~" else "?" for each in text)[:200].encode()
