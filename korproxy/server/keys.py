"""The keys that open KorProxy, and what each one opens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import attrs

from korproxy.models.accounts import Secret

CLIENT, READ, MANAGE = "client", "read", "manage"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


@attrs.frozen(kw_only=True)
class Key:
    """One key, by its digest: the text itself is not kept."""

    name: str
    digest: bytes = attrs.field(repr=False)
    scopes: frozenset[str]

    @classmethod
    def of(cls, name: str, secret: Secret, *scopes: str) -> Key:
        """Return the key that *secret* is."""
        return cls(name=name, digest=_digest(secret.reveal()), scopes=frozenset(scopes))


@attrs.frozen
class KeyRing:
    """All keys. Comparing takes the same time whichever key is right, and however much of a wrong one is right."""

    keys: tuple[Key, ...]

    def find(self, presented: str) -> Key | None:
        """Return the key that *presented* is, or None."""
        digest, equal = _digest(presented), hmac.compare_digest
        found = None
        for key in self.keys:
            if equal(key.digest, digest):
                found = key
        return found

    def first(self, presented: Iterable[str]) -> Key | None:
        """Return the first of *presented* that is a key."""
        for text in presented:
            if (key := self.find(text)) is not None:
                return key
        return None
