"""What the lane takes of a head, and what it leaves to Hypercorn; whatever it takes, h11 reads in the same way."""

from __future__ import annotations

from urllib.parse import unquote

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.server.lane.head import END, LONGEST, MOST_DIGITS, MOST_FIELDS, Head, HeadReader, may_be_ours, read_head

LINE = b"POST /v1/messages?beta=true HTTP/1.1"
HOST = b"host: x\r\n"


def head_of(fields: bytes = b"", line: bytes = LINE, host: bytes = HOST) -> bytes:
    return line + b"\r\n" + host + fields + b"\r\n"


def taken(head: bytes) -> Head:
    found = read_head(head)
    assert found is not None
    return found


def test_a_plain_head_is_read_exactly() -> None:
    found = taken(head_of(b"Authorization: Bearer k  \r\nX-Empty:\r\nx-a:  b\tc \t\r\ncontent-length: 12\r\n"))

    assert (found.method, found.path, found.query) == ("POST", "/v1/messages", b"beta=true")
    assert found.headers.raw == (
        (b"host", b"x"),
        (b"authorization", b"Bearer k"),
        (b"x-empty", b""),
        (b"x-a", b"b\tc"),
    )
    assert (found.length, found.waits, found.keeps) == (12, False, True)


LINES = {
    "get": (b"GET / HTTP/1.1", ("GET", "/", b"")),
    "delete": (b"DELETE /v1/responses/r1 HTTP/1.1", ("DELETE", "/v1/responses/r1", b"")),
    "percent": (b"POST /%76%31/a%2fb%20c HTTP/1.1", ("POST", "/v1/a/b c", b"")),
    "percent, UTF-8": (b"POST /%c3%a4 HTTP/1.1", ("POST", "/ä", b"")),
    "percent, no UTF-8": (b"POST /%ff HTTP/1.1", ("POST", "/�", b"")),
    "percent, no number": (b"POST /%zz%f HTTP/1.1", ("POST", "/%zz%f", b"")),
    "two question marks": (b"POST /a?b?c HTTP/1.1", ("POST", "/a", b"b?c")),
    "empty query": (b"POST /a? HTTP/1.1", ("POST", "/a", b"")),
    "query, percent": (b"POST /a?b=%20+c HTTP/1.1", ("POST", "/a", b"b=%20+c")),
    "plus": (b"POST /a+b HTTP/1.1", ("POST", "/a+b", b"")),
    "two slashes": (b"POST //a HTTP/1.1", ("POST", "//a", b"")),
    "dots": (b"POST /a/../errors HTTP/1.1", ("POST", "/a/../errors", b"")),
    "odd": (b'POST /"<>\\^`{|} HTTP/1.1', ("POST", '/"<>\\^`{|}', b"")),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES)
def test_a_line_is_read_exactly(line: bytes, expected: tuple[str, str, bytes]) -> None:
    found = taken(head_of(line=line))

    assert (found.method, found.path, found.query) == expected


