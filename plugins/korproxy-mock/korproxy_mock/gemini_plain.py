"""Gemini's answers that are no conversation: lists of models, token counts, embeddings. Pure."""

from korproxy_mock import gemini_errors, models
from korproxy_mock.formats import Call, JsonObject
from korproxy_mock.gemini_message_checks import content_faults
from korproxy_mock.gemini_read import count_tokens
from korproxy_mock.gemini_shape import canonical
from korproxy_mock.paths import query
from korproxy_mock.record import Received
from korproxy_mock.vectors import digested

_PAGE = 50
_DIMENSIONS = 3072


def listed(received: Received) -> JsonObject:
    """List a page of the models."""
    size, start = (query(received, name) or "" for name in ("pageSize", "pageToken"))
    first = int(start) if start.isdecimal() else 0
    end = first + max(1, int(size) if size.isdecimal() else _PAGE)
    page: JsonObject = {"models": [described(each) for each in models.GOOGLE[first:end]]}
    return {**page, "nextPageToken": str(end)} if end < len(models.GOOGLE) else page


def described(name: str) -> JsonObject:
    """Describe a model."""
    methods = ["embedContent", "countTokens"] if "embedding" in name else ["generateContent", "countTokens"]
    return {
        "name": f"models/{name}",
        "baseModelId": name,
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "description": "A model of the mock",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": methods,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": "embedding" not in name,
    }


def counted(body: JsonObject) -> JsonObject:
    """Count the tokens of contents, or of a whole request."""
    request = canonical("CountTokensRequest", body)
    inner = request.get("generate_content_request")
    if inner is not None and request.get("contents"):
        raise gemini_errors.wrong("contents", "generate_content_request is set already")
    counted = inner if inner is not None else request
    faults = [fault for fault in content_faults(counted) if fault[0] == "contents"]
    if faults:
        raise gemini_errors.violated(faults, "CountTokensRequest")
    total = count_tokens(counted)
    return {"totalTokens": total, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": total}]}


def embedded(call: Call) -> JsonObject:
    """Make the vector of one text, or of each of a batch."""
    if not call.received.path.endswith("batchEmbedContents"):
        return {"embedding": _embedding(canonical("EmbedContentRequest", call.body), "EmbedContentRequest")}
    requests = canonical("BatchEmbedContentsRequest", call.body).get("requests") or []
    if not requests:
        raise gemini_errors.violated([("requests", "requests is not specified")], "BatchEmbedContentsRequest")
    return {"embeddings": [_embedding(each, "BatchEmbedContentsRequest") for each in requests]}


def _embedding(request: JsonObject, message: str) -> JsonObject:
    """Make a vector out of the text: the same for the same text, another for any other."""
    texts = [part.get("text") for part in (request.get("content") or {}).get("parts") or ()]
    if not any(texts):
        raise gemini_errors.violated([("content", "contents is not specified")], message)
    size = request.get("output_dimensionality") or _DIMENSIONS
    if not 1 <= size <= _DIMENSIONS:
        raise gemini_errors.violated([("output_dimensionality", f"must be in the range [1, {_DIMENSIONS}]")], message)
    return {"values": digested("\n".join(str(text) for text in texts), size)}
