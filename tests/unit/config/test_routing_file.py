from __future__ import annotations

import pytest
from hypothesis import given

from korproxy.config.routing_file import dump, parse
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Group, Profile, Routing, Rule, When
from tests.unit.config.routings import FULL, routings


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return caught.value


def test_everything_that_can_be_said_comes_back() -> None:
    assert parse(dump(FULL)) == FULL


@given(routings())
def test_what_is_written_is_read_as_it_was(routing: Routing) -> None:
    assert parse(dump(routing)) == routing


def test_what_says_nothing_is_left_out() -> None:
    assert dump(Routing()).splitlines()[1:] == ["version = 1", 'profile = "default"', "# end of file"]


@pytest.mark.code("KP-CONF-201")
def test_a_file_that_was_cut_off_anywhere_is_told_from_a_whole_one() -> None:
    whole = dump(FULL)
    codes = {refusal(whole[:length]).code for length in range(len(whole.rstrip()))}

    assert codes == {"KP-CONF-201"}
    assert parse(whole.rstrip()) == FULL  # but for a line break nothing is missing then


def test_a_file_that_somebody_wrote_by_hand_needs_no_last_line() -> None:
    assert parse('version = 1\n[groups.a]\nmembers = [{provider = "claude"}]\n').groups["a"].strategy == "priority"


@pytest.mark.code("KP-CONF-220")
def test_every_name_that_leads_nowhere_is_told_with_its_place_and_the_names_there_are() -> None:
    routing = Routing(
        profile="wrok",
        profiles={"work": Profile(name="work", default="fats", chat="fast")},
        groups={"fast": Group(name="fast")},
        rules=(Rule(name="a", group="fats", when=When(profile="x")),),
    )
    error = refusal(dump(routing))

    assert [(each.code, each.path, each.message) for each in error.problems] == [
        ("KP-CONF-220", "routing.toml:$.profiles.work.default", "there is no group fats; there are: fast"),
        ("KP-CONF-220", "routing.toml:$.rules[0].group", "there is no group fats; there are: fast"),
        ("KP-CONF-220", "routing.toml:$.rules[0].when.profile", "there is no profile x; there are: default, work"),
        ("KP-CONF-220", "routing.toml:$.profile", "there is no profile wrok; there are: default, work"),
    ]


def test_the_default_profile_is_there_without_being_made() -> None:
    assert parse('version = 1\nprofile = "default"\n') == Routing()


@pytest.mark.code("KP-CONF-211")
def test_a_file_for_a_newer_korproxy_is_refused_for_that_alone() -> None:
    error = refusal("version = 2\nnew = true\n")

    assert [(each.code, each.path) for each in error.problems] == [("KP-CONF-211", "routing.toml:$.version")]
