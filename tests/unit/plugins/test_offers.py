from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import Problem
from korproxy.plugins.offers import Clash, Offer, unique

A, B, C = Offer("a", "x"), Offer("b", "x"), Offer("c", "y")


def test_the_first_of_two_with_one_name_stays() -> None:
    assert unique("provider", [A, B, C], str) == ([A, C], [Clash(kind="provider", name="x", first="a", later="b")])


def test_a_clash_names_both_plugins() -> None:
    clash = Clash(kind="provider", name="x", first="a", later="b")
    assert clash.problem == Problem(code="KP-CONF-208", path="plugin b", message='two providers named "x": plugins a and b')


def test_a_plugin_that_clashes_with_itself_says_so() -> None:
    kept, [clash] = unique("sink", [A, A, C], str)
    assert (kept, str(clash)) == ([C], 'two sinks named "x", both of plugin a')


def test_a_plugin_that_goes_takes_all_it_offered_with_it_and_holds_no_name() -> None:
    offers = [Offer("a", "x"), Offer("b", "x"), Offer("b", "y"), Offer("c", "y")]
    kept, clashes = unique("provider", offers, str)
    assert kept == [Offer("a", "x"), Offer("c", "y")]
    assert [each.later for each in clashes] == ["b"]


@given(st.lists(st.builds(Offer, st.sampled_from("abcd"), st.sampled_from("uvwxyz"))))
def test_names_are_unique_afterwards_and_each_plugin_is_whole_or_gone(offers: list[Offer[str]]) -> None:
    kept, clashes = unique("thing", offers, str)
    names = [each.item for each in kept]
    gone = {each.later for each in clashes}
    assert len(names) == len(set(names))
    assert sorted(kept, key=str) == sorted((each for each in offers if each.plugin not in gone), key=str)
