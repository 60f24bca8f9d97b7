"""Decide the reply to one request: which format, which script, refused or answered. Pure; ``sending`` writes it."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import attrs

from korproxy_mock.answer import decide
from korproxy_mock.directives import DirectiveError, parse
from korproxy_mock.formats import Call, Format, Headers, JsonObject, Problem, Refused, Route
from korproxy_mock.memory import Memory
from korproxy_mock.record import Received
from korproxy_mock.script import RetryAfter, Script
from korproxy_mock.searching import check_search
from korproxy_mock.stream import Step, plan

Take = Callable[[str, str, str, str], Script | None]  # action, provider, key, model

_JSON = ("content-type", "application/json")
_MOST_BODY = 32 * 1024**2  # what Anthropic takes
_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
_STATUS_WORDS = {200: "200 OK", 502: "502 Bad Gateway", 503: "503 Service Unavailable", 504: "504 Gateway Time-out"}


@attrs.frozen(kw_only=True)
class Reply:
    """What to send: a head, and a body or the steps of a stream. ``script`` says how and when."""

    status: int = 200
    headers: Headers
    body: bytes = b""
    steps: Sequence[Step] | None = None
    script: Script = attrs.field(factory=Script)


@attrs.frozen(kw_only=True)
class Rules:
    """How strict the mock is.

    ``accept_keys`` None takes every key that does not start with ``bad``. ``strict`` also refuses what only the vendor
    itself refuses and compatible servers take.
    """

    accept_keys: frozenset[str] | None = None
    strict: bool = False


def reply_to(
    received: Received, number: int, formats: Sequence[Format], rules: Rules, take: Take, *, memory: Memory | None = None
) -> Reply:
    """Answer *received*, or refuse it as its vendor would.

    Args:
        received: The request; its format and provider are filled in.
        number: Which request of the server's this is.
        formats: The first whose path matches answers.
        rules: How strict to be.
        take: Hands out a pushed script, once the request is good.
        memory: Where what clients store is kept; None: nothing is there, and nothing will be.
    """
    memory = Memory() if memory is None else memory
    for form in formats:
        if route := form.route(received):
            received.format, received.provider = form.name, route.provider
            return _Exchange(
                form=form, received=received, route=route, number=number, rules=rules, take=take, memory=memory
            ).reply()
    return _unknown_path(received)


@attrs.frozen(kw_only=True)
class _Exchange:
    """One request with its format."""

    form: Format
    received: Received
    route: Route
    number: int
    rules: Rules
    take: Take
    memory: Memory

    def reply(self) -> Reply:
        call = Call(received=self.received, route=self.route, number=self.number, strict=self.rules.strict, memory=self.memory)
        try:
            self.form.check_key(self.received, self.rules.accept_keys)
            if self.received.method == "POST" and not self.route.bodiless:
                call = attrs.evolve(call, body=self._body())
            return self._chat(call) if self.route.action == "chat" else self._plain(call)
        except Refused as refused:
            return self._problem(call, refused.problem, Script())
        except RecursionError:  # some JSON is nested deeper than it can be looked at
            return self._problem(call, self.form.unreadable(self.received, "it is nested too deep"), Script())
        except DirectiveError as exc:
            wrong = attrs.evolve(self.form.unreadable(self.received, ""), message=str(exc))
            return self._problem(call, wrong, Script())

    def _body(self) -> JsonObject:
        if len(self.received.body) > _MOST_BODY:
            script = Script(status=413)
            call = Call(received=self.received, route=self.route, number=self.number)
            raise Refused(self.form.problem(call, script))
        try:
            body = json.loads(self.received.body.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError) as exc:
            raise Refused(self.form.unreadable(self.received, str(exc))) from None
        if not isinstance(body, dict):
            raise Refused(self.form.unreadable(self.received, "expected an object"))
        return body

    def _pushed(self, call: Call) -> Script | None:
        return self.take(self.route.action, self.route.provider, self.form.credential(self.received) or "", call.model)

    def _plain(self, call: Call) -> Reply:
        body = self.form.plain(call)
        script = self._pushed(call) or Script()
        if reply := self._instead(call, script):
            return reply
        return self._whole(call, json.dumps(body, ensure_ascii=False), script)

    def _chat(self, call: Call) -> Reply:
        self.form.check(call)
        prompt = self.form.read(call)
        directions = parse(prompt.text)
        script = self._pushed(call)
        if script is None:
            step = directions.steps[prompt.turns : prompt.turns + 1]
            script = step[0] if step else Script()
        if reply := self._instead(call, script):
            return reply
        answer = decide(attrs.evolve(prompt, text=directions.text), script, self.received.body)
        check_search(call, answer)
        if not call.stream:
            return self._whole(call, self.form.answer(call, answer, script), script)
        self.received.streamed = True
        failure = self.form.problem(call, attrs.evolve(script, status=script.status or 500))
        events = tuple(self.form.events(call, answer, script))
        kept = sum(not (script.no_terminal and event.terminal) for event in events)
        errors = tuple(self.form.error_events(call, failure, script, min(script.error_after or 0, kept)))
        steps = tuple(plan(events, errors, script, self.form.framing(call)))
        return self._encoded(call, steps, script)

    def _instead(self, call: Call, script: Script) -> Reply | None:
        """What a script wants sent in place of an answer."""
        if script.redirect is not None:
            return Reply(status=302, headers=[("location", script.redirect)], script=script)
        fails = script.status is not None or script.kind is not None
        if script.html:
            status = script.status or 200
            page = _HTML.format(_STATUS_WORDS.get(status, f"{status} Error")).encode()
            headers = [("content-type", "text/html"), *_retry_headers(script)]
            return Reply(status=status, headers=headers, body=page, script=script)
        if script.empty:
            return Reply(status=script.status or 200, headers=[_JSON, *self._headers(call, script)], script=script)
        if fails and script.error_after is None:
            return self._problem(call, self.form.problem(call, script), script)
        return None

    def _problem(self, call: Call, problem: Problem, script: Script) -> Reply:
        headers = [_JSON, *self.form.headers(call), *self._hints(script)]
        if script.ratelimit_headers:
            headers += self.form.limit_headers(script.ratelimit_headers, wait=_wait(script))
        body = self.form.error_body(call, problem).encode("utf-8", "replace")
        return Reply(status=problem.status, headers=headers, body=body, script=script)

    def _headers(self, call: Call, script: Script) -> Headers:
        limits = self.form.limit_headers(script.ratelimit_headers, wait=_wait(script))
        return [*self.form.headers(call), *limits, *self._hints(script)]

    def _hints(self, script: Script) -> Headers:
        said_in_body = self.form.retry_in_body and script.retry_after and script.retry_after.form in ("seconds", "ms")
        return [] if said_in_body else _retry_headers(script)

    def _whole(self, call: Call, text: str, script: Script) -> Reply:
        headers, body = [_JSON, *self._headers(call, script)], text.encode("utf-8", "replace")
        if _zips(self.received, script):
            headers, body = [*headers, ("content-encoding", "gzip")], gzip.compress(body, mtime=0)
        return Reply(headers=headers, body=body, script=script)

    def _encoded(self, call: Call, steps: tuple[Step, ...], script: Script) -> Reply:
        headers = [("content-type", self.form.framing(call).media_type), ("cache-control", "no-cache")]
        headers += self._headers(call, script)
        if _zips(self.received, script):
            headers.append(("content-encoding", "gzip"))
        return Reply(headers=headers, steps=steps, script=script)


def _no_constant(name: str) -> float:
    """Refuse ``NaN`` and its like, which Python would read and vendors do not."""
    raise ValueError(f"{name} is no JSON")


def _unknown_path(received: Received) -> Reply:
    words = f"Invalid URL ({received.method} {received.path})"
    error = {"message": words, "type": "invalid_request_error", "param": None, "code": None}
    return Reply(status=404, headers=[_JSON], body=json.dumps({"error": error}, indent=4).encode("utf-8", "replace"))


def _zips(received: Received, script: Script) -> bool:
    accepted = "gzip" in (received.header("accept-encoding") or "").lower()
    return script.gzip == "always" or (script.gzip == "accepted" and accepted)


def _wait(script: Script) -> float:
    """Return the seconds that a client is to wait; 60 where the script gives no number."""
    hint = script.retry_after
    if hint is None or hint.form == "raw":
        return 60.0
    return float(hint.amount) / (1000 if hint.form == "ms" else 1)


def _retry_headers(script: Script) -> Headers:
    hint = script.retry_after
    if hint is None:
        return []
    return [("retry-after-ms" if hint.form == "ms" else "retry-after", _hint(hint))]


def _hint(hint: RetryAfter) -> str:
    if hint.form == "date":
        return format_datetime(datetime.now(UTC) + timedelta(seconds=float(hint.amount)), usegmt=True)
    return hint.amount