OTHER_LINES = {
    "HTTP/1.0": b"POST / HTTP/1.0",
    "HTTP/1.2": b"POST / HTTP/1.2",
    "HTTP/2.0": b"POST / HTTP/2.0",
    "HTTP/0.9": b"POST /",
    "HTTP/1.10": b"POST / HTTP/1.10",
    "http/1.1": b"POST / http/1.1",
    "RTSP": b"GET / RTSP/1.1",
    "ICE": b"POST / ICE/1.1",
    "a whole URL": b"POST http://x/ HTTP/1.1",
    "CONNECT": b"CONNECT x:443 HTTP/1.1",
    "OPTIONS": b"OPTIONS / HTTP/1.1",
    "OPTIONS *": b"OPTIONS * HTTP/1.1",
    "GET *": b"GET * HTTP/1.1",
    "HEAD": b"HEAD / HTTP/1.1",
    "PUT": b"PUT / HTTP/1.1",
    "small letters": b"post / HTTP/1.1",
    "fragment": b"POST /a#b HTTP/1.1",
    "not ASCII": "POST /ä HTTP/1.1".encode(),
    "not ASCII in the query": "POST /?ä HTTP/1.1".encode(),
    "NUL": b"POST /\0 HTTP/1.1",
    "control": b"POST /\x01 HTTP/1.1",
    "DEL": b"POST /\x7f HTTP/1.1",
    "form feed": b"POST /?\x0c HTTP/1.1",
    "CR": b"POST /\ra HTTP/1.1",
    "CR at the end": b"POST / HTTP/1.1\r",
    "LF": b"POST /\na HTTP/1.1",
    "two blanks before the target": b"POST  / HTTP/1.1",
    "two blanks behind it": b"POST /  HTTP/1.1",
    "a blank within": b"POST /a b HTTP/1.1",
    "a blank at the end": b"POST / HTTP/1.1 ",
    "tab before": b"POST\t/ HTTP/1.1",
    "tab behind": b"POST /\tHTTP/1.1",
    "empty line before": b"\r\nPOST / HTTP/1.1",
    "management": b"GET /errors/KP-SYS-501 HTTP/1.1",
    "management, exactly": b"GET /v1/diagnostics HTTP/1.1",
    "management, with a query": b"GET /errors?a=b HTTP/1.1",
    "management, percent": b"GET /%65rrors%2fx HTTP/1.1",
}


@pytest.mark.parametrize("line", OTHER_LINES.values(), ids=OTHER_LINES)
def test_a_line_of_another_shape_is_left_alone(line: bytes) -> None:
    assert read_head(head_of(line=line)) is None


FRAMINGS = {
    "none": (b"", (0, False, True)),
    "length": (b"content-length: 3\r\n", (3, False, True)),
    "length, blanks": (b"Content-Length: \t 3 \t\r\n", (3, False, True)),
    "length, zeros": (b"content-length: 0003\r\n", (3, False, True)),
    "length, digits": (b"content-length: " + b"9" * MOST_DIGITS + b"\r\n", (10**MOST_DIGITS - 1, False, True)),
    "chunks": (b"Transfer-Encoding: Chunked\r\n", (None, False, True)),
    "waits": (b"content-length: 3\r\nExpect: 100-Continue\r\n", (3, True, True)),
    "close": (b"connection: close\r\n", (0, False, False)),
    "close, large": (b"Connection: CLOSE\r\n", (0, False, False)),
    "close, last of a list": (b"connection: keep-alive, close\r\n", (0, False, False)),
    "close, first of a list": (b"connection: close,x-foo\r\n", (0, False, False)),
    "close, tabs": (b"connection:\tclose\t\r\n", (0, False, False)),
    "close, empty elements": (b"connection: ,close,\r\n", (0, False, False)),
    "close, in a second field": (b"connection: keep-alive\r\nconnection: close\r\n", (0, False, False)),
    "close, in a first field": (b"connection: close\r\nconnection: keep-alive\r\n", (0, False, False)),
    "keep-alive": (b"connection: keep-alive\r\n", (0, False, True)),
    "of a proxy": (b"proxy-connection: close\r\n", (0, False, True)),
    "upgrade to nothing": (b"connection: upgrade\r\n", (0, False, True)),
    "not that field": (b"content_length: 3\r\nx-transfer-encoding: chunked\r\n", (0, False, True)),
}


@pytest.mark.parametrize(("fields", "expected"), FRAMINGS.values(), ids=FRAMINGS)
def test_what_frames_the_request_is_read_exactly(fields: bytes, expected: tuple[int | None, bool, bool]) -> None:
    found = taken(head_of(fields))

    assert (found.length, found.waits, found.keeps) == expected


