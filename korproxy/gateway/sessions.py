"""Which session a request belongs to, and which account that session has: prompt caches are an account's own.

Nothing of what people say is kept: a session is known by a digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import attrs
import msgspec

from korproxy.gateway.content import TALK, Content, decoded
from korproxy.kit.json_raw import raw_items
from korproxy.kit.writing import json_bytes
from korproxy.models.calls import Headers

MOST = 10_000  # sessions that are remembered
# What tools send with each request of a session: Claude Code, Codex (today and before), and what others have agreed on.
HEADERS = (
    b"x-claude-code-session-id",
    b"session-id",
    b"session_id",
    b"conversation_id",
    b"x-session-id",
    b"x-session-affinity",
)
_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction")
_SAID_ANEW = (
    "x-anthropic-billing-header"  # Claude Code's first block of the system prompt begins so; it changes with each request
)
_FIRST_TURN = 50  # messages, at most, that are looked at
_LARGE = 256 * 1024  # bytes of a prompt or a message; of a larger one only its beginning is looked at: all would hold up others


def session_of(headers: Headers, content: Content) -> str:
    """Return a digest of what a request's session is known by; empty where nothing tells one from another.

    That is what its tool says in a header or in the body; else how its conversation begins: the system prompt and the user's
    first turn stay as they are while it goes on.
    """
    for name in HEADERS:
        if headers.first.get(name):
            return _digest(name, headers.first[name])
    said = content.text("prompt_cache_key") or _user(content)
    if said:
        return _digest(b"body", said.encode("utf-8", "surrogatepass"))
    try:
        begins = _beginning(content)
    except RecursionError:  # brackets in brackets, by the thousand
        return ""
    return _digest(b"begins", begins) if begins else ""


def _user(content: Content) -> str:
    about = content.value("metadata")
    said = about.get("user_id") if isinstance(about, dict) else None
    return said if isinstance(said, str) else ""


def _beginning(content: Content) -> bytes:
    turn = _first_turn(content)
    if not turn:
        return b""
    return json_bytes([[_said(content.members[name]) for name in _SYSTEM if name in content.members], turn])


def _first_turn(content: Content) -> Sequence[Any]:
    """Return all up to the end of the user's first turn."""
    name = next((each for each in TALK if each in content.members), "")
    if not name:
        return ()
    text = content.text(name)
    if text:  # the whole conversation is one text
        return [text]
    found: list[Any] = []
    users = False
    for raw in raw_items(content.members[name])[:_FIRST_TURN]:
        if len(bytes(raw)) > _LARGE:
            return [*found, _said(raw)]
        item = decoded(raw)
        role = item.get("role", "user" if name == "contents" else "") if isinstance(item, dict) else ""
        if users and role != "user":
            break
        users = users or role == "user"
        found.append(_lasting(item))
    return found if users else ()


def _said(raw: msgspec.Raw) -> Any:
    """Return what *raw* says that stays as it is from turn to turn."""
    text = bytes(raw)
    return _lasting(decoded(raw)) if len(text) <= _LARGE else text[:_LARGE].decode("latin-1")


def _lasting(value: Any) -> Any:
    """Return *value* without what tools change in it from turn to turn: marks for the cache, and what is counted up."""
    if isinstance(value, list):
        return [_lasting(each) for each in value if not _changes(each)]
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name != "cache_control"}
    return value


def _changes(part: object) -> bool:
    text = part.get("text") if isinstance(part, dict) else None
    return isinstance(text, str) and text.startswith(_SAID_ANEW)


def _digest(kind: bytes, text: bytes) -> str:
    return blake2b(text, digest_size=12, person=kind[:16]).hexdigest()


@attrs.define(kw_only=True)
class Sessions:
    """Which account each session has, for each of its models. Bounded: those that were not heard of longest are forgotten."""

    most: int = MOST
    _accounts: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self._accounts)

    def account(self, session: str, model: str) -> str:
        """Return the account that *session* has for *model*, as ``provider/account``; empty: none yet."""
        found = self._accounts.pop((session, model), "")
        if found:
            self._accounts[session, model] = found  # as the last one that was heard of
        return found

    def keep(self, session: str, model: str, account: str) -> None:
        """Note that *account* has answered *session*: it stays there until another one answers, whoever was there before."""
        self._accounts.pop((session, model), None)
        self._accounts[session, model] = account
        if len(self._accounts) > self.most:
            del self._accounts[next(iter(self._accounts))]
