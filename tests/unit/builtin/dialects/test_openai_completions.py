"""OpenAI's Completions as a format of its own."""

from __future__ import annotations

from korproxy.api import Usage
from korproxy.builtin.dialects.completions_format.translator import CompletionsTranslator
from korproxy.builtin.dialects.openai_completions import korproxy_dialects
from tests.fakes.settings import FakeSettings

CHUNK = b'data: {"choices":[{"text":"x","index":0,"finish_reason":null}]}\n\n'
LAST = b'data: {"choices":[{"text":"","index":0,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())

    assert (dialect.name, dialect.paths, dialect.kind) == ("openai-completions", ("/v1/completions",), "completion")
    assert isinstance(dialect.translator, CompletionsTranslator)
    assert dialect.peek("/v1/completions", b'{"model": "m", "stream": true}').stream is True


def test_a_passing_stream_has_ended_well_at_its_end_and_not_before() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    reader = dialect.reader(stream=True)
    reader.feed(CHUNK)
    assert reader.ended is False
    reader.feed(LAST)

    assert (reader.ended, reader.final, reader.failed) == (True, True, False)


def test_the_tokens_of_a_passing_answer_are_read() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    reader = dialect.reader(stream=False)
    reader.feed(b'{"usage": {"prompt_tokens": 3, "completion_tokens": 2}}')
    reader.finish()

    assert reader.usage == Usage(tokens_in=3, tokens_out=2)