OTHER_FIELDS = {
    "folded": b"a: b\r\n c\r\n",
    "folded, tab": b"a: b\r\n\tc\r\n",
    "folded length": b"content-length:\r\n 3\r\n",
    "folded coding": b"transfer-encoding:\r\n chunked\r\n",
    "folded first": b" a: b\r\n",
    "bare LF": b"a: b\n",
    "bare LF between": b"a: b\nc: d\r\n",
    "bare LF twice": b"a: b\n\nGET /x HTTP/1.1\r\nhost: x\r\n",
    "bare CR": b"a: b\rc\r\n",
    "CR twice": b"a: b\r\r\n",
    "NUL": b"a: b\0c\r\n",
    "NUL in a name": b"a\0: b\r\n",
    "control": b"a: b\x01c\r\n",
    "escape": b"a: \x1b[31m\r\n",
    "DEL": b"a: b\x7fc\r\n",
    "form feed": b"a: \x0cb\r\n",
    "vertical tab": b"a: b\x0b\r\n",
    "blank before the colon": b"content-length : 3\r\n",
    "tab before the colon": b"transfer-encoding\t: chunked\r\n",
    "no name": b": b\r\n",
    "no colon": b"abc\r\n",
    "name, not ASCII": "ä: b\r\n".encode(),
    "name with a parenthesis": b"a(b: c\r\n",
    "name with a slash": b"a/b: c\r\n",
    "length twice": b"content-length: 3\r\ncontent-length: 3\r\n",
    "lengths that differ": b"content-length: 3\r\ncontent-length: 4\r\n",
    "lengths in a list": b"content-length: 3, 3\r\n",
    "length and chunks": b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
    "chunks and length": b"transfer-encoding: chunked\r\ncontent-length: 3\r\n",
    "length with a plus": b"content-length: +3\r\n",
    "length with a minus": b"content-length: -3\r\n",
    "length, empty": b"content-length: \r\n",
    "length, hexadecimal": b"content-length: 0x3\r\n",
    "length with an underscore": b"content-length: 1_0\r\n",
    "length with a blank": b"content-length: 1 0\r\n",
    "length in Arabic": "content-length: ٣\r\n".encode(),
    "length, too large": b"content-length: 18446744073709551616\r\n",
    "length, wrapping round to 3": b"content-length: 18446744073709551619\r\n",
    "length, many zeros": b"content-length: " + b"0" * MOST_DIGITS + b"3\r\n",
    "length, more zeros than Python reads": b"content-length: " + b"0" * 5000 + b"3\r\n",
    "another coding": b"transfer-encoding: gzip, chunked\r\n",
    "chunks twice": b"transfer-encoding: chunked, chunked\r\n",
    "chunks in two fields": b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    "nearly chunks": b"transfer-encoding: xchunked\r\n",
    "nearly chunks, too": b"transfer-encoding: chunkedx\r\n",
    "chunks, vertical tab": b"transfer-encoding: \x0bchunked\r\n",
    "chunks, comma": b"transfer-encoding: chunked,\r\n",
    "chunks, quoted": b'transfer-encoding: "chunked"\r\n',
    "chunks, parameter": b"transfer-encoding: chunked;a=b\r\n",
    "identity": b"transfer-encoding: identity\r\n",
    "no coding": b"transfer-encoding:\r\n",
    "upgrade": b"connection: upgrade\r\nupgrade: websocket\r\n",
    "upgrade only": b"upgrade: h2c\r\n",
    "settings of HTTP/2": b"http2-settings: AAMAAABkAAQAAAAA\r\n",
    "expects something else": b"expect: 200-ok\r\n",
    "expects more": b"expect: 100-continue, x\r\n",
    "trailer": b"trailer: x\r\n",
    "another Host": b"host: y\r\n",
    "the Host again": HOST,
    "too many": b"a: b\r\n" * MOST_FIELDS,
    "too long": b"a: " + b"b" * LONGEST + b"\r\n",
}


