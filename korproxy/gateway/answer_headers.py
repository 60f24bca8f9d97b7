"""Which of a provider's answer headers reach the client. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

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
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # no field value may hold one (RFC 9110, 5.5)


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


def for_client(headers: Headers, vendor: tuple[bytes, ...], *, stream: bool | None = None) -> RawHeaders:
    """Return what the client gets: the body's description, the rate limits, the vendor's own headers, its request id.

    Never hop-by-hop headers (those that ``Connection`` names are, too: RFC 9110, 7.6.1), never cookies. ``content-length``
    stays because bodies pass unchanged; only a stream of events may get one more, which says that it broke off. Beside
    ``transfer-encoding`` it means nothing (RFC 9112, 6.3). A value with a control byte stays behind.

    Args:
        stream: What ``is_event_stream`` says of *headers*, where that was asked already.
    """
    passing, barred = _passing(vendor), _barred(headers, stream=is_event_stream(headers) if stream is None else stream)
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
    return headers.text(b"content-type").lower().startswith("text/event-stream")


def is_plain_text(headers: Headers) -> bool:
    """Whether the body is something that no provider's API answers: a page, or text without a format."""
    kind = headers.text(b"content-type").lower()
    return kind.startswith("text/") and not kind.startswith("text/event-stream")
