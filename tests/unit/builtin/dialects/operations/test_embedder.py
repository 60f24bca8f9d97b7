"""An embedder that is imported late: it does what the imported one does, and is imported once."""

from __future__ import annotations

from korproxy.api import Embedder, Headers, chat
from korproxy.builtin.dialects.chat_format.embeddings import OpenAIEmbedder
from korproxy.builtin.dialects.operations.embedder import LazyEmbedder


def test_nothing_is_imported_before_it_is_needed_and_nothing_twice() -> None:
    imported: list[str] = []

    def make() -> Embedder:
        imported.append("now")
        return OpenAIEmbedder()

    lazy = LazyEmbedder(make)
    assert imported == []
    lazy.load()
    lazy.read_answer(b'{"data": []}')
    assert imported == ["now"]


def test_it_does_what_the_imported_one_does() -> None:
    lazy, plain = LazyEmbedder(OpenAIEmbedder), OpenAIEmbedder()
    body, answer = b'{"model": "m", "input": "x"}', chat.EmbeddingAnswer(vectors=[[1.5]])
    request, asked = lazy.read_request("", body, chat.Report())
    error = lazy.read_error(429, Headers(), b'{"error": {"message": "Slowly.", "type": "requests"}}')

    assert (request, asked) == plain.read_request("", body, chat.Report())
    assert lazy.write_request(request, "n", chat.Report()) == plain.write_request(request, "n", chat.Report())
    assert lazy.write_answer(answer, asked) == plain.write_answer(answer, asked)
    assert lazy.write_error(error) == plain.write_error(error)
