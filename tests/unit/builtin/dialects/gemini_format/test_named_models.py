"""The model's name inside of bodies: it changes wherever it stands, and nothing else does."""

from __future__ import annotations

import json

import pytest

from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.gemini_format.named_models import NamedModels

PATH = "/v1beta/models/google/embedder:batchEmbedContents"
DIALECT = NamedModels(name="x", paths=(PATH,), kind="embedding", chat=Gemini(), inside=("requests", "whole"))


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ('{"model": "models/a", "content": 1.10}', '{"model":"models/b","content":1.10}'),
        ('{"requests": [{"model": "a", "x": "model"}, {}, {"model": "c"}]}', None),
        ('{"whole": {"model": "a", "y": {"model": "stays"}}}', '{"whole":{"model":"models/b","y":{"model": "stays"}}}'),
        ('{"other": {"model": "stays"}}', '{"other":{"model": "stays"}}'),
    ],
)
def test_the_name_changes_wherever_it_stands(body: str, changed: str | None) -> None:
    expected = changed or '{"requests":[{"model":"models/b","x":"model"},{},{"model":"models/b"}]}'

    assert DIALECT.set_model(body.encode(), (0, len(body)), "b") == expected.encode()


def test_a_tuned_model_keeps_its_collection() -> None:
    assert json.loads(DIALECT.set_model(b'{"model": "a"}', (0, 0), "tunedModels/b")) == {"model": "tunedModels/b"}


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"[1]", b'{"requests": [1]}', b'{"whole": "text"}', b'{"requests": ' + b"[" * 5000]
)
def test_what_cannot_be_read_stays_as_it_is(body: bytes) -> None:
    assert DIALECT.set_model(body, (0, 0), "b") == body


def test_only_a_body_that_names_a_model_is_ever_changed() -> None:
    assert DIALECT.peek(PATH, b'{"model": "x"}').span == (0, 14)
    assert DIALECT.peek(PATH, b'{"content": 1}').span is None
    assert DIALECT.peek(PATH, b'{"model": "x"}').model == "google/embedder"
