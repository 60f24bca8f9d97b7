"""However the network cuts a provider's stream, the reader of its format tells the same events."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.api import chat
from tests.fakes.gemini_stream import gemini_stream
from tests.fakes.passing import guarded, read, written
from tests.fakes.streams import good_streams

Case = tuple[str, bytes, list[int]]
FORMATS = ("openai-chat", "anthropic-messages", "gemini", "openai-responses")
_ENDS = (b"\n", b"\r\n", b"\r")


def streamed(format: str, events: list[chat.Event], end: bytes = b"\n") -> bytes:  # noqa: A002 -- the word for it
    """Return *events* as a provider of *format* streams them, its lines ended by *end*."""
    if format == "gemini":
        return gemini_stream(guarded(events), end=end)
    return written(format, guarded(events)).replace(b"\n", end)


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    format = draw(st.sampled_from(FORMATS))  # noqa: A001
    wire = streamed(format, draw(good_streams()), draw(st.sampled_from(_ENDS)))
    if draw(st.booleans()):
        wire = wire[: draw(st.integers(0, len(wire)))]  # the provider broke off
    return format, wire, sorted(draw(st.lists(st.integers(0, len(wire)), max_size=8)))


def check(case: Case) -> None:
    """Read the stream whole and in pieces."""
    format, wire, cuts = case  # noqa: A001
    whole = read(format, wire)
    assert read(format, wire, cuts) == whole, f"{format}: the cuts changed what was read"
    ends = [number for number, event in enumerate(whole.events) if isinstance(event, (chat.Ended, chat.Failed))]
    assert ends in ([], [len(whole.events) - 1]), f"{format}: something follows the end, or there are several"


def read_case(wire: bytes) -> Case:
    """Cut the wire after every byte. Its first line, a comment, names the format: ``: openai-chat``."""
    return wire.split(b"\n", 1)[0].removeprefix(b":").strip().decode(), wire, list(range(len(wire)))


TRANSLATED_CUTS = Target(name="translated_cuts", inputs=_cases(), read=read_case, check=check)
