"""A correlation id goes into logs and headers: whatever a client sends, what is used is plain, short and one line."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.models.calls import Headers
from korproxy.models.correlation import correlation_id

PLAIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-")

_ids = st.one_of(
    st.text(sorted(PLAIN), min_size=1, max_size=140),
    st.builds(
        "{}{}".format, st.text(sorted(PLAIN), max_size=8), st.sampled_from(["\n", "\r\nX: y", "\x00", " ", "é", "\u0661"])
    ),
    st.text(max_size=20),
)
_fields = st.lists(st.tuples(st.sampled_from([b"x-correlation-id", b"x-request-id"]), _ids), max_size=3)


def check(fields: list[tuple[bytes, str]]) -> None:
    """Take the id; the client's own is taken where it is plain, else there is a new one."""
    raw = [(name, text.encode("latin-1", "replace")) for name, text in fields]
    used = correlation_id(Headers(raw))
    assert 1 <= len(used) <= 128
    assert set(used) <= PLAIN
    offered = [value.decode("latin-1").strip() for _, value in raw]
    if used not in offered:
        assert UUID(used).version == 4
        assert not any(0 < len(text) <= 128 and set(text) <= PLAIN for _, text in fields[:1]), "a good id was thrown away"


def read(text: bytes) -> list[tuple[bytes, str]]:
    """Take the whole file for the client's id."""
    return [(b"x-correlation-id", text.decode("latin-1"))]


CORRELATION = Target(name="correlation", inputs=_fields, read=read, check=check)
