from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.api import Profile
from tests.fakes.daemon import answering_each
from tests.fakes.steered import GOES_BY_IT, NEXT_START, RELOADED, furnished, now, run, said

ROUTING = """
profile = "day"
[groups.both]
strategy = "weighted"
members = [{ provider = "one", account = "work", weight = 3 }, { provider = "two" }]
[groups.nobody]
[profiles.day]
default = "both"
[profiles.night]
chat = "nobody"
embedding = "both"
"""


def test_all_profiles_are_listed_with_a_star_at_the_one_in_force(home: Path) -> None:
    furnished(home, routing=ROUTING)
    done = run("profile", "list")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "   default  whoever offers the model",
        "*  day      default: both",
        "   night    chat: nobody, embedding: both",
    ]


def test_there_is_a_profile_even_if_nobody_made_one(home: Path) -> None:
    furnished(home)
    code, data = said("profile", "list")

    assert (code, data["profile"], [(each["name"], each["in_force"]) for each in data["profiles"]]) == (
        0,
        "default",
        [("default", True)],
    )


def test_a_profile_is_shown_with_the_members_of_its_groups(home: Path) -> None:
    furnished(home, routing=ROUTING)
    in_force, night = run("profile", "show").stdout.splitlines(), run("profile", "show", "night").stdout.splitlines()

    assert in_force[:3] == [
        "day (in force)",
        "  default     both (weighted): one/work:3, two:1",
        "  chat        as default",
    ]
    assert night[:3] == ["night", "  default     whoever offers the model", "  chat        nobody (priority): nobody"]


def test_json_of_a_profile_has_its_groups(home: Path) -> None:
    furnished(home, routing=ROUTING)
    _, data = said("profile", "show", "night")

    assert (data["name"], data["chat"], data["in_force"], sorted(data["groups"])) == (
        "night",
        "nobody",
        False,
        ["both", "nobody"],
    )


@pytest.mark.code("KP-CONF-226")
@pytest.mark.parametrize("args", [("show", "no"), ("switch", "no"), ("delete", "no"), ("set", "no", "--chat", "both")])
def test_a_profile_that_is_not_there_is_told_with_those_that_are(home: Path, args: tuple[str, ...]) -> None:
    furnished(home, routing=ROUTING)
    done = run("profile", *args)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-CONF-226: There is no profile ")


def test_a_profile_is_made_from_another_one(home: Path) -> None:
    furnished(home, routing=ROUTING)
    done = run("profile", "create", "late", "--copy-from", "night", "--chat", "both")

    assert done.stdout.splitlines() == [
        "The profile late has been created; `korproxy profile switch late` puts it in force.",
        NEXT_START,
    ]
    assert now(home).routing.profiles["late"] == Profile(name="late", chat="both", embedding="both")


@pytest.mark.code("KP-CONF-227")
def test_a_profile_is_not_made_twice(home: Path) -> None:
    furnished(home, routing=ROUTING)
    code, data = said("profile", "create", "night")

    assert (code, data["error"]["code"]) == (1, "KP-CONF-227")


def test_groups_of_a_profile_are_changed_and_taken_away(home: Path) -> None:
    furnished(home, routing=ROUTING)
    run("profile", "set", "night", "--chat", "", "--default", "both")
    again = run("profile", "set", "night", "--default", "both")

    assert now(home).routing.profiles["night"] == Profile(name="night", default="both", embedding="both")
    assert again.stdout.splitlines()[0] == "The profile night was like that already."


def test_to_change_nothing_is_a_wrong_command_line(home: Path) -> None:
    assert run("profile", "set", "night").exit_code == 2


def test_switching_is_in_force_at_once(home: Path) -> None:
    furnished(home, routing=ROUTING)
    with answering_each(home, RELOADED):
        first, second = run("profile", "switch", "night"), run("profile", "switch", "night")

    assert first.stdout == f"The profile is now night.\n{GOES_BY_IT}\n"
    assert second.stdout == f"The profile was night already.\n{GOES_BY_IT}\n"


def test_programs_are_told_what_the_daemon_makes_of_it(home: Path) -> None:
    furnished(home, routing=ROUTING)
    with answering_each(home, RELOADED):
        code, data = said("profile", "switch", "night")

    assert (code, data["profile"], data["changed"], data["daemon"], data["generation"]) == (0, "night", True, "in force", 3)


@pytest.mark.code("KP-CONF-202")
def test_a_switch_that_is_saved_and_not_in_force_is_exit_code_1(home: Path) -> None:
    furnished(home, routing=ROUTING)
    wrong = {"code": "KP-CONF-202", "path": "$.server.prot", "message": "no such setting"}
    with answering_each(home, {"POST /v1/reload": {"ok": False, "generation": 2, "problems": [wrong]}}, status=409):
        done = run("profile", "switch", "night")

    assert (done.exit_code, now(home).routing.profile) == (1, "night")
    assert done.stdout.splitlines()[1].startswith("Saved, but not in force: ")
    assert done.stderr.startswith("error KP-CONF-202: $.server.prot: no such setting\n")


@pytest.mark.code("KP-CONF-228")
def test_the_profile_in_force_stays(home: Path) -> None:
    furnished(home, routing=ROUTING)
    refused, deleted = run("profile", "delete", "day"), run("profile", "delete", "night")

    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "error KP-CONF-228")
    assert (deleted.exit_code, list(now(home).routing.profiles)) == (0, ["day"])
