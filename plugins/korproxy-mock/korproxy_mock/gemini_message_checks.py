"""Refuse conversations as Gemini refuses them: parts, turns, function calls and their responses, signatures. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from korproxy_mock import models
from korproxy_mock.formats import JsonObject
from korproxy_mock.gemini_errors import invalid, wrong
from korproxy_mock.gemini_fields import PART_DATA
from korproxy_mock.gemini_signatures import fits_call, is_own

_NO_DATA = "required oneof field 'data' must have one initialized field"
_UNEVEN = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the function "
    "call turn."
)
_MEDIA_TYPE = re.compile(r"(image/(png|jpeg|webp|gif|heic|heif|avif)|(audio|video|text|application)/[\w.+-]+)")
_OWN_FILE = re.compile(r"https://(generativelanguage\.googleapis\.com/|(www\.)?youtube\.com/|youtu\.be/)|gs://")
_UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and "
    "missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}` , "
    "position {position}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
)


def content_faults(request: JsonObject) -> Iterator[tuple[str, str]]:
    """Go through what the validator finds in contents and system instruction: path and reason."""
    contents = request.get("contents") or []
    if not contents:
        yield "contents", "contents is not specified"
    for at, content in enumerate(contents):
        yield from _part_faults(f"contents[{at}]", content)
    if request.get("system_instruction") is not None:
        yield from _part_faults("system_instruction", request["system_instruction"])


def check_contents(request: JsonObject, model: str) -> None:
    """Raise ``Refused`` for the first fault of a conversation that is well-formed."""
    for at, part in enumerate((request.get("system_instruction") or {}).get("parts") or ()):
        if "text" not in part:
            raise wrong(f"system_instruction.parts[{at}]", "a system instruction is text")
    contents: list[JsonObject] = request["contents"]
    _check_roles(contents)
    _check_order(contents)
    for at, content in enumerate(contents):
        _check_media(at, content, model)
    _check_signatures(contents)
    if models.gemini(model) >= models.GEMINI_SIGNS:
        _check_signed(contents)


def of_kind(content: JsonObject, field: str) -> list[Any]:
    """Return what parts of one kind hold."""
    return [part[field] for part in content.get("parts") or () if part.get(field) is not None]


def is_prompt(content: JsonObject) -> bool:
    """Tell whether a user's content says something itself: function responses alone, even with images, do not."""
    said = any(part.get("text") and not part.get("thought") for part in content["parts"])
    return content.get("role") != "model" and (said or not of_kind(content, "function_response"))


def _part_faults(place: str, content: JsonObject) -> Iterator[tuple[str, str]]:
    if not content.get("parts"):
        yield f"{place}.parts", "contents.parts must not be empty."
    for at, part in enumerate(content.get("parts") or ()):
        here = f"{place}.parts[{at}]"
        filled = [each for each in PART_DATA if part.get(each) is not None]
        blank = filled == ["text"] and not part["text"] and not part.get("thought_signature")
        if not filled or blank:  # an empty text is data only where it carries a signature
            yield f"{here}.data", _NO_DATA
        for field in ("function_call", "function_response"):
            if part.get(field) is not None and not part[field].get("name"):
                yield f"{here}.{field}.name", "Name cannot be empty."
        if part.get("function_response") is not None and part["function_response"].get("response") is None:
            yield f"{here}.function_response.response", "missing field."


def _check_roles(contents: list[JsonObject]) -> None:
    for content in contents:
        role = content.get("role") or "user"
        answers = all(part.get("function_response") is not None for part in content["parts"])
        if role not in ("user", "model") and not (role == "function" and answers):
            raise invalid("Please use a valid role: user, model.")


def _check_order(contents: list[JsonObject]) -> None:
    before: JsonObject = {}  # nothing stands in front of the first
    for at, content in enumerate(contents):
        ours = content.get("role") == "model"
        calls, responses = of_kind(content, "function_call"), of_kind(content, "function_response")
        if calls and (not ours or before.get("role", "model") == "model"):
            raise invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
            )
        asked = of_kind(before, "function_call")
        if responses and (ours or not asked):
            raise invalid("Please ensure that function response turn comes immediately after a function call turn.")
        if len(asked) != len(responses):
            raise invalid(_UNEVEN)
        _check_pairs(at, asked, responses)
        before = {"role": content.get("role") or "user", "parts": content["parts"]}
    if contents[0].get("role") == "model" and len(contents) > 1:
        raise invalid("Please ensure that multiturn requests alternate between user and model.")
    if contents[-1].get("role") == "model":
        single = len(contents) == 1
        raise invalid(
            "Please ensure that single turn requests end with a user role or the role field is empty."
            if single
            else "Please ensure that multiturn requests ends with a user role or a function response."
        )


def _check_pairs(at: int, asked: list[JsonObject], responses: list[JsonObject]) -> None:
    """Each response names a function that was called, and its call where it says an id."""
    names = Counter(str(each["name"]) for each in asked)
    names.subtract(str(each["name"]) for each in responses)
    ids = {each.get("id") for each in asked}
    for number, each in enumerate(responses):
        place = f"contents[{at}].parts[{number}].function_response"
        if names[str(each["name"])] < 0:
            raise wrong(f"{place}.name", f"no call of {each['name']!r} in the function call turn")
        if each.get("id") and None not in ids and each["id"] not in ids:
            raise wrong(f"{place}.id", f"no call with the id {each['id']!r} in the function call turn")


def _check_media(at: int, content: JsonObject, model: str) -> None:
    nested = [each for response in of_kind(content, "function_response") for each in response.get("parts") or ()]
    if nested and (0, 0) < models.gemini(model) < (3, 0):
        raise invalid("Unable to submit request because `function_response.parts` is not supported for this model.")
    for part in [*content["parts"], *nested]:
        blob, file = part.get("inline_data"), part.get("file_data")
        if blob is not None and not _MEDIA_TYPE.fullmatch(blob.get("mime_type") or ""):
            raise invalid(f"Unsupported MIME type: {blob.get('mime_type') or ''}")
        if blob is not None and not blob.get("data"):
            raise wrong(f"contents[{at}].parts.inline_data.data", "there is no data")
        uri = (file or {}).get("file_uri") or ""
        linked = uri.startswith("https://") and not (0, 0) < models.gemini(model) < (3, 0)
        if file is not None and not _OWN_FILE.match(uri) and not linked:
            raise invalid(f"Invalid or unsupported file uri: {uri}")


def _check_signatures(contents: list[JsonObject]) -> None:
    """Whatever is signed must be as the mock signed it, wherever it stands."""
    for content in contents:
        for part in content["parts"]:
            signature, call = part.get("thought_signature"), part.get("function_call")
            if signature and call is not None and not fits_call(signature, call["name"], call.get("args") or {}):
                raise invalid("Corrupted thought signature.")
            if signature and not is_own(signature):
                raise invalid("Corrupted thought signature.")


def _check_signed(contents: list[JsonObject]) -> None:
    """The first call of each step since the last prompt must be signed."""
    start = max((at for at, content in enumerate(contents) if is_prompt(content)), default=0)
    for at, content in enumerate(contents[start:], start):
        calls = [part for part in content["parts"] if part.get("function_call") is not None]
        if calls and not calls[0].get("thought_signature"):
            raise invalid(_UNSIGNED.format(name=calls[0]["function_call"]["name"], position=at + 1))
