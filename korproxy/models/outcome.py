"""How a request ended: for the client, for the log, for the books."""

from __future__ import annotations

from typing import Literal

import attrs
import msgspec


class Usage(msgspec.Struct, frozen=True, gc=False):  # see ``models.calls``: one is made for each request
    """Tokens spent. None: the provider did not say.

    Attributes:
        tokens_in: All input tokens that were not read from or written to a cache.
        cache_read: Input tokens read from the provider's cache.
        cache_write: Input tokens written to it.
        tokens_out: Output tokens, reasoning included.
        reasoning: The part of them that was reasoning.
    """

    tokens_in: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    tokens_out: int | None = None
    reasoning: int | None = None

    def __add__(self, other: Usage) -> Usage:
        """Return what was spent together; what neither says stays unsaid."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)
        return Usage(*[None if one is None and two is None else (one or 0) + (two or 0) for one, two in pairs])


NO_USAGE = Usage()


@attrs.frozen(kw_only=True)
class Refusal:
    """What a provider's error answer means.

    Attributes:
        code: The KP code that goes beside it (``X-KorProxy-Error``).
        credential: The provider does not accept the credential, so nothing will work until it is changed.
        retry_after: Seconds the provider asks us to wait; None: it did not say.
        seals: It is about seals of reasoning: the provider has ``refused`` one that it was sent, or one is ``missing``.
        instead: The format in which the provider would take such a request; empty: it named none.
        summaries: It gives this account no summaries of reasoning, and refuses to be asked for them.
    """

    code: str
    credential: bool = False
    retry_after: float | None = None
    seals: Literal["", "refused", "missing"] = ""
    instead: str = ""
    summaries: bool = False


@attrs.frozen(kw_only=True)
class Fault:
    """An error of ours, ready to be written in a client's format.

    Attributes:
        code: Empty where codes are switched off (``features.new_error_codes``).
        message: A full text for people: what, why, what to do, and where to read on. No secrets.
        status: The HTTP status it goes with (of a late error: the status it would have had).
        cause: The code in any case: not to be shown, but by it a format finds a word of its own for what is wrong.
    """

    code: str
    status: int
    message: str
    docs: str = ""
    cause: str = ""


class Finished(msgspec.Struct, frozen=True, gc=False):  # as above; thousands wait for the store at a time
    """Emitted exactly once per call, whatever happened. Holds no content.

    Attributes:
        outcome: ``ok``, ``refused`` (the provider's own error), ``failed`` (ours) or ``client left``.
        code: The KP code, where there is one.
        at: Wall clock at the end, seconds since the epoch.
        seconds: From the request head to the last byte.
        first_byte: From the request head to the first byte for the client; None if there was none.
        profile, type: Of its routing; empty: it did not come to that.
        upstream_dialect: The format in which it was sent to the provider.
    """

    id: str
    correlation_id: str
    key_name: str
    dialect: str
    model: str
    outcome: str
    at: float
    seconds: float
    upstream_model: str | None = None
    provider: str | None = None
    account: str | None = None
    stream: bool = False
    status: int | None = None
    code: str | None = None
    attempts: int = 0
    first_byte: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    usage: Usage = NO_USAGE
    profile: str = ""
    type: str = ""
    upstream_dialect: str | None = None
