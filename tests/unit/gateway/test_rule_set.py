from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.regex_redaction import RegexRedaction

LINE = (
    "[5d0a3c1e-8f6a-4e9c-9d0b-2f7c1a9b8e77] model=gpt-4o-mini provider=openai account=default status=200 outcome=ok"
    " seconds=0.012 first_byte=0.012 in=512 out=1024 tokens_in=10 cache_read=1 cache_write=2 tokens_out=40 attempts=2"
)


def rule(clue: str, *, run: int = 0, name: str = "any") -> RegexRedaction:
    pattern = re.compile(re.escape(clue), re.IGNORECASE)
    return RegexRedaction(name=name, pattern=pattern, replacement="#", clues=(clue,), run=run)


CLUES = st.text(st.sampled_from("aeqtz09-_=. é'\\12"), min_size=1, max_size=4).filter(str.isascii)


@given(st.lists(CLUES, min_size=1, max_size=5, unique=True), st.booleans(), st.data())
def test_no_clue_is_overlooked_though_half_of_the_text_is(clues: list[str], decodes: bool, data: st.DataObject) -> None:
    rules = RuleSet.of([rule(each, name=each) for each in clues], decodes=decodes)
    clue = data.draw(st.sampled_from(clues))
    around = data.draw(st.text(st.sampled_from("aetoin=. 12"), max_size=9))
    text = f"{around}{data.draw(st.sampled_from([clue, clue.upper()]))}{around}"

    assert not rules.harmless(text)
    assert clue.lower() not in rules.apply(text).lower()


def test_a_line_of_the_log_without_a_clue_is_harmless() -> None:
    assert RuleSet.of([rule("sk-"), rule("token=", name="b")], decodes=True).harmless(LINE)


@pytest.mark.parametrize(("decodes", "run", "harmless"), [(True, 16, True), (False, 16, False), (True, 0, False)])
def test_where_runs_are_found_anyway_no_clue_is_looked_for_beside_them(decodes: bool, run: int, harmless: bool) -> None:
    assert RuleSet.of([rule("gsk_", run=run)], decodes=decodes).harmless("gsk_ and no more") is harmless
    assert not RuleSet.of([rule("gsk_", run=run)], decodes=decodes).harmless("gsk_0123456789abcdef")


def test_one_clue_that_is_a_run_itself_is_found_as_one() -> None:
    known = rule("correcthorsebattery")

    assert RuleSet.of([known], decodes=True).apply("a CorrectHorseBattery b") == "a # b"


def test_a_rule_that_fails_fails_to_whoever_asks() -> None:
    class Fails:
        name, order, longest, replacement = "fails", 1, 10, "#"

        def find(self, text: str) -> list[tuple[int, int]]:
            raise RuntimeError(text)

    with pytest.raises(RuntimeError):
        RuleSet.of([Fails()]).apply("any")


def test_the_longest_secret_may_be_one_that_is_encoded() -> None:
    assert (RuleSet.of([]).longest, RuleSet.of([rule("a")]).longest, RuleSet.of([rule("a")], decodes=True).longest) == (
        0,
        4096,
        3 * 4096,
    )
