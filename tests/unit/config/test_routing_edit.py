from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given

from korproxy.config import routing_edit as edit
from korproxy.config.routing_file import dump, parse
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.routing import Group, Member, Profile, Routing, Rule, SafeMode, When
from tests.unit.config.routings import FULL, routings

NEW = Rule(name="new", model="x")


def names(routing: Routing) -> list[str]:
    return [each.name for each in routing.rules]


def test_a_profile_is_created_from_nothing_or_from_another() -> None:
    plain = edit.create_profile(FULL, Profile(name="new"))
    copied = edit.create_profile(FULL, Profile(name="new", chat="all"), copy_from="work")

    assert plain.profiles["new"] == Profile(name="new")
    assert copied.profiles["new"] == Profile(name="new", chat="all", default="all")
    assert edit.create_profile(FULL, Profile(name="new"), copy_from="default").profiles["new"] == Profile(name="new")


def test_the_default_profile_can_be_shown_and_switched_to_before_anybody_made_it() -> None:
    assert edit.profile_of(FULL, "default") == Profile(name="default")
    assert edit.switch_profile(FULL, "default").profile == "default"
    assert edit.create_profile(FULL, Profile(name="default", chat="fast")).profiles["default"].chat == "fast"


def test_a_profile_is_changed_switched_and_deleted() -> None:
    changed = edit.set_profile(FULL, Profile(name="night", chat="fast"))
    unused = edit.delete_rule(changed, "no images")

    assert changed.profiles["night"] == Profile(name="night", chat="fast")
    assert edit.switch_profile(FULL, "night").profile == "night"
    assert list(edit.delete_profile(unused, "night").profiles) == ["work"]


def test_groups_and_their_members_change() -> None:
    made = edit.create_group(FULL, Group(name="new"))
    joined = edit.set_member(made, "new", Member(provider="claude", account="work"))
    heavier = edit.set_member(joined, "new", Member(provider="claude", account="work", weight=5))
    more = edit.set_member(heavier, "new", Member(provider="claude"))
    left = edit.remove_member(more, "new", "claude", "work")

    assert heavier.groups["new"].members == (Member(provider="claude", account="work", weight=5),)
    assert more.groups["new"].members == (*heavier.groups["new"].members, Member(provider="claude"))
    assert left.groups["new"].members == (Member(provider="claude"),)
    assert "new" not in edit.delete_group(left, "new").groups


@pytest.mark.parametrize(
    ("position", "expected"),
    [(None, 3), (1, 0), (2, 1), (4, 3), (99, 3), (0, 0), (-5, 0)],
)
def test_a_rule_is_added_where_it_is_wanted(position: int | None, expected: int) -> None:
    assert names(edit.add_rule(FULL, NEW, position=position)).index("new") == expected


def test_rules_are_moved_switched_and_deleted() -> None:
    assert names(edit.move_rule(FULL, "off", 1)) == ["off", "no images", "all of it"]
    assert names(edit.move_rule(FULL, "no images", 2)) == ["all of it", "no images", "off"]
    assert names(edit.move_rule(FULL, "no images", 99)) == ["all of it", "off", "no images"]
    assert names(edit.delete_rule(FULL, "off")) == ["no images", "all of it"]
    assert edit.enable_rule(FULL, "off", on=True).rules == (*FULL.rules[:2], attrs.evolve(FULL.rules[2], enabled=True))


def test_aliases_lead_elsewhere_or_nowhere() -> None:
    assert edit.set_alias(FULL, "x", "z").aliases == {"fast-*": "gemini/flash", "x": "z"}
    assert edit.delete_alias(FULL, "x").aliases == {"fast-*": "gemini/flash"}


def test_safe_mode_keeps_its_model_and_since_when_it_is_on() -> None:
    off = edit.set_safe_mode(FULL, on=False)
    on = edit.set_safe_mode(off, on=True, since="now")

    assert off.safe_mode == SafeMode(on=False, model="claude/claude-haiku-4-5")
    assert on.safe_mode == SafeMode(on=True, model="claude/claude-haiku-4-5", since="now")
    assert edit.set_safe_mode(on, on=True, model="m", since="later").safe_mode == SafeMode(on=True, model="m", since="now")


