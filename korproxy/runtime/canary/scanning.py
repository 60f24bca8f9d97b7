"""Looks for planted secrets, and for the markers beside them, in all that was gathered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import attrs

from korproxy.runtime.canary.encodings import readings
from korproxy.runtime.canary.planting import MARKER, PIECE, Plant

MOST = 20_000  # findings that are told
AROUND = 48  # characters before and behind a finding that are shown
# All that letters and digits can be written in, see ``encodings``. Long runs of it are rare in what is scanned.
_RUN = re.compile(rb"[A-Za-z0-9%\\&#;+/]{12,}")
_MARKER = re.compile(MARKER.encode())


@attrs.frozen(kw_only=True, order=True)
class Finding:
    """Something of a secret that is where it may not be.

    Attributes:
        place, shape, encoding: Of the plant.
        marker: That stands beside it.
        sink: Where it was found.
        written: How: ``plain``, ``base64``...
        around: The text in which it was found. All of it is made up.
    """

    sink: str
    place: str
    shape: str
    encoding: str
    marker: str
    written: str
    around: str


@attrs.frozen
class Missing:
    """A marker that is not where its place says: so nobody knows whether that sink was looked at."""

    place: str
    shape: str
    encoding: str
    marker: str
    sink: str


@attrs.frozen
class Scanner:
    """Knows every piece of every planted secret, in small letters."""

    plants: tuple[Plant, ...]
    _pieces: Mapping[bytes, Plant] = attrs.field(init=False, repr=False, eq=False)

    @_pieces.default
    def _all_pieces(self) -> Mapping[bytes, Plant]:
        found: dict[bytes, Plant] = {}
        for plant in self.plants:
            for hidden in plant.secret.hidden:
                for start in range(len(hidden) - PIECE + 1):
                    found.setdefault(hidden[start : start + PIECE].lower().encode(), plant)
        return found

    def findings(self, sinks: Mapping[str, bytes]) -> list[Finding]:
        """Return what of the secrets is in *sinks*, once for each plant, sink and way of writing."""
        found: dict[tuple[str, str, str], Finding] = {}
        known: dict[bytes, frozenset[tuple[Plant, str]]] = {}  # logs say the same again and again
        for sink, data in sinks.items():
            for run in _RUN.finditer(data):
                hits = known.get(run[0])
                if hits is None:
                    hits = known[run[0]] = frozenset(self._in(run[0]))
                for plant, written in hits:
                    if (plant.marker, sink, written) not in found and len(found) < MOST:
                        found[plant.marker, sink, written] = _finding(plant, sink, written, data, run)
        return sorted(found.values())

    def _in(self, run: bytes) -> Iterator[tuple[Plant, str]]:
        for said, written in readings(run):
            text = said.lower()  # hosts and words to choose from are often written small: most of a secret is left then
            for start in range(len(text) - PIECE + 1):
                plant = self._pieces.get(text[start : start + PIECE])
                if plant is not None:
                    yield plant, written


def _finding(plant: Plant, sink: str, written: str, data: bytes, run: re.Match[bytes]) -> Finding:
    around = data[max(0, run.start() - AROUND) : run.end() + AROUND].decode("utf-8", "backslashreplace")
    return Finding(
        sink=sink,
        place=plant.place,
        shape=plant.shape,
        encoding=plant.encoding,
        marker=plant.marker,
        written=written,
        around=around if len(around) <= 4 * AROUND else around[: 4 * AROUND] + "…",
    )


def markers(sinks: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
    """Return which markers are in each of *sinks*."""
    return {sink: frozenset(each.decode() for each in _MARKER.findall(data)) for sink, data in sinks.items()}


def missing(plants: Iterable[Plant], found: Mapping[str, frozenset[str]]) -> list[Missing]:
    """Return which markers are not where they must be."""
    nowhere: frozenset[str] = frozenset()
    return [
        Missing(each.place, each.shape, each.encoding, each.marker, sink)
        for each in plants
        for sink in each.shown
        if each.marker not in found.get(sink, nowhere)
    ]
