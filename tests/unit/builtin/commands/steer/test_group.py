from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.api import Group, Member
from tests.fakes.steered import NEXT_START, furnished, now, run, said

ROUTING = """
[groups.both]
strategy = "weighted"
members = [{ provider = "one", account = "work", weight = 3 }, { provider = "two" }]
[groups.empty]
[profiles.day]
default = "both"
"""


def test_all_groups_are_listed(home: Path) -> None:
    furnished(home, routing=ROUTING)

    assert run("group", "list").stdout.splitlines() == [
        "GROUP  STRATEGY  MEMBERS",
        "both   weighted  one/work:3, two:1",
        "empty  priority  nobody",
    ]
    assert [each["name"] for each in said("group", "list")[1]["groups"]] == ["both", "empty"]


def test_no_group_is_told_with_what_to_do(home: Path) -> None:
    assert run("group", "list").stdout == "There are no groups; `korproxy group set` makes one.\n"


def test_a_group_is_made(home: Path) -> None:
    furnished(home)
    done = run("group", "set", "g", "--member", "two/home", "--member", "one:2", "--strategy", "random")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"The group g has two/home, one:2 (random).\n{NEXT_START}\n"
    assert now(home).routing.groups["g"] == Group(
        name="g", members=(Member(provider="two", account="home"), Member(provider="one", weight=2)), strategy="random"
    )


def test_a_group_is_changed_by_pieces(home: Path) -> None:
    furnished(home, routing=ROUTING)
    done = run("group", "set", "both", "--add", "one", "--remove", "two", "--strategy", "priority")
    again = run("group", "set", "both", "--strategy", "priority")

    assert done.stdout.splitlines()[0] == "The group both has one/work:3, one (priority)."
    assert again.stdout.splitlines()[0] == "The group both was like that already."


def test_a_group_without_members_says_what_follows(home: Path) -> None:
    furnished(home)
    done = run("group", "set", "g", "--strategy", "random")

    assert done.stdout.startswith("The group g has nobody (random). It has no members, so requests sent there fail.")


@pytest.mark.code("KP-CONF-222")
def test_a_member_that_is_not_configured_is_a_warning(home: Path) -> None:
    furnished(home)
    done = run("group", "set", "g", "--member", "one/wrok")

    assert done.exit_code == 0
    assert done.stderr.startswith("warning KP-CONF-222: routing.toml:$.groups.g.members[0]: no account wrok of one ")


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize("member", ["one:0", "one:99999999", "ONE"])
def test_a_member_that_cannot_be_is_refused_with_its_place(home: Path, member: str) -> None:
    furnished(home)
    code, data = said("group", "set", "g", "--member", member)

    assert (code, data["error"]["code"]) == (1, "KP-CONF-202")
    assert data["error"]["problems"][0]["path"].startswith("routing.toml:$.groups.g.members[0].")


@pytest.mark.parametrize("args", [(), ("--member", "/"), ("--add", "one/")])
def test_a_wrong_command_line_is_exit_code_2(args: tuple[str, ...]) -> None:
    assert run("group", "set", "g", *args).exit_code == 2


@pytest.mark.code("KP-CONF-228")
def test_a_group_that_a_profile_needs_stays(home: Path) -> None:
    furnished(home, routing=ROUTING)
    refused, deleted = run("group", "delete", "both"), run("group", "delete", "empty")

    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "error KP-CONF-228")
    assert (deleted.exit_code, list(now(home).routing.groups)) == (0, ["both"])
