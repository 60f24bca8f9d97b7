"""A terminal whose reader does not read until it is let."""

from __future__ import annotations

import threading


class StuckStream:
    """Writes to it hang.

    Attributes:
        text: What it has taken.
        reached: Set once somebody writes.
        reads: From when this is set its reader reads.
    """

    def __init__(self) -> None:
        self.text = ""
        self.reached = threading.Event()
        self.reads = threading.Event()

    def write(self, text: str, /) -> None:
        """Take *text*, once the reader reads."""
        self.reached.set()
        self.reads.wait()
        self.text += text

    def flush(self) -> None:
        """Nothing is held back."""
