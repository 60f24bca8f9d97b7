"""Secrets out of a configuration that is shown, and their masks out of one that comes back. Pure.

What may be a secret: what stands in the place of one and is no reference, and every text that looks like one, wherever it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from korproxy.config.shown import Step, looks_secret, place
from korproxy.errors.exceptions import Problem

MASK = "***REDACTED***"
NOTHING_BEHIND = "KP-CONF-224"
_WORDS = "key|token|secret|password|passwd|passphrase|credential|auth|authorization|cookie|bearer"
_SECRET_NAME = re.compile(rf"(?i:(?:^|[_.-])(?:api)?(?:{_WORDS})s?(?:$|[_.-]))|[a-z](?:Key|Token|Secret|Password)s?$")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return *document*, one of korproxy.toml's or its like, with ``MASK`` in the place of everything that may be a secret."""
    found: dict[str, Any] = _masked(document, ())
    return found


def _masked(value: Any, at: tuple[Step, ...]) -> Any:
    if isinstance(value, Mapping):
        return {MASK if looks_secret(name) else name: _masked(each, (*at, name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, (*at, number)) for number, each in enumerate(value)]
    if isinstance(value, str) and (looks_secret(value) or (_is_for_a_secret(at) and not _REFERENCE.fullmatch(value))):
        return MASK
    return value


def _is_for_a_secret(at: Sequence[Step]) -> bool:
    match at:
        case ("providers", _, "accounts", _, "key"):
            return True
        case ("plugin", _, *names):
            return any(isinstance(name, str) and _SECRET_NAME.search(name) for name in names)
    return False


def unmasked(given: Mapping[str, Any], present: Mapping[str, Any], *, root: str = "$") -> tuple[dict[str, Any], list[Problem]]:
    """Return *given* with what *present* has in the place of each ``MASK``, and a problem (KP-CONF-224) where it has nothing.

    Tables in arrays are the same where they have the same ``name``; others where they have the same number.
    """
    problems: list[Problem] = []

    def refuse(at: tuple[Step, ...], why: str) -> None:
        problems.append(Problem(code=NOTHING_BEHIND, path=place(at, root), message=why))

    found: dict[str, Any] = _unmasked(given, present, (), refuse)
    return found, problems


def _unmasked(value: Any, present: Any, at: tuple[Step, ...], refuse: Callable[[tuple[Step, ...], str], None]) -> Any:
    if isinstance(value, Mapping):
        for name in value:
            if MASK in name:
                refuse((*at, name), "the name itself is a mask, so nobody can tell which value this is")
        there = present if isinstance(present, Mapping) else {}
        return {name: _unmasked(each, there.get(name), (*at, name), refuse) for name, each in value.items()}
    if isinstance(value, list):
        pairs = enumerate(zip(value, counterparts(value, present), strict=True))
        return [_unmasked(each, other, (*at, number), refuse) for number, (each, other) in pairs]
    if not isinstance(value, str) or MASK not in value:
        return value
    if value != MASK or not isinstance(present, str) or MASK in present:
        refuse(at, "is a mask, but there is no value here now that it could stand for: write the value, or a reference to it")
    return present


def counterparts(value: Sequence[Any], present: Any) -> Iterator[Any]:
    """Yield for each entry of *value* what it is in *present*; None if it is new."""
    there = present if isinstance(present, list) else []
    by_name = {name: each for each in there if (name := name_of(each)) is not None}
    for number, each in enumerate(value):
        name = name_of(each)
        if name is not None:
            yield by_name.get(name)
        else:
            yield there[number] if number < len(there) and name_of(there[number]) is None else None


def name_of(value: Any) -> str | None:
    """Return what an entry of an array of tables is called, None if it has no name."""
    name = value.get("name") if isinstance(value, Mapping) else None
    return name if isinstance(name, str) else None