def test_accounts_are_disabled_enabled_and_forgotten() -> None:
    disabled = edit.disable_account(FULL, "claude", "work")

    assert disabled.disabled == {"claude/old", "codex/a/b", "claude/work"}
    assert edit.disable_account(disabled, "claude", "work") == disabled
    assert edit.enable_account(disabled, "claude", "work") == FULL
    forgotten = edit.forget_account(disabled, "claude", "work")
    assert forgotten.groups["fast"].members == (Member(provider="codex"),)
    assert forgotten.disabled == FULL.disabled


@pytest.mark.code("KP-CONF-226")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda now: edit.switch_profile(now, "wrok"), "no profile wrok; did you mean work?"),
        (lambda now: edit.switch_profile(now, "x"), "no profile x. There are: work, night, default."),
        (lambda now: edit.switch_profile(edit.set_profile(now, Profile(name="default")), "x"), "work, night, default."),
        (lambda now: edit.delete_profile(now, "x"), "no profile x. There are: work, night."),
        (lambda now: edit.delete_profile(now, "default"), "no profile default"),
        (lambda now: edit.create_profile(now, Profile(name="a"), copy_from="x"), "no profile x"),
        (lambda now: edit.create_profile(now, Profile(name="a", chat="x")), "no group x. There are: fast, all."),
        (lambda now: edit.delete_group(now, "x"), "no group x"),
        (lambda now: edit.set_member(now, "x", Member(provider="claude")), "no group x"),
        (lambda now: edit.remove_member(now, "fast", "claude"), "group fast has no member claude"),
        (lambda now: edit.remove_member(now, "fast", "claude", "x"), 'group fast has no member "claude/x"'),
        (lambda now: edit.add_rule(now, Rule(name="a", group="x")), "no group x"),
        (lambda now: edit.add_rule(now, Rule(name="a", model="m", when=When(profile="x"))), "no profile x"),
        (lambda now: edit.move_rule(now, "x", 1), "no rule x"),
        (lambda now: edit.enable_rule(now, "of", on=True), "no rule of; did you mean off?"),
        (lambda now: edit.delete_rule(now, "x"), "no rule x"),
        (lambda now: edit.delete_alias(now, "y"), "no alias y"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(change: Callable[[Routing], Routing], said: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        change(FULL)

    assert caught.value.code == "KP-CONF-226"
    assert said in caught.value.detail


@pytest.mark.code("KP-CONF-227")
@pytest.mark.parametrize(
    "change",
    [
        lambda now: edit.create_profile(now, Profile(name="work")),
        lambda now: edit.create_group(now, Group(name="fast")),
        lambda now: edit.add_rule(now, Rule(name="off", model="x")),
    ],
)
def test_a_name_that_is_taken_stays_so(change: Callable[[Routing], Routing]) -> None:
    with pytest.raises(CommandFailed, match="already") as caught:
        change(FULL)

    assert caught.value.code == "KP-CONF-227"


@pytest.mark.code("KP-CONF-228")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda now: edit.delete_profile(now, "work"), "in force"),
        (lambda now: edit.delete_profile(now, "night"), 'still named by the rule "no images"'),
        (lambda now: edit.delete_group(now, "all"), "still named by the profiles work, night"),
        (
            lambda now: edit.delete_group(edit.delete_profile(edit.switch_profile(now, "default"), "work"), "fast"),
            "by the rule",
        ),
    ],
)
def test_what_is_needed_is_not_removed(change: Callable[[Routing], Routing], said: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        change(FULL)

    assert caught.value.code == "KP-CONF-228"
    assert said in caught.value.detail


@given(routings())
def test_every_change_of_a_right_routing_gives_a_right_one(routing: Routing) -> None:
    changed = edit.add_rule(edit.disable_account(routing, "a", "b"), attrs.evolve(NEW, name="no such name yet"), position=1)
    changed = edit.set_group(edit.set_safe_mode(changed, on=True, since="now"), Group(name="brand new group"))
    changed = edit.switch_profile(edit.set_profile(changed, Profile(name="p", chat="brand new group")), "p")
    changed = edit.forget_account(edit.move_rule(changed, changed.rules[-1].name, 1), "a", "b")

    assert parse(dump(changed)) == changed
