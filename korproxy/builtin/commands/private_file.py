"""Write a file of which nobody knows what secrets of its user it holds."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from korproxy.api import CommandFailed


def write_private(path: Path, text: str, *, code: str) -> None:
    """Write *text* so that only the user can read it: what is no secret to KorProxy may be one to its user.

    Raises:
        CommandFailed: With *code*: it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            with suppress(OSError, AttributeError):  # it was there before, for others, too
                if stat.S_ISREG(os.fstat(descriptor).st_mode):  # and is no device that everybody needs, as /dev/null is
                    os.fchmod(descriptor, 0o600)
            file.write(text)
    except OSError as exc:
        raise CommandFailed(code, f"{path} cannot be written: {exc.strerror}.") from None
