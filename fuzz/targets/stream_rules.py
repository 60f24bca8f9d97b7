"""Whatever events a reader tells: what leaves through the guard and a writer is a stream that clients can read to its end."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.target import Target
from fuzz.targets.translated_cuts import read_case
from korproxy.api import chat
from tests.fakes.gemini_checks import gemini_array_faults
from tests.fakes.in_array import in_array
from tests.fakes.passing import CLIENTS, faults, guarded, pieces_written, read, translator, written
from tests.fakes.streams import ANY_EVENTS, good_streams

Stream = list[chat.Event]


@st.composite
def _broken(draw: st.DrawFn) -> Stream:
    """A good stream in which something is left out, told twice or put elsewhere."""
    events = draw(good_streams())
    for _ in range(draw(st.integers(1, 2))):
        at, to = draw(st.integers(0, len(events) - 1)), draw(st.integers(0, len(events) - 1))
        how = draw(st.sampled_from(["leave out", "repeat", "move"]))
        event = events[at] if how == "repeat" else events.pop(at)
        if how != "leave out":
            events.insert(to, event)
        if not events:
            break
    return events


def check(events: Stream) -> None:
    """Write the stream for each format that clients speak, and look at the bytes."""
    passed = guarded(events)
    for client in CLIENTS:
        for usage in (True, False):
            found = faults(client, written(client, passed, usage=usage), wants_usage=usage)
            assert found == [], f"{client}: {found}"
    alive = translator("gemini").stream_writer(chat.Asked(model="m")).keep_alive()
    pieces = [each for piece in pieces_written("gemini", passed) for each in (alive, piece)]
    found = gemini_array_faults(in_array(pieces))
    assert found == [], f"gemini, in an array: {found}"


def _read(wire: bytes) -> Stream:
    format, wire, _ = read_case(wire)  # noqa: A001
    return list(read(format, wire).events)


STREAM_RULES = Target(name="stream_rules", inputs=st.one_of(ANY_EVENTS, good_streams(), _broken()), read=_read, check=check)
