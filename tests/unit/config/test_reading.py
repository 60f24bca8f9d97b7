from __future__ import annotations

import os
from pathlib import Path

import pytest

from korproxy.config.home import Home, prepare
from korproxy.config.last_good import keep_last_good
from korproxy.config.reading import Loaded, not_there, read_all, read_last_good
from korproxy.config.routing_file import dump
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Group, Member, Routing

SETTINGS = "[providers.claude]\ntype = 'claude'\n[[providers.claude.accounts]]\nname = 'work'\n"
ACCOUNTS = "version = 1\n[[providers.claude.accounts]]\nname = 'home'\nkey = 'env:HOME_KEY'\n"
ROUTING = Routing(groups={"g": Group(name="g", members=(Member(provider="claude", account="home"),))})


@pytest.fixture
def place(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    return found


def write(place: Home, settings: str = SETTINGS, accounts: str = ACCOUNTS, routing: Routing = ROUTING) -> None:
    place.toml.write_text(settings)
    place.accounts.write_text(accounts)
    place.routing.write_text(dump(routing))


def names(loaded: Loaded) -> list[str]:
    return [each.name for each in loaded.root.providers["claude"].accounts]


def test_a_new_home_has_all_defaults(home: Path) -> None:
    loaded = read_all(Home(path=home))

    assert (loaded.root, loaded.routing, loaded.problems, loaded.notices, loaded.files) == (
        RootSettings(),
        Routing(),
        (),
        (),
        {},
    )
    assert loaded.source == {"korproxy.toml": "absent", "accounts.toml": "absent", "routing.toml": "absent"}


def test_all_three_files_are_read_as_one(place: Home) -> None:
    write(place)

    loaded = read_all(place)

    assert (names(loaded), loaded.routing, loaded.problems, loaded.notices) == (["work", "home"], ROUTING, (), ())
    assert loaded.files == {each.name: each.read_bytes() for each in (place.toml, place.accounts, place.routing)}


def test_reading_writes_nothing(place: Home) -> None:
    write(place, settings="NEW_ERROR_CODES = true\n", accounts="[[accounts]]\nprovider='a'\nname='b'\n")
    before = {path: path.stat().st_mtime_ns for path in place.path.rglob("*")}

    read_all(place)

    assert {path: path.stat().st_mtime_ns for path in place.path.rglob("*")} == before


@pytest.mark.code("KP-CONF-221")
def test_each_bad_file_falls_back_alone(place: Home) -> None:
    write(place)
    keep_last_good(place, read_all(place).files)
    write(place, settings=SETTINGS.replace("work", "new"))
    place.routing.write_bytes(place.routing.read_bytes()[:-20])

    loaded = read_all(place)

    assert (names(loaded), loaded.routing) == (["new", "home"], ROUTING)
    assert loaded.source == {"korproxy.toml": "file", "accounts.toml": "file", "routing.toml": "last good"}
    assert [each.code for each in loaded.notices] == ["KP-CONF-221"]
    assert loaded.files["routing.toml"] == dump(ROUTING).encode()


def test_strictly_every_mistake_of_every_file_is_told_at_once(place: Home) -> None:
    write(place, settings="[server]\nport = 'x'\n", accounts="version = 'x'\n")
    place.routing.write_text("profile = 5\n")

    with pytest.raises(ConfigError) as caught:
        read_all(place, fall_back=False)

    assert [each.path for each in caught.value.problems] == [
        "$.server.port",
        "accounts.toml:$.version",
        "routing.toml:$.profile",
    ]


@pytest.mark.code("KP-CONF-212")
def test_an_account_in_both_files_costs_nothing_but_itself(place: Home) -> None:
    write(place, accounts=ACCOUNTS.replace("home", "work"), routing=Routing())

    loaded = read_all(place)

    assert (names(loaded), [each.code for each in loaded.problems]) == (["work"], ["KP-CONF-212"])
    with pytest.raises(ConfigError, match="KP-CONF-212"):
        read_all(place, fall_back=False)


@pytest.mark.code("KP-CONF-222")
def test_names_in_the_routing_that_nothing_has_are_told() -> None:
    root = RootSettings(providers={"claude": ProviderTable(type="claude", accounts=(AccountSettings(name="work"),))})
    members = tuple(Member(provider=name, account=account) for name, account in [("claude", ""), ("claude", "x"), ("y", "")])
    routing = Routing(groups={"g": Group(name="g", members=members)}, disabled=frozenset({"claude/work", "y/z/1"}))

    assert [(each.code, each.path, each.message) for each in not_there(routing, root)] == [
        ("KP-CONF-222", "routing.toml:$.groups.g.members[1]", "no account x of claude is configured"),
        ("KP-CONF-222", "routing.toml:$.groups.g.members[2]", "no provider y is configured"),
        ("KP-CONF-222", "routing.toml:$.disabled", "no provider y is configured"),
    ]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever runs this may read everything")
def test_a_file_that_may_not_be_read_falls_back_too(place: Home) -> None:
    write(place)
    keep_last_good(place, read_all(place).files)
    place.toml.chmod(0)

    assert read_all(place).source["korproxy.toml"] == "last good"


def test_a_folder_in_the_place_of_a_file_falls_back_too(place: Home) -> None:
    write(place)
    keep_last_good(place, read_all(place).files)
    place.toml.unlink()
    place.toml.mkdir()

    assert read_all(place).source["korproxy.toml"] == "last good"


def test_the_last_good_configuration_can_be_asked_for_whatever_the_files_are_like(place: Home) -> None:
    write(place)
    keep_last_good(place, read_all(place).files)
    write(place, settings="[providers.claude]\ntype = 'unknown'\n", routing=Routing())

    loaded = read_last_good(place)

    assert loaded is not None
    assert (names(loaded), loaded.routing) == (["work", "home"], ROUTING)
    assert set(loaded.source.values()) == {"last good"}
    keep_last_good(place, {"korproxy.toml": b"version = 1\n"})
    other = read_last_good(place)
    assert other is not None
    assert other.source == {"korproxy.toml": "last good", "accounts.toml": "absent", "routing.toml": "absent"}


def test_there_may_be_no_last_good_configuration(place: Home) -> None:
    assert read_last_good(place) is None
    keep_last_good(place, {"korproxy.toml": b"["})
    assert read_last_good(place) is None
