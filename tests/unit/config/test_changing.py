from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import attrs
import pytest

from korproxy.config import routing_file
from korproxy.config.accounts_file import AddedAccounts, AddedTable
from korproxy.config.changing import Editable, Rewritten, migrate_files, update, update_routing
from korproxy.config.home import Home, prepare
from korproxy.config.last_good import keep_last_good
from korproxy.config.reading import read_all
from korproxy.config.routing_edit import set_group
from korproxy.config.settings import AccountSettings
from korproxy.errors.exceptions import CommandFailed, ConfigError
from korproxy.models.routing import Group, Routing, Rule
from tests.unit.config.routings import FULL

OLD = Path(__file__).parents[2] / "corpora" / "old_configurations"
ADDED = AddedAccounts(providers={"qwen": AddedTable(type="qwen", accounts=(AccountSettings(name="q", key="env:Q"),))})


@pytest.fixture
def place(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    return found


def files(place: Home) -> list[str]:
    return sorted(each.name for each in place.path.iterdir() if each.is_file() and each.name != "edit.lock")


def test_the_first_change_makes_the_home_and_the_file(home: Path) -> None:
    place = Home(path=home)

    changed = update_routing(place, lambda _: FULL)

    assert (changed.routing, changed.files, changed.kept) == (FULL, (place.routing,), ())
    assert read_all(place, fall_back=False).routing == FULL
    assert files(place) == ["routing.toml"]


def test_a_change_begins_with_what_is_there(place: Home) -> None:
    for name in ("a", "b"):
        update_routing(place, partial(set_group, group=Group(name=name)))

    assert list(read_all(place).routing.groups) == ["a", "b"]


def test_a_change_of_nothing_writes_nothing(place: Home) -> None:
    assert update_routing(place, lambda now: now).files == ()
    assert files(place) == []


def test_accounts_and_routing_change_in_one_step(place: Home) -> None:
    seen: list[Editable] = []

    def edit(now: Editable) -> Editable:
        seen.append(now)
        return attrs.evolve(now, added=ADDED, routing=FULL)

    changed = update(place, edit)

    assert (seen[0].added, seen[0].routing) == (AddedAccounts(), Routing())
    assert changed.files == (place.accounts, place.routing)
    assert (read_all(place).added, read_all(place).routing) == (ADDED, FULL)


@pytest.mark.code("KP-CONF-220")
def test_what_cannot_be_read_back_is_not_written(place: Home) -> None:
    update_routing(place, lambda _: FULL)
    before = place.routing.read_bytes()

    with pytest.raises(ConfigError, match="no group nowhere") as caught:
        update_routing(place, lambda now: attrs.evolve(now, rules=(Rule(name="a", group="nowhere"),)))
    with pytest.raises(ConfigError, match="1 to 64 printable"):
        update_routing(place, lambda now: attrs.evolve(now, groups={" a": Group(name=" a")}))

    assert caught.value.code == "KP-CONF-220"
    assert place.routing.read_bytes() == before


def test_an_edit_that_refuses_changes_nothing_and_lets_go_of_the_lock(place: Home) -> None:
    def refuse(_: Routing) -> Routing:
        raise CommandFailed("KP-CONF-226", "no")

    with pytest.raises(CommandFailed):
        update_routing(place, refuse)

    assert update_routing(place, lambda _: FULL).files == (place.routing,)


def test_in_place_of_a_damaged_file_the_last_good_one_is_changed_and_the_damaged_one_is_kept(place: Home) -> None:
    update_routing(place, lambda _: FULL)
    keep_last_good(place, read_all(place).files)
    damaged = place.routing.read_bytes()[:50]
    place.routing.write_bytes(damaged)

    changed = update_routing(place, lambda now: attrs.evolve(now, profile="night"))

    assert changed.kept == (place.path / "routing.toml.damaged",)
    assert changed.kept[0].read_bytes() == damaged
    assert read_all(place, fall_back=False).routing == attrs.evolve(FULL, profile="night")


@pytest.mark.code("KP-CONF-201")
def test_a_damaged_file_without_a_last_good_one_is_not_written_over(place: Home) -> None:
    place.routing.write_bytes(b"[groups")

    with pytest.raises(ConfigError) as caught:
        update_routing(place, lambda _: FULL)

    assert (caught.value.code, place.routing.read_bytes()) == ("KP-CONF-201", b"[groups")
    assert update(place, lambda now: attrs.evolve(now, added=ADDED)).files == (place.accounts,)  # the other one is sound


def test_a_change_of_an_older_file_keeps_it_as_it_was(place: Home) -> None:
    old = (OLD / "routing-v0.toml").read_bytes()
    place.routing.write_bytes(old)

    changed = update_routing(place, lambda now: attrs.evolve(now, disabled=frozenset()))

    assert [(each.name, each.read_bytes()) for each in changed.kept] == [("routing.toml.v0", old)]
    assert "version = 1" in place.routing.read_text()
    assert read_all(place).notices[0].code != "KP-CONF-230"


def test_older_files_that_korproxy_writes_are_migrated_and_kept(place: Home) -> None:
    for kind, path in (("settings", place.toml), ("accounts", place.accounts), ("routing", place.routing)):
        path.write_bytes((OLD / f"{kind}-v0.toml").read_bytes())
    before = read_all(place)

    written = migrate_files(place).files

    after = read_all(place)
    assert written == (place.accounts, place.routing)
    assert files(place) == ["accounts.toml", "accounts.toml.v0", "korproxy.toml", "routing.toml", "routing.toml.v0"]
    assert (after.root, after.routing, after.added) == (before.root, before.routing, before.added)
    assert [each.path for each in after.notices if each.code == "KP-CONF-230"] == [str(place.toml)]
    assert migrate_files(place) == Rewritten()


def test_the_users_file_is_written_anew_only_when_asked(place: Home) -> None:
    old = (OLD / "settings-v0.toml").read_bytes()
    place.toml.write_bytes(old)
    before = read_all(place).root

    assert migrate_files(place) == Rewritten()
    copy = place.path / "korproxy.toml.v0"
    assert migrate_files(place, settings=True) == Rewritten(files=(place.toml,), kept=(copy,))

    assert copy.read_bytes() == old
    assert (read_all(place).root, read_all(place).notices) == (before, ())


def test_a_file_that_cannot_be_used_is_not_migrated(place: Home) -> None:
    place.routing.write_bytes(b"active_profile = 5\n")

    assert migrate_files(place) == Rewritten()
    assert files(place) == ["routing.toml"]


WRITER = """\
import sys
from pathlib import Path
import attrs
from korproxy.config.changing import update_routing
from korproxy.config.home import Home
from korproxy.models.routing import Group

for n in range(20):
    name = f"{sys.argv[2]}-{n}"
    update_routing(Home(path=Path(sys.argv[1])), lambda now: attrs.evolve(now, groups={**now.groups, name: Group(name=name)}))
"""


def test_of_several_writers_at_once_none_loses_anothers_change(place: Home) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(place.path), str(n)]) for n in range(3)]

    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert len(routing_file.parse(place.routing.read_text()).groups) == 60
