from __future__ import annotations

import logging
from typing import cast

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.gateway.upstream import Upstream
from korproxy.gateway.windows import Window, Windows
from korproxy.runtime.services import CHECK_SECONDS, IdleConnectionCheck


@attrs.define
class FakeUpstream:
    """Connections to one provider, some of which are idle for too long."""

    provider: str = "one"
    idle: int = 0
    looked_at: list[float] = attrs.field(factory=list)

    async def drop_idle(self) -> int:
        self.looked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        dropped, self.idle = self.idle, 0
        return dropped


async def run_for(seconds: float, *upstreams: FakeUpstream) -> float:
    """Run the check over *upstreams*; return when it began."""
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        windows = Windows({each.provider: Window(cast("Upstream", each), None) for each in upstreams})  # type: ignore[arg-type]
        await nursery.start(IdleConnectionCheck(windows).run)
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()
    return began


async def test_every_pool_is_looked_at_every_thirty_seconds(autojump_clock: MockClock) -> None:
    one, two = FakeUpstream(), FakeUpstream("two")
    began = await run_for(100, one, two)

    assert [each - began for each in one.looked_at] == [30, 60, 90]
    assert one.looked_at == two.looked_at
    assert CHECK_SECONDS == 30


async def test_it_is_useful_at_once(autojump_clock: MockClock) -> None:
    with trio.fail_after(0.1):
        assert await run_for(0) == trio.current_time()


async def test_what_was_closed_is_in_the_log_at_debug(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "korproxy.runtime"):
        await run_for(70, FakeUpstream("one", idle=3), FakeUpstream("two"))

    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [("DEBUG", "one: 3 idle connections closed")]


async def test_without_providers_there_is_nothing_to_do(autojump_clock: MockClock) -> None:
    await run_for(100)


async def test_a_pool_that_fails_is_the_supervisors_business(autojump_clock: MockClock) -> None:
    class Broken(FakeUpstream):
        async def drop_idle(self) -> int:
            raise OSError("gone")

    with pytest.RaisesGroup(OSError):
        await run_for(31, Broken())
