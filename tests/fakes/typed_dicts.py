"""What an SDK's ``TypedDict`` types say about a request: which of their keys it uses, and what in it they do not know."""

from __future__ import annotations

import collections.abc
import datetime
import enum
from collections.abc import Callable
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import attrs
from typing_extensions import get_type_hints, is_typeddict  # the SDKs' classes are not of typing's own kind

_PLAIN: dict[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    type(None): (type(None),),
    bytes: (str,),  # as base64
    datetime.datetime: (str,),
}
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


def fit(kind: Any, value: Any, at: str = "", *, name: Callable[[str], str] = str) -> Fit | None:
    """Return how *value* fits into *kind*, None if it does not. Of several ways those with the fewest unknown keys count.

    *name* says what the types call a key of *value*.
    """
    return _Fitting(name).of(kind, value, at)


@attrs.frozen
class _Fitting:
    name: Callable[[str], str]

    def of(self, kind: Any, value: Any, at: str) -> Fit | None:
        origin, args = get_origin(kind), get_args(kind)
        if origin in _WRAPPERS:
            return self.of(args[0], value, at)
        if origin is Union:
            return _best([self.of(each, value, at) for each in args])
        if is_typeddict(kind):
            return self._table(kind, value, at)
        if isinstance(origin, type) and isinstance(value, (dict, list)):
            return self._members(origin, args, value, at)
        return Fit() if _is_plain(kind, value) else None

    def _members(self, origin: type, args: tuple[Any, ...], value: dict[str, Any] | list[Any], at: str) -> Fit | None:
        if isinstance(value, dict):
            return _all([self.of(args[1], each, f"{at}/{key}") for key, each in value.items()]) if origin is dict else None
        is_list = origin is not dict and issubclass(origin, collections.abc.Iterable)
        return _all([self.of(args[0], each, f"{at}/{number}") for number, each in enumerate(value)]) if is_list else None

    def _table(self, kind: Any, value: Any, at: str) -> Fit | None:
        if not isinstance(value, dict) or not kind.__required_keys__ <= {self.name(key) for key in value}:
            return None
        hints = get_type_hints(kind, include_extras=True)
        named = {key: self.name(key) for key in value}
        inner = _all([self.of(hints[named[key]], each, f"{at}/{key}") for key, each in value.items() if named[key] in hints])
        unknown = tuple(f"{at}/{key}" for key in value if named[key] not in hints)
        return inner and Fit(
            inner.keys | {_name(kind, known) for known in named.values() if known in hints}, inner.unknown + unknown
        )


def _is_plain(kind: Any, value: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return value in {each.value for each in kind}
    is_bool_as_number = isinstance(value, bool) and kind in {int, float}
    return kind in {object, Any} or (isinstance(value, _PLAIN.get(kind, ())) and not is_bool_as_number)


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
