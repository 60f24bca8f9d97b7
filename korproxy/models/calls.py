"""One request on its way in, through, and out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from korproxy.models.accounts import Secret

RawHeaders = Sequence[tuple[bytes, bytes]]
Span = tuple[int, int]

# What is asked for: the next turn of a conversation, text to go on from (Completions), vectors, a count of tokens, or
# something that only one vendor has.
Kind: TypeAlias = Literal["chat", "completion", "embedding", "count", "other"]
# Which kinds of formats can serve a request of each kind, where they are not the client's own: that one can pass.
SERVED_BY: Mapping[Kind, frozenset[Kind]] = {
    "chat": frozenset({"chat"}),
    "completion": frozenset({"chat"}),
    "embedding": frozenset({"embedding"}),
    "count": frozenset({"count"}),
    "other": frozenset(),
}


# Where something is made for each request, its fields are given by their places: keywords become a dict on the way into a
# class, which costs as much as all the rest. Setting the slots of a frozen class costs a third more than filling a
# ``__dict__``, and a look at one a quarter. What is made for each request, frozen, and never copied with a change is a
# ``msgspec.Struct`` therefore: C makes it, at a fifth of the price, and looks at it cost what slots cost. To set a field of
# one costs ten times as much, so what is filled in step by step has slots. Where what is in it never leads back to it, the
# garbage collector need not know of it (``gc=False``).


@attrs.frozen(init=False)
class Headers:
    """HTTP header fields in their order, names in lower case, values as received.

    Attributes:
        first: The first value of each name: whoever asks on the way of every request looks here, without a call.
        notes: What was concluded from these very fields, by whom: a client that keeps its connection mostly sends them again,
            and in the lane they are then the same object.
    """

    raw: RawHeaders = attrs.field(default=(), repr=False)
    first: Mapping[bytes, bytes] = attrs.field(init=False, repr=False, eq=False)
    notes: dict[object, Any] = attrs.field(init=False, repr=False, eq=False)

    def __init__(self, raw: RawHeaders = ()) -> None:
        """Written by hand, which costs half of what ``attrs`` would generate."""
        _set_raw(self, raw)
        _set_first(self, dict(raw[::-1]))
        _set_notes(self, {})

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of *name* (lower case), or None."""
        return self.first.get(name)

    def text(self, name: bytes, default: str = "") -> str:
        """Return the first value of *name* as text (latin-1, which HTTP prescribes), or *default*."""
        found = self.first.get(name)
        return default if found is None else found.decode("latin-1").strip()

    def starting(self, prefixes: tuple[bytes, ...]) -> RawHeaders:
        """Return the fields whose name starts with one of *prefixes*, in order."""
        if not prefixes:
            return ()
        known: RawHeaders | None = self.notes.get(prefixes)
        if known is None:
            known = self.notes[prefixes] = tuple([each for each in self.raw if each[0].startswith(prefixes)])
        return known


# The slots themselves: what is frozen is set through them for less than by ``object.__setattr__``.
_set_raw, _set_first, _set_notes = (vars(Headers)[name].__set__ for name in ("raw", "first", "notes"))


@attrs.frozen
class Peek:
    """The little that is read of a request body before it is passed on.

    Attributes:
        model: As the client wrote it.
        stream: Whether the client asked for a stream of events.
        span: Where the JSON text of ``model`` stands in the body, quotes included; None where it is not in the body.
        tools: Whether the request offers tools.
        previous: The id of the answer that it goes on from; empty: of none.
        keeps: Whether the client wants the answer to be kept; see ``AnswerKeeper``.
    """

    model: str
    stream: bool
    span: Span | None = None
    tools: bool = False
    previous: str = ""
    keeps: bool = False


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Call(msgspec.Struct, gc=False):
    """One client request as the gate sees it. Nobody changes it; and since no plugin gets it, it need not be frozen for that.

    Attributes:
        id: This request's own id (``X-KorProxy-Request``).
        correlation_id: The client's id for it, or a new UUID v4; may repeat.
        dialect: The wire format the client speaks, e.g. ``openai-chat``.
        body: Bytes as received, at most ``server.max_body`` of them.
        headers: What the client sent; only a provider's own vendor headers are ever passed on.
        query: What stood behind ``?``. A ``key=`` in it can be a credential, so it is never logged.
        credential: The caller's own credential, only where it did not serve as KorProxy key. Forwarded, never stored.
        key_name: The name of the KorProxy key that was used.
        began: Trio clock when the request head arrived, in seconds.
        method: Of the request.
        tail: What of *path* stands behind the format's own: ``/ID`` of an answer that an account keeps.
        account: The provider and the account that keep it; nobody else is asked.
        repeated: Values that the answer repeats, and that do not stand in *body* any more.
    """

    id: str
    correlation_id: str
    dialect: str
    path: str
    peek: Peek
    body: bytes
    headers: Headers = msgspec.field(default_factory=Headers)
    query: bytes = b""
    credential: Secret | None = None
    key_name: str = ""
    began: float = 0.0
    method: str = "POST"
    tail: str = ""
    account: tuple[str, str] | None = None
    repeated: Mapping[str, str] = _NOTHING

    def __repr__(self) -> str:
        """Show neither headers nor body nor query: what people say is in them, and a key may be."""
        return _shown(self)


@attrs.frozen(kw_only=True)
class Features:
    """What a call needs of a provider; decides which of its dialects is used.

    Attributes:
        dialect: The format the client speaks. A provider that speaks it too answers with it: bytes then pass unchanged.
        kind: What is asked for.
    """

    dialect: str
    kind: Kind = "chat"
    stream: bool = False
    tools: bool = False


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A call once it is decided where it goes: what a provider gets to build its request from.

    Attributes:
        dialect: The format of ``body``.
        model: The provider's own name for the model; already in ``body``.
        headers: The client's headers that belong to this provider's vendor. Nothing else of the client's passes.
        query: The client's query without credentials, where client and provider speak the same format (``beta=true``).
        credential: The caller's own, only for accounts that forward it.
        path: Of the client's request, where its body passes; empty where it was translated.
        method, tail: As in ``Call``; the tail goes behind the address of the format.
    """

    dialect: str
    model: str
    stream: bool
    body: bytes
    headers: RawHeaders = ()
    query: bytes = b""
    credential: Secret | None = None
    correlation_id: str = ""
    path: str = ""
    method: str = "POST"
    tail: str = ""

    def __repr__(self) -> str:
        """Show neither headers nor body: what people say is in them."""
        return _shown(self)


class UpstreamRequest(msgspec.Struct, frozen=True, gc=False):
    """What is sent to a provider, byte for byte. Header names in lower case."""

    method: str
    url: str
    headers: RawHeaders = ()
    body: bytes = b""

    def __repr__(self) -> str:
        """Show neither headers nor body: a credential is in the first, and what people say in the second."""
        return _shown(self)


def _shown(made: msgspec.Struct) -> str:
    shown = (f"{name}={getattr(made, name)!r}" for name in made.__struct_fields__ if name not in {"headers", "body", "query"})
    return f"{type(made).__name__}({', '.join(shown)})"
