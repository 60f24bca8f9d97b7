"""Whatever the attempt, the chance and the provider's wish: waits are bounded, and grow with each of the three."""

from __future__ import annotations

from math import inf, nan

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.gateway.backoff import BASE, CAP, MOST, delay, wait

Case = tuple[int, int, float, float, float | None]  # attempt, how many more, jitter, another one, retry_after

_attempts = st.integers(0, 10) | st.integers() | st.sampled_from([-(10**30), 63, 1023, 1024, 10**30])
_floats = st.floats(0, 1) | st.floats() | st.sampled_from([inf, -inf, nan, 5e-324])
_wishes = st.none() | st.floats(0, 2 * CAP) | _floats
_cases = st.tuples(_attempts, st.integers(0, 3) | st.integers(0), _floats, _floats, _wishes)


def check(case: Case) -> None:
    """Reckon, and compare with a later attempt, another chance and no wish."""
    attempt, more, jitter, other, retry_after = case
    short, long = delay(attempt, jitter), wait(attempt, jitter, retry_after)
    assert BASE <= short <= MOST
    assert short <= long <= CAP
    assert short <= delay(attempt + more, jitter)
    assert long <= wait(attempt + more, jitter, retry_after)
    if more:  # the next attempt waits as long at least, whatever chance does: it adds no more than the doubling
        assert short <= delay(max(attempt, 0) + more, other)
    if retry_after is not None and retry_after == retry_after:  # noqa: PLR0124 -- no NaN
        assert long >= min(retry_after, CAP)
    if 0 <= jitter <= 1 and 0 <= attempt <= 10:
        assert short == min(2**attempt + jitter, MOST)
    assert wait(attempt, jitter) == short


def read(text: bytes) -> Case:
    """Read five words; ``-``: there is no wish."""
    attempt, more, jitter, other, wish = text.decode().split()
    return int(attempt), int(more), float(jitter), float(other), None if wish == "-" else float(wish)


BACKOFF = Target(name="backoff", inputs=_cases, read=read, check=check)
