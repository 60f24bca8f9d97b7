"""OpenAI's compaction as a format of its own."""

from __future__ import annotations

import json

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_compact import korproxy_dialects
from tests.fakes.settings import FakeSettings

PATH = "/v1/responses/compact"
COMPACTED = {
    "id": "resp_1",
    "object": "response.compaction",
    "output": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "c2VhbA=="}],
    "usage": {"input_tokens": 7, "output_tokens": 3},
}


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())

    assert (dialect.name, dialect.paths, dialect.kind) == ("responses-compact", (PATH,), "other")
    assert dialect.peek(PATH, b'{"model": "m", "stream": true}').stream is False


def test_tokens_and_seals_of_an_answer_that_passes_are_read() -> None:
    """By the seal it is known later that only this account can read what was compacted."""
    [dialect] = korproxy_dialects(FakeSettings())
    reader = dialect.reader(stream=False)
    reader.feed(json.dumps(COMPACTED).encode())
    reader.finish()

    assert reader.usage == Usage(tokens_in=7, tokens_out=3)
    assert list(reader.seals) == [chat.Seal(family="openai", data="c2VhbA==")]


def test_what_others_have_sealed_is_taken_out_of_a_request() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    foreign = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "Zm9yZWlnbg=="}
    question = {"type": "message", "role": "user", "content": "hi"}
    body = json.dumps({"model": "m", "input": [question, foreign]}).encode()
    report = chat.Report()
    assert dialect.translator is not None
    cleaned = dialect.translator.without_foreign_reasoning(body, lambda seal: False, report)  # noqa: ARG005 -- nobody's

    assert json.loads(cleaned)["input"] == [question]
    assert report.losses != ()
