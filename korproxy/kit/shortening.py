"""Texts of others, short enough for a line. What is cut is redacted later, so no part of a secret may be left of it. Pure."""

from __future__ import annotations

import re

PART = 8  # characters of a word that tell nothing
_LAST_WORD = re.compile(r"[A-Za-z0-9_.~+=%\\&#;-]*+\Z")  # of what a key may consist, encoded or not


def shortened(text: str, most: int) -> str:
    """Return *text*; where it is longer than *most*, its beginning and "…", and of a word that is cut only ``PART`` characters.

    A key of which a part is missing is not known for a key any longer.
    """
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    word = _LAST_WORD.search(kept, max(0, len(kept) - most))
    return kept[: PART + (word.start() if word else 0)] + "…"
