from __future__ import annotations

import re

import attrs
import pytest

from korproxy.config.loading import parse
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.config.template import TEMPLATE

UNCOMMENTED = re.sub(r"(?m)^#(?=\S)", "", TEMPLATE)


def test_the_template_as_it_stands_changes_nothing() -> None:
    assert parse(TEMPLATE, path="k.toml") == RootSettings()


def test_a_mark_is_followed_by_a_setting_or_a_space() -> None:
    marked = [each for each in TEMPLATE.splitlines() if each.startswith("#")]

    assert [each for each in marked if not re.match(r"#$|# \S|#  +\S|#\[|#[a-z_]+ = ", each)] == []


def test_without_the_marks_all_settings_have_their_defaults() -> None:
    root = parse(UNCOMMENTED, path="k.toml")

    assert attrs.evolve(root, providers={}) == RootSettings()


def test_there_is_an_example_of_every_type_and_its_settings_are_the_defaults() -> None:
    providers = parse(UNCOMMENTED, path="k.toml").providers

    assert {name: each.type for name, each in providers.items()} == {
        "claude": "claude",
        "codex": "codex",
        "gemini": "gemini",
        "qwen": "qwen",
        "local": "compatible",
    }
    for each in providers.values():
        assert attrs.evolve(each, accounts=(), base_url=None, models=()) == ProviderTable(type=each.type)
        assert len(each.accounts) == 1


@pytest.mark.parametrize("table", [*attrs.fields(RootSettings), *attrs.fields(ProviderTable), *attrs.fields(AccountSettings)])
def test_every_setting_is_in_the_template(table: attrs.Attribute[object]) -> None:
    names = [table.name, *(each.name for each in attrs.fields(table.type))] if attrs.has(table.type) else [table.name]  # type: ignore[arg-type]

    assert [each for each in names if not re.search(rf"\b{each}\b", TEMPLATE)] == []


def test_every_line_of_the_scalar_tables_is_there_to_uncomment() -> None:
    for name in ("server", "features", "log", "deadlines", "redaction"):
        section = TEMPLATE.partition(f"\n[{name}]\n")[2].partition("\n[")[0]
        fields = [each.name for each in attrs.fields(type(getattr(RootSettings(), name)))]

        assert re.findall(r"(?m)^#([a-z_]+) = ", section)[: len(fields)] == fields
