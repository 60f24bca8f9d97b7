"""Old files. tests/corpora/old_configurations has one of every kind and version that ever was: KIND-vVERSION.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config import accounts_file, loading, routing_file
from korproxy.config.accounts_file import AddedAccounts, AddedTable
from korproxy.config.migrations import FLAGS, NEWEST, STEPS, Kind, migrated
from korproxy.config.routing_tables import RoutingTables
from korproxy.config.settings import AccountSettings, FeatureSettings, ProviderTable, RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Group, Member, Profile, Routing, Rule, SafeMode, When

OLD = Path(__file__).parents[2] / "corpora" / "old_configurations"
EXPECTED: dict[Kind, object] = {  # what every old file of this kind says, whatever its version
    "settings": RootSettings(
        features=FeatureSettings(correlation_ids=False, new_error_codes=False, admin_dashboard=False, safe_mode=False),
        providers={"claude": ProviderTable(type="claude")},
    ),
    "accounts": AddedAccounts(
        providers={
            "claude": AddedTable(
                accounts=(
                    AccountSettings(name="work", key="env:ANTHROPIC_API_KEY"),
                    AccountSettings(name="mine", credential="client"),
                )
            ),
            "qwen": AddedTable(accounts=(AccountSettings(name="q", key="file:secrets/qwen"),)),
        }
    ),
    "routing": Routing(
        profile="work",
        profiles={"work": Profile(name="work", chat="main")},
        groups={
            "main": Group(
                name="main",
                strategy="round-robin",
                members=(Member(provider="claude", account="work"), Member(provider="codex")),
            )
        },
        rules=(Rule(name="haiku", when=When(model="claude-haiku-*"), group="main"),),
        aliases={"fast": "gemini/flash"},
        safe_mode=SafeMode(on=True),
        disabled=frozenset({"claude/old"}),
    ),
}
PARSE: dict[Kind, Any] = {"settings": loading.parse, "accounts": accounts_file.parse, "routing": routing_file.parse}
KINDS: tuple[Kind, ...] = get_args(Kind)
EVER = [(kind, version) for kind in KINDS for version in range(NEWEST[kind])]


def missing(newest: dict[Kind, int], steps: dict[Kind, dict[int, object]]) -> list[str]:
    """Return the steps that a chain up to *newest* lacks."""
    return [f"{kind} {n} to {n + 1}" for kind in newest for n in range(newest[kind]) if n not in steps.get(kind, {})]


def test_no_step_is_missing() -> None:
    assert missing(dict(NEWEST), {kind: dict(chain) for kind, chain in STEPS.items()}) == []
    assert {*NEWEST} == {*STEPS} == {*KINDS}


def test_a_step_that_is_missing_would_be_found() -> None:
    later: dict[Kind, int] = {**NEWEST, "routing": NEWEST["routing"] + 1}

    assert missing(later, {kind: dict(chain) for kind, chain in STEPS.items()}) == ["routing 1 to 2"]
    with pytest.raises(LookupError):
        migrated("routing", {"version": 1}, "routing.toml", newest=later)


def test_the_newest_version_is_what_the_strict_reading_wants() -> None:
    tables: dict[Kind, Any] = {"settings": RootSettings, "accounts": AddedAccounts, "routing": RoutingTables}

    assert {kind: tables[kind]().version for kind in KINDS} == NEWEST
    for kind in KINDS:
        with pytest.raises(Exception, match=f"must be {NEWEST[kind]}, not"):
            tables[kind](version=NEWEST[kind] + 1)


@pytest.mark.parametrize(("kind", "version"), EVER)
def test_a_file_of_every_kind_and_version_that_ever_was_is_read_as_it_was_meant(kind: Kind, version: int) -> None:
    text = (OLD / f"{kind}-v{version}.toml").read_text(encoding="utf-8")

    assert PARSE[kind](text, path="old.toml") == EXPECTED[kind]
    found = migrated(kind, tomllib.loads(text), "old.toml")
    assert (found.version, found.changed, found.document["version"]) == (version, True, NEWEST[kind])


def test_every_flag_of_the_founding_document_has_its_place_today() -> None:
    assert sorted(FLAGS.values()) == sorted(each.name for each in attrs.fields(FeatureSettings))


def test_chains_go_step_by_step() -> None:
    def mark(name: str) -> Any:
        return lambda document: {**document, "went": [*document.get("went", ()), name]}

    steps: Any = {"routing": {0: mark("a"), 1: mark("b"), 2: mark("c")}}
    found = migrated("routing", {"version": 1}, "r.toml", newest={"routing": 3}, steps=steps)

    assert found.document == {"version": 3, "went": ["b", "c"]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_a_version_that_says_what_files_say_today_is_only_given_one(kind: Kind) -> None:
    found = migrated(kind, {"providers": {}} if kind != "routing" else {"profiles": {"a": {}}}, "x.toml")

    assert (found.changed, found.document["version"]) == (False, 1)


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_a_version_that_never_was_is_left_for_the_strict_reading(version: object) -> None:
    found = migrated("settings", {"version": version, "NEW_ERROR_CODES": False}, "k.toml")

    assert (found.document["version"], found.changed) == (version, False)


def test_a_name_of_today_beside_an_old_one_counts() -> None:
    written = {"NEW_ERROR_CODES": True, "features": {"NEW_ERROR_CODES": True, "new_error_codes": False}}

    assert migrated("settings", written, "k.toml").document["features"] == {"new_error_codes": False}


def test_what_is_said_in_the_old_way_and_in_the_new_is_left_for_the_strict_reading() -> None:
    rule = {"name": "a", "match": "x", "when": {"model": "y"}}

    assert migrated("routing", {"rules": [rule]}, "r.toml").document["rules"] == [rule]


@pytest.mark.code("KP-CONF-211")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_for_a_newer_korproxy_is_refused(kind: Kind) -> None:
    with pytest.raises(ConfigError) as caught:
        migrated(kind, {"version": NEWEST[kind] + 1}, "x.toml", root="x.toml:$")

    assert [(each.code, each.path) for each in caught.value.problems] == [("KP-CONF-211", "x.toml:$.version")]


_leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.sampled_from(["claude/work", "a"]))
_keys = st.sampled_from(
    [
        "accounts",
        "provider",
        "providers",
        "name",
        "groups",
        "profiles",
        "rules",
        "match",
        "when",
        "safe_mode",
        "members",
        "features",
        "feature_flags",
        "active_profile",
        "profile",
        "NEW_ERROR_CODES",
    ]
)
_any = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4), max_leaves=12
)


@given(st.sampled_from(KINDS), st.dictionaries(_keys, _any, max_size=5))
def test_a_step_copes_with_any_document_and_does_nothing_to_the_old_one(kind: Kind, written: dict[str, object]) -> None:
    before = repr(written)

    migrated(kind, written, "x.toml")

    assert repr(written) == before
