from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.shown import key, kind, looks_secret, number, place, scrub


@pytest.mark.parametrize(
    "text",
    [
        "sk-ant-api03-abc",
        "sk-proj-x",
        "gsk_abc",
        "hf_abc",
        "xai-abc",
        "AIzaSyAbc",
        "ghp_abc",
        "github_pat_abc",
        "kp-client-abc",
        "the key is sk-ant-1",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ],
)
def test_credentials_look_secret(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "port",
        "ANTHROPIC_API_KEY",
        "secrets/claude-work",
        "/home/me/.local/share/korproxy/secrets/qwen",
        "max_concurrency",
        "task-1",
    ],
)
def test_names_do_not(text: str) -> None:
    assert not looks_secret(text)


def test_a_place_is_written_as_a_path() -> None:
    steps = ("providers", "My id\n", "accounts", 0, "name")

    assert place(("server", "port")) == "$.server.port"
    assert place(steps) == '$.providers["My id\\n"].accounts[0].name'
    assert place(("x",), "$.plugin.hello") == "$.plugin.hello.x"
    assert place(()) == "$"


def test_a_credential_or_a_novel_as_a_key_is_not_shown() -> None:
    assert key("sk-ant-api03-abc") == '"***"'
    assert key("a " * 50) == '"' + "a " * 20 + '..."'


@given(st.text(min_size=1))
def test_a_shown_key_is_one_printable_line(text: str) -> None:
    assert key(text).isascii()
    assert key(text).isprintable()


def test_every_kind_of_value_has_a_name() -> None:
    values = [True, 1, 1.0, "x", [], (), {}, datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), None]

    assert [kind(each) for each in values] == [
        "true or false",
        "a whole number",
        "a number",
        "a string",
        "an array",
        "an array",
        "a table",
        "a date or time",
        "a date or time",
        "a NoneType",
    ]


def test_a_number_out_of_all_proportion_is_not_written_out() -> None:
    assert number(10**15 - 1) == "999999999999999"
    assert number(-(16**9000)) == "a number of more than 15 digits"
    assert number(0.5) == "0.5"


def test_values_are_scrubbed_out_of_the_words_of_others() -> None:
    data = {"a": ["hunter22", 5], "b": {"c": "hunter2"}}

    assert scrub("'hunter22' is no hunter2, but hunt is 5", data) == "*** is no ***, but hunt is 5"
