"""What a request was, put down once at its end."""

from __future__ import annotations

import attrs

from korproxy.errors.exceptions import KorproxyError
from korproxy.models.calls import Call
from korproxy.models.clock import wall_time
from korproxy.models.outcome import NO_USAGE, Finished, Usage

CLIENT_LEFT = "KP-NET-311"
CLIENT_STALLED = "KP-NET-312"


@attrs.define(kw_only=True)
class Ledger:
    """Collects what becomes the ``Finished`` event of one call. Changed only without ``await``."""

    call: Call
    provider: str | None = None
    account: str | None = None
    upstream_model: str | None = None
    status: int | None = None
    code: str | None = None
    outcome: str = "client left"
    attempts: int = 0
    first_byte: float | None = None
    bytes_out: int = 0
    losses: bytes = b""  # the value of X-KorProxy-Lossy
    usage: Usage = NO_USAGE
    left_as: str = CLIENT_LEFT  # the code, should the client turn out to be gone

    def failed(self, exc: KorproxyError) -> None:
        """Note that the call ended with an error of ours."""
        self.outcome, self.code = "failed", exc.code

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
        call = self.call
        return Finished(
            id=call.id,
            correlation_id=call.correlation_id,
            key_name=call.key_name,
            dialect=call.dialect,
            model=call.peek.model,
            upstream_model=self.upstream_model,
            provider=self.provider,
            account=self.account,
            stream=call.peek.stream,
            status=self.status,
            outcome=self.outcome,
            code=self.left_as if self.outcome == "client left" else self.code,
            attempts=self.attempts,
            at=wall_time(),
            seconds=now - call.began,
            first_byte=self.first_byte,
            bytes_in=len(call.body),
            bytes_out=self.bytes_out,
            usage=self.usage,
        )
