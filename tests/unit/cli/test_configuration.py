from __future__ import annotations

import json
from pathlib import Path

import pytest

from korproxy.cli.configuration import Files
from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good
from korproxy.contracts import Configuration
from korproxy.errors.exceptions import CommandFailed, ConfigError
from korproxy.models.routing import Group, Member, Profile, Rule, When
from tests.fakes.daemon import answering_each
from tests.fakes.steered import RELOADED, SETTINGS, cli, furnished, now

BOTH = '[groups.both]\nmembers = [{ provider = "one" }, { provider = "two", account = "home" }]\n'


def files(home: Path, settings: str = SETTINGS, routing: str | None = None) -> Configuration:
    return Files(cli(furnished(home, settings, routing)))


def test_a_change_is_written_and_the_daemon_is_told(home: Path) -> None:
    ours = files(home, routing=BOTH)
    with answering_each(home, RELOADED) as asked:
        done = ours.create_profile(Profile(name="night", default="both"))

    assert (done.files, done.daemon, done.generation) == ((str(home / "routing.toml"),), "in force", 3)
    assert [f"{each.method} {each.path}" for each in asked] == ["POST /v1/reload"]
    assert now(home).routing.profiles == {"night": Profile(name="night", default="both")}


def test_what_is_so_already_is_not_written_again(home: Path) -> None:
    ours = files(home)
    first, second = ours.enable_account("one", "work", on=False), ours.enable_account("one", "work", on=False)

    assert (len(first.files), second.files) == (1, ())
    assert now(home).routing.disabled == {"one/work"}


def test_accounts_are_added_and_removed_with_their_secrets(home: Path) -> None:
    ours = files(home)
    added = ours.add_account("one", "new", secret="sk-of-this-test")
    secret = home / "secrets" / "one-new"
    was_there = secret.exists()
    removed = ours.remove_account("one", "new")

    assert (added.files, removed.files) == ((str(home / "accounts.toml"),),) * 2
    assert (was_there, secret.exists(), removed.removed) == (True, False, (str(secret),))
    assert [each.name for each in ours.accounts()] == ["work", "home"]


def test_a_key_that_is_elsewhere_outlives_its_account(home: Path) -> None:
    ours = files(home)
    mine = home / "mine.key"
    mine.write_text("sk-of-this-test")
    ours.add_account("one", "new", key=f"file:{mine}")
    done = ours.remove_account("one", "new")

    assert (done.removed, mine.read_text()) == ((), "sk-of-this-test")


