"""Embeddings in Gemini's format, read and written.

Facts: ai.google.dev/api/embeddings: one ``EmbedContentRequest``, or a batch of them that all have to name the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from korproxy.api import BadRequest, Headers, Usage, chat, json_bytes, read_json
from korproxy.builtin.dialects.chat_format.vectors import read_vector
from korproxy.builtin.dialects.gemini_format.addresses import full_name, model_and_method
from korproxy.builtin.dialects.gemini_format.errors import read_error, read_late_error, write_error
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.request_reader import read_object
from korproxy.builtin.dialects.gemini_format.usage import read_usage

_SINGLE = "embedContent"


@attrs.frozen
class GeminiEmbedder:
    """Is an ``Embedder``."""

    def load(self) -> None:
        """Do nothing: who has this has imported everything."""

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.EmbeddingRequest, chat.EmbeddingAsked]:
        """Read a client's request; see ``Embedder``. All of a batch must want as many dimensions: there is one wish for all."""
        model, method = model_and_method(path)
        top = chat.Fields(read_object(body)[0], "", report)
        single = method == _SINGLE
        requests = [top] if single else list(_batch(top))
        found = [_read(each) for each in requests]
        inputs = tuple(each for each, _ in found)
        wishes = [wish for _, wish in found]
        for each, (pointer, dimensions) in zip(requests, wishes, strict=True):
            if dimensions != wishes[0][1]:
                why = "Some of the texts want another length of their vectors than the others. Send them in two requests."
                raise chat.CannotCarry(pointer or each.at, why)
        top.close()
        pointer, dimensions = wishes[0] if wishes else ("", None)
        pointers = {"dimensions": pointer} if pointer else {}
        request = chat.EmbeddingRequest(inputs=inputs, dimensions=dimensions, pointers=pointers)
        return request, chat.EmbeddingAsked(model=model, single=single)

    def write_request(self, request: chat.EmbeddingRequest, model: str, report: chat.Report) -> bytes:
        """Write a batch; see ``Embedder``."""
        if request.user is not None:
            report.lost(request.pointers.get("user", ""), "Gemini's API does not ask who the user is")
        return json_bytes({"requests": [_written(each, request, full_name(model)) for each in request.inputs]})

    def read_answer(self, body: bytes) -> chat.EmbeddingAnswer:
        """Read the answer to a batch, or to one text; see ``Embedder``."""
        try:
            said = read_json(body)[0]
        except ValueError:
            raise chat.Unreadable("the answer is no JSON") from None
        if isinstance(said, list) and len(said) == 1:
            said = said[0]
        if isinstance(said, dict) and said.get("error"):
            raise chat.AnswerIsError(read_late_error(said["error"]))
        rows = said.get("embeddings") or [said.get("embedding")] if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise chat.Unreadable("the answer has no embeddings")
        usage = read_usage(said.get("usageMetadata")) or Usage()
        return chat.EmbeddingAnswer(vectors=[read_vector(each.get("values")) for each in rows], usage=usage)

    def write_answer(self, answer: chat.EmbeddingAnswer, asked: chat.EmbeddingAsked) -> bytes:
        """Write an answer for a client, with the tokens where they are known."""
        rows = [{"values": each} for each in answer.vectors]
        told: dict[str, Any] = {"embedding": rows[0]} if asked.single else {"embeddings": rows}
        if answer.usage.tokens_in is not None:
            told["usageMetadata"] = {"promptTokenCount": answer.usage.tokens_in, "totalTokenCount": answer.usage.tokens_in}
        return json_bytes(told)

    def read_error(self, status: int, headers: Headers, body: bytes) -> chat.ProviderError:
        """See ``Embedder``."""
        return read_error(status, headers, body)

    def write_error(self, error: chat.ProviderError) -> tuple[int, bytes]:
        """See ``Embedder``."""
        return write_error(error)


def _batch(top: chat.Fields) -> Iterator[chat.Fields]:
    if not isinstance(top.get("requests"), list):
        raise BadRequest("KP-SYS-509", "The body is no request: `requests` must be a list of them.")
    for number, each in enumerate(top.value["requests"]):
        if not isinstance(each, dict):
            raise BadRequest("KP-SYS-509", f"The body is no request: `requests` has something at {number} that is no object.")
    yield from top.tables("requests")


def _read(request: chat.Fields) -> tuple[chat.EmbeddingInput, tuple[str, int | None]]:
    """Return the text of *request*, and where it says how long a vector should be, and what."""
    request.get("model")  # the address names it
    text, at = _text(request)
    keys = {"task": spelled(request, "taskType"), "title": "title"}
    told = {name: said for name, key in keys.items() if (said := request.text(key)) is not None}
    pointers = {name: request.pointer(keys[name]) for name in told}
    key = spelled(request, "outputDimensionality")
    dimensions = request.integer(key)
    if request.at:
        request.close()
    place = "" if dimensions is None else request.pointer(key)
    return chat.EmbeddingInput(text=text, at=at, pointers=pointers, **told), (place, dimensions)


def _text(request: chat.Fields) -> tuple[str, str]:
    content = request.table("content")
    if content is None:
        raise BadRequest("KP-SYS-509", "The body is no request: `content` must be an object with `parts`.")
    content.get("role")
    texts = []
    for part in content.tables("parts"):
        text = part.text("text")
        if text is None:
            raise chat.CannotCarry(
                part.at, "Only Gemini makes vectors of anything but text. Leave it out, or use a Gemini model."
            )
        part.close()
        texts.append(text)
    content.close()
    if len(texts) > 1:
        request.report.mapped(content.pointer("parts"), "as one text, each part on a line of its own")
    return "\n".join(texts), content.at


def _written(each: chat.EmbeddingInput, request: chat.EmbeddingRequest, model: str) -> dict[str, Any]:
    members = {
        "model": model,
        "content": {"parts": [{"text": each.text}]},
        "taskType": each.task,
        "title": each.title,
        "outputDimensionality": request.dimensions,
    }
    return {name: value for name, value in members.items() if value is not None}
