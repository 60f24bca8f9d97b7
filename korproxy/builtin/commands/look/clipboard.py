"""Into the clipboard: by the terminal itself (OSC 52), which works over ssh, too, and by what the system has for it."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LARGEST = 74_994  # bytes of base64; xterm takes no more, and many terminals no longer
PATIENCE = 5.0  # seconds for each program
TERMINAL = Path("/dev/tty")
PROGRAMS: Sequence[Sequence[str]] = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("clip.exe",),
)


def sequence(text: str) -> bytes | None:
    """Return what makes a terminal put *text* into the clipboard; None where it is too long for that."""
    data = base64.b64encode(text.encode())
    return b"\x1b]52;c;" + data + b"\x07" if len(data) <= LARGEST else None


def by_terminal(text: str, terminal: Path = TERMINAL) -> bool:
    """Send *text* to the clipboard by the terminal of this process; whether it was sent. No terminal says what became of it."""
    sent = sequence(text)
    if sent is None:
        return False
    try:
        descriptor = os.open(terminal, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return False
    try:
        while sent:
            sent = sent[os.write(descriptor, sent) :]
    except OSError:
        return False
    finally:
        with suppress(OSError):
            os.close(descriptor)
    return True


def by_program(text: str, programs: Sequence[Sequence[str]] = PROGRAMS) -> str:
    """Send *text* to the clipboard by the first of *programs* that takes it; return its name, empty if none did."""
    for name, *options in programs:
        found = shutil.which(name)
        if found is None:
            continue
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(  # noqa: S603 -- one of our own list; no shell is asked
                [found, *options],
                input=text.encode(),
                stdout=subprocess.DEVNULL,  # some stay in the background as long as the clipboard is theirs
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=PATIENCE,
            )
            if done.returncode == 0:
                return name
    return ""
