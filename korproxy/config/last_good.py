"""The last configuration that worked, kept as plain files: ``last-good/NUMBER/``. Whole sets only, never a mixture of two."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import attrs

from korproxy.config import durable
from korproxy.config.home import Home
from korproxy.errors.exceptions import CommandFailed

LONGEST = 16 * 1024**2  # bytes of one file; nobody's configuration is longer, and what is must not fill the memory


@attrs.frozen(kw_only=True)
class Kept:
    """What was kept. ``files``: their contents by name; one that is not among them was absent. ``path``: where they are."""

    files: Mapping[str, bytes]
    path: Path


def keep_last_good(home: Home, files: Mapping[str, bytes]) -> None:
    """Keep *files*, contents by name, as the last good configuration of *home*. What is kept already is not written again.

    Raises:
        CommandFailed: KP-CONF-229: it cannot be written. What was kept before is still there.
    """
    before = newest(home)
    if before is not None and before.files == files:
        return
    number = max(_numbers(home.last_good), default=0) + 1
    draft = home.last_good / f".{os.urandom(8).hex()}{durable.DRAFT}"
    try:
        home.last_good.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        for name, data in files.items():
            durable.write(draft / name, data)
        draft.rename(home.last_good / f"{number:06}")  # the step that counts
        durable.flush_directory(home.last_good)
    except OSError as exc:
        text = f"The last good configuration cannot be kept in {home.last_good}: {exc.strerror}."
        raise CommandFailed(durable.NOT_WRITTEN, text) from None
    finally:
        if draft.exists():
            _remove(draft)
    _forget(home.last_good, number)


def newest(home: Home) -> Kept | None:
    """Return what was kept last; None if there is nothing that can be read."""
    for number in sorted(_numbers(home.last_good), reverse=True):
        path = home.last_good / f"{number:06}"
        with suppress(OSError):
            names = [each.name for each in path.iterdir() if each.is_file() and not each.name.startswith(".")]
            if all((path / name).stat().st_size <= LONGEST for name in names):
                return Kept(files={name: (path / name).read_bytes() for name in names}, path=path)
    return None


def _numbers(directory: Path) -> list[int]:
    try:
        return [int(each.name) for each in directory.iterdir() if each.name.isascii() and each.name.isdigit()]
    except OSError:
        return []


def _forget(directory: Path, number: int) -> None:
    """Remove what is older than *number*, and what writers left that were killed."""
    for each in directory.iterdir():
        old = each.name.isascii() and each.name.isdigit() and int(each.name) < number
        if old or each.name.endswith(durable.DRAFT):
            _remove(each)


def _remove(directory: Path) -> None:
    import shutil  # 6 ms, and mostly nothing is removed

    shutil.rmtree(directory, ignore_errors=True)
