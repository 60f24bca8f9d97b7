"""Sees that KorProxy crashes again and again, so that the next start is one that gets through.

A file in the home says that a start is under way. A life that lasts for a minute, or is asked to end, takes it away; so what
is there at a start is from one that crashed. A process that is killed can say nothing at its end, and need not.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import attrs
import trio

CRASHES = 3  # in a row, after which a start is a careful one
PROVEN = 60.0  # seconds after which a start counts as a good one
SAFE = "KP-SYS-525"

log = logging.getLogger("korproxy.runtime")


@attrs.define
class CrashGuard:
    """Counts the starts that crashed.

    Attributes:
        file: Where they are counted. Whatever is wrong with it, KorProxy starts.
        crashes: Before this start, in a row.
    """

    file: Path
    crashes: int = attrs.field(default=0, init=False)

    @property
    def careful(self) -> bool:
        """Whether this start has to be a careful one."""
        return self.crashes >= CRASHES

    def begin(self) -> None:
        """Count this start as one that crashed, until it is known better."""
        self.crashes = _read(self.file)
        self._write(self.crashes + 1)

    def good(self) -> None:
        """This start was a good one, or did not come to be one for a reason that was told."""
        with suppress(OSError):
            self.file.unlink(missing_ok=True)

    def undo(self) -> None:
        """This start came to nothing by itself: what was counted before it still counts."""
        if self.crashes:
            self._write(self.crashes)
        else:
            self.good()

    def _write(self, starts: int) -> None:
        """Not durably: what the machine has lost with its power was no crash of KorProxy's."""
        try:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(json.dumps({"starts": starts}).encode())
        except OSError as exc:  # then three crashes are not noticed, and everything else works
            log.warning("KP-SYS-504: cannot write %s: %s", self.file, exc.strerror)


@attrs.define
class Proof:
    """A service that lets the crashes be forgotten once KorProxy has run for a minute.

    Attributes:
        forget: Does it, in a thread.
    """

    forget: Callable[[], None]
    name: str = "crash guard"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Wait for a minute, forget, and wait for ever: a service that ends would be seen as one that has ended."""
        task_status.started()
        await trio.sleep(PROVEN)
        await trio.to_thread.run_sync(self.forget)
        await trio.sleep_forever()
        raise AssertionError("that was for ever")


def _read(file: Path) -> int:
    try:
        found = json.loads(file.read_bytes())["starts"]
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # cut off in the middle, say
        return 1  # of whatever it was: there was a start, and it did not end well
    return found if isinstance(found, int) and 0 < found < 1_000_000 else 1
