"""Why a request went where it went: all of it data, so that it can be shown, tested and replayed."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs

from korproxy.models.routing import RequestType

State: TypeAlias = Literal["available", "rate_limited", "erroring", "refused"]


@attrs.frozen(kw_only=True)
class Able:
    """One way to serve a request, as a ``RoutingStrategy`` sees it.

    Attributes:
        weight: What its group says.
        running, waiting: Requests at its account now.
        failures: That followed each other, without a good one since.
    """

    provider: str
    account: str
    model: str
    weight: int = 1
    running: int = 0
    waiting: int = 0
    failures: int = 0


@attrs.frozen(kw_only=True)
class RoutedCall:
    """A request, as a ``RoutingStrategy`` sees it: nothing of its content."""

    type: RequestType = "chat"
    model: str = ""
    profile: str = ""
    key_name: str = ""
    size: int = 0


@attrs.frozen
class RuleTried:
    """One rule that was looked at. ``why`` says what did not hold; empty: all did."""

    name: str
    why: str = ""


@attrs.frozen(kw_only=True)
class Way:
    """A candidate in an order of trying."""

    provider: str
    account: str
    model: str
    dialect: str = ""


@attrs.frozen(kw_only=True)
class Rejected:
    """A candidate that is not tried.

    Attributes:
        why: ``disabled``, ``rate_limited``, ``erroring``, ``refused``, ``probing`` (another request finds out right now),
            ``spent`` (its rate limit is used up), ``no key``, ``format`` (the client's cannot be carried there), ``excluded``.
        returns_in: Seconds until it may be tried again; None: not by itself, or nobody knows.
    """

    provider: str
    account: str
    model: str
    why: str
    returns_in: float | None = None
    code: str = ""


@attrs.frozen(kw_only=True)
class Decision:
    """Where a request goes, and why.

    Attributes:
        wanted: The model as the client wrote it.
        model: What it became by rule, alias, safe mode.
        rules: Those that were looked at, in their order; the last one is the one that held, where ``rule`` is not empty.
        group: Empty: whoever offers the model.
        session: A digest of what identifies the session; empty where nobody asked.
        kept: The account that the session had before, ``provider/account``.
        able: Who may be asked, as the strategy saw them; where it was asked.
        turn, seed: What else it was given.
        order: Who is tried, the first one first.
    """

    type: RequestType
    profile: str
    wanted: str
    model: str
    rule: str = ""
    rules: tuple[RuleTried, ...] = ()
    group: str = ""
    strategy: str = ""
    safe_mode: bool = False
    session: str = ""
    kept: str = ""
    able: tuple[Able, ...] = ()
    turn: int = 0
    seed: int = 0
    order: tuple[Way, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@attrs.frozen(kw_only=True)
class Attempt:
    """One candidate that was asked.

    Attributes:
        at: Seconds since the request head arrived.
        seconds: Until it was known how it ends: the answer's beginning, a refusal, an error.
        outcome: ``answered``, ``refused`` (the client's own fault, as far as the provider says), ``limited``, ``failed``,
            ``rejected`` (the credential), ``busy`` (no place), ``overtaken`` (while it waited for a place, the account began to
            rest), ``unfit`` (the request cannot be said to it), ``left`` (the client went away).
        next: What came of it: ``done``, ``next candidate``, ``waited``, ``given up``.
    """

    provider: str
    account: str
    model: str
    at: float
    seconds: float
    outcome: str
    status: int | None = None
    code: str = ""
    retry_after: float | None = None
    probe: bool = False
    next: str = "done"


@attrs.frozen(kw_only=True)
class Why:
    """The whole story of one request; ``korproxy why ID`` shows it. ``wall`` is the time of its decision since the epoch."""

    id: str
    correlation_id: str
    wall: float
    decision: Decision
    attempts: tuple[Attempt, ...] = ()
    outcome: str = ""
    code: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        return attrs.asdict(self)
