"""The refusals that OpenAI's checks share: types, names, choices. Pure."""

import re
from collections.abc import Sequence

from korproxy_mock.formats import JsonObject, Refused
from korproxy_mock.openai_errors import invalid

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_NAME_LONGEST = 64


def refuse(message: str, *, param: str | None = None, code: str | None = None) -> Refused:
    """Make a refusal with 400."""
    return Refused(invalid(message, param=param, code=code))


def said_type(value: object) -> str:
    """Name a JSON value's type like OpenAI does."""
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(type(value), "a value")


def wrong_type(param: str, expected: str, value: object) -> Refused:
    """Make the refusal for a value of the wrong type."""
    message = f"Invalid type for '{param}': expected {expected}, but got {said_type(value)} instead."
    return refuse(message, param=param, code="invalid_type")


def missing(param: str) -> Refused:
    """Make the refusal for what is not there."""
    return refuse(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def empty_array(param: str) -> Refused:
    """Make the refusal for an empty array."""
    message = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return refuse(message, param=param, code="empty_array")


def unsupported(name: str, model_words: str = "this model") -> Refused:
    """Make the refusal for a parameter that the model does not take."""
    message = f"Unsupported parameter: '{name}' is not supported with {model_words}."
    return refuse(message, param=name, code="unsupported_parameter")


def listed(values: Sequence[str]) -> str:
    """List *values* like OpenAI does."""
    quoted = [f"'{each}'" for each in values]
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}" if len(quoted) > 2 else " and ".join(quoted)


def check_choice(param: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ``Refused`` unless *value* is one of *allowed*."""
    if value not in allowed:
        raise refuse(
            f"Invalid value: '{value}'. Supported values are: {listed(allowed)}.", param=param, code="invalid_value"
        )  # fmt: skip


def check_bounds(name: str, kind: str, value: float, least: int | None, most: int | None, *, short: bool = False) -> None:
    """Raise ``Refused`` for a number out of its range.

    Args:
        name: The parameter.
        kind: ``integer`` or ``decimal``.
        value: The number.
        least: The smallest that will do; None: any.
        most: The largest that will do.
        short: The code says ``min`` and ``max``, as that of the Responses API does.
    """
    if least is not None and value < least:
        side, wanted = "below minimum", f">= {least}"
    elif most is not None and value > most:
        side, wanted = "above maximum", f"<= {most}"
    else:
        return
    message = f"Invalid '{name}': {kind} {side} value. Expected a value {wanted}, but got {value} instead."
    code = f"{kind}_{side.replace(' ', '_')}_value"
    raise refuse(message, param=name, code=code.replace("imum", "") if short else code)


def check_length(param: str, text: str, most: int) -> None:
    """Raise ``Refused`` for an empty text, and for one of more than *most* characters."""
    if not text:
        raise refuse(
            f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead.",
            param=param,
            code="empty_string",
        )
    if len(text) > most:
        raise refuse(
            f"Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with "
            f"length {len(text)} instead.",
            param=param,
            code="string_above_max_length",
        )


def check_name(param: str, name: object) -> None:
    """Raise ``Refused`` unless *name* can be a function's."""
    if name is None:
        raise missing(param)
    if not isinstance(name, str):
        raise wrong_type(param, "a string", name)
    check_length(param, name, _NAME_LONGEST)
    if not _NAME.fullmatch(name):
        raise refuse(
            f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param=param,
            code="invalid_value",
        )


def check_known(place: str, value: JsonObject, known: frozenset[str]) -> None:
    """Raise ``Refused`` for a name that OpenAI does not know at this place."""
    for name in value:
        if name not in known:
            raise refuse(f"Unknown parameter: '{place}{name}'.", param=f"{place}{name}", code="unknown_parameter")
