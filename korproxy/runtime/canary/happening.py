"""What happens to the canary's KorProxy, from its start to its end, and all that comes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import trio

from korproxy.config.keys import Keys
from korproxy.runtime.canary import gathering
from korproxy.runtime.canary.clients import REQUESTS, ask
from korproxy.runtime.canary.house import House, mistaken
from korproxy.runtime.canary.places import ERRORS, FAILING, FORWARDED, RETOLD, UPSTREAM
from korproxy.runtime.canary.planting import Plant
from korproxy.runtime.canary.upstream import Upstream, serving

AT_ONCE = 4  # requests that run beside each other
REPROS = 2  # debug bundles with the shape of a request: KorProxy remembers those of the last failures only


async def happen(house: House, plants: Sequence[Plant], keys: Keys) -> dict[str, bytes]:
    """Let everything happen to *plants*, and return all sinks, by their names.

    Args:
        plants: Their numbers are their indices.

    Raises:
        CommandFailed: KP-SYS-542: something does not go as it has to.
    """
    upstream = Upstream({each.number: each for each in plants})
    async with serving(upstream) as url:
        await trio.to_thread.run_sync(house.furnish, url, plants)
        async with house.daemon() as port:
            answers = await _drive(port, [each for each in plants if each.place != FAILING], keys)
            answers |= await _drive(port, [each for each in plants if each.place == FAILING], keys)
            told = await gathering.routes(
                port,
                keys.management.reveal(),
                stories_of=gathering.ids(_of(answers, plants, RETOLD)),
                shapes_of=gathering.ids(_of(answers, plants, (FAILING,)))[-REPROS:],
            )
            told |= await gathering.commands(house, gathering.RUNNING, "running")
            told |= await _mistakes(house, plants, port, keys, url)
    told |= await gathering.commands(house, gathering.AT_REST, "at rest")
    told |= await trio.to_thread.run_sync(gathering.files, house)
    ours = [gathering.body(each) for number, each in answers.items() if ERRORS in plants[number].shown]
    theirs = [each for number, each in answers.items() if ERRORS not in plants[number].shown]
    return {**told, ERRORS: b"\n".join(ours), FORWARDED: b"\n".join(theirs), UPSTREAM: bytes(upstream.received)}


def _of(answers: Mapping[int, bytes], plants: Sequence[Plant], places: Collection[str]) -> list[bytes]:
    return [answer for number, answer in answers.items() if plants[number].place in places]


async def _drive(port: int, plants: Iterable[Plant], keys: Keys) -> dict[int, bytes]:
    """Send all requests; return the answers by the plants' numbers."""
    answers: dict[int, bytes] = {}
    places = trio.CapacityLimiter(AT_ONCE)

    async def drive(plant: Plant) -> None:
        async with places:
            request = REQUESTS[plant.place](plant)
            key = keys.management if request.managing else keys.client
            answers[plant.number] = await ask(port, request, key.reveal())

    async with trio.open_nursery() as nursery:
        for each in plants:
            if each.place in REQUESTS:
                nursery.start_soon(drive, each)
    return answers


async def _mistakes(house: House, plants: Sequence[Plant], port: int, keys: Keys, url: str) -> dict[str, bytes]:
    """Have a configuration read that is full of mistakes; return what is said of it. In the end the old one is back."""
    file = trio.Path(house.home.toml)
    await file.write_text(mistaken(plants), encoding="utf-8")
    told = {
        "korproxy reload, wrong": await house.run("reload", fine=1),
        "korproxy status, wrong": await house.run("status"),
        "GET /v1/diagnostics/health, wrong": await gathering.asked(port, "/v1/diagnostics/health", keys.management.reveal()),
        "korproxy check, wrong": await house.run("check", fine=1),
    }
    await file.write_text(house.configuration(url, plants), encoding="utf-8")
    return told
