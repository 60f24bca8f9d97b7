"""The cases ``errors`` and ``cut``: whatever goes wrong is told, in the client's own format, and never as a success."""

from __future__ import annotations

from korproxy_conformance.cases.calling import calling
from korproxy_conformance.cases.samples import TOOLS
from korproxy_conformance.cases.step import STREAMED, WHOLE, Step
from korproxy_conformance.cell import Cell, Heard
from korproxy_conformance.names import CHAT, CUT, ERRORS, GEMINI
from korproxy_conformance.said import Answer, Failure
from korproxy_conformance.wrong import Words, Wrong, same

_WORDS = "It is on fire: größer"
_SPOKEN = "alpha beta größer delta été зета "
_WAIT = 7


def _known(cell: Cell, failure: Failure, status: int) -> None:
    """The client's SDK tells the error by its words."""
    allowed = cell.client.kinds[status]
    if not allowed & {failure.kind, failure.code}:
        raise Wrong(Words(f"one of {', '.join(sorted(allowed))}"), failure.kind, "the error's type")


def limited(cell: Cell, streamed: bool) -> None:
    """A rate limit is a 429, and says when to come back where the client looks for it."""
    model = cell.spare(f"limited-{'streamed' if streamed else 'whole'}")
    got, failure = cell.refused(
        cell.ask(cell.user(f"{{{{mock: status=429 retry-after={_WAIT}}}}}"), model=model, streamed=streamed)
    )
    same(got.status, 429, "the status")
    if cell.crosses:
        _known(cell, failure, 429)
    if cell.client.name == GEMINI and failure.retry != _WAIT:
        raise Wrong(Words(f"RetryInfo with the retryDelay {_WAIT}s"), Words(failure.retry), "/error/details")
    if cell.client.name != GEMINI:
        same(got.header("retry-after"), str(_WAIT), "the header retry-after")


def invalid(cell: Cell, streamed: bool) -> None:
    """A bad request is a 400 with the provider's own words."""
    prompt = f'{{{{mock: status=400 message="{_WORDS}"}}}}'
    got, failure = cell.refused(cell.ask(cell.user(prompt), streamed=streamed))
    same(got.status, 400, "the status")
    _known(cell, failure, 400)
    _says(failure, _WORDS)


def _says(failure: Failure, words: str) -> None:
    if words not in failure.message:
        raise Wrong(Words(f"a message with {words!r}"), failure.message, "the error's message")


def our_key(cell: Cell, streamed: bool) -> None:
    """That the provider refuses the gateway's key is not the client's fault: a 401 would have it log its user out."""
    locked = cell.target.locked.get(cell.provider)
    prompt = "hello" if locked else "{{mock: status=401}}"
    got, _ = cell.refused(cell.ask(cell.user(prompt), model=locked or cell.spare("locked"), streamed=streamed))
    if got.status not in (500, 502, 503):
        raise Wrong(Words("a status that blames the gateway: 502"), got.status, "the status")


def their_key(cell: Cell, streamed: bool) -> None:
    """A wrong key for the gateway is a 401, in the client's own format, and never reaches the provider."""
    got, failure = cell.refused(cell.ask(cell.user("hello"), streamed=streamed), key="sk-wrong-key-of-nobody")
    same(got.status, 401, "the status")
    _known(cell, failure, 401)
    same(len(cell.mock.requests()), 0, "the number of requests that reached the provider")


def in_mid_stream(cell: Cell, streamed: bool) -> None:
    """An error in mid-stream is the format's own error event, with the provider's words, and no success behind it."""
    prompt = f'{{{{mock: words=9 error-after=5 status=503 message="{_WORDS}"}}}}'
    heard = _heard(cell, prompt, streamed=streamed)
    failure = _told(heard)
    _known(cell, failure, 503)
    _says(failure, _WORDS)
    _begins(heard)


