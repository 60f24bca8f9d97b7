"""What is known of a request before it is decided where it goes. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.content import Content
from korproxy.kit.patterns import fits
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Call, Headers, Kind
from korproxy.models.routing import DEFAULT, Profile, RequestType

if TYPE_CHECKING:  # it holds rules, which are about facts
    from korproxy.gateway.routing import Snapshot

# Headers of requests that say more than their bodies. They end here.
PROFILE, TYPE, SAFE = b"x-korproxy-profile", b"x-korproxy-request-type", b"x-korproxy-safe-mode"
TYPES: tuple[RequestType, ...] = ("chat", "completion", "embedding", "other")
_EMBEDDERS = ("*embedding*", "*-embed-*", "*-embed")
_ON = frozenset({"on", "1", "true", "yes"})


def type_of(call: Call, snapshot: Snapshot) -> RequestType:
    """Return how *call* is classed: as its header says, else by its path, whose format serves one kind, and its model.

    Raises:
        BadRequest: The header names no type (KP-PROV-123).
    """
    said = call.headers.text(TYPE).lower() if TYPE in call.headers.first else ""
    if said:
        found = next((each for each in TYPES if each == said), None)
        if found is None:
            raise BadRequest("KP-PROV-123", f"{TYPE.decode()} is none of {', '.join(TYPES)}: {shortened(said, 100)!r}.")
        return found
    dialect = snapshot.dialects.get(call.dialect)
    return type_for("chat" if dialect is None else dialect.kind, call.peek.model)


def type_for(kind: Kind, model: str) -> RequestType:
    """Return how requests for *model* are classed at the path of a format that serves *kind*."""
    if kind == "count":
        return "other"
    if kind in {"chat", "other"} and any(fits(model, each) for each in _EMBEDDERS):
        return "embedding"
    return kind


def profile_of(headers: Headers, snapshot: Snapshot) -> Profile:
    """Return the profile in force for a request with *headers*.

    Raises:
        BadRequest: It asks for one that is not there (KP-PROV-120).
    """
    routing = snapshot.routing
    said = headers.text(PROFILE) if PROFILE in headers.first else ""
    name = said or routing.profile
    found = routing.profiles.get(name)
    if found is None and said not in {"", DEFAULT}:
        known = ", ".join(sorted({*routing.profiles, DEFAULT}))
        raise BadRequest("KP-PROV-120", f"There is no profile {shortened(said, 100)!r}. There are: {known}.")
    return found or Profile(name=name)


def wants_safety(headers: Headers, snapshot: Snapshot) -> bool:
    """Whether a request with *headers* goes to the safe model, whatever the rules say."""
    if not snapshot.safe_mode:
        return False
    return snapshot.routing.safe_mode.on or (SAFE in headers.first and headers.text(SAFE).lower() in _ON)


@attrs.define
class Facts:
    """What rules may ask of one request. What costs is found when it is first asked.

    Attributes:
        wall: When the request is decided, in seconds since the epoch.
    """

    call: Call
    type: RequestType
    profile: Profile
    wall: float
    _content: Content | None = attrs.field(default=None, init=False)
    _moment: tuple[int, int] | None = attrs.field(default=None, init=False)

    @property
    def content(self) -> Content:
        """Its body, read."""
        if self._content is None:
            self._content = Content(self.call.body)
        return self._content

    @property
    def moment(self) -> tuple[int, int]:
        """The day of the week here, Monday being 0, and the minute of the day."""
        if self._moment is None:
            local = time.localtime(self.wall)
            self._moment = (local.tm_wday, local.tm_hour * 60 + local.tm_min)
        return self._moment
