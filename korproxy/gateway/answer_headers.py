"""Which of a provider's answer headers reach the client. Pure."""

from __future__ import annotations

import re

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
_REQUEST_IDS = (b"request-id", b"x-request-id", b"x-goog-request-id", b"cf-ray")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # no field value may hold one (RFC 9110, 5.5)


def for_client(headers: Headers, vendor: tuple[bytes, ...]) -> RawHeaders:
    """Return what the client gets: the body's description, the rate limits, the vendor's own headers, its request id.

    Never hop-by-hop headers (those that ``Connection`` names are, too: RFC 9110, 7.6.1), never cookies. ``content-length``
    stays because bodies pass unchanged; only a stream of events may get one more, which says that it broke off. Beside
    ``transfer-encoding`` it means nothing (RFC 9112, 6.3). A value with a control byte stays behind.
    """
    starting = _ALWAYS_STARTING + vendor
    barred = _named_by_connection(headers)
    if is_event_stream(headers) or headers.get(b"transfer-encoding") is not None:
        barred.add(b"content-length")
    clean = Headers([(name, value) for name, value in headers.raw if not _CONTROL.search(value)])
    passed = [
        (name, value) for name, value in clean.raw if (name in _ALWAYS or name.startswith(starting)) and name not in barred
    ]
    for name in _REQUEST_IDS:
        value = clean.get(name)
        if value:
            passed.append((b"x-korproxy-upstream-request-id", value))
            break
    return passed


def _named_by_connection(headers: Headers) -> set[bytes]:
    return {option.strip().lower() for name, value in headers.raw if name == b"connection" for option in value.split(b",")}


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
