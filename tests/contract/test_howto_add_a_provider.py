"""What docs/howto/add-a-provider.md shows is what KorProxy takes: its tables make providers, its plugin keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from korproxy.builtin.providers import claude, codex, compatible, gemini, iflow, qwen
from korproxy.config.home import Home
from korproxy.config.loading import parse
from korproxy.config.view import SettingsView
from korproxy.contracts import Provider
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Features, Outgoing
from tests.fakes.settings import configured

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "add-a-provider.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
MODULES = (claude, codex, gemini, qwen, iflow, compatible)
OWN_MODELS = {"claude": claude, "codex": codex, "gemini": gemini, "qwen": qwen}
WORK = Account(name="work", secret=Secret("sk-1"))


def made(toml: str, home: Home) -> dict[str, Provider]:
    settings = SettingsView.of(parse(toml, path="page"), home, demo=False, environ={}, tables={})
    return {each.id: each for module in MODULES for each in module.korproxy_providers(settings)}


@pytest.mark.parametrize("toml", TABLES, ids=lambda toml: toml.split("\n", 1)[0])
def test_a_table_on_the_page_makes_a_provider_that_can_be_asked(toml: str, home: Path) -> None:
    providers = made(toml, Home(path=home))

    assert set(providers) == set(re.findall(r"^\[providers\.([\w-]+)\]", toml, re.MULTILINE))
    for provider in providers.values():
        spoken = provider.dialect_for("m", Features(dialect="openai-chat"))
        sent = provider.prepare(Outgoing(dialect=spoken, model="m", stream=False, body=b"{}"), WORK)
        assert sent.url.startswith("http")


def test_the_page_names_every_type_with_its_patterns() -> None:
    table = PAGE.split("| `type` |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", table, re.MULTILINE))

    assert set(rows) == {"claude", "codex", "gemini", "qwen", "compatible", "iflow"}
    for kind, module in OWN_MODELS.items():
        (provider,) = module.korproxy_providers(configured(kind))
        assert re.findall(r"`([^`]+)`", rows[kind]) == list(provider.patterns)


def test_the_page_names_every_short_name() -> None:
    table = PAGE.split("| short names |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", table, re.MULTILINE))

    assert set(rows) == set(OWN_MODELS)
    for kind, module in OWN_MODELS.items():
        (provider,) = module.korproxy_providers(configured(kind))
        known = [alias for each in provider.models() for alias in each.aliases]
        assert sorted(re.findall(r"`([^`]+)`", rows[kind])) == sorted(known)


def test_the_plugin_on_the_page_works_as_it_stands() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    plugin: dict[str, Any] = {}
    exec(code, plugin)
    (provider,) = plugin["korproxy_providers"](configured("example"))
    sent = provider.prepare(Outgoing(dialect="openai-chat", model="m", stream=False, body=b"{}"), WORK)

    assert sent.url == "https://api.example.com/v2/chat"
    assert sent.headers[-1] == (b"x-example-key", b"sk-1")
    assert provider.offers("example-small")
