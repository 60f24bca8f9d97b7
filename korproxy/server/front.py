"""The front door: HTTP in, HTTP out. Framework-neutral: what is behind an ``Exchange`` is not its business."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

import attrs
import trio
from msgspec import structs

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import BadRequest, Busy, CallerRefused, InternalError, KorproxyError, Stopping
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.shortening import shortened
from korproxy.kit.writing import json_bytes
from korproxy.models.calls import Call, Headers, Peek, RawHeaders
from korproxy.models.correlation import correlation_id, current_correlation, new_id
from korproxy.server import cors
from korproxy.server.answering import GOODBYE, Answerer, origin
from korproxy.server.exchange import ClientLeft, Exchange, scope_of
from korproxy.server.faults import FaultWriter, plain_error
from korproxy.server.guard import Guard
from korproxy.server.json_array import ArrayExchange
from korproxy.server.kept import Question
from korproxy.server.keys import MANAGE, READ
from korproxy.server.model_list import offered_models, one_model
from korproxy.server.paths import NO_PROXY, is_for_a_proxy, is_management, model_question, needs_key
from korproxy.server.routes import Routes
from korproxy.version import VERSION

DRAIN_SECONDS = 5.0  # how long the rest of an unwanted upload is read away before it is refused
BRIEFLY = GOODBYE / 2  # seconds for it while the server stops
DRAIN_BYTES = 64 * 1024**2  # and how much of it; beyond that the client may see a broken pipe in place of the refusal

_JSON = (b"content-type", b"application/json")
_UNREAD = Peek(model="", stream=False)

log = logging.getLogger("korproxy.server")


@attrs.frozen(kw_only=True)
class Bounds:
    """How much the server takes: body bytes, seconds of silence in an upload, requests at once."""

    max_body: int = 64 * 1024**2
    read_deadline: float = 60.0
    max_running: int = 1000


@attrs.frozen(kw_only=True)
class _About:
    """What a call about an earlier answer says in place of a body; see ``Call``."""

    tail: str
    account: tuple[str, str]
    peek: Peek


@attrs.define
class Tally:
    """The requests of clients: in progress, and since the start.

    Attributes:
        turned_away: What never became a request, by its code: with a wrong key, say, or at a wrong address. Anybody can send
            such, so each of them is counted only; of all others a ``Finished`` tells.
    """

    running: int = 0
    total: int = 0
    turned_away: Counter[str] = attrs.field(factory=Counter)


@attrs.define(kw_only=True)
class Front:
    """Takes requests apart, has them answered, writes the answers.

    It is everything that a request meets of one configuration, and never changed: a reload makes another one, and puts it into
    the ``Entrance``. Whoever began here ends here.

    Attributes:
        outgoing: What is taken out of what requests say; None, as nearly always: nothing.
        tally: Shared by the fronts of all configurations.
    """

    answerer: Answerer
    guard: Guard
    bounds: Bounds = attrs.field(factory=Bounds)
    correlation_ids: bool = True
    outgoing: RuleSet | None = None
    tally: Tally = attrs.field(factory=Tally)
    _routes: Routes = attrs.field(factory=lambda: Routes({}), init=False, repr=False)

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The formats clients may speak, by name."""
        return self.snapshot.dialects

    @property
    def snapshot(self) -> Snapshot:
        """What requests are routed by now."""
        return self.answerer.gate.snapshot

    @property
    def routes(self) -> Routes:
        """Who answers at which path by now."""
        dialects = self.answerer.gate.snapshot.dialects
        if self._routes.dialects is not dialects:
            self._routes = Routes(dialects)
        return self._routes

    @property
    def faults(self) -> FaultWriter:
        """How errors of ours are written."""
        return self.answerer.faults

    def leaves_to_management(self, exchange: Exchange) -> bool:
        """Whether *exchange* belongs to the management API or the pages; a browser's question beforehand does not."""
        return is_management(exchange.path) and not self._is_preflight(exchange)

    async def admits_manager(self, exchange: Exchange, common: RawHeaders) -> bool:
        """Check the caller of a management route; answer it and return False where it may not.

        Args:
            common: What ``begin`` returned.
        """
        try:
            self._check_source(exchange)
            needed = needs_key(exchange.method, exchange.path)
            scope = MANAGE if exchange.method not in ("GET", "HEAD", "OPTIONS") else READ
            self.guard.admit_manager(exchange.headers, scope, needed=needed)
        except KorproxyError as exc:
            await self._refuse(exchange, exc, common)
            return False
        return True

    def begin(self, exchange: Exchange) -> RawHeaders:
        """Give *exchange* its ids, for the log lines of this task too.

        Returns:
            The headers that go with every answer to it, this request's own id first.
        """
        correlation = correlation_id(exchange.headers) if self.correlation_ids else new_id()
        current_correlation.set(correlation)
        common = [(b"x-korproxy-request", new_id().encode())]
        if self.correlation_ids:
            written = correlation.encode()
            common += ((b"x-correlation-id", written), (b"x-request-id", written))
        if self.answerer.gate.snapshot.demo:
            common.append((b"x-korproxy-demo", b"1"))
        return common

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request, whatever happens. Only cancellation comes out of here."""
        common = self.begin(exchange)
        try:
            try:
                self._check_source(exchange)
                dialect = self.routes.dialect(exchange.path) if exchange.method == "POST" else None
                if dialect is not None:  # nearly all are, so nothing else is looked up for them
                    await self._call(exchange, dialect, common)
                else:
                    await self._route(exchange, common)
            except Stopping as exc:  # perhaps in a scope that was cancelled for it
                with trio.CancelScope(shield=True, deadline=trio.current_time() + BRIEFLY + GOODBYE):
                    await self._refuse(exchange, exc, common)
            except KorproxyError as exc:
                await self._refuse(exchange, exc, common)
        except ClientLeft:
            log.info("the client left before its request was complete")
        except Exception as exc:  # noqa: BLE001 -- the last wall
            await self.fail(exchange, exc, common)

    async def fail(self, exchange: Exchange, exc: Exception, common: RawHeaders) -> None:
        """Be the last wall: *exc* is a fault of KorProxy's own, which may end its request and must not take the server down."""
        log.error("a fault of KorProxy's own in %.20s %r", exchange.method, shortened(exchange.path, 200), exc_info=exc)
        error = InternalError("KP-SYS-501", f"KorProxy failed: {type(exc).__name__}.")
        dialect = self.routes.dialect(exchange.path)  # and no format is asked whose error it is: one may be broken
        await self._say_no(exchange, error, common, dialect)

    def _check_source(self, exchange: Exchange) -> None:
        try:
            self.guard.check_source(exchange.headers)
        except CallerRefused as exc:
            if is_for_a_proxy(exchange.path):  # what then is in the Host is right for the tool, and no setting of ours helps
                raise CallerRefused(exc.code, f"This is a request to a forward proxy. {NO_PROXY}") from None
            raise

    async def _route(self, exchange: Exchange, common: RawHeaders) -> None:
        """Answer what is no call."""
        path, method = exchange.path, exchange.method
        kept = self.routes.kept(path)
        if self._is_preflight(exchange):
            await exchange.start(204, [*common, *cors.preflight_headers(exchange.headers)])
            await exchange.finish()
        elif kept is not None and method in kept.methods:
            await self._kept(exchange, kept, common)
        elif method not in self.routes.methods(path):
            raise self.routes.wrong(path, method)
        elif question := model_question(path):
            await self._models(exchange, question, common)
        else:
            said = json_bytes({"status": "ok", "name": "KorProxy", "version": VERSION})
            await self._say(exchange, 200, said, [*common, _JSON])

    def _is_preflight(self, exchange: Exchange) -> bool:
        return cors.is_preflight(exchange.method, exchange.headers, self.guard.origins)

    async def _models(self, exchange: Exchange, question: tuple[str, str], common: RawHeaders) -> None:
        self.guard.admit_client(exchange.headers, exchange.query)
        models, wanted = question
        dialect = self.routes.lister(models, exchange.query, exchange.headers)
        if dialect is None:
            raise BadRequest("KP-SYS-506", f"Nothing is at {models}: no format is loaded whose clients ask there.")
        offered = offered_models(self.snapshot, dialect.name)
        body = dialect.model_list(offered) if not wanted else dialect.model_entry(one_model(self.snapshot, wanted, offered))
        await self._say(exchange, 200, body, [*common, _JSON])

    async def _kept(self, exchange: Exchange, question: Question, common: RawHeaders) -> None:
        """Answer a question for an answer that was given before; the account that has it is asked, where there is one."""
        caller = self.guard.admit_client(exchange.headers, exchange.query)
        answers = self.answerer.gate.kept
        kept = answers.get(question.id, trio.current_time(), scope=caller.key_name)
        if kept is not None and kept.origin is not None:
            about = _About(
                tail=f"/{question.id}{question.tail}",
                account=(kept.origin.provider, kept.origin.account),
                peek=Peek(model=kept.model, stream=False),
            )
            await self._call(exchange, question.dialect, common, about)
            return
        try:
            said = question.answer(exchange.method, kept, exchange.query)
        except BadRequest as exc:
            if exchange.method == "POST":  # something was to be done, and not only to be told
                self._put_down(exc, exchange, question.dialect, common, began=self.answerer.now())
            raise
        if exchange.method == "DELETE":
            answers.drop(question.id, scope=caller.key_name)
        await self._say(exchange, 200, said, [*common, _JSON])

    async def _call(self, exchange: Exchange, dialect: Dialect, common: RawHeaders, about: _About | None = None) -> None:
        caller = self.guard.admit_client(exchange.headers, exchange.query)
        tally = self.tally
        began = self.answerer.now()
        tally.total += 1
        if tally.running >= self.bounds.max_running:
            busy = Busy("KP-RATE-403", f"KorProxy already works on {tally.running} requests ([server] max_running).")
            self._put_down(busy, exchange, dialect, common, began=began)
            raise busy
        tally.running += 1
        body = b""
        try:
            try:
                if b"content-encoding" in exchange.headers.first:
                    _check_coding(exchange.headers)
                if exchange.complete:  # and there is nothing to interrupt
                    body = await exchange.body(self.bounds.max_body, self.bounds.read_deadline)
                else:
                    body = await self._body(exchange)
                if self.outgoing is not None:
                    body = await _cleaned(body, self.outgoing)
                call = Call(  # in the order of its fields; see ``models.calls``
                    common[0][1].decode(),
                    current_correlation.get(),
                    dialect.name,
                    exchange.path,
                    about.peek if about else dialect.peek(exchange.path, body),
                    body,
                    exchange.headers,
                    exchange.query,
                    caller.credential,
                    caller.key_name,
                    began,
                )
                if about is not None:
                    call = structs.replace(call, method=exchange.method, tail=about.tail, account=about.account)
                if call.peek.stream and dialect.wants_array(exchange.query):
                    exchange = ArrayExchange(inner=exchange)
            except BaseException as exc:
                self._put_down(exc, exchange, dialect, common, began=began, peek=about.peek if about else _UNREAD, body=body)
                raise
            await self.answerer.settle(exchange, call, dialect, common)
        finally:
            tally.running -= 1

    def _put_down(
        self,
        exc: BaseException,
        exchange: Exchange,
        dialect: Dialect,
        common: RawHeaders,
        *,
        began: float,
        peek: Peek = _UNREAD,
        body: bytes = b"",
    ) -> None:
        """Report the end of a call that *exc* ended before it was routed: the history has all that was asked with a key.

        Args:
            peek, body: As far as it came to that.
        """
        caller = self.guard.admit_client(exchange.headers, exchange.query)
        ids = common[0][1].decode(), current_correlation.get()
        call = Call(*ids, dialect.name, exchange.path, peek, body, key_name=caller.key_name, began=began)
        self.answerer.unrouted(call, exc)

    async def _body(self, exchange: Exchange) -> bytes:
        """Wait for the rest of the body; the end of the grace ends that."""
        with self.answerer.grace.interruptible(scope_of(exchange)):
            return await exchange.body(self.bounds.max_body, self.bounds.read_deadline)
        raise Stopping("KP-SYS-511", "KorProxy is being stopped.")

    async def _refuse(self, exchange: Exchange, exc: KorproxyError, common: RawHeaders) -> None:
        """Answer with an error of ours, in the client's format where it can be told which that is."""
        if not exc.put_down:
            self.tally.turned_away[exc.code] += 1
        dialect = self.routes.of_errors(exchange.path, exchange.query, exchange.headers)
        await self._say_no(exchange, exc, common, dialect)

    async def _say_no(self, exchange: Exchange, exc: KorproxyError, common: RawHeaders, dialect: Dialect | None) -> None:
        if exchange.started:
            exchange.break_off()
            return
        log.info("refused %.20s %r: %s %s", exchange.method, shortened(exchange.path, 200), exc.code, exc)
        with suppress(ClientLeft, BadRequest):  # the answer goes out all the same, to whoever still listens
            await exchange.drain(DRAIN_BYTES, _patience(exc))
        fault = self.faults.fault(exc, "" if exc.code == "KP-AUTH-004" else origin(exchange))
        headers = [*common, *self.faults.headers(exc, fault)]
        if fault.status == 405:  # which has to say what is allowed (RFC 9110, 15.5.6)
            headers.append((b"allow", ", ".join(self.routes.methods(exchange.path)).encode()))
        await self._say(exchange, fault.status, dialect.error(fault) if dialect else plain_error(fault), headers)

    async def _say(self, exchange: Exchange, status: int, body: bytes, headers: RawHeaders) -> None:
        await exchange.start(status, [*headers, (b"content-length", str(len(body)).encode())])
        await exchange.finish(body)


async def _cleaned(body: bytes, outgoing: RuleSet) -> bytes:
    """Return *body* without what *outgoing* finds. That may take a while: in a thread it holds nobody up."""
    from korproxy.gateway.outgoing import without_secrets  # few users want it

    return await trio.to_thread.run_sync(without_secrets, body, outgoing)


def _check_coding(headers: Headers) -> None:
    coding = headers.text(b"content-encoding").lower()
    if coding not in ("", "identity"):
        advice = "KorProxy takes no compressed ones; switch the compression of requests off in the tool"
        raise BadRequest("KP-SYS-509", f"The body is compressed (Content-Encoding {shortened(coding, 40)!r}): {advice}.")


def _patience(exc: KorproxyError) -> float:
    """Return for how many seconds the rest of the upload that *exc* refuses is awaited: none where it is silent already."""
    return {"KP-SYS-510": 0.0, "KP-SYS-511": BRIEFLY}.get(exc.code, DRAIN_SECONDS)
