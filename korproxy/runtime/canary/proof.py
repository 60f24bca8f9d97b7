"""The whole proof: furnish a home, let everything happen to the secrets, gather, scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import attrs
import trio

from korproxy.config.home import prepare
from korproxy.config.keys import ensure_keys
from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary.happening import happen
from korproxy.runtime.canary.house import NOT_PROVEN, House
from korproxy.runtime.canary.places import BY_FILES, FORWARDED, LAST_GOOD, PLACES, UPSTREAM
from korproxy.runtime.canary.planting import Place, Plant, of_the_home, sow
from korproxy.runtime.canary.scanning import Finding, Missing, Scanner, markers, missing
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, Shape

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
    with TemporaryDirectory(prefix="korproxy-canary-", ignore_cleanup_errors=True) as folder:
        try:
            house = House(path=Path(folder), program=program, key=configured.text, lane=lane)
            return trio.run(partial(_prove, house, sow(places, shapes, configured=configured)))
        except trio.TooSlowError:
            raise CommandFailed(NOT_PROVEN, f"The self-test was not done within {SECONDS:g} s.") from None
        except BaseExceptionGroup as group:
            raise _that_matters(group) from None
        except OSError as exc:
            raise _no_room(folder, exc) from None


def _that_matters(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return a Ctrl-C, else an error that was foreseen, else all of *group*: Trio's nurseries wrap errors in groups."""
    chosen = group.subgroup(KeyboardInterrupt) or group.subgroup(CommandFailed)
    if chosen is None and group.split(OSError)[1] is None:
        return _no_room(gettempdir(), _first(group))
    return group if chosen is None else _first(chosen)


def _no_room(folder: str, exc: BaseException) -> CommandFailed:
    return CommandFailed(NOT_PROVEN, f"The self-test cannot work in {folder}: {exc}. Set TMPDIR to a folder with more room.")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


async def _prove(house: House, planted: tuple[Plant, ...]) -> Proof:
    began = trio.current_time()
    prepare(house.home)
    keys = ensure_keys(house.home)
    plants = (*planted, *of_the_home([keys.client.reveal(), keys.management.reveal()], len(planted)))
    with trio.fail_after(SECONDS):
        sinks = await happen(house, planted, keys)
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
