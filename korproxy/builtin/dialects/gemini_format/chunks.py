"""A ``GenerateContentResponse``, whole or as a chunk of a stream, as far as it is read.

Arguments of calls are handed out as they stand in the text: ``1.10``, ``1e400``, integers of any length and the order of keys
survive. Google writes camelCase; what stands between may write the names of proto3, so both are read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from korproxy.api import chat, without_lone_surrogates


def _named(name: str) -> Any:
    return msgspec.field(default=None, name=name)


class FunctionCall(msgspec.Struct):
    """A call; it comes whole."""

    id: Any = None
    name: Any = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class Part(msgspec.Struct):
    """One part of the content."""

    text: Any = None
    thought: Any = None
    signature: Any = _named("thoughtSignature")
    call: FunctionCall | None = _named("functionCall")
    inline: Any = _named("inlineData")
    file: Any = _named("fileData")
    code: Any = _named("executableCode")
    outcome: Any = _named("codeExecutionResult")
    served: Any = _named("toolCall")
    served_result: Any = _named("toolResponse")
    signature_: Any = _named("thought_signature")
    call_: FunctionCall | None = _named("function_call")
    inline_: Any = _named("inline_data")
    file_: Any = _named("file_data")
    code_: Any = _named("executable_code")
    outcome_: Any = _named("code_execution_result")
    served_: Any = _named("tool_call")
    served_result_: Any = _named("tool_response")

    def __post_init__(self) -> None:
        self.signature = self.signature or self.signature_
        self.call = self.call or self.call_
        self.inline = self.inline or self.inline_
        self.file = self.file or self.file_
        self.code = self.code or self.code_
        self.outcome = self.outcome or self.outcome_
        self.served = self.served or self.served_ or self.served_result or self.served_result_


class Content(msgspec.Struct):
    """What a candidate says."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct):
    """One answer."""

    index: Any = None
    content: Content | None = None
    reason: Any = _named("finishReason")
    message: Any = _named("finishMessage")
    grounding: Any = _named("groundingMetadata")
    reason_: Any = _named("finish_reason")
    message_: Any = _named("finish_message")
    grounding_: Any = _named("grounding_metadata")

    def __post_init__(self) -> None:
        self.reason = self.reason or self.reason_
        self.message = self.message or self.message_
        self.grounding = self.grounding or self.grounding_


class Chunk(msgspec.Struct):
    """A response, or a piece of it."""

    candidates: list[Candidate] | None = None
    usage: Any = _named("usageMetadata")
    feedback: Any = _named("promptFeedback")
    model: Any = _named("modelVersion")
    id: Any = _named("responseId")
    error: Any = None
    usage_: Any = _named("usage_metadata")
    feedback_: Any = _named("prompt_feedback")
    model_: Any = _named("model_version")
    id_: Any = _named("response_id")

    def __post_init__(self) -> None:
        self.usage = self.usage or self.usage_
        self.feedback = self.feedback or self.feedback_
        self.model = self.model or self.model_
        self.id = self.id or self.id_

    @property
    def candidate(self) -> Candidate | None:
        """The one answer that is read: KorProxy never asks for more."""
        return next((each for each in self.candidates or () if not each.index), None)


_chunks = msgspec.json.Decoder(Chunk)
_lists = msgspec.json.Decoder(list[Chunk])


def read_chunks(text: bytes) -> list[Chunk]:
    """Return the chunk in *text*, or those in the list there: without ``alt=sse`` Gemini streams one, and wraps errors in it.

    Raises:
        Unreadable: It is neither.
    """
    try:
        return _lists.decode(text) if text.lstrip().startswith(b"[") else [_chunks.decode(text)]
    except (ValueError, RecursionError) as exc:
        mended = without_lone_surrogates(text) if not isinstance(exc, msgspec.ValidationError) else text
        if mended is not text:
            return read_chunks(mended)
        raise chat.Unreadable("it is no JSON of Gemini's kind") from None
