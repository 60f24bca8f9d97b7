from __future__ import annotations

import pytest

from korproxy.config.checks import Mistake
from korproxy.config.problems import problems_in
from korproxy.config.settings import ProviderTable
from korproxy.config.strict import structure
from korproxy.errors.exceptions import ConfigError, Problem


def test_a_field_may_have_a_code_of_its_own() -> None:
    accounts = [{"name": ""}, {"nam": "x"}, {"name": "a", "key": 5}]
    with pytest.raises(ConfigError) as caught:
        structure({"type": "x", "base_url": 1, "accounts": accounts}, ProviderTable)

    assert {each.path: each.code for each in caught.value.problems} == {
        "$.base_url": "KP-CONF-213",
        "$.accounts[0].name": "KP-CONF-212",
        "$.accounts[1].name": "KP-CONF-212",
        "$.accounts[1].nam": "KP-CONF-202",
        "$.accounts[2].key": "KP-CONF-202",
    }


def test_a_lone_mistake_stands_where_its_table_is() -> None:
    mistake = Mistake("wrong", code="KP-CONF-212", at=("a", 0))

    assert problems_in(mistake, {}, "$.x") == [Problem(code="KP-CONF-212", path="$.x.a[0]", message="wrong")]


def test_the_same_mistake_is_told_once() -> None:
    group = ExceptionGroup("both", [Mistake("wrong"), Mistake("wrong"), Mistake("worse")])

    assert [each.message for each in problems_in(group, {}, "$")] == ["wrong", "worse"]


def test_an_error_without_words_is_told_by_its_name() -> None:
    assert problems_in(ValueError(), {}, "$") == [Problem(code="KP-CONF-202", path="$", message="ValueError")]


def test_words_of_others_lose_what_the_user_wrote() -> None:
    data = {"a": {"b": "hunter2222"}}

    assert problems_in(ValueError("hunter2222 is not right"), data, "$")[0].message == "*** is not right"
