"""Which KP code a failed connection gets: a name that does not resolve and a certificate that expired need different cures."""

from __future__ import annotations

import os
import socket
import ssl

import trio

from korproxy.errors.exceptions import ProviderLost
from korproxy.models.providers import Deadlines
from korproxy.net.errors import BadAddress, BadFields, NotHttp, ProxyRefused, Unreached, UnreachedInTime


def before_answer(provider: str, exc: Exception, deadlines: Deadlines, address: str) -> ProviderLost:
    """Translate what happened before the provider's status line."""
    match exc:
        case UnreachedInTime():
            text = f"{provider} at {address} did not accept a connection within {deadlines.connect:g} s."
            error = ProviderLost("KP-NET-303", text, provider=provider, untouched=True)
        case trio.TooSlowError():
            error = too_slow(provider, deadlines)
        case Unreached() | UnicodeError():
            error = _unconnected(provider, exc, address)
        case BadFields():  # which are left out: they may hold the key
            text = f"The plugin behind provider {provider!r} built a request that HTTP cannot carry: look at its headers."
            error = ProviderLost("KP-CONF-209", text, provider=provider)
        case BadAddress():
            error = ProviderLost("KP-CONF-213", f"The address of {provider}, {address!r}, cannot be used.", provider=provider)
        case NotHttp():
            error = _no_http(provider, exc)
        case _:
            error = ProviderLost("KP-NET-308", f"{provider} closed the connection before it answered.", provider=provider)
    return error


def in_answer(provider: str, exc: Exception) -> ProviderLost:
    """Translate what broke after the provider's status line."""
    if isinstance(exc, NotHttp):
        return _no_http(provider, exc)
    return ProviderLost("KP-NET-309", f"{provider} broke off in mid-answer.", provider=provider)


def too_long(provider: str, deadlines: Deadlines) -> ProviderLost:
    """The total deadline has passed."""
    return ProviderLost("KP-NET-307", f"The answer of {provider} took longer than {deadlines.total:g} s.", provider=provider)


def too_slow(provider: str, deadlines: Deadlines) -> ProviderLost:
    """The first byte did not come in time."""
    text = f"{provider} did not begin to answer within {deadlines.first_byte:g} s."
    return ProviderLost("KP-NET-305", text, provider=provider)


def silent(provider: str, deadlines: Deadlines) -> ProviderLost:
    """The next byte of an answer that had begun did not come in time."""
    text = f"{provider} fell silent in mid-answer for {deadlines.idle:g} s."
    return ProviderLost("KP-NET-306", text, provider=provider)


def _no_http(provider: str, exc: NotHttp) -> ProviderLost:
    return ProviderLost("KP-NET-310", f"{provider} does not speak HTTP properly: {exc}.", provider=provider)


def _unconnected(provider: str, exc: Exception, address: str) -> ProviderLost:
    causes = list(_causes(exc))
    if any(isinstance(each, socket.gaierror | UnicodeError) for each in causes):  # the latter: it cannot be a name at all
        code, text = "KP-NET-301", f"The host name of {provider}, {address}, cannot be resolved."
    elif isinstance(exc, ProxyRefused):
        code, text = "KP-NET-302", f"{provider} cannot be reached at {address}: the proxy on the way says {exc}."
    elif any(isinstance(each, ssl.SSLError) for each in causes):
        code, text = "KP-NET-304", f"No secure connection to {provider} at {address}: {_reason(causes)}."
    else:
        code, text = "KP-NET-302", f"{provider} cannot be reached at {address}: {_reason(causes)}."
    return ProviderLost(code, text, provider=provider, untouched=True)


def _causes(exc: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while exc is not None and exc not in found:
        found.append(exc)
        if isinstance(exc, BaseExceptionGroup):
            for each in exc.exceptions:
                found.extend(_causes(each))
        exc = exc.__cause__ or exc.__context__
    return found


def _reason(causes: list[BaseException]) -> str:
    """Return the system's own words, of the innermost cause that has any."""
    for each in reversed(causes):
        if isinstance(each, ssl.SSLCertVerificationError):
            return each.verify_message.rstrip(".")
        if isinstance(each, ssl.SSLError):  # its errno is OpenSSL's, not the system's
            return (getattr(each, "reason", None) or "the handshake failed").replace("_", " ").lower()
        if isinstance(each, OSError) and each.errno:
            return os.strerror(each.errno)
    return str(causes[0]) or type(causes[0]).__name__