@pytest.mark.parametrize("fields", OTHER_FIELDS.values(), ids=OTHER_FIELDS)
def test_fields_of_another_shape_are_left_alone(fields: bytes) -> None:
    assert read_head(head_of(fields)) is None


def test_a_head_without_a_host_is_left_alone() -> None:
    assert read_head(head_of(host=b"")) is None


def test_as_many_and_as_long_fields_as_promised_are_taken() -> None:
    bare = head_of(b"a: \r\n")

    assert len(taken(head_of(b"a: b\r\n" * (MOST_FIELDS - 1))).headers.raw) == MOST_FIELDS
    assert taken(head_of(b"a: " + b"b" * (LONGEST - len(bare)) + b"\r\n")).length == 0


@pytest.mark.parametrize("head", [b"", b"\r\n\r\n", LINE, LINE + b"\r\n", head_of()[:-2], head_of()[:-1]])
def test_half_a_head_is_none(head: bytes) -> None:
    assert read_head(head) is None


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        *((b"POST /v1"[:count], True) for count in range(9)),
        *((b"DELETE /"[:count], True) for count in range(9)),
        (b"GET /", True),
        (b"GET *", False),
        (b"GET h", False),
        (b"PU", False),
        (b"POST  ", False),
        (b"post", False),
        (b"\r\n", False),
        (b"PRI * HTTP/2.0", False),
        (b"\x16\x03\x01", False),
    ],
)
def test_what_cannot_become_ours_is_known_as_early_as_can_be(begun: bytes, expected: bool) -> None:
    assert may_be_ours(begun) is expected


# Whatever is taken, h11 reads likewise.

