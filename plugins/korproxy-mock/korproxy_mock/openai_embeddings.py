"""OpenAI's embeddings: vectors of unit length, made of the text's digest. Pure."""

import base64
import math
import struct

from korproxy_mock import models
from korproxy_mock.formats import Call, JsonObject, Problem, Refused
from korproxy_mock.openai_errors import INVALID, model_not_found
from korproxy_mock.openai_refusals import check_bounds, check_choice, check_known, missing, refuse, wrong_type
from korproxy_mock.prompt import tokens_in
from korproxy_mock.vectors import digested

_MOST_INPUTS = 2048
_KNOWN = frozenset({"dimensions", "encoding_format", "input", "model", "user"})


def embedded(call: Call) -> JsonObject:
    """Embed the input, each text or list of tokens by itself."""
    body = call.body
    texts = _texts(body)
    size = _size(body, call.model)
    check_choice("encoding_format", body.get("encoding_format") or "float", ("float", "base64"))
    if call.strict:
        check_known("", body, _KNOWN)
    packed = body.get("encoding_format") == "base64"
    spent = sum(max(1, _weight(each)) for each in texts)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
            for index, vector in enumerate(_unit(digested(str(each), size)) for each in texts)
        ],
        "model": call.model,
        "usage": {"prompt_tokens": spent, "total_tokens": spent},
    }


def _texts(body: JsonObject) -> list[object]:
    """Return what to embed: texts, or lists of tokens."""
    if "model" not in body or not isinstance(body["model"], str):
        raise refuse("you must provide a model parameter")
    given = body.get("input")
    if given is None:
        raise missing("input")
    several = given if isinstance(given, list) and not _is_tokens(given) else [given]
    if not several or not all((isinstance(each, str) and each) or _is_tokens(each) for each in several):
        raise refuse("'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
    if len(several) > _MOST_INPUTS:
        raise refuse(
            f"Invalid 'input': array too long. Expected an array with maximum length {_MOST_INPUTS}, but got an array with "
            f"length {len(several)} instead.",
            param="input",
            code="array_above_max_length",
        )
    return several


def _is_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(each) is int for each in value)


def _weight(text: object) -> int:
    return len(text) if isinstance(text, list) else tokens_in(str(text))


def _size(body: JsonObject, model: str) -> int:
    """Return the length of the vectors; raise ``Refused`` for a model that makes none, or none of that length."""
    if model == models.UNKNOWN:
        raise Refused(model_not_found(model))
    if models.gpt_version(model) > (0, 0) or models.gpt_reasons(model):
        raise Refused(Problem(status=403, message="You are not allowed to generate embeddings from this model", kind=INVALID))
    wanted, most = body.get("dimensions"), models.embedding_size(model)
    if wanted is None:
        return most
    if type(wanted) is not int:
        raise wrong_type("dimensions", "an integer", wanted)
    if model == "text-embedding-ada-002":
        raise refuse("This model does not support specifying dimensions.", param="dimensions")
    check_bounds("dimensions", "integer", wanted, 1, most)
    return wanted


def _unit(vector: list[float]) -> list[float]:
    """Scale *vector* to unit length, in numbers that 32 bits hold, so that both encodings say the same."""
    length = math.sqrt(math.fsum(each * each for each in vector)) or 1.0
    scaled = [each / length for each in vector]
    return list(struct.unpack(f"<{len(scaled)}f", struct.pack(f"<{len(scaled)}f", *scaled)))


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
