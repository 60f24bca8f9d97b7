"""What is planted where: each secret with a harmless marker beside it, by which it is known that it got there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from korproxy.runtime.canary.encodings import ENCODINGS
from korproxy.runtime.canary.shapes import CONFIGURED, LETTERS, SHAPES, Draw, Secret, Shape, made_up

PIECE = 12  # characters of a secret that are too many to get out; every hidden part has more
MARKER = "mark[a-z]{4}[0-9]{5}"  # matches all markers; no rule takes one for a secret


@attrs.frozen(kw_only=True)
class Place:
    """Where secrets are planted.

    Attributes:
        name: For people.
        shown: The sinks that show what is planted here, all but the secret: there the markers must be.
        fits: A pattern of all that can be carried there.
        between: What stands between the marker and the secret.
        before: What stands before both.
        encodings: In which they are planted.
        content: What people or models say: no sink shows even the marker.
        alone: Only the secret is planted; the marker is a name beside it.
        early: Nobody knows yet what is configured as a key, so that is not planted there.
    """

    name: str
    shown: tuple[str, ...] = ()
    fits: str = r"[^\x00]*"
    between: str = " "
    before: str = ""
    encodings: tuple[str, ...] = ("plain",)
    content: bool = False
    alone: bool = False
    early: bool = False


@attrs.frozen(kw_only=True, eq=False)
class Plant:
    """One secret in one place.

    Attributes:
        number: By which the upstream and the plugin find it.
        text: What is planted: marker and secret, encoded.
        shown: See ``Place``.
    """

    number: int
    place: str
    shape: str
    encoding: str
    marker: str
    secret: Secret
    text: str
    shown: tuple[str, ...] = ()
    content: bool = False


def of_the_home(keys: Iterable[str], first: int) -> tuple[Plant, ...]:
    """Return plants for keys that KorProxy has made itself: nobody plants them, and no marker is beside them."""
    parts = [(key, tuple(each for each in re.split("[^A-Za-z0-9]", key) if len(each) >= PIECE)) for key in keys]
    return tuple(
        Plant(
            number=first + number,
            place="KorProxy's own keys",
            shape="korproxy-key",
            encoding="plain",
            marker=f"own key {number + 1}",
            secret=Secret(text=key, hidden=hidden),
            text=key,
        )
        for number, (key, hidden) in enumerate(parts)
    )


def sow(
    places: Iterable[Place], shapes: Iterable[Shape] = SHAPES, *, configured: Secret, draw: Draw = made_up
) -> tuple[Plant, ...]:
    """Return a plant for each place, and each shape and encoding that it can carry; their numbers are their indices.

    Args:
        configured: The key of an account: it is planted everywhere, too, since providers and plugins repeat keys.
    """
    run = draw(LETTERS["l"], 4)
    plants: list[Plant] = []
    for place in places:
        fits = re.compile(place.fits)
        for shape in shapes if place.early else (*shapes, CONFIGURED):
            for encoding in place.encodings:
                secret = configured if shape is CONFIGURED else shape.make(draw)
                marker = f"mark{run}{len(plants):05}"
                written = ENCODINGS[encoding](secret.text)
                text = written if place.alone else f"{place.before}{marker}{place.between}{written}"
                if not fits.fullmatch(text):
                    continue
                plant = Plant(
                    number=len(plants),
                    place=place.name,
                    shape=shape.name,
                    encoding=encoding,
                    marker=marker,
                    secret=secret,
                    text=text,
                    shown=place.shown,
                    content=place.content,
                )
                plants.append(plant)
    return tuple(plants)
