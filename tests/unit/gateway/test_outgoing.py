from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.contracts import Redaction
from korproxy.errors.exceptions import InternalError, Problem
from korproxy.gateway.outgoing import outgoing_rules, unknown_rules, without_secrets
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes.redacting import Breaks

KEYS = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"), replacement='"#\\', clues=("k-",))
RULES = RuleSet.of([KEYS])


def without(text: str, rules: RuleSet = RULES) -> str:
    return without_secrets(text.encode("utf-8", "surrogatepass"), rules).decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": "k-12 b"}', '{"a": "\\"#\\\\ b"}'),
        ('{"k-1":["x", 1.50 , "k-2"]}', '{"\\"#\\\\":["x", 1.50 , "\\"#\\\\"]}'),
        ('{"a": "\\u006b-1 \\u00e9"}', '{"a": "\\"#\\\\ é"}'),
        ('{"a": "k\\u002d1 \\ud800"}', '{"a": "\\"#\\\\ \\ud800"}'),
        ('{"a": "\\"k-1"}', '{"a": "\\"\\"#\\\\"}'),
        ('{"a": "é k-1"}', '{"a": "é \\"#\\\\"}'),
        ('"k-1', '"k-1'),  # no JSON, which is refused later
        ("", ""),
    ],
)
def test_what_a_rule_finds_in_a_string_is_replaced_and_the_json_stays_json(body: str, expected: str) -> None:
    assert without(body) == expected


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text() | st.lists(st.sampled_from(["k-1", "x", '"', "\\", "é", "\n"])).map("".join),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def redacted(value: Any) -> Any:
    if isinstance(value, str):
        return KEYS.pattern.sub(lambda _: KEYS.replacement, value)
    if isinstance(value, list):
        return [redacted(each) for each in value]
    return {redacted(key): redacted(each) for key, each in value.items()} if isinstance(value, dict) else value


@given(VALUES, st.booleans())
def test_of_any_json_each_string_says_what_its_rule_leaves(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only)

    cleaned = without(body)

    assert json.loads(cleaned) == redacted(value)
    if redacted(value) == value:
        assert cleaned == body


def test_what_cannot_be_checked_is_not_sent_and_its_text_not_repeated() -> None:
    with pytest.raises(InternalError) as caught:
        without('{"a": "hunter2"}', RuleSet.of([Breaks()]))

    assert caught.value.code == "KP-SYS-538"
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_only_the_named_rules_apply_and_none_named_costs_nothing() -> None:
    both: list[Redaction] = [KEYS, Breaks()]

    assert outgoing_rules((), both) is None
    found = outgoing_rules(("keys", "known-secret"), both)
    assert found is not None
    assert (found.rules, found.decodes) == ((KEYS,), False)
    decoding = outgoing_rules(("keys", "encoded-secret"), both)
    assert decoding is not None
    assert decoding.decodes


def test_a_name_that_no_rule_has_is_a_problem() -> None:
    there = "there are: encoded-secret, keys, known-secret"

    assert unknown_rules(["keys", "known-secret", "encoded-secret", "kies", "zzz"], [KEYS]) == [
        Problem(code="KP-CONF-246", path=f"$.redaction.outgoing[{number}]", message=f"no redaction rule has this name; {hint}")
        for number, hint in ((3, 'did you mean "keys"?'), (4, there))
    ]


def test_a_long_body_takes_time_in_proportion() -> None:
    body = '{"a": "' + "\\\\" * 500_000 + '", "b": "k-1"}'

    assert without(body) == body.replace("k-1", '\\"#\\\\')
