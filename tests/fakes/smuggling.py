"""Requests of which two readers may disagree where they end. Each hides a second one that must never be answered.

Sources: RFC 9112, sections 11.1 and 11.2; the corpora of smuggling research (CL.TE, TE.CL, TE.TE, CL.0, bare line ends).
"""

from __future__ import annotations

_HIDDEN = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
_LENGTH = b"%d" % len(_HIDDEN)
_CHUNKS = b"%x\r\n" % len(_HIDDEN) + _HIDDEN + b"\r\n0\r\n\r\n"


def _post(fields: bytes, body: bytes, line: bytes = b"POST /v1/messages HTTP/1.1\r\n") -> bytes:
    return line + b"host: 127.0.0.1\r\n" + fields + b"\r\n" + body


def _coded(coding: bytes) -> bytes:
    """Return a request that is over after ``0`` for whom takes *coding* for chunks, and hides one for whom does not."""
    return _post(b"content-length: " + b"%d" % (len(_HIDDEN) + 5) + b"\r\n" + coding, b"0\r\n\r\n" + _HIDDEN)


# Whole requests, each sent alone: they are one request or none, so there is at most one answer.
ONE_AT_MOST: dict[str, bytes] = {
    "CL.TE": _coded(b"transfer-encoding: chunked\r\n"),
    "TE.CL": _post(b"transfer-encoding: chunked\r\ncontent-length: 4\r\n", _CHUNKS),
    "TE, blank before the colon": _coded(b"transfer-encoding : chunked\r\n"),
    "TE, tab before the colon": _coded(b"transfer-encoding\t: chunked\r\n"),
    "TE, tab behind the colon": _coded(b"transfer-encoding:\tchunked\r\n"),
    "TE, vertical tab": _coded(b"transfer-encoding: \x0bchunked\r\n"),
    "TE, xchunked": _coded(b"transfer-encoding: xchunked\r\n"),
    "TE, quoted": _coded(b'transfer-encoding: "chunked"\r\n'),
    "TE, identity behind it": _coded(b"transfer-encoding: chunked, identity\r\n"),
    "TE, twice": _coded(b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"),
    "TE, folded": _coded(b"transfer-encoding:\r\n chunked\r\n"),
    "TE, folded behind another": _coded(b"x: y\r\n transfer-encoding: chunked\r\n"),
    "TE, bare LF before": _coded(b"x: y\ntransfer-encoding: chunked\r\n"),
    "TE, bare CR before": _coded(b"x: y\rtransfer-encoding: chunked\r\n"),
    "TE, NUL": _coded(b"transfer-encoding: chunked\0\r\n"),
    "TE, underscore": _coded(b"transfer_encoding: chunked\r\n"),
    "TE, HTTP/1.0": _post(b"transfer-encoding: chunked\r\n", _CHUNKS, b"POST /v1/messages HTTP/1.0\r\n"),
    "CL twice, the first one short": _post(b"content-length: 0\r\ncontent-length: " + _LENGTH + b"\r\n", _HIDDEN),
    "CL twice, the second one short": _post(b"content-length: " + _LENGTH + b"\r\ncontent-length: 0\r\n", _HIDDEN),
    "CL in a list": _post(b"content-length: " + _LENGTH + b", 0\r\n", _HIDDEN),
    "CL with a plus": _post(b"content-length: +" + _LENGTH + b"\r\n", _HIDDEN),
    "CL, hexadecimal": _post(b"content-length: 0x" + _LENGTH + b"\r\n", _HIDDEN),
    "CL with a blank": _post(b"content-length: 0 " + _LENGTH + b"\r\n", _HIDDEN),
    "CL, wrapping round to none": _post(b"content-length: 18446744073709551616\r\n", _HIDDEN),
    "CL, blank before the colon": _post(b"content-length : " + _LENGTH + b"\r\n", _HIDDEN),
    "CL of a GET": _post(b"content-length: " + _LENGTH + b"\r\n", _HIDDEN, b"GET /healthz HTTP/1.1\r\n"),
    "TE of a GET": _post(b"transfer-encoding: chunked\r\n", _CHUNKS, b"GET /healthz HTTP/1.1\r\n"),
    "CL of a DELETE": _post(b"content-length: " + _LENGTH + b"\r\n", _HIDDEN, b"DELETE /v1/responses/r HTTP/1.1\r\n"),
    "CL and an answer before the body": _post(b"content-length: " + _LENGTH + b"\r\n", _HIDDEN),
    "CL and a body that is waited with": _post(b"expect: 100-continue\r\ncontent-length: " + _LENGTH + b"\r\n", _HIDDEN),
    "chunk, longer than it says": _post(b"transfer-encoding: chunked\r\n", b"1\r\nab\r\n0\r\n\r\n" + _HIDDEN),
    "chunk, bare LF": _post(b"transfer-encoding: chunked\r\n", b"1\na\n0\n\n" + _HIDDEN),
    "chunk, LF in an extension": _post(b"transfer-encoding: chunked\r\n", b"1;\n" + _CHUNKS),
    "chunk, size with 0x": _post(b"transfer-encoding: chunked\r\n", b"0x0\r\n\r\n" + _HIDDEN),
    "chunk, negative": _post(b"transfer-encoding: chunked\r\n", b"-1\r\n\r\n" + _HIDDEN),
    "chunk, too large": _post(b"transfer-encoding: chunked\r\n", b"1" + b"0" * 16 + b"\r\n" + _HIDDEN),
    "trailers hide it": _post(b"transfer-encoding: chunked\r\n", b"0\r\n" + _HIDDEN),
    "bare LF ends the head": b"POST /v1/messages HTTP/1.1\nhost: 127.0.0.1\ncontent-length: " + _LENGTH + b"\n\n" + _HIDDEN,
    "blanks in the line": _post(b"content-length: " + _LENGTH + b"\r\n", _HIDDEN, b"POST /v1/messages  HTTP/1.1\r\n"),
    "two Hosts": _post(b"host: 127.0.0.1\r\ncontent-length: " + _LENGTH + b"\r\n", _HIDDEN),
    "upgrade to HTTP/2": _post(
        b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: " + _LENGTH + b"\r\n", _HIDDEN, b"GET /healthz HTTP/1.1\r\n"
    ),
}
