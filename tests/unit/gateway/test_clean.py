from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from tests.fakes import offered
from tests.unit.runtime.test_health import Hider

NONE = Redactor.of([])


def test_secrets_are_hidden_at_any_depth_and_in_names_too() -> None:
    told = clean({"a": [{"hunter2": ("my hunter2", 1)}], "b": {"hunter2"}}, Redactor.of([Hider()]))

    assert "hunter2" not in json.dumps(told)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (Path("/a"), "/a"),
        (b"x", "b'x'"),
        ((1, None), [1, None]),
        ({1: True}, {"1": True}),
    ],
)
def test_what_json_does_not_know_is_said_in_its_types(value: object, said: object) -> None:
    assert clean(value, NONE) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_what_is_json_already_stays_as_it_is(value: object) -> None:
    assert clean(value, NONE) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"password": "open sesame", "user": "ann"}, {"password": "***REDACTED***", "user": "ann"}),
        ({"Authorization": "Bearer hunter-two"}, {"Authorization": "Bearer ***REDACTED***"}),
        (
            {"key_name": "client", "tokens_in": 100_000, "key": "client"},
            {"key_name": "client", "tokens_in": 100_000, "key": "client"},
        ),
        ({"deep": [{"client_secret": "swordfish"}]}, {"deep": [{"client_secret": "***REDACTED***"}]}),
        ({"api_key": "env:NAME"}, {"api_key": "env:NAME"}),
    ],
)
def test_a_text_is_hidden_whose_name_says_what_it_is(value: object, said: object) -> None:
    assert clean(value, Redactor.of(offered.redactions().values(), decodes=True)) == said


def test_what_comes_again_is_looked_at_once() -> None:
    asked: list[str] = []

    class Counts:
        name, order, longest, replacement = "counts", 1, 10, "#"

        def find(self, text: str) -> list[tuple[int, int]]:
            asked.append(text)
            return []

    rows = [{"model": "m", "status": "ok"} for _ in range(50)]

    assert clean(rows, Redactor.of([Counts()])) == rows
    assert sorted(asked) == ["m", "model", "ok", "status"]
