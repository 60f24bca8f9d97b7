"""Patterns of model names: ``*`` stands for anything, every other character for itself."""

from __future__ import annotations

from fnmatch import fnmatchcase


def fits(name: str, pattern: str) -> bool:
    """Whether *name* is *pattern*, or one of the names it stands for. Case counts."""
    # Brackets are part of real model names ("claude-opus-5[1m]"), so fnmatch must not read them as a set.
    return name == pattern or ("*" in pattern and fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]")))
