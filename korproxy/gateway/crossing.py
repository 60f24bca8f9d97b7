"""One call from a client's format into a provider's, and what is needed to bring the answer back. Pure."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from korproxy.chat.conversation import Asked, Conversation
from korproxy.chat.parts import Seal
from korproxy.chat.report import Report
from korproxy.chat.thinking import disowned
from korproxy.chat.wire import CannotCarry, Target, Written
from korproxy.contracts import Dialect, Translator
from korproxy.errors.exceptions import BadRequest, NoProvider
from korproxy.gateway.routing import Candidate
from korproxy.models.calls import Call

CANNOT_CARRY = "KP-PROV-115"
# Headers of clients that may change what a body means, known ones and new ones; to another vendor they mean nothing.
_OF_VENDORS = (b"anthropic-", b"openai-")
_ABOUT_NO_BODY = frozenset(
    {b"anthropic-version", b"anthropic-dangerous-direct-browser-access", b"openai-organization", b"openai-project"}
)


@attrs.frozen(kw_only=True)
class Reading:
    """A client's request, read.

    Attributes:
        report: Grows with everything that is done to it.
    """

    conversation: Conversation = attrs.field(repr=False)
    asked: Asked
    report: Report


@attrs.frozen(kw_only=True)
class Crossing:
    """A call that was written in a provider's format.

    Attributes:
        back: Writes the answer for the client.
        away: Reads the provider's answer.
    """

    back: Translator
    away: Translator
    asked: Asked
    written: Written
    report: Report


def translators(client: Dialect | None, provider: Dialect | None) -> tuple[Translator, Translator] | None:
    """Return how calls cross from *client* to *provider*; None where one of them can only be passed on."""
    if client is None or provider is None or client.translator is None or provider.translator is None:
        return None
    return client.translator, provider.translator


def read(call: Call, client: Translator, *, created: int, own: Callable[[Seal], bool] | None = None) -> Reading:
    """Read *call*.

    Args:
        created: Seconds since the epoch, for an answer that is dated.
        own: Whether the provider is sent a seal on reasoning; others are nobody's from here on. None: nothing is known of them.

    Raises:
        BadRequest: It is no request of its format, or asks for what only its own format has (KP-PROV-115).
    """
    report = Report()
    try:
        conversation, asked = client.read_request(call.path, call.body, report)
    except CannotCarry as exc:
        raise refused(exc) from None
    except RecursionError:
        raise too_deep() from None
    note_vendor_headers(call, report)
    if own is not None:
        conversation = disowned(conversation, own)
    asked = attrs.evolve(asked, created=created, id=call.id, repeated={**asked.repeated, **call.repeated})
    return Reading(conversation=conversation, asked=asked, report=report)


def write(reading: Reading, call: Call, candidate: Candidate, provider: Translator) -> Written:
    """Write what was read for *candidate*; *reading*'s report gets what becomes of it.

    Raises:
        BadRequest: The candidate's format has no place for something that matters (KP-PROV-115).
    """
    target = Target(model=candidate.model, stream=call.peek.stream, abilities=candidate.abilities)
    try:
        return provider.write_request(reading.conversation, target, reading.report)
    except CannotCarry as exc:
        raise refused(exc) from None
    except RecursionError:
        raise too_deep() from None


def no_way(call: Call, candidate: Candidate) -> NoProvider:
    """Return the error of a call that cannot be translated at all."""
    formats = f"The request is in the format {call.dialect}, {candidate.provider.id} speaks {candidate.dialect}"
    return NoProvider("KP-PROV-113", f"{formats}, and nothing translates between the two.")


def note_vendor_headers(call: Call, report: Report) -> None:
    """Report as lost the headers of *call* that may change what its body means, and only to the vendor whose they are."""
    for name, value in call.headers.starting(_OF_VENDORS):
        if value and name not in _ABOUT_NO_BODY:
            report.lost(f"header:{name.decode('latin-1')}", "is for another vendor")


def too_deep() -> BadRequest:
    """Return the error of a request with more brackets than anybody can count."""
    return BadRequest(CANNOT_CARRY, "This request cannot be translated: a part of it is nested too deeply, a schema perhaps.")


def refused(exc: CannotCarry) -> BadRequest:
    """Return the error of a request that would mean something else in the provider's format."""
    where = f" at {exc.pointer[:200]}" if exc.pointer else ""
    return BadRequest(CANNOT_CARRY, f"This request cannot be translated{where}: {exc}")
