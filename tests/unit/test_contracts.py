"""What plugins hand over: the Protocols, the checks the host makes of them, and the classes that are plain data."""

from __future__ import annotations

import inspect

import attrs
import pytest

from korproxy import contracts
from korproxy.contracts import Applied, Command, Explanation, KnownAccount, PluginTable
from korproxy.plugins.checks import SHAPES

PROTOCOLS = {
    "korproxy_providers": contracts.Provider,
    "korproxy_dialects": contracts.Dialect,
    "korproxy_redactions": contracts.Redaction,
    "korproxy_sinks": contracts.Sink,
    "korproxy_services": contracts.Service,
    "korproxy_collectors": contracts.Collector,
}


def members(protocol: type) -> dict[str, object]:
    """Return what the body of *protocol* promises."""
    return {name: value for name, value in vars(protocol).items() if not name.startswith("_")}


@pytest.mark.parametrize("hook", PROTOCOLS)
def test_the_host_checks_every_member_of_a_contract_and_nothing_else(hook: str) -> None:
    promised = members(PROTOCOLS[hook])
    values = {name for name, value in promised.items() if isinstance(value, property)}

    assert set(SHAPES[hook].fields) == values
    assert set(SHAPES[hook].methods) == promised.keys() - values


@pytest.mark.parametrize(
    "protocol", [*PROTOCOLS.values(), contracts.AnswerReader, contracts.Settings, contracts.Cli, contracts.Configuration]
)
def test_every_member_says_its_types(protocol: type) -> None:
    functions = [value.fget if isinstance(value, property) else value for value in members(protocol).values()]

    assert functions != []
    for function in functions:
        assert inspect.isfunction(function)
        assert set(function.__annotations__) >= {"return", *inspect.signature(function).parameters} - {"self"}


def test_a_command_imports_nothing_before_it_is_run() -> None:
    def load() -> None:
        raise AssertionError("loaded too early")

    command = Command("mend", "Mend it.", load)  # type: ignore[arg-type]

    assert (command.name, command.help) == ("mend", "Mend it.")


@pytest.mark.parametrize("plain", [Applied, Command, Explanation, KnownAccount, PluginTable])
def test_plain_data_is_frozen(plain: type) -> None:
    assert attrs.has(plain)
    assert plain.__setattr__ is not object.__setattr__
