"""What an SDK's ``TypedDict`` types say about a request: which of their keys it uses, and what in it they do not know."""

from __future__ import annotations

import collections.abc
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import attrs
from typing_extensions import get_type_hints, is_typeddict  # the SDKs' classes are not of typing's own kind

_PLAIN: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,), type(None): (type(None),)}
_WRAPPERS = (Required, NotRequired)


@attrs.frozen
class Fit:
    """A value that a type allows: ``keys`` of ``TypedDict`` classes that it uses, and pointers that no class knows."""

    keys: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


def every_key(kind: Any) -> frozenset[str]:
    """Return ``module.Class/key`` for each key of each ``TypedDict`` that can be reached from *kind*."""
    seen: dict[Any, dict[str, Any]] = {}
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        if is_typeddict(each):
            if each not in seen:
                seen[each] = get_type_hints(each, include_extras=True)
                waiting += seen[each].values()
        elif get_origin(each) is not Literal:
            waiting += get_args(each)
    return frozenset(_name(each, key) for each, hints in seen.items() for key in hints)


def fit(kind: Any, value: Any, at: str = "") -> Fit | None:
    """Return how *value* fits into *kind*, None if it does not. Of several ways those with the fewest unknown keys count."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in _WRAPPERS:
        return fit(args[0], value, at)
    if origin is Union:
        return _best([fit(each, value, at) for each in args])
    if is_typeddict(kind):
        return _fit_table(kind, value, at)
    if isinstance(origin, type) and isinstance(value, (dict, list)):
        return _fit_members(origin, args, value, at)
    return Fit() if _is_plain(kind, value) else None


def _is_plain(kind: Any, value: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    is_bool_as_number = isinstance(value, bool) and kind in {int, float}
    return kind in {object, Any} or (isinstance(value, _PLAIN.get(kind, ())) and not is_bool_as_number)


def _fit_members(origin: type, args: tuple[Any, ...], value: dict[str, Any] | list[Any], at: str) -> Fit | None:
    if isinstance(value, dict):
        return _all([fit(args[1], each, f"{at}/{key}") for key, each in value.items()]) if origin is dict else None
    is_list = origin is not dict and issubclass(origin, collections.abc.Iterable)
    return _all([fit(args[0], each, f"{at}/{number}") for number, each in enumerate(value)]) if is_list else None


def _fit_table(kind: Any, value: Any, at: str) -> Fit | None:
    if not isinstance(value, dict) or not kind.__required_keys__ <= value.keys():
        return None
    hints = get_type_hints(kind, include_extras=True)
    inner = _all([fit(hints[key], each, f"{at}/{key}") for key, each in value.items() if key in hints])
    unknown = tuple(f"{at}/{key}" for key in value if key not in hints)
    return inner and Fit(inner.keys | {_name(kind, key) for key in value if key in hints}, inner.unknown + unknown)


def _all(fits: list[Fit | None]) -> Fit | None:
    found = [each for each in fits if each]
    if len(found) < len(fits):
        return None
    return Fit(frozenset().union(*(each.keys for each in found)), tuple(at for each in found for at in each.unknown))


def _best(fits: list[Fit | None]) -> Fit | None:
    found = [each for each in fits if each]
    if not found:
        return None
    fewest = min(len(each.unknown) for each in found)
    best = [each for each in found if len(each.unknown) == fewest]
    return Fit(frozenset().union(*(each.keys for each in best)), best[0].unknown)


def _name(kind: Any, key: str) -> str:
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}/{key}"
