from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import attrs
import click
import pytest

from korproxy import contracts, hookspecs
from korproxy.api import (
    Account,
    Command,
    ErrorCode,
    Model,
    OpenAICompatible,
    PluginTable,
    RegexRedaction,
    Severity,
)
from korproxy.plugins.checks import SHAPES, WrongItem, items_of, what_is_wrong

CODE = ErrorCode(code="KP-SYS-590", message="m", description="d", steps=("s",), status=500)
PROVIDER = OpenAICompatible(id="x", base_url="http://127.0.0.1:1", accounts=(Account(name="a"),))
REDACTION = RegexRedaction(name="x", pattern=re.compile("x"))
CONTRACTS = {
    "korproxy_providers": contracts.Provider,
    "korproxy_dialects": contracts.Dialect,
    "korproxy_redactions": contracts.Redaction,
    "korproxy_routing": contracts.RoutingStrategy,
    "korproxy_sinks": contracts.Sink,
    "korproxy_services": contracts.Service,
    "korproxy_collectors": contracts.Collector,
}
PLAIN_DATA = {"korproxy_errors": ErrorCode, "korproxy_settings": PluginTable, "korproxy_commands": Command}
OF_ANY_CLASS = {"korproxy_commands"}


def _load() -> click.Command:
    return click.Command("x")


class Dialect:
    name = "x"
    paths = ("/x",)
    translator = None
    kind = "chat"
    listed = frozenset({"chat"})

    def nothing(self) -> None: ...

    peek = wants_array = set_model = reader = error = late_error = lists_models = model_list = model_entry = nothing


class Task:
    name = "x"

    async def run(self) -> None: ...
    async def collect(self) -> None: ...
    def rank(self) -> None: ...


GOOD: dict[str, object] = {
    "korproxy_errors": CODE,
    "korproxy_settings": PluginTable("x", Model),
    "korproxy_providers": PROVIDER,
    "korproxy_dialects": Dialect(),
    "korproxy_redactions": REDACTION,
    "korproxy_routing": Task(),
    "korproxy_sinks": Task(),
    "korproxy_services": Task(),
    "korproxy_collectors": Task(),
    "korproxy_commands": Command("x", "Do x.", _load),
}


def _changed(**members: object) -> Callable[[object], object]:
    """Return a function that copies a thing with other *members*, however wrong; None removes one."""

    def change(item: object) -> object:
        names = [name for name in dir(item) if not name.startswith("_")]
        copy = {name: getattr(item, name) for name in names} | members
        return type(
            type(item).__name__, (), {name: value for name, value in copy.items() if value is not None or name not in members}
        )()

    return change


def test_every_hook_has_a_shape_and_no_shape_is_left_over() -> None:
    assert set(SHAPES) == {name for name in vars(hookspecs) if name.startswith("korproxy_")}


@pytest.mark.parametrize("hook", CONTRACTS)
def test_a_shape_checks_exactly_the_members_of_its_protocol(hook: str) -> None:
    members = {name: value for name, value in vars(CONTRACTS[hook]).items() if not name.startswith("_")}
    methods = {name for name, value in members.items() if isinstance(value, FunctionType)}
    assert set(SHAPES[hook].methods) == methods
    assert set(SHAPES[hook].fields) == set(members) - methods


@pytest.mark.parametrize("hook", PLAIN_DATA)
def test_a_shape_of_plain_data_checks_exactly_its_fields(hook: str) -> None:
    assert SHAPES[hook].only is (None if hook in OF_ANY_CLASS else PLAIN_DATA[hook])
    assert {*SHAPES[hook].fields, *SHAPES[hook].methods} == {each.name for each in attrs.fields(PLAIN_DATA[hook])}


@pytest.mark.parametrize("hook", GOOD)
def test_a_good_thing_of_each_hook_passes(hook: str) -> None:
    assert items_of(hook, [GOOD[hook]]) == (GOOD[hook],)


def test_a_command_of_a_class_of_the_plugins_own_will_do() -> None:
    own = _changed()(Command("x", "Do x.", _load))
    assert (isinstance(own, Command), what_is_wrong(SHAPES["korproxy_commands"], own)) == (False, None)


