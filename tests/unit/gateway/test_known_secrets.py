from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.known_secrets import known_secrets
from korproxy.gateway.rule_set import RuleSet

LONG = "f00dfeed-0123-4567-89ab-cafecafecafe"


def hidden(text: str, *values: str, words: tuple[str, ...] = ()) -> str:
    rule = known_secrets(values, words)
    return text if rule is None else RuleSet.of([rule], decodes=True).apply(text).replace("***REDACTED***", "#")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {LONG}.", "key #."),
        (f"'{LONG[:20]}…", "'#…"),
        (LONG[:11], LONG[:11]),
        ("Tr0ub4dor&3 and xTr0ub4dor&3x", "# and x#x"),
        ("s3same opens, s3samestreet does not", "# opens, s3samestreet does not"),
        ("S3SAME", "#"),
    ],
)
def test_a_secret_is_hidden_whatever_it_looks_like(text: str, expected: str) -> None:
    assert hidden(text, LONG, "Tr0ub4dor&3", "s3same") == expected


def test_a_secret_that_is_the_beginning_of_another_hides_no_less_of_that() -> None:
    assert hidden("abcdefgh-1234 abcdefgh", "abcdefgh", "abcdefgh-1234") == "# #"


@pytest.mark.parametrize("value", ["", "short", "ollama", "LM-Studio", "not-needed", "claude-work"])
def test_what_stands_in_every_line_is_no_secret(value: str) -> None:
    assert known_secrets([value], words=("claude-work",)) is None


def test_nothing_known_is_no_rule() -> None:
    assert known_secrets([]) is None


def test_its_repr_does_not_say_what_it_hides() -> None:
    assert LONG not in repr(known_secrets([LONG])).replace("\\", "")


VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=6, max_size=40)


@given(st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_no_known_secret_is_left_in_any_text(values: list[str], data: st.DataObject) -> None:
    value = data.draw(st.sampled_from(values))
    text = f"before {value} behind"

    rule = known_secrets(values)

    if rule is not None and len(value) >= 6 and value.lower() not in ("ollama", "openai"):
        rules = RuleSet.of([rule], decodes=True)
        assert value not in rules.apply(text).replace("***REDACTED***", "\0")
        assert not rules.harmless(text)
