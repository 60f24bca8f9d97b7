"""The first korproxy.toml, which the user edits ever after."""

from __future__ import annotations

from pathlib import Path

from korproxy.config import durable
from korproxy.config.private_files import write_once
from korproxy.config.template import TEMPLATE
from korproxy.errors.exceptions import CannotStart, CommandFailed


def write_settings(path: Path, *, force: bool) -> None:
    """Write the commented settings to *path*. With *force* a file that is there is kept beside it as ``.old``.

    At no moment is there none: a daemon that runs would take that for a new configuration.

    Raises:
        CommandFailed: KP-CONF-216: there is one, and not *force*; KP-CONF-229: with *force* it cannot be written.
        CannotStart: KP-SYS-504: it cannot be written.
    """
    try:
        if force and path.exists():
            durable.write(path.with_name(f"{path.name}.old"), path.read_bytes())
            durable.write(path, TEMPLATE.encode())
            return
        if force and path.is_symlink():  # and leads nowhere
            path.replace(path.with_name(f"{path.name}.old"))
        written = write_once(path, TEMPLATE.rstrip("\n"))
    except OSError as exc:
        raise CannotStart("KP-SYS-504", f"{path} cannot be written: {exc.strerror}.") from None
    if not written:
        raise CommandFailed("KP-CONF-216", f"{path} is there already and stays as it is; --force sets it aside for a new one.")
