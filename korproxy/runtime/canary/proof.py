"""The whole proof: furnish a home, let everything happen to the secrets, gather, scan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import trio

from korproxy.config.home import prepare
from korproxy.config.keys import Keys, ensure_keys
from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary import gathering
from korproxy.runtime.canary.clients import REQUESTS, ask
from korproxy.runtime.canary.house import NOT_PROVEN, House, mistaken
from korproxy.runtime.canary.places import BY_FILES, ERRORS, FAILING, FORWARDED, LAST_GOOD, PLACES, RETOLD, UPSTREAM
from korproxy.runtime.canary.planting import Place, Plant, of_the_home, sow
from korproxy.runtime.canary.scanning import Finding, Missing, Scanner, markers, missing
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, Shape
from korproxy.runtime.canary.upstream import Upstream, serving

AT_ONCE = 4  # requests that run beside each other
REPROS = 2  # debug bundles with the shape of a request: KorProxy remembers those of the last failures only
SECONDS = 120.0  # for all of it
NO_SINKS = (FORWARDED, UPSTREAM)  # not KorProxy's to write in: only the markers are looked for


@attrs.frozen(kw_only=True)
class Proof:
    """What came of it."""

    plants: tuple[Plant, ...]
    sinks: Mapping[str, int]
    findings: Sequence[Finding]
    missing: Sequence[Missing]
    spoken: Sequence[Finding]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing got out, and everything was looked at."""
        return not (self.findings or self.missing or self.spoken)

    def to_dict(self) -> dict[str, object]:
        """Return it in JSON's own types."""
        return {
            "ok": self.ok,
            **({} if self.ok else {"code": NOT_PROVEN}),
            "seconds": round(self.seconds, 1),
            "secrets": len(self.plants),
            "shapes": sorted({each.shape for each in self.plants}),
            "sinks": dict(self.sinks),
            "places": [_of_place(self, name) for name in dict.fromkeys(each.place for each in self.plants)],
            "findings": [attrs.asdict(each) for each in self.findings],
            "missing": [attrs.asdict(each) for each in self.missing],
            "content": [attrs.asdict(each) for each in self.spoken],
        }


def _of_place(proof: Proof, name: str) -> dict[str, object]:
    plants = [each for each in proof.plants if each.place == name]
    return {
        "place": name,
        "planted": len(plants),
        "encodings": sorted({each.encoding for each in plants}),
        "expected": sum(len(each.shown) for each in plants),
        "missing": sum(each.place == name for each in proof.missing),
        "findings": sum(each.place == name for each in proof.findings),
        "content": sum(each.place == name for each in proof.spoken),
    }


def prove(
    program: Sequence[str], *, shapes: Iterable[Shape] = SHAPES, places: Iterable[Place] = PLACES, lane: bool = True
) -> Proof:
    """Plant secrets of *shapes* at *places* in a KorProxy that *program* starts, and look for them.

    Args:
        lane: As in ``[server]``: whether its clients are served by the lane, or by Hypercorn alone.

    Raises:
        CommandFailed: KP-SYS-542: it could not be done.
    """
    configured = CONFIGURED.make()
    with TemporaryDirectory(prefix="korproxy-canary-") as folder:
        try:
            house = House(path=Path(folder), program=program, key=configured.text, lane=lane)
            return trio.run(partial(_prove, house, sow(places, shapes, configured=configured)))
        except trio.TooSlowError:
            raise CommandFailed(NOT_PROVEN, f"The self-test was not done within {SECONDS:g} s.") from None
        except BaseExceptionGroup as group:
            raise _that_matters(group) from None


def _that_matters(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return a Ctrl-C, else an error that was foreseen, else all of *group*: Trio's nurseries wrap errors in groups."""
    chosen = group.subgroup(KeyboardInterrupt) or group.subgroup(CommandFailed)
    return group if chosen is None else _first(chosen)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


async def _prove(house: House, planted: tuple[Plant, ...]) -> Proof:
    began = trio.current_time()
    prepare(house.home)
    keys = ensure_keys(house.home)
    plants = (*planted, *of_the_home([keys.client.reveal(), keys.management.reveal()], len(planted)))
    with trio.fail_after(SECONDS):
        sinks = await _sinks(house, planted, keys)
    found = markers(sinks)
    scanned = {name: data for name, data in sinks.items() if name not in NO_SINKS}
    findings = await trio.to_thread.run_sync(_findings, plants, scanned)
    return Proof(
        plants=plants,
        sinks={name: len(data) for name, data in sinks.items()},
        findings=findings,
        missing=missing(plants, found),
        spoken=_spoken(plants, {name: each for name, each in found.items() if name not in NO_SINKS}),
        seconds=trio.current_time() - began,
    )


def _findings(plants: Sequence[Plant], sinks: Mapping[str, bytes]) -> list[Finding]:
    """Scan *sinks*. The last good configuration is a copy of the user's own files, which may hold what was typed into them."""
    typed = {each.name for each in BY_FILES}
    others = tuple(each for each in plants if each.place not in typed)
    copied = {name: data for name, data in sinks.items() if name == LAST_GOOD}
    written = {name: data for name, data in sinks.items() if name != LAST_GOOD}
    return [*Scanner(tuple(plants)).findings(written), *Scanner(others).findings(copied)]


def _spoken(plants: Iterable[Plant], found: Mapping[str, frozenset[str]]) -> list[Finding]:
    """Return what of content is somewhere: its marker shows it."""
    return [
        Finding(
            sink=sink,
            place=each.place,
            shape=each.shape,
            encoding=each.encoding,
            marker=each.marker,
            written="content",
            around="",
        )
        for each in plants
        if each.content
        for sink, there in found.items()
        if each.marker in there
    ]


async def _sinks(house: House, plants: Sequence[Plant], keys: Keys) -> dict[str, bytes]:
    """Let everything happen, and return all that came of it."""
    upstream = Upstream({each.number: each for each in plants})
    async with serving(upstream) as url:
        await trio.to_thread.run_sync(house.furnish, url, plants)
        async with house.daemon() as port:
            answers = await _drive(port, [each for each in plants if each.place != FAILING], keys)
            answers |= await _drive(port, [each for each in plants if each.place == FAILING], keys)
            management = keys.management.reveal()
            asked = await gathering.routes(
                port,
                management,
                stories_of=gathering.ids(_of(answers, plants, RETOLD)),
                shapes_of=gathering.ids(_of(answers, plants, (FAILING,)))[-REPROS:],
            )
            told = await gathering.commands(house, gathering.RUNNING, "running")
            await trio.Path(house.home.toml).write_text(mistaken(plants), encoding="utf-8")
            told["korproxy reload, wrong"] = await house.run("reload", fine=1)
            told["korproxy status, wrong"] = await house.run("status")
            told["GET /v1/diagnostics/health, wrong"] = await gathering.asked(port, "/v1/diagnostics/health", management)
            told["korproxy check, wrong"] = await house.run("check", fine=1)
            await trio.Path(house.home.toml).write_text(house.configuration(url, plants), encoding="utf-8")
    rest = await gathering.commands(house, gathering.AT_REST, "at rest")
    ours = [gathering.body(each) for number, each in answers.items() if ERRORS in plants[number].shown]
    theirs = [each for number, each in answers.items() if ERRORS not in plants[number].shown]
    files = await trio.to_thread.run_sync(gathering.files, house)
    said = {ERRORS: b"\n".join(ours), FORWARDED: b"\n".join(theirs), UPSTREAM: bytes(upstream.received)}
    return {**files, **said, **asked, **told, **rest}


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
