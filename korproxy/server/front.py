"""The front door: HTTP in, HTTP out. Framework-neutral: what is behind an ``Exchange`` is not its business."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress

import attrs
import trio

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import BadRequest, Busy, InternalError, KorproxyError
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Call, RawHeaders
from korproxy.models.correlation import correlation_id, current_correlation, new_id
from korproxy.server.answering import Answerer, origin
from korproxy.server.exchange import ClientLeft, Exchange
from korproxy.server.faults import FaultWriter
from korproxy.server.guard import Guard
from korproxy.server.keys import MANAGE, READ
from korproxy.server.model_list import offered_models
from korproxy.server.paths import is_management, needs_key, open_paths, wrong_path
from korproxy.version import VERSION

DRAIN_SECONDS = 5.0  # how long the rest of an unwanted upload is read away before it is refused
DRAIN_BYTES = 64 * 1024**2  # and how much of it; beyond that the client may see a broken pipe in place of the refusal

DEFAULT_DIALECT = "openai-chat"  # whose model list a caller gets that says nothing about itself

log = logging.getLogger("korproxy.server")


@attrs.frozen(kw_only=True)
class Bounds:
    """How much the server takes: body bytes, seconds of silence in an upload, requests at once."""

    max_body: int = 64 * 1024**2
    read_deadline: float = 60.0
    max_running: int = 1000


@attrs.define(kw_only=True)
class Front:
    """Takes requests apart, has them answered, writes the answers.

    Attributes:
        running: Requests of clients in progress.
        total: Requests of clients since the start.
    """

    answerer: Answerer
    guard: Guard
    bounds: Bounds = attrs.field(factory=Bounds)
    correlation_ids: bool = True
    running: int = 0
    total: int = 0

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The formats clients may speak, by name."""
        return self.snapshot.dialects

    @property
    def snapshot(self) -> Snapshot:
        """What requests are routed by now."""
        return self.answerer.gate.snapshot

    @property
    def faults(self) -> FaultWriter:
        """How errors of ours are written."""
        return self.answerer.faults

    def leaves_to_management(self, exchange: Exchange) -> bool:
        """Whether *exchange* belongs to the management API or the pages."""
        return is_management(exchange.path)

    async def admits_manager(self, exchange: Exchange) -> bool:
        """Check the caller of a management route; answer it and return False where it may not."""
        try:
            self.guard.check_source(exchange.headers)
            needed = needs_key(exchange.method, exchange.path)
            scope = MANAGE if exchange.method not in ("GET", "HEAD", "OPTIONS") else READ
            self.guard.admit_manager(exchange.headers, scope, needed=needed)
        except KorproxyError as exc:
            await self._refuse(exchange, exc, self._ids(exchange)[1])
            return False
        return True

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request, whatever happens. Only cancellation comes out of here."""
        correlation, common = self._ids(exchange)
        current_correlation.set(correlation)
        try:
            self.guard.check_source(exchange.headers)
            await self._route(exchange, correlation, common)
        except KorproxyError as exc:
            await self._refuse(exchange, exc, common)
        except ClientLeft:
            log.info("the client left before its request was complete")
        except Exception as exc:  # the last wall: nothing may take the server down
            log.exception("a fault of KorProxy's own in %.20s %.200r", exchange.method, exchange.path)
            await self._refuse(exchange, InternalError("KP-SYS-501", f"KorProxy failed: {type(exc).__name__}."), common)

    def _ids(self, exchange: Exchange) -> tuple[str, list[tuple[bytes, bytes]]]:
        correlation = correlation_id(exchange.headers) if self.correlation_ids else new_id()
        common = [(b"x-korproxy-request", new_id().encode())]
        if self.correlation_ids:
            common += [(b"x-correlation-id", correlation.encode()), (b"x-request-id", correlation.encode())]
        if self.snapshot.demo:
            common.append((b"x-korproxy-demo", b"1"))
        return correlation, common

    async def _route(self, exchange: Exchange, correlation: str, common: RawHeaders) -> None:
        path, method = exchange.path, exchange.method
        if method in ("GET", "HEAD") and path in open_paths:
            await self._say(exchange, {"status": "ok", "name": "KorProxy", "version": VERSION}, common)
        elif path == "/v1/models" and method == "GET":
            await self._models(exchange, common)
        elif (dialect := self._dialect(path)) is None:
            raise wrong_path(path, [each for dialect in self.dialects.values() for each in dialect.paths])
        elif method != "POST":
            raise BadRequest("KP-SYS-507", f"{path} takes POST, not {method[:20]}.")
        else:
            await self._call(exchange, dialect, correlation, common)

    def _dialect(self, path: str) -> Dialect | None:
        return next((each for each in self.dialects.values() if path in each.paths), None)

    async def _models(self, exchange: Exchange, common: RawHeaders) -> None:
        self.guard.admit_client(exchange.headers, exchange.query)
        claims = [each for each in self.dialects.values() if each.lists_models(exchange.headers)]
        claims.sort(key=lambda each: each.name == DEFAULT_DIALECT)  # it claims every caller, so it comes last
        body = claims[0].model_list(offered_models(self.snapshot.providers, claims[0].name))
        await exchange.start(200, [*common, (b"content-type", b"application/json"), _length(body)])
        await exchange.finish(body)

    async def _call(self, exchange: Exchange, dialect: Dialect, correlation: str, common: RawHeaders) -> None:
        caller = self.guard.admit_client(exchange.headers, exchange.query)
        if self.running >= self.bounds.max_running:
            raise Busy("KP-RATE-403", f"KorProxy already works on {self.running} requests ([server] max_running).")
        began = trio.current_time()
        self.running += 1
        self.total += 1
        try:
            body = await exchange.body(self.bounds.max_body, self.bounds.read_deadline)
            call = Call(
                id=dict(common)[b"x-korproxy-request"].decode(),
                correlation_id=correlation,
                dialect=dialect.name,
                path=exchange.path,
                peek=dialect.peek(exchange.path, body),
                body=body,
                headers=exchange.headers,
                credential=caller.credential,
                key_name=caller.key_name,
                began=began,
            )
            await self.answerer.settle(exchange, call, dialect, common)
        finally:
            self.running -= 1

    async def _refuse(self, exchange: Exchange, exc: KorproxyError, common: RawHeaders) -> None:
        """Answer with an error of ours, in the client's format where the path tells which that is."""
        if exchange.started:
            exchange.break_off()
            return
        log.info("refused %.20s %.200r: %s %s", exchange.method, exchange.path, exc.code, exc)
        with suppress(ClientLeft, BadRequest):  # the answer goes out all the same, to whoever still listens
            await exchange.drain(DRAIN_BYTES, DRAIN_SECONDS)
        fault = self.faults.fault(exc, "" if exc.code == "KP-AUTH-004" else origin(exchange))
        dialect = self._dialect(exchange.path)
        body = dialect.error(fault) if dialect else _plain_error(fault.code, fault.message, fault.docs)
        await exchange.start(fault.status, [*common, *self.faults.headers(exc, fault), _length(body)])
        await exchange.finish(body)

    async def _say(self, exchange: Exchange, data: object, common: RawHeaders) -> None:
        body = json.dumps(data).encode()
        await exchange.start(200, [*common, (b"content-type", b"application/json"), _length(body)])
        await exchange.finish(body)


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()


def _plain_error(code: str, message: str, docs: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "docs": docs}}).encode()
