from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.queries import without_credentials

PARTS = st.lists(st.text("abk=ey%", max_size=8).map(str.encode))


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        (b"", b""),
        (b"beta=true", b"beta=true"),
        (b"key=kp-client-1", b""),
        (b"beta=true&key=kp-client-1&x=%20", b"beta=true&x=%20"),
        (b"monkey=1&key=2", b"monkey=1"),
        (b"a=key=3", b"a=key=3"),
        (b"key&a=1", b"key&a=1"),
        (b"key=wrong&k%65y=kp-client-1&%6B%45y=1", b"%6B%45y=1"),
    ],
)
def test_only_the_key_is_taken_out(query: bytes, passed: bytes) -> None:
    assert without_credentials(query) == passed


@given(PARTS)
def test_every_other_part_stays_in_its_place(parts: list[bytes]) -> None:
    kept = [each for each in b"&".join(parts).split(b"&") if not each.startswith(b"key=")]

    assert without_credentials(b"&".join(parts)) == b"&".join(kept)
