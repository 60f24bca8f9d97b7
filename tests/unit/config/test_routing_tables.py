from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from korproxy.config.routing_file import parse
from korproxy.config.routing_tables import (
    GroupTable,
    MemberTable,
    ProfileTable,
    RoutingTables,
    RuleTable,
    SafeModeTable,
    WhenTable,
)
from korproxy.config.strict import structure
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Group, Member, Profile, Routing, Rule, SafeMode, When

MODELS = {
    RoutingTables: Routing,
    ProfileTable: Profile,
    GroupTable: Group,
    MemberTable: Member,
    RuleTable: Rule,
    WhenTable: When,
    SafeModeTable: SafeMode,
}


def problems(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        structure(document, RoutingTables)
    assert {each.code for each in caught.value.problems} == {"KP-CONF-202"}
    return [(each.path, each.message) for each in caught.value.problems]


@pytest.mark.parametrize("table", MODELS, ids=lambda each: each.__name__)
def test_a_table_has_what_its_model_has_and_the_same_defaults(table: type) -> None:
    def fields(of: type) -> dict[str, object]:
        return {each.name: each.default for each in attrs.fields(of) if not isinstance(each.default, attrs.Factory)}  # type: ignore[arg-type]

    named = {"name"} if table in {ProfileTable, GroupTable} else set[str]()  # there the key of the table
    names = {each.name for each in attrs.fields(table)} - {"version"}
    assert names | named == {each.name for each in attrs.fields(MODELS[table])}
    same = fields(table).keys() & fields(MODELS[table]).keys() - {"disabled"}
    assert {name: fields(table)[name] for name in same} == {name: fields(MODELS[table])[name] for name in same}


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    ("document", "path", "said"),
    [
        ({"profil": "x"}, "$.profil", 'did you mean "profile"'),
        ({"profile": ""}, "$.profile", "1 to 64"),
        ({"version": True}, "$.version", "expected a whole number"),
        ({"profiles": {"ü": {}}}, '$.profiles["\\u00fc"]', "printable ASCII"),
        ({"profiles": {"a": {"image": "x"}}}, "$.profiles.a.image", "no such setting"),
        ({"groups": {"a": {"members": [{"provider": "A"}]}}}, "$.groups.a.members[0].provider", "a provider's id"),
        ({"groups": {"a": {"members": [{"account": "A"}]}}}, "$.groups.a.members[0].provider", "is missing"),
        ({"groups": {"a": {"members": [{"provider": "a", "weight": 0}]}}}, "$.groups.a.members[0].weight", "from 1 to"),
        ({"groups": {"a": {"members": [{"provider": "a"}] * 2}}}, "$.groups.a.members[1]", "is there twice"),
        ({"groups": {"a": {"strategy": ""}}}, "$.groups.a.strategy", "1 to 64"),
        ({"aliases": {"a": "b", "b": "c"}}, "$.aliases.a", "leads to another alias"),
        ({"aliases": {"a": "b*"}}, "$.aliases.a", "no pattern"),
        ({"disabled": ["claude"]}, "$.disabled[0]", 'must be "provider/account"'),
        ({"disabled": ["claude/"]}, "$.disabled[0]", "an account's name"),
        ({"disabled": ["a/b", "a/b"]}, "$.disabled[1]", "is there twice"),
        ({"safe_mode": {"on": "yes"}}, "$.safe_mode.on", "expected true or false"),
        ({"safe_mode": {"model": ""}}, "$.safe_mode.model", "non-empty"),
        ({"rules": [{"group": "a"}]}, "$.rules[0].name", "is missing"),
        ({"rules": [{"name": "a"}]}, "$.rules[0]", "says nothing"),
        ({"rules": [{"name": "a", "group": "b", "refuse": "KP-RATE-401"}]}, "$.rules[0].refuse", "cannot be combined"),
        ({"rules": [{"name": "a", "group": "b", "message": "c"}]}, "$.rules[0].message", "only for rules that refuse"),
        ({"rules": [{"name": "a", "refuse": "KP-RATE-470"}]}, "$.rules[0].refuse", "one of the codes"),
        ({"rules": [{"name": "a", "refuse": "no"}]}, "$.rules[0].refuse", "one of the codes"),
        ({"rules": [{"name": "a", "group": "b"}, {"name": "a", "group": "c"}]}, "$.rules[1].name", "entry 1 has the same"),
    ],
)
def test_every_mistake_is_told_with_its_place(document: dict[str, Any], path: str, said: str) -> None:
    ((place, message),) = problems(document)

    assert place == path
    assert said in message


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    ("when", "path", "said"),
    [
        ({"modle": "x"}, "modle", 'did you mean "model"'),
        ({"model": " x"}, "model", "must be a pattern"),
        ({"model": "a\nb"}, "model", "without line breaks"),
        ({"types": ["chat", "images"]}, "types[1]", '"chat" or "completion"'),
        ({"types": ["chat", "chat"]}, "types[1]", "is there twice"),
        ({"headers": {"X-Team": "a"}}, "headers.X-Team", "in lower case"),
        ({"headers": {"x team": "a"}}, 'headers["x team"]', "in lower case"),
        ({"headers": {"x-team": ""}}, "headers.x-team", "non-empty"),
        ({"min_body": -1}, "min_body", "at least 0"),
        ({"min_body": 5, "max_body": 4}, "max_body", "less than min_body"),
        ({"tools": 1}, "tools", "expected true or false"),
        ({"hours": "9-17"}, "hours", "HH:MM-HH:MM"),
        ({"hours": "24:00-01:00"}, "hours", "HH:MM-HH:MM"),
        ({"hours": "09:60-10:00"}, "hours", "HH:MM-HH:MM"),
        ({"hours": "09:00-10:00-11:00"}, "hours", "HH:MM-HH:MM"),
        ({"hours": "09:00-09:00"}, "hours", "has the same start and end"),
        ({"days": ["monday"]}, "days[0]", '"mon" or'),
    ],
)
def test_what_a_rule_asks_has_to_be_possible(when: dict[str, Any], path: str, said: str) -> None:
    ((place, message),) = problems({"rules": [{"name": "a", "group": "b", "when": when}]})

    assert place == f"$.rules[0].when.{path}"
    assert said in message


