"""Who may come in. Asked before every handler, on every route. Pure.

Host and Origin are checked because a web page anywhere can make a browser on this machine send requests here, and by DNS
rebinding even read the answers. Programs send no Origin, and a Host that is an address or a name of this machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

import attrs

from korproxy.errors.exceptions import CallerRefused
from korproxy.kit.shortening import shortened
from korproxy.models.accounts import Secret
from korproxy.models.calls import Headers
from korproxy.server.keys import CLIENT, Key, KeyRing

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/?#@\\\s]+)(?::[0-9]*)?")  # RFC 9110, 7.2; what is not of this form is refused
_KNOWN_HOSTS = 256  # so many are remembered
_LONGEST_HOST = 300  # characters of a Host that is remembered: of a name with its port (RFC 1035), and some more
_BARE_KEYS = (b"x-api-key", b"x-goog-api-key")
_CALLER = "caller"  # among the notes on headers
_FORWARDED = (b"forwarded", b"x-forwarded-")


@attrs.frozen(kw_only=True)
class Caller:
    """Who was let in.

    Attributes:
        key_name: The key that was used; empty where none was needed.
        credential: The caller's own credential for a provider: set only where ``X-KorProxy-Key`` served as our key.
    """

    key_name: str = ""
    credential: Secret | None = None


def _bare_host(netloc: str) -> str:
    """Return the host of ``host:port`` as ``_canonical`` writes it; empty if *netloc* is no such thing."""
    return _known_host(netloc) if len(netloc) <= _LONGEST_HOST else _host_in(netloc)


def _host_in(netloc: str) -> str:
    found = _HOST.fullmatch(netloc)
    return _canonical(found[1].strip("[]")) if found else ""


_known_host = lru_cache(maxsize=256)(_host_in)  # clients say the same few ones over and over again


def _canonical(host: str) -> str:
    """Return a name in lower case without the dot that may end it, an address in its shortest form."""
    host = host.lower().removesuffix(".")
    return ipaddress.ip_address(host).compressed if _is_address(host) else host


def _netloc(origin: str) -> str:
    """Return host and port of a web origin in lower case; empty if it has none (``null``) or is malformed."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


