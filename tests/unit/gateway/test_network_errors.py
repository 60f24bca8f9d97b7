"""What happens on the network, translated; how each one really comes about is in test_upstream.py."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
import trio

from korproxy.gateway.network_errors import before_answer, in_answer, too_long
from korproxy.models.providers import Deadlines
from korproxy.net.errors import BadAddress, BadFields, Broken, NotHttp, ProxyRefused, Unreached, UnreachedInTime

DEADLINES = Deadlines(connect=1.5, first_byte=20, idle=30, total=40)


def caused(exc: Exception, *causes: BaseException) -> Exception:
    """Return *exc* with a chain of causes behind it."""
    last: BaseException = exc
    for each in causes:
        last.__cause__ = each
        last = each
    return exc


REFUSED = OSError(errno.ECONNREFUSED, "Error connecting to ('::1', 1): words of a library")
UNREACHABLE = OSError(errno.EHOSTUNREACH, "words of a library")


@pytest.mark.parametrize(
    ("exc", "code", "untouched", "detail"),
    [
        (UnreachedInTime(), "KP-NET-303", True, "one at api.test did not accept a connection within 1.5 s."),
        (trio.TooSlowError(), "KP-NET-305", False, "one did not begin to answer within 20 s."),
        (
            caused(Unreached("x"), socket.gaierror(socket.EAI_NONAME, "y")),
            "KP-NET-301", True, "The host name of one, api.test, cannot be resolved.",
        ),
        (UnicodeError("label empty"), "KP-NET-301", True, "The host name of one, api.test, cannot be resolved."),
        (
            caused(Unreached("x"), REFUSED),
            "KP-NET-302", True, "one cannot be reached at api.test: Connection refused.",
        ),
        (
            caused(Unreached("x"), OSError("all attempts failed"), ExceptionGroup("", [UNREACHABLE])),
            "KP-NET-302", True, "one cannot be reached at api.test: No route to host.",
        ),
        (Unreached("in its own words"), "KP-NET-302", True, "one cannot be reached at api.test: in its own words."),
        (Unreached(), "KP-NET-302", True, "one cannot be reached at api.test: Unreached."),
        (
            ProxyRefused("503 Busy"),
            "KP-NET-302", True, "one cannot be reached at api.test: the proxy on the way says 503 Busy.",
        ),
        (
            caused(Unreached("x"), ssl.SSLError("in OpenSSL's words")),
            "KP-NET-304", True, "No secure connection to one at api.test: the handshake failed.",
        ),
        (Broken("x"), "KP-NET-308", False, "one closed the connection before it answered."),
        (NotHttp("Expected HTTP/"), "KP-NET-310", False, "one does not speak HTTP properly: Expected HTTP/."),
        (BadAddress("x"), "KP-CONF-213", False, "The address of one, 'api.test', cannot be used."),
        (
            BadFields("x"),
            "KP-CONF-209", False,
            "The plugin behind provider 'one' built a request that HTTP cannot carry: look at its headers.",
        ),
    ],
)  # fmt: skip
def test_what_happens_before_the_answer(exc: Exception, code: str, untouched: bool, detail: str) -> None:
    error = before_answer("one", exc, DEADLINES, "api.test")

    assert (error.code, error.untouched, error.provider, error.detail) == (code, untouched, "one", detail)


@pytest.mark.parametrize(
    ("exc", "code", "detail"),
    [
        (Broken("x"), "KP-NET-309", "one broke off in mid-answer."),
        (NotHttp("Invalid chunk"), "KP-NET-310", "one does not speak HTTP properly: Invalid chunk."),
    ],
)  # fmt: skip
def test_what_happens_in_the_answer_never_counts_as_untouched(exc: Exception, code: str, detail: str) -> None:
    error = in_answer("one", exc)

    assert (error.code, error.untouched, error.detail) == (code, False, detail)


def test_causes_that_go_in_a_circle_come_to_an_end() -> None:
    first, second = Unreached("first"), OSError(errno.ECONNRESET, "")
    first.__cause__, second.__cause__ = second, first

    assert before_answer("one", first, DEADLINES, "api.test").detail.endswith(": Connection reset by peer.")


def test_too_long_names_the_total_deadline() -> None:
    error = too_long("one", DEADLINES)

    assert (error.code, error.untouched, error.detail) == ("KP-NET-307", False, "The answer of one took longer than 40 s.")
