"""What a thing that a hook returned must have. Pure.

A wrong thing is turned away at start, with words its author can use, and not in the middle of somebody's request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import iscoroutine
from typing import Any

import attrs

from korproxy.contracts import PluginTable
from korproxy.errors.codes import ErrorCode, Severity
from korproxy.models.accounts import Account
from korproxy.models.providers import Deadlines, Limits


class WrongItem(TypeError):
    """A hook returned something that does not keep its contract."""


@attrs.frozen(kw_only=True)
class Shape:
    """What one hook's things look like.

    Attributes:
        kind: What one is called in messages.
        key: The member by which it is known, unique among all plugins.
        fields: Members that are values, with their types.
        methods: Members that are called.
        only: The class it must be, where it is plain data.
        rule: Says what else is wrong with one whose members are right, or None.
    """

    kind: str
    key: str = "name"
    fields: Mapping[str, type]
    methods: tuple[str, ...] = ()
    only: type | None = None
    rule: Callable[[Any], str | None] = lambda _: None


def items_of(hook: str, result: object) -> tuple[object, ...]:
    """Return the things in a hook's *result*, each checked; ``WrongItem`` if one is wrong. None counts as nothing."""
    shape = SHAPES[hook]
    if iscoroutine(result):
        result.close()
    if result is None:
        return ()
    if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
        raise WrongItem(f"returned one {type(result).__name__} where {shape.kind}s are expected: yield each, or return a list")
    items = tuple(result)
    for item in items:
        wrong = what_is_wrong(shape, item)
        if wrong is not None:
            raise WrongItem(f"returned a bad {shape.kind}: {wrong}")
    return items


def what_is_wrong(shape: Shape, item: object) -> str | None:
    """Say what *item* lacks, or None."""
    if isinstance(item, type):
        return f"{item.__name__} is a class, not an instance of it"
    if shape.only is not None and not isinstance(item, shape.only):
        return f"it is {type(item).__name__}, not {shape.only.__name__}"
    return _wrong_member(shape, item) or shape.rule(item)


def _wrong_member(shape: Shape, item: object) -> str | None:
    kind = type(item).__name__
    for name in (*shape.fields, *shape.methods):
        if not hasattr(item, name):
            return f"{kind} has no {name!r}"
    for name, wanted in shape.fields.items():
        value = getattr(item, name)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
            return f"{name!r} of {kind} is {_a(type(value))}, not {wanted.__name__}"
    for name in shape.methods:
        if not callable(getattr(item, name)):
            return f"{name!r} of {kind} cannot be called"
    return None if getattr(item, shape.key) else f"{shape.key!r} of {kind} is empty"


def _a(kind: type) -> str:
    return "None" if kind is type(None) else kind.__name__


def _provider(item: Any) -> str | None:
    if "/" in item.id:
        return f"id {item.id!r} has a slash: clients write provider/model"
    if not all(isinstance(each, Account) for each in item.accounts):
        return "'accounts' are not all Account"
    if not all(isinstance(each, bytes) and each == each.lower() for each in item.vendor_headers):
        return "'vendor_headers' are not all bytes in lower case"
    return None


def _dialect(item: Any) -> str | None:
    if isinstance(item.paths, str) or not all(isinstance(each, str) and each.startswith("/") for each in item.paths):
        return "'paths' are not all texts that begin with a slash"
    return None


def _redaction(item: Any) -> str | None:
    return None if item.longest >= 1 else f"'longest' is {item.longest}: the longest secret it finds has at least 1 character"


def _command(item: Any) -> str | None:
    if item.name != "".join(item.name.split()) or item.name.startswith("-"):
        return f"name {item.name!r} cannot be typed as one word"
    return "'help' is more than one line" if "\n" in item.help else None


def _table(item: Any) -> str | None:
    return None if attrs.has(item.table) else f"'table' {item.table.__name__} is no attrs class"


def _error(item: Any) -> str | None:
    if not item.steps or not all(isinstance(each, str) for each in item.steps):
        return f"{item.code} has no steps: say what a user can do"
    return None if 400 <= item.status <= 599 else f"status {item.status} of {item.code} is no HTTP error"


_PROVIDER = Shape(
    kind="provider",
    key="id",
    fields={
        "id": str,
        "type": str,
        "base_url": str,
        "accounts": Sequence,
        "deadlines": Deadlines,
        "limits": Limits,
        "vendor_headers": tuple,
        "fetch_images": bool,
        "test_model": str,
    },
    methods=("offers", "models", "real_name", "abilities", "dialect_for", "prepare", "refusal"),
    rule=_provider,
)
_DIALECT = Shape(
    kind="dialect",
    fields={"name": str, "paths": Sequence, "kind": str, "listed": frozenset, "translator": object},
    methods=("peek", "wants_array", "set_model", "reader", "error", "late_error", "lists_models", "model_list", "model_entry"),
    rule=_dialect,
)
_REDACTION = Shape(
    kind="redaction",
    fields={"name": str, "order": int, "longest": int, "replacement": str},
    methods=("find",),
    rule=_redaction,
)
_ERROR = Shape(
    kind="error code",
    key="code",
    fields={
        "code": str,
        "message": str,
        "description": str,
        "severity": Severity,
        "steps": tuple,
        "status": int,
        "retryable": bool,
    },
    only=ErrorCode,
    rule=_error,
)
SHAPES: Mapping[str, Shape] = {
    "korproxy_errors": _ERROR,
    "korproxy_settings": Shape(kind="settings table", fields={"name": str, "table": type}, only=PluginTable, rule=_table),
    "korproxy_providers": _PROVIDER,
    "korproxy_dialects": _DIALECT,
    "korproxy_redactions": _REDACTION,
    "korproxy_routing": Shape(kind="routing strategy", fields={"name": str}, methods=("rank",)),
    "korproxy_sinks": Shape(kind="sink", fields={"name": str}, methods=("run",)),
    "korproxy_services": Shape(kind="service", fields={"name": str}, methods=("run",)),
    "korproxy_collectors": Shape(kind="collector", fields={"name": str}, methods=("collect",)),
    # any class will do: a command that needs nothing of KorProxy need not import it
    "korproxy_commands": Shape(kind="command", fields={"name": str, "help": str}, methods=("load",), rule=_command),
}
