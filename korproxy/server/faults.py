"""How an error of ours reads on the wire: its status, its text, its headers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import attrs

from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import AccountRefused, Busy, KorproxyError, ProviderRefused
from korproxy.kit.writing import json_bytes
from korproxy.models.outcome import Fault


@attrs.frozen(kw_only=True)
class FaultWriter:
    """Turns exceptions into faults.

    Attributes:
        codes: All known codes. One that is not there counts as a fault of KorProxy's own.
        redact: Hides secrets: an error names what was asked for, and people paste keys into everything.
        show_codes: ``features.new_error_codes``; off: bodies and headers carry the plain text only.
    """

    codes: Registry
    show_codes: bool = True
    redact: Callable[[str], str] = str

    def fault(self, exc: KorproxyError, origin: str = "") -> Fault:
        """Return *exc* ready for a client; *origin* (``http://127.0.0.1:1337``) is where its docs page is served."""
        known = self.codes[exc.code if exc.code in self.codes else "KP-SYS-501"]
        status = exc.upstream_status if isinstance(exc, ProviderRefused) else known.status
        said = self.redact(str(exc))
        if not self.show_codes:
            return Fault(code="", status=status, message=said, cause=known.code)
        docs = f"{origin}/errors/{known.code}" if origin else f"korproxy errors {known.code}"
        return Fault(code=known.code, status=status, message=f"{said} [{known.code}: {docs}]", docs=docs, cause=known.code)

    def headers(self, exc: KorproxyError, fault: Fault) -> list[tuple[bytes, bytes]]:
        """Return what goes beside the body. SDKs retry most 5xx by themselves; where that is in vain they are told not to."""
        found = [(b"content-type", b"application/json")]
        if fault.code:
            found.append((b"x-korproxy-error", fault.code.encode()))
        if isinstance(exc, Busy | ProviderRefused) and exc.retry_after is not None:
            found.append((b"retry-after", str(max(1, ceil(exc.retry_after))).encode()))
        if fault.status == 401:  # which has to say how (RFC 9110, 15.5.2)
            found.append((b"www-authenticate", b'Bearer realm="korproxy"'))
        retryable = exc.code in self.codes and self.codes[exc.code].retryable and not isinstance(exc, AccountRefused)
        if fault.status in (408, 409, 429) or fault.status >= 500:
            found.append((b"x-should-retry", b"true" if retryable else b"false"))
        return found


def plain_error(fault: Fault) -> bytes:
    """Return the body of an error where no client's format applies; without a code where codes are not shown."""
    error = {"code": fault.code, "message": fault.message, "docs": fault.docs}
    return json_bytes({"error": {name: text for name, text in error.items() if text}})
