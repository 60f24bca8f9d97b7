from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from korproxy.config import accounts_file, exchange, routing_file
from korproxy.config.accounts_file import AddedAccounts, AddedTable
from korproxy.config.exchange import dump, export, import_into, joined, parse, problems_in
from korproxy.config.home import Home, prepare
from korproxy.config.masking import MASK
from korproxy.config.reading import read_all
from korproxy.config.settings import AccountSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Routing
from tests.unit.config.routings import FULL, routings

TYPED = "sk-ant-api03-c4narYc4narYc4narY"
SETTINGS = f"""\
# Mine.
version = 1
[server]
port = 1234
[providers.claude]
type = "claude"
[[providers.claude.accounts]]
name = "work"
key = "env:ANTHROPIC_API_KEY"
[[providers.claude.accounts]]
name = "typed"
key = "{TYPED}"
[plugin.p]
token = "hunter2"
day = 1979-05-27
noon = 12:00:00
at = 1979-05-27T07:32:00Z
most = inf
"""
ADDED = AddedAccounts(providers={"claude": AddedTable(accounts=(AccountSettings(name="home", key="file:secrets/home"),))})


def home_with(path: Path, settings: str = SETTINGS, added: AddedAccounts = ADDED, routing: Routing = FULL) -> Home:
    found = Home(path=path)
    prepare(found)
    found.toml.write_text(settings)
    found.accounts.write_text(accounts_file.dump(added))
    found.routing.write_text(routing_file.dump(routing))
    return found


@pytest.fixture
def place(home: Path) -> Home:
    return home_with(home)


def exported(place: Home) -> Any:
    """Return an export as it is once it went through a file."""
    return json.loads(dump(export(place)))


def back(document: Any) -> exchange.Documents:
    return parse(json.dumps(document).encode(), path="export.json")


def refusal(run: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        run()
    assert TYPED not in f"{caught.value} {caught.value.problems}"
    return [(each.code, each.path) for each in caught.value.problems]


def test_an_export_has_all_three_files_without_a_secret_and_with_the_references(place: Home) -> None:
    found = exported(place)

    assert (found["format"], found["version"]) == ("korproxy-configuration", 1)
    assert [each["key"] for each in found["settings"]["providers"]["claude"]["accounts"]] == ["env:ANTHROPIC_API_KEY", MASK]
    assert found["settings"]["plugin"]["p"]["token"] == MASK
    assert found["accounts"]["providers"]["claude"]["accounts"][0]["key"] == "file:secrets/home"
    assert found["routing"] == routing_file.to_document(FULL)
    assert TYPED not in dump(export(place))
    assert "hunter2" not in dump(export(place))


def test_an_export_is_for_people_and_editors_too(place: Home) -> None:
    place.toml.write_text("version = 1\n[aliases]\n'schnell-für-heute' = 'local/m'\n", encoding="utf-8")
    text = dump(export(place))

    assert '    "aliases": {\n      "schnell-für-heute": "local/m"' in text
    assert parse(b"\xef\xbb\xbf" + text.encode(), path="export.json") == back(json.loads(text))


def test_an_empty_home_has_an_empty_export(home: Path) -> None:
    assert export(Home(path=home)) == {"format": "korproxy-configuration", "version": 1}


def test_an_export_that_comes_back_changes_nothing_at_all(place: Home) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.path.glob("*.toml")}

    for merge in (False, True):
        assert import_into(place, back(exported(place)), merge=merge).files == ()

    assert {path: path.stat().st_mtime_ns for path in place.path.glob("*.toml*")} == before


def test_an_export_brings_another_home_to_the_same_configuration(place: Home, tmp_path: Path) -> None:
    document = exported(place)
    document["settings"]["providers"]["claude"]["accounts"].pop()
    del document["settings"]["plugin"]["p"]["token"]
    other = Home(path=tmp_path / "other")

    imported = import_into(other, back(document))

    assert (imported.files, imported.kept) == ((other.toml, other.accounts, other.routing), ())
    assert read_all(other).routing == FULL
    assert read_all(other).root.server.port == 1234
    assert [each.name for each in read_all(other).root.providers["claude"].accounts] == ["work", "home"]
    assert {**read_all(other).root.plugin["p"], "token": "hunter2"} == read_all(place).root.plugin["p"]


