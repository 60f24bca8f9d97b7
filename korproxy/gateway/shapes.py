"""What the last requests that failed looked like: made soon after, beside the loop, and kept in memory only."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio
from msgspec import structs

from korproxy.models.calls import Call
from korproxy.models.outcome import Finished

if TYPE_CHECKING:  # nobody needs it before something fails
    from korproxy.gateway.repro import Shape

MOST = 20  # requests
PAUSE = 0.5  # seconds from one look to the next
SHARE = 10  # times as long as it took to make shapes nobody makes more of them: a storm of failures costs a tenth of a core
LARGEST = 256 * 1024  # bytes of a body that is held until its shape is made; of larger ones nothing is

_Waiting = tuple[Call, Finished, int]


@attrs.define
class Shapes:
    """The shapes of the last ``most`` failures. To add one costs next to nothing: it is made later, by the service.

    Attributes:
        name: Of the service.
    """

    most: int = MOST
    name: str = "repro shapes"
    _waiting: deque[_Waiting] = attrs.field(init=False, repr=False)
    _kept: deque[Shape] = attrs.field(init=False, repr=False)
    _more: trio.Event = attrs.field(factory=trio.Event, init=False, repr=False)
    _turn: trio.Lock = attrs.field(factory=trio.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._waiting, self._kept = deque(maxlen=self.most), deque(maxlen=self.most)

    def add(self, call: Call, finished: Finished) -> None:
        """Remember *call*, which ended as *finished*."""
        size = len(call.body)
        kept = call if size <= LARGEST else structs.replace(call, body=b"")
        self._waiting.append((kept, finished, size))
        self._more.set()

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Make shapes of what was added, for ever."""
        task_status.started()
        while True:
            await self._more.wait()
            began = trio.current_time()
            await self.settle()
            await trio.sleep(PAUSE + SHARE * (trio.current_time() - began))

    async def settle(self) -> None:
        """Make the shapes of all that was added up to now."""
        async with self._turn:
            waiting, self._more = list(self._waiting), trio.Event()
            self._waiting.clear()
            if waiting:
                await trio.to_thread.run_sync(_make, waiting, self._kept)

    async def find(self, id: str) -> Shape | None:  # noqa: A002 -- the word for it
        """Return the shape of the request with this own id, else of the last one with this correlation id, if there is one."""
        await self.settle()
        found = [each for each in reversed(self._kept) if id in (each.id, each.correlation_id)]
        return next((each for each in found if each.id == id), found[0] if found else None)


def _make(waiting: Sequence[_Waiting], kept: deque[Shape]) -> None:
    """Put the shapes of *waiting* into *kept*: here, so that they are there even if whoever waits for them is cancelled."""
    from korproxy.gateway.repro import shape_of

    for each in waiting:
        kept.append(shape_of(*each))
