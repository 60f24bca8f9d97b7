"""Whose reasoning is whose, kept in a file, so that a conversation can go on when the daemon has started anew.

The file holds digests of seals, and ids of providers, families of models and names of accounts: no content, nothing secret. It
can be deleted at any time; what is lost is only the knowledge which of two accounts of one vendor made what.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import attrs
import msgspec
import trio

from korproxy.gateway.provenance import DIGEST_SIZE, Origin, Provenance
from korproxy.runtime.presence import write_privately

EVERY = 15.0  # seconds between two looks at whether something has changed: a full table takes 60 ms to write
LAST_WRITE = 2.0  # seconds that the one at the end may take
LONGEST = 16 * 1024**2  # bytes; a longer file is some other file
_HEAD = b"korproxy reasoning table 1\n"
_SUM_SIZE = 4

log = logging.getLogger("korproxy.runtime")


class _Table(msgspec.Struct, array_like=True):
    """What stands in the file: origins, the digests one behind the other, and of each the place of its origin."""

    origins: list[tuple[str, str, str]]
    digests: bytes
    places: list[int]


_tables = msgspec.msgpack.Decoder(_Table)


def encoded(entries: Mapping[bytes, Origin]) -> bytes:
    """Return *entries*, as ``Provenance.copy`` gives them, as the content of the file."""
    places: dict[Origin, int] = {}
    order = [places.setdefault(each, len(places)) for each in entries.values()]
    origins = [(each.provider, each.family, each.account) for each in places]
    body = msgspec.msgpack.encode(_Table(origins=origins, digests=b"".join(entries), places=order))
    return _HEAD + zlib.crc32(body).to_bytes(_SUM_SIZE, "big") + body


def decoded(content: bytes) -> Mapping[bytes, Origin]:
    """Return what ``encoded`` made *content* of.

    Raises:
        ValueError: It is damaged, or of another version.
    """
    if not content.startswith(_HEAD):
        raise ValueError("it does not begin like one of this version")
    start = len(_HEAD) + _SUM_SIZE
    body = content[start:]
    if zlib.crc32(body).to_bytes(_SUM_SIZE, "big") != content[len(_HEAD) : start]:
        raise ValueError("it is cut off, or bytes in it are wrong")
    table = _tables.decode(body)
    origins = [Origin(provider=provider, family=family, account=account) for provider, family, account in table.origins]
    digests, size = table.digests, DIGEST_SIZE
    if len(digests) != size * len(table.places) or not all(0 <= each < len(origins) for each in table.places):
        raise ValueError("its parts do not fit together")
    return {digests[at * size : (at + 1) * size]: origins[place] for at, place in enumerate(table.places)}


@attrs.define
class SealFile:
    """Keeps *provenance* in the file *path*: read once at the start, written where something has changed."""

    provenance: Provenance
    path: Path
    name: str = "reasoning table"
    _written: int | None = attrs.field(default=None, init=False)  # ``changes`` of what is in the file; None: not read yet
    _failing: bool = attrs.field(default=False, init=False)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Write every 5 s where something has changed, for ever, and once more at the end. Started means: the file is read."""
        if self._written is None:
            self.provenance.recall(await trio.to_thread.run_sync(_read, self.path))
            self._written = self.provenance.changes
        task_status.started()
        try:
            while True:
                await trio.sleep(EVERY)
                await self._write()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + LAST_WRITE):
                await self._write(abandon=True)

    async def _write(self, *, abandon: bool = False) -> None:
        changes = self.provenance.changes
        if changes == self._written:
            return
        entries = self.provenance.copy()
        try:
            await trio.to_thread.run_sync(lambda: write_privately(self.path, encoded(entries)), abandon_on_cancel=abandon)
        except OSError as exc:
            if not self._failing:  # once: the next tries will hardly have another reason
                log.warning("KP-SYS-504: cannot write %s: %s; what it should hold is kept in memory", self.path, exc.strerror)
            self._failing = True
        else:
            self._written, self._failing = changes, False


def _read(path: Path) -> Mapping[bytes, Origin]:
    """Return what is in *path*; nothing where there is no such file, or none that can be read: that one is set aside."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
        return decoded(content)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        log.warning("%s cannot be read (%s): KorProxy starts without it", path, exc.strerror)
        return {}
    except ValueError as exc:
        aside = path.with_name(f"{path.name}.damaged")
        log.warning("%s cannot be used (%s): it is set aside as %s, and KorProxy starts without it", path, exc, aside.name)
        with suppress(OSError):
            path.replace(aside)
        return {}
