"""Gemini's count of tokens as a format of its own."""

from __future__ import annotations

import json

import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_count import GeminiCountTranslator, korproxy_dialects
from tests.fakes.settings import FakeSettings

PATHS = ("/v1beta/models/{model}:countTokens", "/v1/models/{model}:countTokens")
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())

    assert (dialect.name, tuple(dialect.paths), dialect.kind) == ("gemini-count", PATHS, "count")


@pytest.mark.parametrize(
    "body",
    [
        CONTENTS,
        {"generateContentRequest": {"model": "models/a", **CONTENTS}},
        {"generate_content_request": CONTENTS},
    ],
)
def test_a_question_of_either_kind_goes_there_and_back(body: dict[str, object]) -> None:
    translator, report = GeminiCountTranslator(), chat.Report()
    conversation, asked = translator.read_request("/v1/models/a:countTokens", json.dumps(body).encode(), report)
    written = translator.write_request(conversation, chat.Target(model="b", stream=False, abilities=Abilities()), report)

    assert (asked.model, asked.stream) == ("a", False)
    assert json.loads(written.body) == {"generateContentRequest": {"model": "models/b", **CONTENTS}}
    assert translator.write_answer(translator.read_answer(b'{"totalTokens": 8}'), asked) == b'{"totalTokens":8}'
    assert report.notes == []
