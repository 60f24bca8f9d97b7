"""Which KP code a failed connection gets: a name that does not resolve and a certificate that expired need different cures."""

from __future__ import annotations

import socket
import ssl

import httpx

from korproxy.errors.exceptions import ProviderLost
from korproxy.models.providers import Deadlines

_SILENT = "Server disconnected without sending a response"  # httpcore's words: no status line came


def before_answer(provider: str, exc: Exception, deadlines: Deadlines, address: str) -> ProviderLost:
    """Translate what happened before the provider's status line."""
    if isinstance(exc, httpx.ConnectTimeout):
        text = f"{provider} at {address} did not accept a connection within {deadlines.connect:g} s."
        return ProviderLost("KP-NET-303", text, provider=provider, untouched=True)
    if isinstance(exc, httpx.TimeoutException):
        text = f"{provider} did not begin to answer within {deadlines.first_byte:g} s."
        return ProviderLost("KP-NET-305", text, provider=provider)
    if isinstance(exc, httpx.ConnectError):
        return _unconnected(provider, exc, address)
    if isinstance(exc, httpx.RemoteProtocolError) and _SILENT not in str(exc):
        return ProviderLost("KP-NET-310", f"{provider} does not speak HTTP properly: {exc}.", provider=provider)
    return ProviderLost("KP-NET-308", f"{provider} closed the connection before it answered.", provider=provider)


def in_answer(provider: str, exc: Exception, deadlines: Deadlines) -> ProviderLost:
    """Translate what happened after the provider's status line."""
    if isinstance(exc, httpx.TimeoutException):
        text = f"{provider} fell silent in mid-answer for {deadlines.idle:g} s."
        return ProviderLost("KP-NET-306", text, provider=provider)
    if isinstance(exc, httpx.RemoteProtocolError) and "complete message body" not in str(exc):
        return ProviderLost("KP-NET-310", f"{provider} does not speak HTTP properly: {exc}.", provider=provider)
    return ProviderLost("KP-NET-309", f"{provider} broke off in mid-answer.", provider=provider)


def too_long(provider: str, deadlines: Deadlines) -> ProviderLost:
    """The total deadline has passed."""
    return ProviderLost("KP-NET-307", f"The answer of {provider} took longer than {deadlines.total:g} s.", provider=provider)


def _unconnected(provider: str, exc: Exception, address: str) -> ProviderLost:
    causes = list(_causes(exc))
    if any(isinstance(each, socket.gaierror) for each in causes):
        code, text = "KP-NET-301", f"The host name of {provider}, {address}, cannot be resolved."
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
            return each.verify_message
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return str(causes[0]) or type(causes[0]).__name__
