"""The tables themselves, and that docs/reference/settings.md tells all of them with their defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import attrs
import pytest

from korproxy.chat.conversation import EFFORTS
from korproxy.config.checks import Mistake
from korproxy.config.settings import (
    AbilitySettings,
    AccountSettings,
    DeadlineOverrides,
    Effort,
    FeatureSettings,
    LogSettings,
    ProviderTable,
    RedactionSettings,
    RetrySettings,
    RootSettings,
    ServerSettings,
    StoreSettings,
)
from korproxy.config.strict import structure
from korproxy.errors.exceptions import ConfigError
from korproxy.models.abilities import Abilities
from korproxy.models.providers import Deadlines, Limits

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
TABLES: Mapping[str, type] = {
    "": RootSettings,
    "server.": ServerSettings,
    "features.": FeatureSettings,
    "log.": LogSettings,
    "store.": StoreSettings,
    "deadlines.": Deadlines,
    "retry.": RetrySettings,
    "providers.ID.": ProviderTable,
    "providers.ID.abilities.": AbilitySettings,
    "providers.ID.accounts.": AccountSettings,
    "redaction.": RedactionSettings,
}
SECTIONS = {"server", "features", "log", "store", "deadlines", "retry", "providers", "redaction", "plugin"}
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
            inner = get_args(wanted)[0] if type(None) in get_args(wanted) else wanted
            plain = "str" if get_origin(inner) is Literal else getattr(inner, "__name__", "")
            if name not in SECTIONS:
                array = "array of tables" if field == "accounts" else "array of strings"
                expected[name] = words.get(plain, array if plain == "tuple" else "table")
    rows = re.findall(r"^\| `([a-zA-Z_.]+)` \| ([^|]+) \|", DOCS.read_text("utf-8"), re.MULTILINE)

    assert dict(rows) == expected


def test_the_defaults_are_those_of_the_interface() -> None:
    root = RootSettings()

    assert (root.server.host, root.server.port, root.server.max_body) == (("127.0.0.1", "::1"), 1337, 67108864)
    assert root.features == FeatureSettings(correlation_ids=True, new_error_codes=True, admin_dashboard=True, safe_mode=True)
    assert root.deadlines == Deadlines(connect=5.0, first_byte=120.0, idle=120.0, total=1800.0)
    assert ProviderTable(type="x").limits == Limits(max_concurrency=64, max_queue=256)
    assert (root.providers, root.plugin, root.required, root.aliases) == ({}, {}, (), {})


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


def test_every_ability_can_be_set_and_nothing_else() -> None:
    hints, wanted = get_type_hints(AbilitySettings), get_type_hints(Abilities)

    assert [each.name for each in attrs.fields(AbilitySettings)] == [each.name for each in attrs.fields(Abilities)]
    for name, kind in wanted.items():
        assert name == "efforts" or hints[name] == kind | None
    assert get_args(Effort) == EFFORTS


def test_of_abilities_only_what_the_table_says_is_passed_on_and_efforts_in_rising_order() -> None:
    table = structure({"images": False, "output": 8192, "reasoning": "effort", "efforts": ["high", "low"]}, AbilitySettings)

    assert AbilitySettings().said == {}
    assert table.said == {"images": False, "output": 8192, "reasoning": "effort", "efforts": ("low", "high")}


@pytest.mark.code("KP-CONF-202")
def test_wrong_abilities_are_told_with_their_places() -> None:
    wrong = {"output": 0, "reasoning": "deep", "efforts": ["low", "much"], "colours": True, "images": "no"}
    with pytest.raises(ConfigError) as caught:
        structure({"type": "x", "abilities": wrong}, ProviderTable, path="$.providers.mine")

    assert [(each.code, each.path) for each in caught.value.problems] == [
        ("KP-CONF-202", "$.providers.mine.abilities.output"),
        ("KP-CONF-202", "$.providers.mine.abilities.images"),
        ("KP-CONF-202", "$.providers.mine.abilities.reasoning"),
        ("KP-CONF-202", "$.providers.mine.abilities.efforts[1]"),
        ("KP-CONF-202", "$.providers.mine.abilities.colours"),
    ]


def test_an_alias_leads_to_a_model_or_to_one_of_a_provider() -> None:
    aliases = {
        "claude-haiku-*": "codex/gpt-5.4-mini",
        "fast": "gemini-flash",
        "openai/gpt-4o": "qwen",
        "*": "claude-opus-5[1m]",
    }

    assert structure({"aliases": aliases}, RootSettings).aliases == aliases


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    ("aliases", "path", "said"),
    [
        ({"": "a"}, '$.aliases[""]', "non-empty"),
        ({" a": "b"}, '$.aliases[" a"]', "without spaces"),
        ({"a\nb": "c"}, '$.aliases["a\\nb"]', "without line breaks"),
        ({"fast": ""}, "$.aliases.fast", "non-empty"),
        ({"fast": " b"}, "$.aliases.fast", "must be one model"),
        ({"fast": "gpt-*"}, "$.aliases.fast", "no pattern"),
        ({"fast": "codex/"}, "$.aliases.fast", "no slash at an end"),
        ({"fast": "/gpt"}, "$.aliases.fast", "no slash at an end"),
        ({"fast": 5}, "$.aliases.fast", "expected a string"),
        ({"fast": ["a"]}, "$.aliases.fast", "expected a string"),
        ({"fast": "fast"}, "$.aliases.fast", "leads to itself"),
        ({"a": "b", "b": "c"}, "$.aliases.a", "leads to another alias"),
        ("fast", "$.aliases", "expected a table"),
    ],
)
def test_an_alias_that_leads_nowhere_or_in_a_circle_is_told_with_its_place(aliases: object, path: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        structure({"aliases": aliases}, RootSettings)

    ((code, place, message),) = [(each.code, each.path, each.message) for each in caught.value.problems]
    assert (code, place) == ("KP-CONF-202", path)
    assert said in message


def test_all_aliases_of_a_circle_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        structure({"aliases": {"a": "b", "b": "a", "c": "*"}}, RootSettings)

    assert [each.path for each in caught.value.problems] == ["$.aliases.c", "$.aliases.a", "$.aliases.b"]


def test_a_pattern_may_lead_to_one_of_the_names_it_stands_for() -> None:
    aliases = {"claude-*": "claude-opus-5", "claude-haiku-*": "claude-sonnet-5"}

    assert structure({"aliases": aliases}, RootSettings).aliases == aliases
