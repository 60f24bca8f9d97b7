"""How the user's own text may appear in a message: as a place, a kind or a number; never as a value that may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from korproxy.kit.shortening import shortened

Step = str | int

LONGEST = 40  # characters of one key that are shown
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_PREFIX = re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|hf|xai|ghp|kp-client|kp-manage)[-_][A-Za-z0-9]|AIza|github_pat_")
_RUN = re.compile(r"[A-Za-z0-9]{20,}")
_PERSONAL = re.compile(r"/(?:home|Users)/|(?i::\\users\\)|[^\s@]@[^\s@]+\.")  # the name in a path, an address
_HUGE = 10**15


def looks_secret(text: str) -> bool:
    """Whether *text* may be or hold a credential: a vendor's prefix, or twenty letters and digits in a row.

    People type keys where a name belongs (``env:sk-...``), and an error must not repeat them. A wrong yes costs little.
    """
    if _PREFIX.search(text):
        return True
    return any(re.search(r"\d", run) and re.search(r"[A-Za-z]", run) for run in _RUN.findall(text))


def key(text: str) -> str:
    """Return the name of a setting as it may be shown: short, printable, masked if it looks like a credential."""
    if looks_secret(text) or _PERSONAL.search(text):
        return '"***"'
    if _PLAIN.fullmatch(text) and len(text) <= LONGEST:
        return text
    import json

    short = shortened(text, LONGEST + 1)
    return json.dumps(text if short == text else f"{short[:-1]}...")


def place(steps: Iterable[Step], root: str = "$") -> str:
    """Write the way to a value: ``$.server.port``, ``$.providers.claude.accounts[0].name``, ``$.providers["My id"]``."""
    written = root
    for step in steps:
        if isinstance(step, int):
            written += f"[{step}]"
        else:
            name = key(step)
            written += f"[{name}]" if name.startswith('"') else f".{name}"
    return written


def kind(value: object) -> str:
    """Say what TOML calls *value*, with its article. The value itself is never part of it."""
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return f"a {type(value).__name__}"


_KINDS: Sequence[tuple[type | tuple[type, ...], str]] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "a string"),
    ((list, tuple), "an array"),
    (dict, "a table"),
    ((datetime, date, time), "a date or time"),
)


def number(value: float) -> str:
    """Write *value*; one that is out of all proportion by its size only (Python refuses to print very long integers)."""
    if isinstance(value, int) and abs(value) >= _HUGE:
        return "a number of more than 15 digits"
    return f"{value}"


def scrub(message: str, value: object) -> str:
    """Return *message* without the texts in *value*: validators of plugins repeat what they refuse."""
    for text in sorted(_texts(value), key=len, reverse=True):
        for form in (repr(text), text):
            message = message.replace(form, "***")
    return message


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value} if len(value) >= 4 else set()
    if isinstance(value, dict):
        return set().union(*map(_texts, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_texts, value))
    return set()
