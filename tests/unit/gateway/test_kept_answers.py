"""Answers that clients come back to: bounded, gone after a while, and nobody's but their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.kept_answers import Kept, KeptAnswers


def kept(id: str, previous: str | None = None, size: int = 0) -> Kept:  # noqa: A002
    return Kept(id=id, previous=previous, items=b"[]", answer=b"x" * size)


def test_an_answer_is_found_by_its_id_and_the_key_that_asked_for_it() -> None:
    answers = KeptAnswers()
    answers.put(kept("a"), 0, scope="mine")

    assert answers.get("a", 0, scope="mine") == kept("a")
    assert answers.get("a", 0, scope="other") is None
    assert answers.get("b", 0, scope="mine") is None


def test_what_is_not_used_is_gone_after_a_while_and_use_keeps_it() -> None:
    answers = KeptAnswers(longest=10)
    answers.put(kept("used"), 0, scope="")
    answers.put(kept("unused"), 0, scope="")
    answers.get("used", 9, scope="")

    assert [answers.get(each, 11, scope="") is not None for each in ("used", "unused")] == [True, False]
    assert (len(answers), answers.size) == (1, kept("used").size)


def test_the_conversation_comes_with_its_beginning_first() -> None:
    answers = KeptAnswers()
    for each in (kept("a"), kept("b", "a"), kept("c", "b")):
        answers.put(each, 0, scope="")

    assert [each.id for each in answers.chain("c", 0, scope="") or ()] == ["a", "b", "c"]


def test_a_conversation_of_which_a_part_is_missing_is_not_known() -> None:
    answers = KeptAnswers()
    for each in (kept("a"), kept("b", "a"), kept("c", "b")):
        answers.put(each, 0, scope="")
    answers.drop("a", scope="")

    assert answers.chain("c", 0, scope="") is None


def test_a_conversation_that_runs_in_a_circle_is_not_followed_for_ever() -> None:
    answers = KeptAnswers()
    for each in (kept("a", "b"), kept("b", "a")):
        answers.put(each, 0, scope="")

    assert answers.chain("a", 0, scope="") is None


def test_the_beginning_of_a_conversation_stays_as_long_as_its_end_is_used() -> None:
    answers = KeptAnswers(entries=3)
    for each in (kept("a"), kept("b", "a"), kept("other")):
        answers.put(each, 0, scope="")
    answers.chain("b", 0, scope="")
    answers.put(kept("new"), 0, scope="")

    assert [answers.get(each, 0, scope="") is not None for each in ("a", "b", "other", "new")] == [True, True, False, True]


def test_one_that_is_too_large_pushes_out_nothing() -> None:
    answers = KeptAnswers(bytes=100)
    answers.put(kept("a"), 0, scope="")
    answers.put(kept("huge", size=101), 0, scope="")

    assert [answers.get(each, 0, scope="") is not None for each in ("a", "huge")] == [True, False]


def test_an_answer_of_the_same_id_takes_the_place_of_the_older() -> None:
    answers = KeptAnswers()
    answers.put(kept("a", size=5), 0, scope="")
    answers.put(kept("a", size=7), 0, scope="")

    assert (len(answers), answers.size) == (1, kept("a", size=7).size)


def test_what_is_dropped_is_said_once() -> None:
    answers = KeptAnswers()
    answers.put(kept("a"), 0, scope="")

    assert [answers.drop("a", scope=""), answers.drop("a", scope=""), answers.size] == [True, False, 0]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60), st.integers(0, 5), st.booleans()), max_size=40))
def test_it_is_never_more_than_it_may_be(puts: list[tuple[str, int, int, bool]]) -> None:
    answers = KeptAnswers(entries=4, bytes=100, longest=20)
    now = 0.0
    for id, size, pause, asks in puts:  # noqa: A001
        now += pause
        if asks:
            answers.get(id, now, scope="")
        else:
            answers.put(kept(id, size=size), now, scope="")
        assert len(answers) <= 4
        assert answers.size == sum(each.size for each, _ in answers._kept.values()) <= 100
