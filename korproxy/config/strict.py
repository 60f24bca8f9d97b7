"""Tables into attrs classes through cattrs: nothing is coerced, nothing is left over, and every mistake is named at once.

cattrs takes 39 ms to import, so it is imported when the first table is read: a home without korproxy.toml never pays for it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import attrs

from korproxy.config import shown
from korproxy.config.checks import Anyway, Mistake
from korproxy.config.problems import problems_in
from korproxy.config.settings import DeadlineOverrides
from korproxy.config.shown import Step
from korproxy.errors.exceptions import ConfigError
from korproxy.models.providers import Deadlines

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_WANTED: Mapping[type, str] = {int: "a whole number", str: "a string", bool: "true or false"}
_ARRAYS: Mapping[Any, Callable[[Iterable[Any]], Any]] = {
    tuple: tuple,
    list: list,
    set: set,
    frozenset: frozenset,
    Sequence: tuple,
    Iterable: tuple,
}
_TABLES = (dict, Mapping)


def structure(table: Mapping[str, object], into: type[T], *, path: str = "$") -> T:
    """Turn a TOML *table* into *into*, an attrs class; absent keys get its defaults.

    Raises:
        ConfigError: Every wrong value, unknown key and missing key, each with its place below *path*.
    """
    import cattrs

    try:
        return _converter().structure(table, into)
    except (cattrs.BaseValidationError, Mistake) as exc:
        raise ConfigError.of(problems_in(exc, table, path)) from None


@cache
def _converter() -> cattrs.Converter:
    import cattrs

    converter = cattrs.Converter(detailed_validation=True)
    for plain in _WANTED:
        converter.register_structure_hook(plain, _exactly)
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook_func(lambda each: each is object, lambda value, _: value)
    converter.register_structure_hook_func(lambda each: isinstance(each, type) and issubclass(each, enum.Enum), _enum)
    converter.register_structure_hook_func(lambda each: _origin(each) is Literal, _literal)
    converter.register_structure_hook_func(_is_array, _array)
    converter.register_structure_hook_func(lambda each: _origin(each) in _TABLES, _table)
    converter.register_structure_hook_factory(attrs.has, _attrs)
    # [deadlines] is to the built-in defaults what a provider's deadlines are to [deadlines].
    converter.register_structure_hook(
        Deadlines, lambda value, _: converter.structure(value, DeadlineOverrides).over(Deadlines())
    )
    return converter


def _expected(wanted: str, value: object, hint: str = "") -> Mistake:
    return Mistake(f"expected {wanted}, got {shown.kind(value)}{hint}")


def _exactly(value: object, wanted: type) -> Any:
    if issubclass(wanted, enum.Enum):  # IntEnum and StrEnum come this way: they are numbers and strings
        return _enum(value, wanted)
    if type(value) is wanted:  # not isinstance: true is an int to Python
        return value
    unquoted = isinstance(value, str) and wanted in (int, bool)
    raise _expected(_WANTED[wanted], value, ": write it without quotes" if unquoted else "")


def _float(value: object, _: object) -> float:
    if type(value) is float:
        return value
    if type(value) is not int:
        raise _expected("a number", value, ": write it without quotes" if isinstance(value, str) else "")
    try:
        return float(value)
    except OverflowError:
        raise Mistake(f"must be a smaller number, not {shown.number(value)}") from None


def _literal(value: object, wanted: Any) -> Any:
    return _one_of(value, get_args(wanted))


def _enum(value: object, wanted: type[enum.Enum]) -> enum.Enum:
    return wanted(_one_of(value, [each.value for each in wanted]))


def _one_of(value: object, allowed: Sequence[object]) -> Any:
    if not any(type(each) is type(value) and each == value for each in allowed):
        raise Mistake(f"must be {' or '.join(map(_written, allowed))}")
    return value


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _origin(wanted: Any) -> Any:
    return get_origin(wanted) or wanted


def _is_array(wanted: Any) -> bool:
    origin, inner = _origin(wanted), get_args(wanted)
    return origin in _ARRAYS and (origin is not tuple or inner[1:] in ((), (...,)))


def _array(value: object, wanted: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise _expected("an array", value, ": put it in [ ]" if isinstance(value, str) else "")
    make = _ARRAYS[_origin(wanted)]
    return make(done for _, done in _all(enumerate(value), wanted, (get_args(wanted) or (object,))[0]))


def _table(value: object, wanted: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _expected("a table", value)
    return dict(_all(value.items(), wanted, (get_args(wanted) or (str, object))[1]))


def _all(items: Iterable[tuple[Step, object]], whole: Any, wanted: Any) -> list[tuple[Any, Any]]:
    """Structure every one of *items* and only then complain about those that could not be."""
    import cattrs

    done, wrong = [], []
    for at, value in items:
        try:
            done.append((at, _converter().structure(value, wanted)))
        except (cattrs.BaseValidationError, ValueError, TypeError) as exc:
            exc.add_note(cattrs.IterableValidationNote("", at, wanted))
            wrong.append(exc)
    if wrong:
        raise cattrs.IterableValidationError("wrong entries", wrong, whole)
    return done


def _attrs(wanted: type, converter: cattrs.Converter) -> Hook:
    from cattrs.gen import make_dict_structure_fn, override

    attrs.resolve_types(wanted)
    fields = attrs.fields(wanted)
    known = ", ".join(each.alias for each in fields if each.init)
    hooks = {each.name: override(struct_hook=_field(each, converter)) for each in fields if each.init}
    fill: Hook = make_dict_structure_fn(
        wanted,
        converter,
        _cattrs_forbid_extra_keys=True,
        _cattrs_detailed_validation=True,
        _cattrs_use_alias=True,
        **hooks,  # type: ignore[arg-type]
    )

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, Mapping):
            raise _expected(f"a table ({known})" if known else "a table", value)
        return fill(value, wanted)

    return hook


def _field(field: attrs.Attribute[Any], converter: cattrs.Converter) -> Hook:
    """Return a hook that reads and validates one field. attrs itself would stop at the first field that is wrong."""
    validate = None if field.converter else field.validator  # attrs runs a converter first, so its validator has to wait
    wanted: Any = object if field.type is None else field.type

    def hook(value: object, _: object) -> Any:
        wrong: list[Exception] = []
        result = value
        try:
            result = converter.structure(value, wanted)
        except Exception as exc:  # noqa: BLE001 -- whatever a plugin's own class raises is told with its place
            wrong.append(exc)
        if validate and (not wrong or isinstance(validate, Anyway)):
            try:
                validate(None, field, result)
            except AttributeError:
                pass  # it looks at other fields, too: attrs will ask it once all are there
            except Exception as exc:  # noqa: BLE001
                wrong.append(exc)
        if wrong:
            raise ExceptionGroup(field.name, wrong)
        return result

    return hook