def test_all_mistakes_are_told_at_once() -> None:
    document = {"profile": 1, "rules": [{"name": "a", "when": {"hours": "x", "days": ["y"]}}, {"group": 5}], "groups": []}

    assert [path for path, _ in problems(document)] == [
        "$.profile",
        "$.groups",
        "$.rules[0].when.hours",
        "$.rules[0].when.days[0]",
        "$.rules[1].name",
        "$.rules[1].group",
    ]


@pytest.mark.parametrize("hours", ["00:00-24:00", "22:00-06:00", "23:59-00:00"])
def test_hours_may_go_over_midnight(hours: str) -> None:
    tables = structure({"rules": [{"name": "a", "group": "b", "when": {"hours": hours}}]}, RoutingTables)

    assert tables.routing.rules[0].when.hours == hours


def test_a_rule_may_refuse_with_a_code_of_a_plugin() -> None:
    assert structure({"name": "a", "refuse": "KP-PROV-199"}, RuleTable).rule == Rule(name="a", refuse="KP-PROV-199")


DOCS = Path(__file__).parents[3] / "docs"
DOCUMENTED: dict[str, type] = {
    "": RoutingTables,
    "safe_mode.": SafeModeTable,
    "profiles.NAME.": ProfileTable,
    "groups.NAME.": GroupTable,
    "groups.NAME.members.": MemberTable,
    "rules.": RuleTable,
    "rules.when.": WhenTable,
}


SECTIONS = {"safe_mode", "profiles", "groups", "rules"}


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    text = (DOCS / "reference" / "routing-file.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-zA-Z_.]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)

    expected = {f"{prefix}{each.name}": shown(each) for prefix, table in DOCUMENTED.items() for each in attrs.fields(table)}
    assert dict(rows) == {name: default for name, default in expected.items() if name not in SECTIONS}


def shown(field: attrs.Attribute[Any]) -> str:
    """Return the default of *field* as the page has it."""
    if field.default is attrs.NOTHING:
        return "required"
    if field.default is None:
        return "none"
    return f"`{'{}' if isinstance(field.default, attrs.Factory) else json.dumps(field.default)}`"  # type: ignore[arg-type]


def test_what_the_howto_shows_is_right() -> None:
    text = (DOCS / "howto" / "route-requests.md").read_text("utf-8")
    shown = "\n".join(re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL))

    assert len(parse(shown).rules) > 3
