"""Asks each provider once a minute whether it is there, by a question that costs nothing."""

from __future__ import annotations

import logging
from typing import NoReturn

import attrs
import trio

from korproxy.contracts import Provider
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.beginning import Naming
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.windows import Window
from korproxy.models.accounts import Account
from korproxy.models.calls import UpstreamRequest
from korproxy.models.clock import timestamp, wall_time
from korproxy.runtime.reload import Reloader

EVERY = 60.0  # seconds
PATIENCE = 15.0  # seconds that one answer may take, whatever the deadlines for requests are
LONGEST = 1024**2  # bytes of an answer that are read, so that its connection can be used again

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Found:
    """What came of the last check of an account.

    Attributes:
        reached: The provider answered, whatever it was, or took a connection.
        status: Of the answer; None: there was none, or none was asked for.
        code: Why it was not reached, or not asked.
    """

    at: str
    reached: bool
    seconds: float
    status: int | None = None
    code: str = ""


@attrs.define
class HealthCheck:
    """Keeps what was found, and tells the board of connections that cannot be had, and that can be had again.

    Nothing else counts there: whether an account may list models says little about what else it may do. It is shown only.

    Attributes:
        found: By provider and account.
    """

    reloader: Reloader
    name: str = "health check"
    found: dict[tuple[str, str], Found] = attrs.field(factory=dict, init=False)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Check every minute, for ever."""
        task_status.started()
        while True:
            await trio.sleep(EVERY)
            await self.check()

    async def check(self) -> None:
        """Check all accounts at once. Those that wait for a reason of their own, or are switched off, are left alone."""
        gate = self.reloader.entrance.front.answerer.gate
        found: dict[tuple[str, str], Found] = {}
        async with trio.open_nursery() as nursery:
            for provider in gate.snapshot.providers:
                for account in provider.accounts:
                    key = (provider.id, account.name)
                    if "/".join(key) in gate.snapshot.routing.disabled or account.missing is not None:
                        continue
                    if _rests(gate.lasting.board, key) and key in self.found:
                        found[key] = self.found[key]
                    elif not _rests(gate.lasting.board, key):
                        window = gate.windows[provider.id]
                        nursery.start_soon(_check, provider, account, window, gate.lasting.board, found)
        self.found = found


def _rests(board: HealthBoard, key: tuple[str, str]) -> bool:
    return board.standing(*key, "").state in ("rate_limited", "refused")


async def _check(
    provider: Provider, account: Account, window: Window, board: HealthBoard, found: dict[tuple[str, str], Found]
) -> None:
    began = trio.current_time()
    status, code, reached = None, "", True
    try:
        status = await _ask(provider, account, window, began + PATIENCE)
    except KorproxyError as exc:
        code, reached = exc.code, False
        if isinstance(exc, ProviderLost) and exc.untouched:
            log.info("%s cannot be reached for %s: %s", provider.id, account.name, exc)
            board.failed(provider.id, account.name, "", code=code)
    if reached:
        board.succeeded(provider.id, account.name, "")
    seconds = round(trio.current_time() - began, 3)
    at = timestamp(wall_time())
    found[provider.id, account.name] = Found(at=at, reached=reached, seconds=seconds, status=status, code=code)


async def _ask(provider: Provider, account: Account, window: Window, until: float) -> int | None:
    wanted = _question(provider, account)
    if wanted is None:
        await window.upstream.reach(provider.base_url, until)
        return None
    reply = await window.upstream.open(wanted, until)
    try:
        size = 0
        while size < LONGEST and (chunk := await reply.next_chunk()):
            size += len(chunk)
    finally:
        await reply.aclose()
    return reply.status


def _question(provider: Provider, account: Account) -> UpstreamRequest | None:
    check = getattr(provider, "check", None)
    if check is None:
        return None
    with Naming(provider.id):  # a plugin's; whatever it raises is raised on as an error of ours
        asked = check(account)
        if not isinstance(asked, UpstreamRequest | None):
            raise TypeError(f"{type(asked).__name__} in place of an UpstreamRequest")
    return asked
