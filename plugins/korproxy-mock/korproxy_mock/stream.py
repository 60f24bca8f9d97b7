"""Plan how a stream goes over the wire: bytes, pauses and faults, one step after the other. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import attrs

from korproxy_mock.formats import SSE, Event, Framing
from korproxy_mock.script import Script

_COMMENTS = (b": keep-alive\n\n", b":\n\n", b": MOCK PROCESSING\n\n")
_BLANK = b" \n"  # what an array has in place of comments
_ASCII = 0x80  # bytes from here on are part of a longer character
_CONTINUES = 0xC0


@attrs.frozen
class Send:
    """Write these bytes. ``last``: the client has got all of the reply once it has them."""

    data: bytes
    last: bool = False


@attrs.frozen
class Pause:
    """Do nothing for that many seconds."""

    seconds: float


@attrs.frozen
class Stall:
    """Do nothing until the client leaves."""


@attrs.frozen
class Cut:
    """Close the connection without ending the body; with ``reset`` the client gets ECONNRESET."""

    reset: bool


Step: TypeAlias = Send | Pause | Stall | Cut


def plan(events: Iterable[Event], errors: Sequence[Event], script: Script, framing: Framing = SSE) -> Iterator[Step]:
    """Turn *events* into steps as *script* asks.

    Args:
        events: The stream as it should be.
        errors: What the vendor sends when it fails in mid-stream; used by ``error-after``.
        script: Its counts are of events; a fault that lies behind the last event happens after it.
        framing: How the vendor writes events.
    """
    yield from _grouped(_planned(events, errors, script, framing), script.join)


def _planned(events: Iterable[Event], errors: Sequence[Event], script: Script, framing: Framing) -> Iterator[Step]:
    yield from _pause(script.first_event)
    kept = [event for event in events if not (script.no_terminal and event.terminal)]
    # the number of the event that ends the reply; an array ends with its bracket
    ending = len(kept) - 1 if _fault(None, script) is None and not framing.array else None
    for number, event in enumerate(kept):
        if fault := _fault(number, script):
            yield from _broken(fault, event, errors, script, framing, first=not number)
            return
        if number:
            yield from _pause(script.gap)
        if script.comments:
            yield from _sends(_comment(number, script, framing), script)
        written = _malformed(event) if script.malformed_after == number else event
        yield from _sends(frame(written, script, framing, first=not number), script, last=number == ending)
    if fault := _fault(None, script):
        yield from _broken(fault, Event(data=""), errors, script, framing, first=not kept)
    elif framing.array:
        yield from _sends(b"]" if kept else b"[]", script, last=True)


def _fault(number: int | None, script: Script) -> str | None:
    """Name the fault due in front of event *number*; None: what is still due at the end."""
    cut_after = 1 if script.cut_inside and script.cut_after is None else script.cut_after
    due = {"cut": cut_after, "stall": script.stall_after, "error": script.error_after}
    return next((name for name, after in due.items() if after is not None and number in {None, after}), None)


def _broken(
    fault: str, event: Event, errors: Sequence[Event], script: Script, framing: Framing, *, first: bool
) -> Iterator[Step]:
    if fault == "stall":
        yield Stall()
    elif fault == "cut":
        if script.cut_inside:
            whole = frame(event, script, framing, first=first)
            yield from _sends(whole[: len(whole) // 2], script)
        yield Cut(reset=script.cut == "rst")
    else:
        for number, error in enumerate(errors, 1):
            last = number == len(errors) and not framing.array
            yield from _sends(frame(error, script, framing, first=first and number == 1), script, last=last)
        if framing.array:
            yield from _sends(b"]", script, last=True)


def frame(event: Event, script: Script, framing: Framing = SSE, *, first: bool = False) -> bytes:
    """Write one event as *framing* says; *first* is the one that an array opens with."""
    # a lone surrogate can come in as a \u escape but never leave as UTF-8
    if framing.array:
        opening = "[" if first else ",\r\n"
        return f"{opening}{event.data}\n".encode("utf-8", "replace")
    name = f"event: {event.name}\n" if event.name else ""
    return _lined(f"{name}data: {event.data}\n\n".encode("utf-8", "replace"), script, framing)


def pieces(data: bytes, split: str | int | None) -> list[bytes]:
    """Cut *data*: inside every longer character, at every byte, every so many bytes, or not at all."""
    if split is None:
        return [data]
    if split == "char":
        cuts = [at for at in range(1, len(data)) if data[at] >= _ASCII and data[at] & _CONTINUES == _ASCII]
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    size = split if isinstance(split, int) else 1
    return [data[at : at + size] for at in range(0, len(data), size)]


def _sends(data: bytes, script: Script, *, last: bool = False) -> Iterator[Step]:
    cut = pieces(data, script.split)
    for number, piece in enumerate(cut, 1):
        yield Send(piece, last=last and number == len(cut))


def _pause(seconds: float) -> Iterator[Step]:
    if seconds:
        yield Pause(seconds)


def _malformed(event: Event) -> Event:
    """Break the JSON but not the event: the last third is missing."""
    return attrs.evolve(event, data=event.data[: len(event.data) * 2 // 3] or "{")


def _comment(number: int, script: Script, framing: Framing) -> bytes:
    return _BLANK if framing.array else _lined(_COMMENTS[number % len(_COMMENTS)], script, framing)


def _lined(data: bytes, script: Script, framing: Framing) -> bytes:
    return data.replace(b"\n", b"\r\n") if script.crlf or framing.crlf else data


def _grouped(steps: Iterator[Step], size: int) -> Iterator[Step]:
    """Join up to *size* neighbouring writes into one, as the network does."""
    if size == 1:
        yield from steps
        return
    held: list[Send] = []
    for step in steps:
        if isinstance(step, Send):
            held.append(step)
        if held and (len(held) == size or not isinstance(step, Send)):
            yield Send(b"".join(each.data for each in held), last=held[-1].last)
            held = []
        if not isinstance(step, Send):
            yield step
    if held:
        yield Send(b"".join(each.data for each in held), last=held[-1].last)
