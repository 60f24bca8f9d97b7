"""Lists of values in a schema: Gemini takes lists of texts that are not empty, everything else goes into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_KINDS: Mapping[type, str] = {
    str: "STRING",
    bool: "BOOLEAN",
    int: "INTEGER",
    float: "NUMBER",
    dict: "OBJECT",
    list: "ARRAY",
    type(None): "NULL",
}


def types_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Return the one type in Gemini's words that *values* can be written as, null aside; none where they are too different."""
    kinds = {_KINDS[type(each)] for each in values} - {"NULL"}
    if kinds == {"INTEGER", "NUMBER"}:
        return ("NUMBER",)
    if len(kinds) > 1:
        return () if kinds & {"OBJECT", "ARRAY"} else ("STRING",)
    return tuple(kinds) or ("NULL",)


def of_type(values: Sequence[Any], kind: str) -> list[Any]:
    """Return those of *values* that are of *kind*."""
    kinds = {"INTEGER", "NUMBER"} if kind == "NUMBER" else {kind}
    return [each for each in values if _KINDS[type(each)] in kinds]


def texts(values: Sequence[Any]) -> list[str] | None:
    """Return *values* as texts, each once; None where one of them is a list or an object. Null is left out."""
    if any(isinstance(each, (list, dict)) for each in values):
        return None
    written = (each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in values if each is not None)
    return list(dict.fromkeys(written))
