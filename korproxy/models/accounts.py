"""Credentials, and whose they are."""

from __future__ import annotations

import attrs

from korproxy.errors.exceptions import KorproxyError


@attrs.frozen(eq=False)  # equal only to itself: without that, all secrets would be equal, since no field is compared
class Secret:
    """A credential that cannot be printed, logged or compared by accident."""

    _value: str = attrs.field(repr=False)

    def reveal(self) -> str:
        """Return the credential; call it only while a request is built."""
        return self._value

    def __str__(self) -> str:
        return "***REDACTED***"


@attrs.frozen(kw_only=True)
class Account:
    """One set of credentials at one provider.

    Attributes:
        name: What the user calls it; shown in errors and headers.
        secret: None where the provider wants no credential, or where the caller's own is forwarded.
        forwards: The caller's own credential is sent on, and never stored (``credential = "client"``).
        missing: Why the secret could not be had (an unset variable, a missing file). Raised when the account is used.
    """

    name: str
    secret: Secret | None = None
    forwards: bool = False
    missing: KorproxyError | None = None