def test_a_masked_value_is_never_saved_over_the_real_one(place: Home) -> None:
    document = exported(place)
    document["settings"]["server"]["port"] = 4321

    imported = import_into(place, back(document))

    root = read_all(place).root
    assert imported.files == (place.toml,)
    assert (root.server.port, root.plugin["p"]["token"]) == (4321, "hunter2")
    assert root.providers["claude"].accounts[1].key == TYPED
    assert imported.kept == (place.path / "korproxy.toml.before-import",)
    assert imported.kept[0].read_text() == SETTINGS


@pytest.mark.code("KP-CONF-224")
def test_a_mask_that_nothing_stands_behind_is_refused_and_nothing_is_written(place: Home, tmp_path: Path) -> None:
    other = home_with(tmp_path / "other", "version = 1\n")
    before = other.toml.read_bytes(), other.routing.read_bytes()
    document = exported(place)
    document["routing"] = {"version": 1}

    assert refusal(lambda: import_into(other, back(document))) == [
        ("KP-CONF-224", "$.providers.claude.accounts[1].key"),
        ("KP-CONF-224", "$.plugin.p.token"),
    ]
    assert (other.toml.read_bytes(), other.routing.read_bytes()) == before


def test_an_import_replaces_what_it_has_and_leaves_the_rest(place: Home) -> None:
    import_into(place, back({"format": "korproxy-configuration", "version": 1, "settings": {"server": {"port": 1}}}))

    loaded = read_all(place)
    assert (loaded.root.server.port, loaded.root.providers, loaded.routing) == (1, {}, FULL)


def test_a_merge_adds_to_what_is_there(place: Home) -> None:
    more = {"settings": {"log": {"level": "debug"}}, "routing": {"profiles": {"new": {"chat": "fast"}}, "profile": "new"}}

    import_into(place, back({"format": "korproxy-configuration", "version": 1, **more}), merge=True)

    loaded = read_all(place)
    assert (loaded.root.log.level, loaded.root.server.port) == ("debug", 1234)
    assert (loaded.routing.profile, [*loaded.routing.profiles]) == ("new", ["work", "night", "new"])
    assert loaded.routing.rules == FULL.rules


@given(routings())
def test_any_export_that_comes_back_changes_nothing(routing: Routing) -> None:
    with tempfile.TemporaryDirectory() as path:
        place = home_with(Path(path), routing=routing)
        before = place.routing.read_bytes()

        assert import_into(place, back(exported(place))).files == ()
        assert import_into(place, back(exported(place)), merge=True).files == ()
        assert place.routing.read_bytes() == before