@pytest.mark.parametrize("hook", GOOD)
def test_none_is_nothing_and_so_is_an_empty_list(hook: str) -> None:
    assert (items_of(hook, None), items_of(hook, [])) == ((), ())


@pytest.mark.parametrize("result", [PROVIDER, "provider", b"provider", {"x": PROVIDER}, 7])
def test_a_thing_that_is_no_list_of_things_is_named(result: object) -> None:
    with pytest.raises(WrongItem) as caught:
        items_of("korproxy_providers", result)
    assert str(caught.value) == (
        f"returned one {type(result).__name__} where providers are expected: yield each, or return a list"
    )


def test_a_coroutine_is_closed_and_named() -> None:
    async def hook() -> None: ...

    with pytest.raises(WrongItem, match="returned one coroutine where sinks are expected"):
        items_of("korproxy_sinks", hook())


def test_things_of_a_generator_are_all_checked() -> None:
    def hook() -> Iterator[object]:
        yield PROVIDER
        yield "rubbish"

    with pytest.raises(WrongItem, match=r"^returned a bad provider: str has no 'id'$"):
        items_of("korproxy_providers", hook())


@pytest.mark.parametrize(
    ("hook", "item", "wrong"),
    [
        ("korproxy_sinks", Task, "Task is a class, not an instance of it"),
        ("korproxy_sinks", object(), "object has no 'name'"),
        ("korproxy_sinks", _changed(name=b"x")(Task()), "'name' of Task is bytes, not str"),
        ("korproxy_sinks", _changed(name="")(Task()), "'name' of Task is empty"),
        ("korproxy_services", _changed(run=7)(Task()), "'run' of Task cannot be called"),
        ("korproxy_collectors", _changed(collect=None)(Task()), "Task has no 'collect'"),
        ("korproxy_errors", "KP-SYS-590", "it is str, not ErrorCode"),
        ("korproxy_errors", attrs.evolve(CODE, steps=()), "KP-SYS-590 has no steps: say what a user can do"),
        ("korproxy_errors", attrs.evolve(CODE, status=200), "status 200 of KP-SYS-590 is no HTTP error"),
        ("korproxy_errors", attrs.evolve(CODE, status=True), "'status' of ErrorCode is bool, not int"),
        ("korproxy_settings", PluginTable("x", int), "'table' int is no attrs class"),
        ("korproxy_providers", attrs.evolve(PROVIDER, id="a/b"), "id 'a/b' has a slash: clients write provider/model"),
        ("korproxy_providers", _changed(accounts="ab")(PROVIDER), "'accounts' are not all Account"),
        ("korproxy_providers", _changed(base_url=7)(PROVIDER), "'base_url' of OpenAICompatible is int, not str"),
        (
            "korproxy_providers",
            attrs.evolve(PROVIDER, vendor_headers=(b"X-Mine",)),
            "'vendor_headers' are not all bytes in lower case",
        ),
        ("korproxy_dialects", _changed(paths="/x")(Dialect()), "'paths' are not all texts that begin with a slash"),
        ("korproxy_dialects", _changed(paths=("x",))(Dialect()), "'paths' are not all texts that begin with a slash"),
        (
            "korproxy_redactions",
            attrs.evolve(REDACTION, longest=0),
            "'longest' is 0: the longest secret it finds has at least 1 character",
        ),
        ("korproxy_commands", Command("a b", "h", _load), "name 'a b' cannot be typed as one word"),
        ("korproxy_commands", Command("--x", "h", _load), "name '--x' cannot be typed as one word"),
        ("korproxy_commands", Command("x", "a\nb", _load), "'help' is more than one line"),
    ],
)
def test_rubbish_is_turned_away_with_the_reason(hook: str, item: object, wrong: str) -> None:
    assert what_is_wrong(SHAPES[hook], item) == wrong


def test_severity_is_one_of_ours() -> None:
    wrong: Any = "error"
    bad = attrs.evolve(CODE, severity=wrong)
    assert what_is_wrong(SHAPES["korproxy_errors"], bad) == "'severity' of ErrorCode is str, not Severity"
    assert what_is_wrong(SHAPES["korproxy_errors"], attrs.evolve(CODE, severity=Severity.INFO)) is None