@pytest.mark.code("KP-CONF-228")
def test_an_account_of_the_users_own_file_stays(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        files(home).remove_account("one", "work")

    assert caught.value.code == "KP-CONF-228"
    assert (home / "korproxy.toml").read_text() == SETTINGS


@pytest.mark.code("KP-CONF-222")
def test_what_leads_nowhere_by_this_very_change_is_told_and_nothing_older(home: Path) -> None:
    ours = files(home, routing='disabled = ["gone/gone"]\n')
    first = ours.set_group("g", members=[Member(provider="three")])
    second = ours.set_group("g", strategy="random")

    assert [(each.code, each.path) for each in first.warnings] == [("KP-CONF-222", "routing.toml:$.groups.g.members[0]")]
    assert second.warnings == ()


def test_a_group_is_made_and_changed_by_pieces(home: Path) -> None:
    ours = files(home)
    one, at_home = Member(provider="one"), Member(provider="two", account="home")
    ours.set_group("g", members=[one])
    ours.set_group("g", add=[at_home], strategy="weighted")
    ours.set_group("g", add=[Member(provider="one", weight=3)])
    heavier = now(home).routing.groups["g"]
    ours.set_group("g", remove=[one])
    left = now(home).routing.groups["g"]
    ours.delete_group("g")

    assert heavier == Group(name="g", members=(Member(provider="one", weight=3), at_home), strategy="weighted")
    assert (left.members, dict(now(home).routing.groups)) == ((at_home,), {})


@pytest.mark.code("KP-CONF-226")
def test_a_strategy_that_is_not_there_is_told_with_those_that_are(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        files(home).set_group("g", strategy="rond-robin")

    assert caught.value.code == "KP-CONF-226"
    assert str(caught.value) == (
        "There is no strategy rond-robin. There are: least-busy, priority, random, round-robin, weighted."
    )
    assert not (home / "routing.toml").exists()


def test_profiles_are_changed_switched_and_deleted(home: Path) -> None:
    ours = files(home, routing=BOTH)
    ours.create_profile(Profile(name="a", default="both"))
    ours.create_profile(Profile(name="b"), copy_from="a")
    ours.set_profile("b", {"chat": "both", "default": ""})
    ours.switch_profile("b")
    ours.delete_profile("a")
    routing = ours.routing()

    assert (routing.profile, routing.profiles) == ("b", {"b": Profile(name="b", chat="both")})


def test_rules_are_added_moved_switched_off_and_deleted(home: Path) -> None:
    ours = files(home, routing=BOTH)
    for name in ("a", "b", "c"):
        ours.add_rule(Rule(name=name, when=When(model="x"), group="both"))
    ours.move_rule("c", 1)
    ours.enable_rule("a", on=False)
    ours.delete_rule("b")
    rules = ours.routing().rules

    assert [(each.name, each.enabled) for each in rules] == [("c", True), ("a", False)]


@pytest.mark.code("KP-CONF-202")
def test_a_rule_that_cannot_be_is_refused_with_its_place(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        files(home, routing=BOTH).add_rule(Rule(name="a", when=When(hours="25:00"), group="both"))

    assert [(each.code, each.path) for each in caught.value.problems] == [("KP-CONF-202", "routing.toml:$.rules[0].when.hours")]


def test_safe_mode_is_switched_with_the_time_and_keeps_its_model(home: Path) -> None:
    ours = files(home)
    ours.set_safe_mode(on=True, model="tiny")
    on = ours.routing().safe_mode
    ours.set_safe_mode(on=False)
    off = ours.routing().safe_mode

    assert (on.on, on.model, on.since[:2], off.on, off.model, off.since) == (True, "tiny", "20", False, "tiny", "")


@pytest.mark.code("KP-CONF-231")
def test_safe_mode_cannot_be_switched_on_where_the_feature_is_off(home: Path) -> None:
    ours = files(home, SETTINGS + "[features]\nsafe_mode = false\n")
    with pytest.raises(CommandFailed) as caught:
        ours.set_safe_mode(on=True)

    assert caught.value.code == "KP-CONF-231"
    assert ours.set_safe_mode(on=False).files == ()


@pytest.mark.code("KP-SYS-505")
def test_a_reload_needs_a_daemon(home: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        files(home).reload()

    assert caught.value.code == "KP-SYS-505"


def test_a_reload_passes_on_all_that_the_daemon_warns_of(home: Path) -> None:
    warning = {"code": "KP-CONF-205", "path": "$.x", "message": "not set"}
    answer = {"ok": True, "generation": 1, "problems": [], "warnings": [warning], "restart": []}
    ours = files(home)
    with answering_each(home, {"POST /v1/reload": answer}):
        done = ours.reload()

    assert (done.daemon, [each.code for each in done.warnings]) == ("in force", ["KP-CONF-205"])


def test_what_was_exported_comes_back(home: Path) -> None:
    ours = files(home, routing=BOTH)
    exported = json.dumps(ours.export()).encode()
    ours.delete_group("both")
    done = ours.restore(exported, path="mine.json")

    assert done.files == (str(home / "routing.toml"),)
    assert done.kept == (str(home / "routing.toml.before-import"),)
    assert "both" in ours.routing().groups


@pytest.mark.code("KP-CONF-203")
def test_nothing_is_imported_with_which_a_start_would_fail(home: Path) -> None:
    ours = files(home)
    exported = json.loads(json.dumps(ours.export()))
    exported["settings"]["providers"]["one"]["type"] = "clod"
    with pytest.raises(ConfigError) as caught:
        ours.restore(json.dumps(exported).encode(), path="mine.json")

    assert caught.value.code == "KP-CONF-203"
    assert (home / "korproxy.toml").read_text() == SETTINGS


@pytest.mark.code("KP-CONF-221")
def test_what_is_used_in_place_of_a_damaged_file_is_told_at_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    routing = files(home, routing='profile = "nowhere"\n').routing()

    assert routing.profile == "default"
    assert "warning KP-CONF-221: " in capsys.readouterr().err


@pytest.mark.code("KP-CONF-221")
def test_a_change_of_the_last_good_configuration_says_that_it_began_from_there(home: Path) -> None:
    ours = files(home, routing=BOTH)
    place = Home(path=home)
    keep_last_good(place, {name: (home / name).read_bytes() for name in ("korproxy.toml", "routing.toml")})
    place.routing.write_text("broken = [")
    done, again = (ours.create_profile(Profile(name=each, default="both")) for each in ("night", "day"))

    assert [each.code for each in done.warnings] == ["KP-CONF-221"]
    assert str(home / "last-good" / "000001" / "routing.toml") in done.warnings[0].message
    assert (len(done.kept), again.warnings) == (1, ())
