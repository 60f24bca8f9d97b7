"""What follows from how asking a candidate ended: what is held against whom, and whether another one may be asked. Pure.

Everything here is before the first byte of the answer has left for the client; afterwards nobody else is asked.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from korproxy.errors.exceptions import (
    AccountRefused,
    BadRequest,
    Busy,
    ConfigError,
    KorproxyError,
    NoProvider,
    PluginBroken,
    ProviderLost,
    ProviderRefused,
)
from korproxy.gateway.backoff import CAP
from korproxy.models.outcome import Refusal

Kind: TypeAlias = Literal["answered", "refused", "limited", "failed", "rejected", "busy", "overtaken", "unfit"]
Held: TypeAlias = Literal["nothing", "limited", "failed", "refused", "good"]

TOO_LONG = "KP-NET-307"
_SPENT = "KP-PROV-110"
_LIMITED = "KP-RATE-401"
_OF_PLUGIN = "KP-CONF-209"
_SAID_TOO_LATE = 408  # how some say that they had no time for it: it was here all along
# What vendors write into the error event of a stream: Anthropic's ``error.type``, OpenAI's ``error.code``, Google's ``status``.
_LIMITING = (b"rate_limit", b"RESOURCE_EXHAUSTED", b"usage_limit_reached", b'"code":429', b'"code": 429')
_CLIENTS_FAULT = (
    b"invalid_request_error",
    b"invalid_prompt",
    b"request_too_large",
    b"INVALID_ARGUMENT",
    b"context_length_exceeded",
)
_TELLING = 4096  # bytes of an error event in which it says what is wrong


class Overtaken(Busy):
    """The account began to rest while the request waited for a place there: it is looked at anew who may be asked."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class Outcome:
    """How asking one candidate ended.

    Attributes:
        kind: As in ``Attempt.outcome``. ``unfit``: the request cannot be said to this candidate.
        held: What is held against the account: ``nothing``; that it answered after all (``good``); or as on ``HealthBoard``.
        retry_after: Seconds the provider wants us to wait.
        goes_on: Whether another candidate may be asked.
    """

    kind: Kind
    held: Held = "nothing"
    status: int | None = None
    code: str = ""
    retry_after: float | None = None
    goes_on: bool = True


ANSWERED = Outcome(kind="answered", held="good", goes_on=False)


def of_refusal(status: int, refusal: Refusal, *, forwards: bool) -> Outcome:
    """Return what the provider's own error says. Of an account that *forwards* its callers' credentials little is its own.

    Money that is missing is no key that is wrong: an allowance may be renewed, so the account rests as long as any may, and is
    asked again. Only 402 says that it has to be paid.
    """
    if refusal.credential:  # of our own it is an exception; see ``of_error``
        return Outcome(kind="rejected", status=status, code=refusal.code, goes_on=False)
    kind, held, wait = _meaning(status, refusal)
    if forwards and held in {"limited", "refused"}:
        held = "nothing"
    return Outcome(kind=kind, held=held, status=status, code=refusal.code, retry_after=wait, goes_on=kind != "refused")


def _meaning(status: int, refusal: Refusal) -> tuple[Kind, Held, float | None]:
    code, wait = refusal.code, refusal.retry_after
    if status == 402:
        return "rejected", "refused", None
    if code == _SPENT:
        return "limited", "limited", CAP if wait is None else wait
    if status == 429 or code == _LIMITED:
        return "limited", "limited", wait
    if status >= 500 or status == _SAID_TOO_LATE:
        return "failed", "failed", wait
    if status == 403:  # it is about this use, not about the credential
        return "rejected", "nothing", None
    return "refused", "good", None


def of_error(exc: KorproxyError, *, forwards: bool) -> Outcome:
    """Return what an error says that ended the attempt before there was an answer to pass on."""
    found = Outcome(kind="refused", code=exc.code, goes_on=False)
    match exc:
        case ProviderLost(code=code) if code == TOO_LONG:  # the request has no time left, whoever had the rest of it
            found = Outcome(kind="failed", code=code, goes_on=False)
        case ProviderLost(code=code):
            found = Outcome(kind="failed", held="nothing" if code == _OF_PLUGIN else "failed", code=code)
        case ProviderRefused(code=code, retry_after=wait):
            found = of_refusal(exc.upstream_status, Refusal(code=code, retry_after=wait), forwards=forwards)
        case AccountRefused(upstream_status=status):
            held: Held = "nothing" if forwards else "refused"
            found = Outcome(kind="rejected", held=held, status=status, code=exc.code)
        case Overtaken():
            found = Outcome(kind="overtaken", code=exc.code)
        case Busy(retry_after=wait):
            found = Outcome(kind="busy", code=exc.code, retry_after=wait)
        case PluginBroken() | NoProvider() | ConfigError() | BadRequest(code="KP-PROV-115"):  # another format may have a place
            found = Outcome(kind="unfit", code=exc.code)
    return found


def of_event(words: bytes, code: str, *, forwards: bool) -> Outcome:
    """Return what the provider's own error says that is the first event of a stream, or the body of an answer with status 200.

    Args:
        words: The bytes for the client, in whatever format.
    """
    said = words[:_TELLING]
    if any(each in said for each in _CLIENTS_FAULT):
        return Outcome(kind="refused", held="good", status=200, code=code, goes_on=False)
    if any(each in said for each in _LIMITING):
        return Outcome(kind="limited", held="nothing" if forwards else "limited", status=200, code=code)
    return Outcome(kind="failed", held="failed", status=200, code=code)


def of_end(exc: KorproxyError | None, code: str | None, *, whole: bool) -> Held:
    """Return what is held against an account whose answer has begun well and is over.

    Args:
        exc: What cut it off.
        code: Of the provider's own error in it.
        whole: Whether it came to a good end. If not, and nothing is wrong, the client has left.
    """
    if exc is not None:
        return "failed" if isinstance(exc, ProviderLost) and exc.code != TOO_LONG else "nothing"
    if code is not None:
        return "failed"
    return "good" if whole else "nothing"
