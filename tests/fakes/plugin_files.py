"""Writes plugins of one file each: good ones that implement every hook, and ones that go wrong at a chosen place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import attrs

from korproxy.api import ConfiguredProvider

T = TypeVar("T")

HEAD = """
import re

import attrs
import click

from korproxy.api import Command, ErrorCode, OpenAICompatible, PluginTable, RegexRedaction, hookimpl


class Dialect:
    name = "{name}"
    paths = ("/{name}",)
    translator = None
    kind = "chat"
    listed = frozenset()

    def peek(self, path, body): ...
    def wants_array(self, query): return False
    def set_model(self, body, span, model): ...
    def reader(self, *, stream): ...
    def error(self, fault): ...
    def late_error(self, fault, behind=b""): ...
    def lists_models(self, path, query, headers): ...
    def model_list(self, models): ...
    def model_entry(self, model): ...


class Task:
    name = "{name}"

    async def run(self, *args, task_status): ...
    async def collect(self): ...
    def rank(self, call, able, *, turn, seed): return able


@attrs.frozen
class Table:
    size: int = 1
"""
ARGUMENTS = {
    "korproxy_errors": "",
    "korproxy_settings": "",
    "korproxy_providers": "settings",
    "korproxy_dialects": "settings",
    "korproxy_redactions": "settings",
    "korproxy_routing": "",
    "korproxy_sinks": "settings",
    "korproxy_services": "settings",
    "korproxy_collectors": "settings",
    "korproxy_commands": "",
}
HOOKS = tuple(ARGUMENTS)
ITEMS = {
    "korproxy_errors": (
        'ErrorCode(code="KP-SYS-{number}", message="m", description="d", steps=("Read {name}.",), status=500, retryable=False)'
    ),
    "korproxy_settings": 'PluginTable("{name}", Table)',
    "korproxy_providers": 'OpenAICompatible(id="{name}", base_url="http://127.0.0.1:1")',
    "korproxy_dialects": "Dialect()",
    "korproxy_redactions": 'RegexRedaction(name="{name}", pattern=re.compile("{name}"))',
    "korproxy_routing": "Task()",
    "korproxy_sinks": "Task()",
    "korproxy_services": "Task()",
    "korproxy_collectors": "Task()",
    "korproxy_commands": 'Command("{name}", "Do {name}.", lambda: click.Command("{name}"))',
}


def plugin_text(name: str, hooks: Collection[str] = HOOKS, *, raises_in: str = "", number: int | None = None) -> str:
    """Return a plugin that offers one thing named *name* at each of *hooks*, and raises after that in one of them."""
    number = 580 + ord(name[0]) % 20 if number is None else number
    parts = [HEAD.replace("{name}", name)]
    for hook in hooks:
        item = ITEMS[hook].replace("{name}", name).replace("{number}", str(number))
        broken = f'\n    raise RuntimeError("no {name} today")' if hook == raises_in else ""
        parts.append(f"@hookimpl\ndef {hook}({ARGUMENTS[hook]}):\n    yield {item}{broken}\n")
    return "\n\n".join(parts)


def write_plugins(folder: Path, texts: dict[str, str]) -> Path:
    """Write each text as ``NAME.py`` into *folder*; return it."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@attrs.frozen
class FakeSettings:
    """A configuration with just these provider tables and plugin tables; everything else has its defaults."""

    configured: Sequence[ConfiguredProvider] = ()
    tables: Mapping[str, object] = attrs.field(factory=dict)
    demo: bool = False

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- as in the contract
        return [each for each in self.configured if each.type == type]

    def plugin(self, name: str, table: type[T]) -> T:
        found = self.tables.get(name)
        return found if isinstance(found, table) else table()
