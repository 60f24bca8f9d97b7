from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.look.row import LONGEST, facts, model, ms, outcome, pair, short, tokens


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"in": 3, "cache_read": None, "cache_write": None, "out": 4}, "3 + 4"),
        ({"in": 3, "cache_read": 90, "cache_write": 7, "out": 4}, "100 (90 cached) + 4"),
        ({"in": 3, "out": None}, "3 + 0"),
        ({"in": None, "out": None}, "-"),
        ({}, "-"),
        (None, "-"),
    ],
)
def test_tokens_are_all_that_went_in_and_all_that_came_out(said: object, text: str) -> None:
    assert tokens(said) == text


def test_names_are_no_longer_than_a_column_and_do_nothing_to_a_terminal() -> None:
    assert (short("a\x1b\nb"), short(""), short(None), len(short("x" * 99))) == ("a??b", "-", "-", LONGEST)


@pytest.mark.parametrize(
    ("asked", "used", "text"),
    [
        ("m", "m", "m"),
        ("m", None, "m"),
        ("one/m", "m", "one/m"),
        ("two/m", "m", "two/m -> m"),
        ("alias", "m" * 40, f"alias -> {'m' * 27}..."),
        ("m" * 41, "m" * 41, f"{'m' * 37}..."),
        (None, None, "-"),
    ],
)
def test_a_model_that_was_used_is_told_where_it_is_another_one(asked: str | None, used: str | None, text: str) -> None:
    assert model({"provider": "one", "model": asked, "upstream_model": used}) == text


def test_what_there_is_not_is_not_told() -> None:
    told = {"model": "m", "dialect": "openai-chat", "key_name": "client", "seconds": 0.5, "outcome": "ok", "provider": None}

    assert facts(told) == ["model  m (openai-chat)", "key    client", "took   500 ms"]
    assert (pair(None, "/", None), outcome(told), ms(None)) == ("-", "ok", "-")


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NAMES = st.sampled_from(["model", "dialect", "stream", "type", "profile", "provider", "account", "seconds", "tokens", "code"])


@given(st.dictionaries(NAMES, LEAF | st.dictionaries(st.sampled_from(["in", "out", "cache_read"]), LEAF)))
def test_whatever_a_daemon_of_another_version_says_is_no_error(told: dict[str, Any]) -> None:
    assert all(each.isprintable() for each in (*facts(told), outcome(told)))