@attrs.frozen(kw_only=True)
class Guard:
    """The door. Built once from the settings and the keys.

    Attributes:
        hosts: Names and addresses under which KorProxy may be called.
        any_address: KorProxy listens on all addresses, so any literal IP address is a right one. A rebound name never is.
        origins: Web origins that may call, e.g. ``https://tools.example``; the page's own origin always may.
        open_reads: Whether reading the management API needs no key.
    """

    keys: KeyRing
    hosts: frozenset[str] = LOOPBACK_NAMES
    any_address: bool = False
    origins: frozenset[str] = frozenset()
    open_reads: bool = True
    _right: set[bytes] = attrs.field(factory=set, init=False, repr=False, eq=False)  # values of Host that were let in

    @classmethod
    def build(
        cls, keys: KeyRing, bound: Sequence[str], allowed: Iterable[str], origins: Iterable[str], *, reads: bool
    ) -> Guard:
        """Return the guard of a server that listens on the addresses *bound*; reads are open on loopback only."""
        return cls(
            keys=keys,
            hosts=(LOOPBACK_NAMES | {_canonical(each) for each in (*bound, *allowed)}) - {""},
            any_address=any(each in ("0.0.0.0", "::", "") for each in bound),  # noqa: S104 -- compared, not bound
            origins=frozenset(origins),
            open_reads=reads and all(_is_loopback(each) for each in bound),
        )

    def check_source(self, headers: Headers) -> None:
        """Refuse a request that a web page may have made: KP-AUTH-004 for its Host, KP-AUTH-005 for its Origin."""
        said = headers.first.get(b"host")
        if said in self._right and b"origin" not in headers.first:  # as of nearly every program
            return
        netloc = headers.text(b"host")
        host = _bare_host(netloc)
        if host not in self.hosts and not (self.any_address and _is_address(host)):
            raise CallerRefused(
                "KP-AUTH-004",
                f"The Host {shortened(netloc, 100)!r} is not one of this KorProxy's."
                " If it is right, add it to [server] allowed_hosts in korproxy.toml.",
            )
        if said is not None and len(self._right) < _KNOWN_HOSTS and len(said) <= _LONGEST_HOST:
            self._right.add(said)
        origin = headers.text(b"origin")
        if origin and origin not in self.origins and _netloc(origin) != netloc.lower():
            raise CallerRefused(
                "KP-AUTH-005",
                f"Web pages of {shortened(origin, 100)!r} may not call this KorProxy."
                " If they should, add that origin to [server] allowed_origins in korproxy.toml.",
            )

    def admit_client(self, headers: Headers, query: bytes) -> Caller:
        """Let in a caller of the client API, by whichever header its SDK puts a key in.

        With ``X-KorProxy-Key`` the usual places are free for the caller's own credential, which is then passed on. Whoever was
        let in with these very headers is not asked again: only who was let in can find out by that whether others would be.
        """
        known = headers.notes.get(_CALLER)
        if known is not None and known[0] is self and known[1] == query:
            admitted: Caller = known[2]
            return admitted
        caller = self._admitted(headers, query)
        headers.notes[_CALLER] = self, query, caller
        return caller

    def _admitted(self, headers: Headers, query: bytes) -> Caller:
        own = headers.text(b"x-korproxy-key") if b"x-korproxy-key" in headers.first else ""
        presented = _presented(headers, query)
        key = self.keys.find(own) if own else self.keys.first(presented)
        if key is None or CLIENT not in key.scopes:
            raise _refusal(key, CLIENT, presented=bool(own or presented))
        if not own:
            return _with_key(key.name)
        foreign = next((each for each in presented if self.keys.find(each) is None), None)
        return Caller(key_name=key.name, credential=Secret(foreign) if foreign else None)

    def admit_manager(self, headers: Headers, scope: str, *, needed: bool) -> Caller:
        """Let in a caller of the management API.

        Args:
            needed: Whether this route needs a key even where reads are open.
        """
        behind_proxy = any(name.startswith(_FORWARDED) for name, _ in headers.raw)
        presented = [each for each in (headers.text(b"x-management-key"), _bearer(headers)) if each]
        key = self.keys.first(presented)
        if (key is not None or not presented) and self.open_reads and not needed and not behind_proxy:
            return Caller(key_name=key.name if key else "")  # a client key too: it must not open less than no key
        if not presented:
            raise CallerRefused("KP-AUTH-006", "This needs the management key: `korproxy key show management` prints it.")
        if key is None or scope not in key.scopes:
            raise _refusal(key, scope, presented=True)
        return Caller(key_name=key.name)


@lru_cache(maxsize=64)
def _with_key(name: str) -> Caller:
    return Caller(key_name=name)


def _refusal(key: Key | None, scope: str, *, presented: bool) -> CallerRefused:
    """Return the error for a caller whose *key* has not the *scope*, or is none."""
    shown = f"`korproxy key show {'client' if scope == CLIENT else 'management'}` prints"
    if not presented:
        return CallerRefused("KP-AUTH-001", f"No KorProxy key came with the request: {shown} it.")
    if key is None:
        return CallerRefused("KP-AUTH-002", f"That is not a key of this KorProxy: {shown} the right one.")
    missing = f"it lacks the scope {scope!r}; {shown} one that has it"
    return CallerRefused("KP-AUTH-003", f"The key {key.name!r} does not allow this: {missing}.")


def _bearer(headers: Headers) -> str:
    kind, _, value = headers.text(b"authorization").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _presented(headers: Headers, query: bytes) -> list[str]:
    """Return every credential a client can have sent, in every form in which SDKs send them."""
    found = [_bearer(headers)] if b"authorization" in headers.first else []
    found += [headers.text(name) for name in _BARE_KEYS if name in headers.first]
    if b"key=" in query:
        found += [value for name, value in parse_qsl(query.decode("latin-1")) if name == "key"]
    return list(filter(None, found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