@pytest.mark.parametrize(
    ("present", "more", "expected"),
    [
        ({"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}, {"a": 1, "b": {"c": 1, "d": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        (
            {"a": [{"name": "x", "k": 1}, {"name": "y"}]},
            {"a": [{"name": "z"}, {"name": "x", "l": 2}]},
            {"a": [{"name": "x", "k": 1, "l": 2}, {"name": "y"}, {"name": "z"}]},
        ),
        ({"a": [{"provider": "x"}]}, {"a": [{"provider": "y"}]}, {"a": [{"provider": "y"}]}),
        ({}, {"a": [{"name": "z"}]}, {"a": [{"name": "z"}]}),
        ({"a": [{"name": "z"}]}, {"a": []}, {"a": []}),
    ],
)
def test_tables_are_joined_and_other_values_replaced(present: Any, more: Any, expected: Any) -> None:
    assert joined(present, more) == expected


def test_all_mistakes_of_all_parts_are_told_and_nothing_is_written(place: Home) -> None:
    before = place.toml.read_bytes()
    document = {
        "format": "korproxy-configuration",
        "version": 1,
        "settings": {"server": {"port": "x"}},
        "routing": {"rules": 5},
    }

    problems = refusal(lambda: import_into(place, back(document)))

    assert problems == [("KP-CONF-202", "$.server.port"), ("KP-CONF-202", "routing.toml:$.rules")]
    assert [(each.code, each.path) for each in problems_in(back(document))] == problems
    assert place.toml.read_bytes() == before


@pytest.mark.code("KP-CONF-212")
def test_an_account_that_would_be_in_both_files_is_refused(place: Home) -> None:
    document = exported(place)
    document["accounts"]["providers"]["claude"]["accounts"][0]["name"] = "work"

    assert refusal(lambda: import_into(place, back(document)))[0][0] == "KP-CONF-212"


def test_an_export_is_right_by_itself(place: Home) -> None:
    assert problems_in(back(exported(place))) == []


@pytest.mark.parametrize(
    ("name", "raw", "problems"),
    [
        ("korproxy.toml", b"[server]\nport = 'x'\n", [("KP-CONF-202", "$.server.port")]),
        ("mine.toml", b"[server]\nport = 'x'\n", [("KP-CONF-202", "$.server.port")]),
        ("routing.toml", b"version = 1\nprofile = 'x'\n", [("KP-CONF-220", "routing.toml:$.profile")]),
        ("accounts.toml", b"version = 1\nx = 1\n", [("KP-CONF-202", "accounts.toml:$.x")]),
        ("korproxy.toml", SETTINGS.encode(), []),
        ("routing.toml", routing_file.dump(FULL).encode(), []),
    ],
)
def test_each_of_the_files_can_be_looked_at_by_itself(name: str, raw: bytes, problems: list[tuple[str, str]]) -> None:
    assert [(each.code, each.path) for each in problems_in(parse(raw, path=f"/some/where/{name}"))] == problems


GOOD = '{"format": "korproxy-configuration", "version": 1'


@pytest.mark.code("KP-CONF-225")
@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        GOOD,
        '{"format": "other", "version": 1}',
        '{"format": "korproxy-configuration"}',
        '{"format": "korproxy-configuration", "version": 2}',
        '{"format": "korproxy-configuration", "version": true}',
        f'{GOOD}, "secrets": {{}}}}',
        f'{GOOD}, "settings": []}}',
        f'{GOOD}, "settings": {{"a": null}}}}',
        f'{GOOD}, "settings": {{"a": {{"$toml": "[1]"}}}}}}',
        f'{GOOD}, "settings": {{"a": {{"$toml": "1.0\\ny = 2"}}}}}}',
        f'{GOOD}, "settings": {{"a": "\\ud800"}}}}',
        f'{GOOD}, "settings": {{"a": {"[" * 100}{"]" * 100}}}}}',
        f'{GOOD}, "settings": {{"a": {"[" * 100_000}}}}}',
    ],
)
def test_what_is_no_export_is_told(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), path="x.json")

    assert [(each.code, each.path) for each in caught.value.problems] == [("KP-CONF-225", "x.json")]


@pytest.mark.code("KP-CONF-201")
def test_a_file_that_korproxy_wrote_and_that_was_cut_off_is_told() -> None:
    with pytest.raises(ConfigError, match="cut off") as caught:
        parse(routing_file.dump(FULL).encode()[:-20], path="routing.toml")

    assert caught.value.code == "KP-CONF-201"


@pytest.mark.code("KP-CONF-211")
def test_a_part_for_a_newer_korproxy_is_refused_and_one_of_an_older_is_migrated() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f'{GOOD}, "routing": {{"version": 2}}}}'.encode(), path="x.json")

    assert caught.value.code == "KP-CONF-211"
    assert parse(f'{GOOD}, "routing": {{"active_profile": "default"}}}}'.encode(), path="x.json") == {
        "routing": {"profile": "default", "version": 1}
    }


@pytest.mark.parametrize("name", ["korproxy.toml", "accounts.toml", "routing.toml"])
def test_an_import_mends_a_damaged_file_and_keeps_it(place: Home, name: str) -> None:
    document = exported(place)
    (place.path / name).write_bytes(b"[groups")

    imported = import_into(place, back({**document, "settings": {"version": 1}}))

    assert place.path / name in imported.files
    assert (place.path / f"{name}.before-import").read_bytes() == b"[groups"
    assert read_all(place, fall_back=False).routing == FULL
