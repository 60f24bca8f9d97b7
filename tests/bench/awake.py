"""Keeps the cores of a virtual machine from falling asleep between two requests.

Where the host halts a core that has nothing to do, whoever sends something to a program there has to wake it through the host:
15 us of the sender's time here, more than the rest of the system call. A gateway that keeps the clients busy never pays that,
one that is slower pays it twice per request, so that what is measured is not its work. Linux can wait awake for a while in
place of that, where it runs as a guest (Documentation/virt/guest-halt-polling.rst), and root may say for how long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

PARAMETERS = Path("/sys/module/haltpoll/parameters")
AWAKE = {"guest_halt_poll_ns": "1000000", "guest_halt_poll_grow_start": "500000"}  # nanoseconds
YES = "the cores wait awake for a millisecond (haltpoll)"
NO = "the cores may halt between two requests: on a virtual machine whoever sends then pays for waking them"


@contextmanager
def kept_awake(parameters: Path = PARAMETERS, wanted: Mapping[str, str] = AWAKE) -> Iterator[str]:
    """Keep the cores awake for the block, where the system can and lets us; yield what is to be said about it."""
    with ExitStack() as stack:
        try:
            for name, value in wanted.items():
                place = parameters / name
                before = place.read_text(encoding="utf-8")
                place.write_text(value, encoding="utf-8")
                stack.callback(place.write_text, before, encoding="utf-8")
        except OSError:  # another system, or not root
            stack.close()
            yield NO
        else:
            yield YES
