"""The cases ``plain`` and ``stream``: what is said arrives, and what it cost."""

from __future__ import annotations

import re
from itertools import zip_longest

from korproxy_conformance.cases.samples import HARD
from korproxy_conformance.cases.step import STREAMED, WHOLE, Step, passing_only
from korproxy_conformance.cell import Cell, in_order
from korproxy_conformance.clients.gemini_stream import GeminiStream
from korproxy_conformance.names import CHAT, GEMINI, MESSAGES, PLAIN, RESPONSES, STREAM
from korproxy_conformance.place import parsed
from korproxy_conformance.said import Answer, Ask, Usage
from korproxy_conformance.wire import Got, written
from korproxy_conformance.wrong import Words, Wrong, same

_ENDS = {CHAT: "stop", RESPONSES: "completed", MESSAGES: "end_turn", GEMINI: "STOP"}
_TOO_LONG = {CHAT: "length", RESPONSES: "incomplete: max_output_tokens", MESSAGES: "max_tokens", GEMINI: "MAX_TOKENS"}
_COUNTS = "usage=120/40/64"  # the vendor's own fields: input, output, what of it came from a cache
_NUMBERS = re.compile(rb"(\d+)")
_ONE_LATER = (1, 100)  # the difference of two answers' numbers; in some ids two digits follow


def _spent(provider: str) -> Usage:
    """Return what those counts mean. Anthropic's input is without what the cache gave, the others' with it."""
    return Usage(prompt=120 + 64 if provider == MESSAGES else 120, cached=64, output=40)


def said(cell: Cell, streamed: bool) -> None:
    """The text comes, with the reason for its end, and the tokens by the arithmetic of the client's format."""
    extra = " split=every-byte" if streamed else ""
    prompt = f'{{{{mock: text="{HARD}" {_COUNTS}{extra}}}}}'
    answer = cell.say(cell.user(prompt), streamed=streamed)
    same(answer.text, HARD, "the answer's text")
    same(answer.finish, _ENDS[cell.client.name], "the answer's finish reason")
    if answer.usage is None or answer.usage != _spent(cell.provider):
        raise Wrong(Words(_spent(cell.provider)), Words(answer.usage), "the answer's usage (prompt and output as a whole)")
    in_order(cell.arrival().story, [("user", "text", prompt)], "what the provider was told")
    same(cell.arrival().streamed, streamed, "whether the provider was asked to stream")


def named(cell: Cell, streamed: bool) -> None:
    """The answer names the model: as it was asked for, but of the same format it is the provider's own answer."""
    answer = cell.say(cell.user("{{mock: text=hi}}"), streamed=streamed)
    same(answer.model, cell.model if cell.crosses else cell.arrival().model, "the answer's model")


def too_long(cell: Cell, streamed: bool) -> None:
    """An answer that was cut off by the limit of tokens says so."""
    answer = cell.say(cell.user('{{mock: text="to be contin" stop=length}}'), streamed=streamed)
    same(answer.text, "to be contin", "the answer's text")
    same(answer.finish, _TOO_LONG[cell.client.name], "the answer's finish reason")


def in_pieces(cell: Cell, streamed: bool) -> None:
    """A stream is one: the text comes in pieces, and the usage with the end."""
    answer = cell.say(cell.user("{{mock: words=40}}"), streamed=streamed)
    if len(answer.pieces) < 10:
        raise Wrong(Words("40 words in many pieces"), Words(f"{len(answer.pieces)} pieces"), "the stream")
    same(answer.text.split()[:4], ["alpha", "beta", "größer", "delta"], "the stream's text")
    if answer.remarks:
        raise Wrong(Words("a name and a sequence_number in each event"), Words("; ".join(answer.remarks[:2])), "the stream")
    if answer.usage is None or not answer.usage_is_last:
        raise Wrong(Words("the usage in the last event"), Words(answer.usage), "the stream")


def framed_badly(cell: Cell, streamed: bool) -> None:
    """Comments, CRLF and many events in one packet are nothing to the client."""
    answer = cell.say(cell.user("{{mock: words=9 comments crlf join=4}}"), streamed=streamed)
    same(answer.text, "alpha beta größer delta été зета eta 日本 iota ", "the stream's text")


