"""Whatever a provider writes into its headers, the wait is None or between 0 and 30 minutes, and nothing is raised."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.kit.retry_after import LONGEST, retry_after
from korproxy.models.calls import Headers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()

_numbers = st.one_of(
    st.integers().map(str), st.floats().map(str), st.sampled_from(["1e400", "-1e400", "1_0", "0x10", "٣", " 5 "])
)
_dates = st.builds(format_datetime, st.datetimes(timezones=st.just(UTC)), usegmt=st.booleans())
_odd_dates = st.builds(
    "{} {:02} {} {} {}:{:02}:{:02} {}".format,
    st.sampled_from(["Sun,", "", "Sunday,"]),
    st.integers(0, 32),
    st.sampled_from(["Feb", "Mar", "Foo", ""]),
    st.one_of(st.integers(0, 99), st.integers(0, 10**6)),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(["GMT", "", "+0200", "-9999", "+99999999", "EST", "+2400"]),
)
_texts = st.one_of(_numbers, _dates, _odd_dates, st.text(max_size=20))
_fields = st.lists(st.tuples(st.sampled_from([b"retry-after", b"retry-after-ms"]), _texts), max_size=3)


def check(fields: list[tuple[bytes, str]]) -> None:
    """Read the wait; where it comes from one plain number, compare."""
    headers = Headers([(name, text.encode("latin-1", "replace")) for name, text in fields])
    wait = retry_after(headers, NOW)
    assert wait is None or 0 <= wait <= LONGEST
    match fields:
        case [(b"retry-after", text)] if text.isascii() and text.isdigit():
            assert wait == min(int(text), LONGEST)
        case [(b"retry-after-ms", text)] if text.isascii() and text.isdigit():
            assert wait == min(int(text) / 1000, LONGEST)
        case []:
            assert wait is None


def read(text: bytes) -> list[tuple[bytes, str]]:
    """Read header lines."""
    lines = [line.partition(b":") for line in text.splitlines()]
    return [(name.strip().lower(), value.decode("latin-1")) for name, _, value in lines]


RETRY_AFTER = Target(name="retry_after", inputs=_fields, read=read, check=check)