def _heard(cell: Cell, prompt: str, *, streamed: bool, tools: bool = False) -> Heard:
    """Return what came of a stream that fails. A gateway that had sent nothing yet may tell it by a real status."""
    got = cell.send(cell.ask(cell.user(prompt), streamed=streamed, tools=TOOLS if tools else ()))
    if got.status == 200:
        return cell.hear(got)
    return Heard(answer=Answer(failure=cell.error(got)[1]), cut=False)


def _told(heard: Heard) -> Failure:
    _no_success(heard)
    if heard.answer.failure is None:
        raise Wrong(Words("the format's own error event"), Words(_end(heard)), "the stream's end")
    return heard.answer.failure


def _no_success(heard: Heard) -> None:
    if heard.answer.finish:
        raise Wrong(Words("no finish reason in a stream that failed"), heard.answer.finish, "the stream's end")
    if heard.answer.closed and heard.answer.failure is None:
        raise Wrong(Words("an error"), Words("the mark of a good end"), "the stream's end")


def _end(heard: Heard) -> str:
    how = "a broken connection" if heard.cut else "a quiet end"
    return f"{how} after {heard.answer.text!r}"


def _begins(heard: Heard) -> None:
    text = heard.answer.text
    if not text or not _SPOKEN.startswith(text):
        raise Wrong(Words(f"the begin of {_SPOKEN!r}"), text, "the stream's text")


def _broken_off(heard: Heard) -> None:
    """The client sees that something is missing: an error event, or a connection that breaks off."""
    _no_success(heard)
    if heard.answer.failure is None and not heard.cut:
        raise Wrong(Words("an error event, or a connection that breaks off"), Words(_end(heard)), "the stream's end")


def is_cut(cell: Cell, streamed: bool) -> None:
    """A stream that the provider cuts is an error, however it was cut."""
    for how in ("cut-after=5", "cut-after=5 cut=rst", "cut-after=5 cut-inside", "cut-after=5 split=every-byte"):
        heard = _heard(cell, f"{{{{mock: words=9 {how}}}}}", streamed=streamed)
        _broken_off(heard)
        _begins(heard)


def has_no_end(cell: Cell, streamed: bool) -> None:
    """A stream that just ends, without its last event, is an error."""
    missing = "no-terminal stop=null" if cell.provider == CHAT else "no-terminal"  # OpenAI's reason is an end, too
    _broken_off(_heard(cell, f"{{{{mock: words=4 {missing}}}}}", streamed=streamed))


def inside_a_call(cell: Cell, streamed: bool) -> None:
    """A call whose arguments did not all come is never made."""
    long = calling("get_weather", {"city": "x" * 60})
    text = "text=alpha " if cell.provider == GEMINI else ""  # its calls come whole: cut in front of one
    place = {GEMINI: 1, CHAT: 3}.get(cell.provider, 5)
    heard = _heard(cell, f"{{{{mock: {text}cut-after={place} {long}}}}}", streamed=streamed, tools=True)
    _broken_off(heard)
    same(heard.answer.calls, (), "the stream's calls")


def no_answer(cell: Cell, streamed: bool) -> None:
    """A provider that hangs up in the middle of a whole answer is an error with a status."""
    for how in ("early-close", "close-after-head"):
        got, _ = cell.refused(cell.ask(cell.user(f"{{{{mock: {how}}}}}"), streamed=streamed))
        if got.status < 500:
            raise Wrong(Words("a status of 500 or more"), got.status, "the status")


STEPS = (
    Step(case=ERRORS, name="429", play=limited),
    Step(case=ERRORS, name="400", play=invalid),
    Step(case=ERRORS, name="the provider refuses the gateway's key", play=our_key),
    Step(case=ERRORS, name="a wrong key for the gateway", play=their_key),
    Step(case=ERRORS, name="in mid-stream", play=in_mid_stream, streamed=STREAMED),
    Step(case=CUT, name="after some events", play=is_cut, streamed=STREAMED),
    Step(case=CUT, name="before the last event", play=has_no_end, streamed=STREAMED),
    Step(case=CUT, name="inside a call", play=inside_a_call, streamed=STREAMED),
    Step(case=CUT, name="a whole answer", play=no_answer, streamed=WHOLE),
)
