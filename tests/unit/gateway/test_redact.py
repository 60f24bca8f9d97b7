from __future__ import annotations

import re
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway import redact
from korproxy.gateway.redact import UNCHECKED, Redactor
from korproxy.kit.regex_redaction import RegexRedaction
from korproxy.models.calls import Span
from tests.fakes.redacting import Breaks, Finds


def test_every_secret_is_replaced_wherever_it_stands() -> None:
    rule = RegexRedaction(name="digits", pattern=re.compile(r"\d++"), replacement="N")

    assert Redactor.of([rule]).redact("1 a 22 b 333") == "N a N b N"


def test_without_rules_a_text_stays_as_it_is() -> None:
    assert Redactor().redact("sk-secret") == "sk-secret"


def test_rules_run_by_their_order_and_then_by_name() -> None:
    first = RegexRedaction(name="z", order=1, pattern=re.compile("a"), replacement="b")
    second = RegexRedaction(name="a", order=2, pattern=re.compile("b"), replacement="c")
    third = RegexRedaction(name="b", order=2, pattern=re.compile("c"), replacement="d")

    redactor = Redactor.of([third, second, first])

    assert [each.name for each in redactor.rules] == ["z", "a", "b"]
    assert redactor.redact("a") == "d"


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 4), (2, 6)], "#6789"),
        ([(2, 6), (0, 4)], "#6789"),
        ([(0, 9), (2, 4)], "#9"),
        ([(0, 4), (0, 8)], "#89"),
        ([(0, 5), (5, 10)], "##"),
        ([(3, 3)], "012#3456789"),
        ([], "0123456789"),
    ],
)
def test_places_that_overlap_are_one_secret(spans: list[Span], expected: str) -> None:
    assert Redactor.of([Finds(spans=spans)]).redact("0123456789") == expected


@pytest.mark.parametrize("spans", [[(-1, 3)], [(5, 2)], [(0, 11)], [(20, 30)], [("a", "b")], [(1,)], 7, None])
def test_a_place_that_cannot_be_fails_closed(spans: Sequence[Span]) -> None:
    assert Redactor.of([Finds(spans=spans)]).redact("0123456789") == UNCHECKED


def test_a_failing_rule_fails_closed_and_tells_nothing_of_the_text() -> None:
    harmless = Finds(order=0)

    assert Redactor.of([harmless, Breaks()]).redact("sk-secret") == UNCHECKED == "***NOT WRITTEN: A REDACTION RULE FAILED***"


def test_a_replacement_that_is_no_text_fails_closed() -> None:
    assert Redactor.of([Finds(spans=[(0, 1)], replacement=None)]).redact("0123456789") == UNCHECKED  # type: ignore[arg-type]


def test_of_a_text_that_nobody_could_read_only_the_beginning_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "LONGEST", 20)
    rule = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"), replacement="#", clues=("k-",))

    assert Redactor.of([rule]).redact("k-1 and so on, k-2") == "# and so on, #"
    assert (
        Redactor.of([rule]).redact("k-1 and so on, k-234567890")
        == "# and so on, #… ***NOT WRITTEN: THE REST, WHICH IS TOO LONG***"
    )


def test_a_rule_is_asked_only_about_texts_that_have_a_clue() -> None:
    rule = RegexRedaction(name="keys", pattern=re.compile("[Kk]-[0-9]+|surprise"), replacement="#", clues=("k-",))

    assert [Redactor.of([rule]).redact(text) for text in ("a k-1", "a K-1", "surprise")] == ["a #", "a #", "surprise"]


def test_beyond_ascii_a_rule_is_always_asked_for_its_pattern_may_take_other_letters() -> None:
    rule = RegexRedaction(name="keys", pattern=re.compile("(?i:key)=[0-9]+"), replacement="#", clues=("key=",))

    assert Redactor.of([rule]).redact("\u212aey=123") == "#"  # the sign for Kelvin


