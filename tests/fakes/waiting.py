"""Waiting for something that is about to be true, on a real condition and with an end."""

from __future__ import annotations

from collections.abc import Callable

import trio


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return once *condition* holds; ``trio.TooSlowError`` if it does not within *seconds*."""
    with trio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for belongs to the code under test
            await trio.sleep(0.005)
