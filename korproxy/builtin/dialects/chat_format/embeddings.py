"""Embeddings in OpenAI's format, read and written.

Facts: ``EmbeddingCreateParams`` and ``CreateEmbeddingResponse`` of OpenAI's Python SDK 3.57; its API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from korproxy.api import BadRequest, Headers, Usage, chat, json_bytes, read_json
from korproxy.builtin.dialects.chat_format.errors import read_error, read_late_error, write_error
from korproxy.builtin.dialects.chat_format.request_reader import read_object
from korproxy.builtin.dialects.chat_format.usage import read_usage
from korproxy.builtin.dialects.chat_format.vectors import as_base64, read_vector


@attrs.frozen
class OpenAIEmbedder:
    """Is an ``Embedder``."""

    def load(self) -> None:
        """Do nothing: who has this has imported everything."""

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.EmbeddingRequest, chat.EmbeddingAsked]:
        """Read a client's request; see ``Embedder``. The tokens of a text are numbers of OpenAI's models, and not carried."""
        del path
        request = chat.Fields(read_object(body), "", report)
        model = request.text("model")
        if not model:
            raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
        dimensions, user = request.integer("dimensions"), request.text("user")
        pointers = {name: request.pointer(name) for name in ("dimensions", "user")}
        encoding = request.text("encoding_format")
        if encoding not in {None, "float", "base64"}:
            report.lost(request.pointer("encoding_format"), "is an encoding that KorProxy does not know: numbers are sent")
        asked = chat.EmbeddingAsked(model=model, base64=encoding == "base64")
        inputs = tuple(_inputs(request))
        request.close()
        return chat.EmbeddingRequest(inputs=inputs, dimensions=dimensions, user=user, pointers=pointers), asked

    def write_request(self, request: chat.EmbeddingRequest, model: str, report: chat.Report) -> bytes:
        """Write a request; see ``Embedder``. Numbers are asked for: servers that copy this format know no other encoding."""
        for each in request.inputs:
            for name in ("task", "title"):
                if getattr(each, name) is not None:
                    report.lost(each.pointers.get(name, ""), f"OpenAI's API has no {name} of a text")
        members = {
            "model": model,
            "input": [each.text for each in request.inputs],
            "dimensions": request.dimensions,
            "user": request.user,
        }
        return json_bytes({name: value for name, value in members.items() if value is not None})

    def read_answer(self, body: bytes) -> chat.EmbeddingAnswer:
        """Read an answer; see ``Embedder``."""
        try:
            said = read_json(body)[0]
        except ValueError:
            raise chat.Unreadable("the answer is no JSON") from None
        if isinstance(said, dict) and said.get("error"):
            raise chat.AnswerIsError(read_late_error(said["error"]))
        rows = said.get("data") if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise chat.Unreadable("the answer has no list of embeddings")
        vectors = [read_vector(each.get("embedding")) for each in _in_order(rows)]
        return chat.EmbeddingAnswer(vectors=vectors, usage=read_usage(said.get("usage")) or Usage())

    def write_answer(self, answer: chat.EmbeddingAnswer, asked: chat.EmbeddingAsked) -> bytes:
        """Write an answer for a client. The format demands numbers of tokens, so those that nobody knows are 0."""
        told = [as_base64(each) if asked.base64 else each for each in answer.vectors]
        data = [{"object": "embedding", "index": number, "embedding": each} for number, each in enumerate(told)]
        usage = answer.usage
        tokens = sum(each or 0 for each in (usage.tokens_in, usage.cache_read, usage.cache_write))
        counted = {"prompt_tokens": tokens, "total_tokens": tokens}
        return json_bytes({"object": "list", "data": data, "model": asked.model, "usage": counted})

    def read_error(self, status: int, headers: Headers, body: bytes) -> chat.ProviderError:
        """See ``Embedder``."""
        return read_error(status, headers, body)

    def write_error(self, error: chat.ProviderError) -> tuple[int, bytes]:
        """See ``Embedder``."""
        return write_error(error)


def _inputs(request: chat.Fields) -> Iterator[chat.EmbeddingInput]:
    said, at = request.get("input"), request.pointer("input")
    if isinstance(said, str):
        yield chat.EmbeddingInput(text=said, at=at)
        return
    if not isinstance(said, list):
        raise BadRequest("KP-SYS-509", "The body is no request: `input` must be a text, or a list of texts.")
    for number, each in enumerate(said):
        if isinstance(each, (int, list)) and not isinstance(each, bool):
            why = "These are tokens of OpenAI's models, which mean nothing to another vendor's. Send the text itself."
            raise chat.CannotCarry(at, why)
        if not isinstance(each, str):
            raise BadRequest("KP-SYS-509", f"The body is no request: `input` has something at {number} that is no text.")
        yield chat.EmbeddingInput(text=each, at=chat.child(at, number))


def _in_order(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Return *rows* by their ``index``, where each has one of its own; else as they came."""
    numbers = [each.get("index") for each in rows]
    if sorted(each for each in numbers if type(each) is int) != list(range(len(rows))):
        return rows
    return sorted(rows, key=lambda each: int(each["index"]))