def test_what_a_rule_without_clues_leaves_may_be_the_clue_of_another() -> None:
    first = RegexRedaction(name="a", order=1, pattern=re.compile("x+"), replacement="-")
    second = RegexRedaction(name="b", order=2, pattern=re.compile("k-[0-9]+"), replacement="#", clues=("k-",))

    assert Redactor.of([first, second]).redact("kxx1") == "#"


def test_another_class_may_mean_something_else_by_clues() -> None:
    @attrs.frozen(kw_only=True)
    class Detective(Finds):
        clues: Sequence[str] = ("footprint",)

    assert Redactor.of([Detective(spans=[(0, 2)])]).redact("0123") == "#23"


def test_with_clues_a_failing_rule_fails_closed_all_the_same() -> None:
    rule = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"), clues=("k-",))

    assert Redactor.of([rule, Breaks()]).redact("nothing") == UNCHECKED


TEXTS = st.lists(st.sampled_from(["k-", "K-", "1", "22", "x", "sk-", " ", "\u212a-1"]), max_size=12).map("".join)


@given(TEXTS)
def test_clues_change_nothing_but_the_time(text: str) -> None:
    patterns = {"k-[0-9]+": ("k-",), "(?i:sk-)[0-9x]+": ("sk-",), "x1": ()}
    rules = [
        RegexRedaction(name=pattern, pattern=re.compile(pattern), replacement="x", clues=clues)
        for pattern, clues in patterns.items()
    ]
    plain = [attrs.evolve(rule, clues=()) for rule in rules]

    assert Redactor.of(rules).redact(text) == Redactor.of(plain).redact(text)


@given(st.lists(TEXTS, max_size=5))
def test_what_is_harmless_together_is_harmless_in_each_part(texts: list[str]) -> None:
    patterns = {"k-[0-9]+": ("k-",), "(?i:sk-)[0-9x]+": ("sk-",)}
    redactor = Redactor.of(RegexRedaction(name=each, pattern=re.compile(each), clues=clues) for each, clues in patterns.items())

    if redactor.harmless(" ".join(texts)):
        assert [redactor.redact(text) for text in texts] == texts


def test_a_text_is_harmless_only_where_all_rules_say_by_what_they_can_be_told() -> None:
    rule = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"), clues=("k-",))
    redactor = Redactor.of([rule])

    assert [redactor.harmless(text) for text in ("k 1", "k-1", "K-", "a k-1 b", "\u212a")] == [True, False, False, False, False]
    assert not Redactor.of([rule, Finds()]).harmless("k 1")
    assert Redactor().harmless("sk-secret")


CLUES = st.text(st.sampled_from("aeqz09-_=. é'\\"), min_size=1, max_size=4).filter(str.isascii)


@given(st.lists(CLUES, min_size=1, max_size=5), st.lists(st.one_of(CLUES, st.sampled_from(["b", "7", "E", "é"]))), st.data())
def test_no_clue_is_overlooked_whatever_is_around_it(clues: list[str], around: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(around)))
    clue = data.draw(st.sampled_from(clues))
    text = "".join([*around[:at], data.draw(st.sampled_from([clue, clue.upper()])), *around[at:]])
    rule = RegexRedaction(name="any", pattern=re.compile(re.escape(clue), re.IGNORECASE), replacement="", clues=tuple(clues))

    assert not Redactor.of([rule]).harmless(text)
    assert Redactor.of([rule]).redact(text) == rule.pattern.sub("", text)


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda each: (min(each), max(each))), max_size=6)


@given(SPANS)
def test_no_character_of_a_secret_survives_and_every_other_one_does(spans: list[Span]) -> None:
    text = "".join(chr(ord("A") + at) for at in range(30))

    redacted = Redactor.of([Finds(spans=spans)]).redact(text)

    secret = {at for start, end in spans for at in range(start, end)}
    assert redacted.replace("#", "") == "".join(each for at, each in enumerate(text) if at not in secret)
