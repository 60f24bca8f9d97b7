"""What a request was, put down once at its end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from korproxy.errors.exceptions import KorproxyError
from korproxy.models.calls import Call
from korproxy.models.clock import wall_time
from korproxy.models.decisions import Attempt, Decision
from korproxy.models.outcome import NO_USAGE, Finished, Usage

CLIENT_LEFT = "KP-NET-311"
CLIENT_STALLED = "KP-NET-312"


class Ledger(msgspec.Struct, gc=False):  # see ``models.calls``: one is made for each request
    """Collects what becomes the ``Finished`` event of one call. Changed only without ``await``."""

    call: Call
    provider: str | None = None
    account: str | None = None
    upstream_model: str | None = None
    upstream_dialect: str | None = None
    status: int | None = None
    code: str | None = None
    outcome: str = "client left"
    attempts: int = 0
    first_byte: float | None = None
    bytes_out: int = 0
    losses: bytes = b""  # the value of X-KorProxy-Lossy
    usage: Usage = NO_USAGE
    left_as: str = CLIENT_LEFT  # the code, should the client turn out to be gone
    decision: Decision | None = None  # None: it came to none
    tried: Sequence[Attempt] | None = None  # None: nothing but what stands here happened

    def failed(self, exc: KorproxyError) -> None:
        """Note that the call ended with an error of ours."""
        self.outcome, self.code = "failed", exc.code
        if self.decision is None and isinstance(exc.decision, Decision):
            self.decision = exc.decision

    def again(self) -> None:
        """Forget how the attempt before ended: another one begins."""
        self.outcome, self.code, self.status, self.losses = "client left", None, None, b""

    def hung_up(self) -> None:
        """Note that it was us who hung up on the client: it did not read."""
        self.left_as = CLIENT_STALLED

    def sent(self, count: int, now: float) -> None:
        """Note that *count* bytes of the answer left for the client at Trio time *now*."""
        if self.first_byte is None:
            self.first_byte = now - self.call.began
        self.bytes_out += count

    def close(self, now: float) -> Finished:
        """Return the event; *now* is Trio time in seconds."""
        call, peek, decision = self.call, self.call.peek, self.decision
        return Finished(  # in the order of its fields; see ``models.calls``
            call.id,
            call.correlation_id,
            call.key_name,
            call.dialect,
            peek.model,
            self.outcome,
            wall_time(),
            now - call.began,
            self.upstream_model,
            self.provider,
            self.account,
            peek.stream,
            self.status,
            self.left_as if self.outcome == "client left" else self.code,
            self.attempts,
            self.first_byte,
            len(call.body),
            self.bytes_out,
            self.usage,
            "" if decision is None else decision.profile,
            "" if decision is None else decision.type,
            self.upstream_dialect,
        )
