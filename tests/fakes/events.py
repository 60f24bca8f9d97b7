"""Events for a sink as the bus hands them out, from a channel of Trio's."""

from __future__ import annotations

import attrs
import trio

from korproxy.models.outcome import Finished


@attrs.define(eq=False)
class ChannelEvents(trio.abc.ReceiveChannel[Finished]):
    """See ``Events``."""

    channel: trio.MemoryReceiveChannel[Finished]

    async def receive(self) -> Finished:
        return await self.channel.receive()

    def receive_nowait(self) -> Finished:
        return self.channel.receive_nowait()

    async def receive_many(self, most: int) -> list[Finished]:
        found = [await self.channel.receive()]
        try:
            while len(found) < most:
                found.append(self.channel.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel):
            pass
        return found

    async def aclose(self) -> None:
        await self.channel.aclose()


def open_events(most: float) -> tuple[trio.MemorySendChannel[Finished], ChannelEvents]:
    """Return where events go in, *most* of them before somebody takes one, and where they come out."""
    send, receive = trio.open_memory_channel[Finished](most)
    return send, ChannelEvents(receive)