def as_array(cell: Cell, streamed: bool) -> None:
    """Without ``alt=sse`` Gemini's stream is one JSON array, sent piece by piece."""
    ask = cell.ask(cell.user("{{mock: words=9}}"), streamed=streamed)
    path = cell.client.path(ask).removesuffix("?alt=sse")
    got = cell.line.send(path, cell.client.headers(cell.target.key), written(cell.client.body(ask)))
    if got.status != 200 or got.cut:
        raise Wrong(Words("a whole answer with status 200"), Words(got.words))
    stream = GeminiStream()
    for each in parsed(got.body).items():
        stream.take_chunk(each)
    same(stream.answer().text, "alpha beta größer delta été зета eta 日本 iota ", "the array's text")
    if not stream.answer().closed:
        raise Wrong(Words("a finish reason in the last element"), Words(repr(got.body[-120:])), "the array")


def untouched(cell: Cell, streamed: bool) -> None:
    """Between equal formats bytes pass: the request but for the model's name, the answer as the provider gave it."""
    ask = cell.ask(cell.user(f"{HARD} {{{{mock: echo-request}}}}"), streamed=streamed)
    body = written(cell.client.body(ask))
    got = cell.send(ask)
    cell.good(ask, got)
    received = cell.mock.requests()[-1]
    renamed = _renamed(cell, ask, body)
    same(received["body"].encode().decode(), renamed.decode(), "the request that the provider received")
    direct = cell.line.to(cell.mock.line.url).send(
        f"{received['path']}{'?' if received['query'] else ''}{received['query']}",
        {name: value for name, value in received["headers"] if name.lower() not in _OF_THE_HOP},
        renamed,
    )
    _same_bytes(got, direct)


_OF_THE_HOP = ("host", "content-length", "connection", "transfer-encoding", "accept-encoding", "content-type")


def _renamed(cell: Cell, ask: Ask, body: bytes) -> bytes:
    """Return *body* with the model's name as the provider got it, which is the only thing that may change."""
    asked, upstream = written(ask.model), written(cell.arrival().model)
    return body.replace(b'"model":' + asked, b'"model":' + upstream, 1)


def _same_bytes(got: Got, direct: Got) -> None:
    """Compare two answers of the mock to one request; it counts its answers, and the count is in ids and times."""
    pairs = zip_longest(_NUMBERS.split(got.body), _NUMBERS.split(direct.body), fillvalue=b"")
    for at, (one, other) in enumerate(pairs):
        if one != other and not (at % 2 and int(other or 0) - int(one or 0) in _ONE_LATER):
            raise Wrong(Words(f"{other[:80]!r}, byte for byte"), Words(repr(one[:80])), "the answer's bytes")


def _is_gemini(cell: Cell) -> str | None:
    return None if cell.client.name == GEMINI else "only Gemini's format has streams as an array"


def ids_differ(cell: Cell, streamed: bool) -> None:
    """Two answers have two ids."""
    answers: list[Answer] = [cell.say(cell.user("{{mock: text=hi}}"), streamed=streamed) for _ in range(2)]
    ids = [each.id for each in answers]
    if not all(ids) or ids[0] == ids[1]:
        raise Wrong(Words("an id of its own for each answer"), ids, "the answer's id")


STEPS = (
    Step(case=PLAIN, name="text, end and usage", play=said, streamed=WHOLE),
    Step(case=PLAIN, name="the model's name", play=named, streamed=WHOLE),
    Step(case=PLAIN, name="ids of answers", play=ids_differ, streamed=WHOLE),
    Step(case=PLAIN, name="an answer that is too long", play=too_long, streamed=WHOLE),
    Step(case=PLAIN, name="byte-exact passing", play=untouched, streamed=WHOLE, unfit=passing_only),
    Step(case=STREAM, name="text, end and usage, at every byte a packet", play=said, streamed=STREAMED),
    Step(case=STREAM, name="the model's name", play=named, streamed=STREAMED),
    Step(case=STREAM, name="ids of answers", play=ids_differ, streamed=STREAMED),
    Step(case=STREAM, name="an answer that is too long", play=too_long, streamed=STREAMED),
    Step(case=STREAM, name="pieces, their frames, and usage at the end", play=in_pieces, streamed=STREAMED),
    Step(case=STREAM, name="odd framing", play=framed_badly, streamed=STREAMED),
    Step(case=STREAM, name="as an array", play=as_array, streamed=STREAMED, unfit=_is_gemini),
    Step(case=STREAM, name="byte-exact passing", play=untouched, streamed=STREAMED, unfit=passing_only),
)