NAMES = [
    *(b"host", b"Host", b"content-length", b"Content-Length", b"transfer-encoding", b"connection", b"expect", b"upgrade"),
    *(b"x", b"authorization", b"x_y", b"a!#$%&'*+-.^_`|~9", b"te", b"trailer", b"a b", b"content-length ", b""),
]
VALUES = [
    *(b"x", b"127.0.0.1:1337", b"0", b"3", b"007", b"+3", b"3 3", b"3,3", b"1" * 19, b"0" * 21, b"chunked", b"Chunked"),
    *(b"gzip, chunked", b"xchunked", b"close", b"keep-alive, Close", b"100-continue", b"", b"  ", b"\t", b"a  b", b"\xff\x80"),
    *(b"a\tb", b"a\rb", b"a\nb", b"a\0b", b"a\x7fb", b"a\r\n b", b"a\r\nb: c", b"websocket"),
]
fields = st.builds(
    lambda name, before, value, behind, end: name + b":" + before + value + behind + end,
    st.sampled_from(NAMES),
    st.sampled_from([b" ", b" ", b"", b"\t", b"  "]),
    st.sampled_from(VALUES) | st.binary(max_size=6),
    st.sampled_from([b"", b"", b" ", b"\t "]),
    st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\r\n\t", b"\r\r\n"]),
)
targets = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from([b"/", b"/v1/messages", b"/v1/responses?", b"//", b"*", b"http://x/", b"/errors/", b"/%65rrors"]),
    st.sampled_from([b"", b"", b"?a=b", b"?a#b", b"#", b"%2f", b"%zz", b"%c3%a4", b"\xc3\xa4", b"\\", b" ", b"\x0b"]),
)
lines = st.builds(
    lambda method, target, blank, version: method + b" " + target + blank + version,
    st.sampled_from([b"POST", b"GET", b"DELETE", b"HEAD", b"post", b"POST "]),
    targets,
    st.sampled_from([b" "] * 6 + [b"  ", b"\t", b""]),
    st.sampled_from([b"HTTP/1.1"] * 6 + [b"HTTP/1.0", b"HTTP/2.0", b"RTSP/1.1", b"HTTP/1.1 ", b"HTTP/1.11"]),
)
made = st.builds(
    lambda line, end, host, more: line + end + host + b"".join(more) + b"\r\n",
    lines,
    st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r\n "]),
    st.sampled_from([HOST] * 4 + [b""]),
    st.lists(fields, max_size=6),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A plain head in which a few bytes were changed, put in or taken out."""
    head = bytearray(head_of(b"content-length: 3\r\nconnection: keep-alive\r\nx-a: b\r\n"))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(head) - 1))
        head[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2) | st.sampled_from([b"\r\n", b"\n", b"\0", b"\r"]))
    return bytes(head)


def first_head(wire: bytes) -> bytes | None:
    end = wire.find(END)
    return wire[: end + len(END)] if end > 0 else None


@given(made | damaged())
@example(head_of(line=b"POST /  HTTP/1.1"))
@example(head_of(line=b"GET / RTSP/1.1"))
@example(head_of(b"content-length: " + b"0" * 28 + b"3\r\n"))
def test_what_the_lane_takes_h11_reads_in_the_same_way(wire: bytes) -> None:
    head = first_head(wire)
    found = None if head is None else read_head(head)
    if head is None or found is None:
        return
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST)
    reader.receive_data(head)
    request = reader.next_event()

    assert isinstance(request, h11.Request)
    path, _, query = request.target.partition(b"?")
    assert (found.method, found.path, found.query) == (request.method.decode(), unquote(path.decode()), query)
    assert [(name, told.lower() if name == b"transfer-encoding" else told) for name, told in found.headers.raw] == [
        each for each in request.headers if each[0] != b"content-length"
    ]
    assert (request.http_version, reader.trailing_data) == (b"1.1", (b"", False))
    assert not found.keeps or reader.our_state is not h11.MUST_CLOSE
    assert (found.waits and found.length != 0) == reader.they_are_waiting_for_100_continue
    assert (reader.next_event() is h11.NEED_DATA) == (found.length != 0)
    if found.length:
        assert _body_of(reader, b"x" * min(found.length, 64)) == b"x" * min(found.length, 64)


def _body_of(reader: h11.Connection, data: bytes) -> bytes:
    """Feed *data* and something behind it; return what h11 takes for the body, of which no more than *data* was sent."""
    reader.receive_data(data)
    event = reader.next_event()
    return bytes(event.data) if isinstance(event, h11.Data) else b""


LENGTHS = [b"0", b"3", b"30", b"003", b"9" * 18, b"9" * 19, b"0" * 5000, b"+3", b"", b"3 ", b"3,3"]
lengths = st.builds(
    lambda before, name, value, behind: LINE + b"\r\n" + HOST + before + name + value + b"\r\n" + behind + b"\r\n",
    st.sampled_from(
        [b"", b"a: b\r\n", b"a: 1\r\n", b"content-length: 3\r\n", b"transfer-encoding: chunked\r\n", b"a: b\r\n ", b"\r\n"]
    ),
    st.sampled_from([b"content-length: ", b"Content-Length:", b"content-Length: ", b"CONTENT-LENGTH: ", b"x-content-length: "]),
    st.sampled_from(LENGTHS),
    st.sampled_from([b"", b"x: 3\r\n", b" 3\r\n", b"content-length: 3\r\n", b"expect: 100-continue\r\n"]),
)


@given(st.lists(lengths | made | damaged(), min_size=2, max_size=8))
@example([head_of(b"content-length: 3\r\na: 1\r\n"), head_of(b"content-length: 31\r\na: \r\n")])
@example([head_of(b"a: 12\r\ncontent-length: 3\r\n"), head_of(b"a: 1\r\ncontent-length: 23\r\n")])
def test_a_head_is_read_the_same_whatever_was_read_on_its_connection_before(wires: list[bytes]) -> None:
    reader = HeadReader()
    heads = [head for head in map(first_head, wires) if head is not None]

    assert [reader.read(each) for each in [*heads, *heads]] == [read_head(each) for each in heads] * 2
