"""Which of a provider's answer headers reach the client. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import compress
from typing import Literal

import attrs

from korproxy.models.calls import Headers, RawHeaders

_ALWAYS = frozenset(
    {
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"retry-after",
        b"retry-after-ms",
        b"www-authenticate",  # a 401 has to have it (RFC 9110, 15.5.2); one that is about our own key never passes
        b"x-should-retry",
    }
)
_ALWAYS_STARTING = (b"x-ratelimit-",)
_NAMES, _LONGEST_NAME = 500, 100  # so many names of headers are remembered, of so many bytes
_REQUEST_IDS = (b"request-id", b"x-request-id", b"x-goog-request-id", b"cf-ray")
_NO_LENGTH, _NOTHING = frozenset({b"content-length"}), frozenset[bytes]()
_USUAL_CONNECTIONS = frozenset({b"keep-alive", b"close"})  # which name no header
_HEADS, _LONGEST_NAMES = 500, 4096  # of so many heads it is remembered what passes, with so many bytes of names
_LONGEST_KIND = 200  # bytes of a content type that is remembered
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # no field value may hold one (RFC 9110, 5.5)
_CONTROLS = bytes(each for each in range(256) if _CONTROL.match(bytes((each,))))  # the same: of a whole head they are taken out


class _Passing(dict[bytes, bool]):
    """Name of a header -> whether it may pass: remembered, since a vendor sends the same ones with every answer."""

    def __init__(self, starting: tuple[bytes, ...]) -> None:
        super().__init__()
        self._starting = starting

    def __missing__(self, name: bytes) -> bool:
        passes = name in _ALWAYS or name.startswith(self._starting)
        if len(self) < _NAMES and len(name) <= _LONGEST_NAME:
            self[name] = passes
        return passes


@lru_cache(maxsize=64)
def _passing(vendor: tuple[bytes, ...]) -> _Passing:
    return _Passing(_ALWAYS_STARTING + vendor)


@attrs.frozen
class _Head:
    """What passes of a head with certain names in it, where every value is clean and ``connection`` names no header.

    A vendor sends the same names with every answer, so this is found out once.

    Attributes:
        passes: Of each field, in order.
        ids: The names of those that may tell the vendor's id of the request, the first one first.
    """

    passes: Sequence[bool]
    ids: Sequence[bytes]


_heads: dict[tuple[Sequence[bytes], tuple[bytes, ...], bool], _Head] = {}


def for_client(headers: Headers, vendor: tuple[bytes, ...], *, stream: bool | None = None) -> RawHeaders:
    """Return what the client gets: the body's description, the rate limits, the vendor's own headers, its request id.

    Never hop-by-hop headers (those that ``Connection`` names are, too: RFC 9110, 7.6.1), never cookies. ``content-length``
    stays because bodies pass unchanged; only a stream of events may get one more, which says that it broke off. Beside
    ``transfer-encoding`` it means nothing (RFC 9112, 6.3). A value with a control byte stays behind.

    Args:
        stream: What ``is_event_stream`` says of *headers*, where that was asked already.
    """
    if stream is None:
        stream = is_event_stream(headers)
    raw, first = headers.raw, headers.first
    names, values = zip(*raw, strict=True) if raw else ((), ())
    head = _heads.get((names, vendor, stream))
    if head is None:
        head = _head(names, vendor, stream=stream)
    text = b"".join(values)
    usual = head.passes and first.get(b"connection", b"close") in _USUAL_CONNECTIONS
    if not usual or len(text) != len(text.translate(None, _CONTROLS)):
        return _for_client(headers, vendor, stream=stream)
    passed = list(compress(raw, head.passes))
    for name in head.ids:
        if first[name]:
            passed.append((b"x-korproxy-upstream-request-id", first[name]))
            break
    return passed


def _head(names: Sequence[bytes], vendor: tuple[bytes, ...], *, stream: bool) -> _Head:
    """Return what passes of a head with *names*; nothing where more has to be asked than values being as usual."""
    if names.count(b"connection") > 1:
        return _Head((), ())
    barred = _NO_LENGTH if stream or b"transfer-encoding" in names else _NOTHING
    passing = _passing(vendor)
    found = _Head([passing[each] and each not in barred for each in names], [each for each in _REQUEST_IDS if each in names])
    if len(_heads) < _HEADS and sum(map(len, names)) <= _LONGEST_NAMES:
        _heads[tuple(names), vendor, stream] = found
    return found


def _for_client(headers: Headers, vendor: tuple[bytes, ...], *, stream: bool) -> RawHeaders:
    """Do what ``for_client`` does, whatever the values are."""
    passing, barred = _passing(vendor), _barred(headers, stream=stream)
    passed = [each for each in headers.raw if passing[each[0]] and each[0] not in barred and not _CONTROL.search(each[1])]
    request_id = _request_id(headers)
    if request_id is not None:
        passed.append((b"x-korproxy-upstream-request-id", request_id))
    return passed


def _barred(headers: Headers, *, stream: bool) -> Collection[bytes]:
    barred = _NO_LENGTH if stream or headers.get(b"transfer-encoding") is not None else _NOTHING
    said = [value for name, value in headers.raw if name == b"connection"]
    if _USUAL_CONNECTIONS.issuperset(said):
        return barred
    return barred | {option.strip().lower() for value in said for option in value.split(b",")}


def _request_id(headers: Headers) -> bytes | None:
    """Return the first id by which the vendor knows the request; of several fields of one name the first clean one."""
    for name in _REQUEST_IDS:
        value = headers.get(name)
        if value is not None and _CONTROL.search(value):
            value = next((value for key, value in headers.raw if key == name and not _CONTROL.search(value)), None)
        if value:
            return value
    return None


def is_event_stream(headers: Headers) -> bool:
    """Whether the body is readable server-sent events (a compressed stream is passed on unread)."""
    return has_events(headers) and headers.text(b"content-encoding", "identity").lower() == "identity"


def has_events(headers: Headers) -> bool:
    """Whether the body is server-sent events, compressed or not."""
    return kind_of(headers) == "events"


def is_plain_text(headers: Headers) -> bool:
    """Whether the body is something that no provider's API answers: a page, or text without a format."""
    return kind_of(headers) == "text"


def kind_of(headers: Headers) -> Literal["events", "text", "other"]:
    """Return what the body is, as ``has_events`` and ``is_plain_text`` say it."""
    said = headers.first.get(b"content-type", b"")
    return _known_kind(said) if len(said) <= _LONGEST_KIND else _kind_in(said)


def _kind_in(content_type: bytes) -> Literal["events", "text", "other"]:
    kind = content_type.decode("latin-1").strip().lower()
    return "events" if kind.startswith("text/event-stream") else "text" if kind.startswith("text/") else "other"


_known_kind = lru_cache(maxsize=256)(_kind_in)
