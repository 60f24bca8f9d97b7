"""The first korproxy.toml, which the user edits ever after."""

from __future__ import annotations

import os
from pathlib import Path

from korproxy.config.private_files import write_once
from korproxy.config.template import TEMPLATE
from korproxy.errors.exceptions import CannotStart, CommandFailed


def write_settings(path: Path, *, force: bool) -> None:
    """Write the commented settings to *path*. With *force* a file that is there is kept beside it as ``.old``.

    Raises:
        CommandFailed: KP-CONF-216: there is one, and not *force*.
        CannotStart: KP-SYS-504: it cannot be written.
    """
    try:
        if force and os.path.lexists(path):
            path.replace(path.with_name(f"{path.name}.old"))
        written = write_once(path, TEMPLATE.rstrip("\n"))
    except OSError as exc:
        raise CannotStart("KP-SYS-504", f"{path} cannot be written: {exc.strerror}.") from None
    if not written:
        raise CommandFailed("KP-CONF-216", f"{path} is there already and stays as it is; --force sets it aside for a new one.")
