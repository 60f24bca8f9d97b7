"""The tables themselves, and that docs/reference/settings.md tells all of them with their defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_type_hints

import attrs
import pytest

from korproxy.config.checks import Mistake
from korproxy.config.settings import (
    AccountSettings,
    DeadlineOverrides,
    FeatureSettings,
    LogSettings,
    ProviderTable,
    RedactionSettings,
    RootSettings,
    ServerSettings,
)
from korproxy.models.providers import Deadlines, Limits

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
TABLES: Mapping[str, type] = {
    "": RootSettings,
    "server.": ServerSettings,
    "features.": FeatureSettings,
    "log.": LogSettings,
    "deadlines.": Deadlines,
    "providers.ID.": ProviderTable,
    "providers.ID.accounts.": AccountSettings,
    "redaction.": RedactionSettings,
}
SECTIONS = {"server", "features", "log", "deadlines", "providers", "redaction", "plugin"}
IN_WORDS = {
    "providers.ID.type": "required",
    "providers.ID.accounts.name": "required",
    "providers.ID.base_url": "the type's own",
}


def fields() -> Iterator[tuple[str, str]]:
    """Yield every setting with its default as TOML writes it."""
    for prefix, table in TABLES.items():
        for field in attrs.fields(table):
            name = f"{prefix}{field.name}"
            if name in SECTIONS:
                continue
            default = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]
            if name in IN_WORDS:
                yield name, IN_WORDS[name]
            elif default is None:
                yield name, "none"
            else:
                yield name, f"`{'{}' if attrs.has(type(default)) else json.dumps(default)}`"


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `([a-zA-Z_.]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    assert documented() == dict(fields())


def test_the_documented_type_is_the_settings_type() -> None:
    words = {"int": "whole number", "float": "number", "bool": "boolean", "str": "string"}
    expected = {}
    for prefix, table in TABLES.items():
        for field, wanted in get_type_hints(table).items():
            name = f"{prefix}{field}"
            plain = getattr(get_args(wanted)[0] if type(None) in get_args(wanted) else wanted, "__name__", "")
            if name not in SECTIONS:
                array = "array of tables" if field == "accounts" else "array of strings"
                expected[name] = words.get(plain, array if plain == "tuple" else "table")
    expected["providers.ID.accounts.credential"] = "string"
    rows = re.findall(r"^\| `([a-zA-Z_.]+)` \| ([^|]+) \|", DOCS.read_text("utf-8"), re.MULTILINE)

    assert dict(rows) == expected


def test_the_defaults_are_those_of_the_interface() -> None:
    root = RootSettings()

    assert (root.server.host, root.server.port, root.server.max_body) == (("127.0.0.1", "::1"), 1337, 67108864)
    assert root.features == FeatureSettings(correlation_ids=True, new_error_codes=True, admin_dashboard=True, safe_mode=True)
    assert root.deadlines == Deadlines(connect=5.0, first_byte=120.0, idle=120.0, total=1800.0)
    assert ProviderTable(type="x").limits == Limits(max_concurrency=64, max_queue=256)
    assert (root.providers, root.plugin, root.required) == ({}, {}, ())


def test_a_table_of_deadlines_changes_only_what_it_says() -> None:
    base = Deadlines(connect=1.0, idle=2.0)

    assert DeadlineOverrides().over(base) == base
    assert DeadlineOverrides(idle=3.0, total=4.0).over(base) == Deadlines(connect=1.0, idle=3.0, total=4.0)


def test_settings_are_checked_wherever_they_come_from() -> None:
    with pytest.raises(Mistake, match="from 0 to 65535"):
        attrs.evolve(ServerSettings(), port=70000)


def test_a_key_typed_into_the_file_does_not_show_in_the_settings_repr() -> None:
    account = AccountSettings(name="work", key="sk-typed-in")
    root = RootSettings(
        providers={"claude": ProviderTable(type="claude", accounts=(account,))}, plugin={"a": {"token": "sk-too"}}
    )

    assert "sk-" not in repr(root)
