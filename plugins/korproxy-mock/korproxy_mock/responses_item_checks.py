"""Refuse input items as OpenAI refuses them, each by itself: types, contents, ids, names. Pure."""

from collections.abc import Mapping

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_message_checks import DETAILS, check_image_url
from korproxy_mock.openai_refusals import check_choice, check_length, check_name, missing, refuse, said_type, wrong_type
from korproxy_mock.responses_known import ITEMS
from korproxy_mock.responses_read import kind_of

_ROLES = ("assistant", "system", "developer", "user")
_PHASES = ("commentary", "final_answer")
_ANY_PART = (
    "input_text", "input_image", "output_text", "refusal", "input_file", "computer_screenshot", "summary_text",
)  # fmt: skip
_PARTS = {"assistant": ("output_text", "refusal")}
_INPUT_PARTS = ("input_text", "input_image", "input_file")
_PREFIXES = {
    "message": "msg", "function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs", "compaction": "cmp",
    "web_search_call": "ws",
}  # fmt: skip
_LONGEST_ID = 64
_REQUIRED: Mapping[str, Mapping[str, type]] = {  # fields of each type of item, in the order they are looked at
    "function_call": {"call_id": str, "name": str, "arguments": str},
    "function_call_output": {"call_id": str, "output": object},
    "custom_tool_call": {"call_id": str, "name": str, "input": str},
    "custom_tool_call_output": {"call_id": str, "output": object},
    "reasoning": {"summary": list},
    "compaction": {"encrypted_content": str},
    "item_reference": {"id": str},
    "additional_tools": {"role": str, "tools": list},
}
_WORDS: Mapping[type, str] = {str: "a string", list: "an array of objects"}


def check_items(given: object) -> None:
    """Raise ``Refused`` for the first fault in ``input``."""
    items = given if isinstance(given, list) else []
    for at, item in enumerate(items):
        place = f"input[{at}]"
        if not isinstance(item, dict):
            raise wrong_type(place, "an input item", item)
        _check_item(place, item)
        if item.get("type") == "compaction_trigger" and at != len(items) - 1:
            raise refuse(f"Invalid '{place}': 'compaction_trigger' must be the final input item.", param=place)


def _check_item(place: str, item: JsonObject) -> None:
    kind = kind_of(item)
    check_choice(place, kind, sorted(ITEMS))
    for name, wanted in _REQUIRED.get(kind, {}).items():
        if item.get(name) is None:
            raise missing(f"{place}.{name}")
        if not isinstance(item[name], wanted):
            raise wrong_type(f"{place}.{name}", _WORDS[wanted], item[name])
    _check_ids(place, kind, item)
    if kind == "message":
        _check_message(place, item)
    if kind in ("function_call", "custom_tool_call"):
        check_name(f"{place}.name", item["name"])
    if "output" in _REQUIRED.get(kind, {}):
        _check_output(f"{place}.output", item["output"])
    if kind == "reasoning":
        _check_reasoning(place, item)


def _check_ids(place: str, kind: str, item: JsonObject) -> None:
    for name in ("call_id", "id"):
        value = item.get(name)
        if not isinstance(value, str | None):
            raise wrong_type(f"{place}.{name}", "a string", value)
        if value is not None:
            check_length(f"{place}.{name}", value, _LONGEST_ID)
    begins, identity = _PREFIXES.get(kind, ""), item.get("id")
    if identity is not None and not identity.startswith(begins):
        raise refuse(
            f"Invalid '{place}.id': '{identity}'. Expected an ID that begins with '{begins}'.",
            param=f"{place}.id",
            code="invalid_value",
        )


def _check_message(place: str, message: JsonObject) -> None:
    role, content = message.get("role"), message.get("content")
    if role is None:
        raise missing(f"{place}.role")
    check_choice(place, role, _ROLES)
    if content is None:
        raise missing(f"{place}.content")
    if not isinstance(content, str | list):
        raise wrong_type(f"{place}.content", "one of an array of objects or string", content)
    if message.get("phase") is not None:
        check_choice(f"{place}.phase", message["phase"], _PHASES)
    for index, part in enumerate(content if isinstance(content, list) else []):
        _check_part(f"{place}.content[{index}]", part, _PARTS.get(role, _INPUT_PARTS))


def _check_output(place: str, output: object) -> None:
    if not isinstance(output, str | list):
        raise wrong_type(place, "one of an array of objects or string", output)
    for index, part in enumerate(output if isinstance(output, list) else []):
        _check_part(f"{place}[{index}]", part, _INPUT_PARTS)


def _check_part(place: str, part: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(part, dict):
        raise wrong_type(place, "an object", part)
    kind = part.get("type")
    if kind is None:
        raise missing(f"{place}.type")
    check_choice(place, kind, allowed if kind in _ANY_PART else _ANY_PART)
    text = "refusal" if kind == "refusal" else "text" if kind.endswith("_text") else None
    if text and not isinstance(part.get(text), str):
        raise missing(f"{place}.{text}") if part.get(text) is None else wrong_type(f"{place}.{text}", "a string", part[text])
    if kind == "input_image":
        _check_image(place, part)
    if kind == "input_file" and not any(part.get(name) for name in ("file_id", "file_data", "file_url")):
        raise missing(f"{place}.file_id")


def _check_image(place: str, part: JsonObject) -> None:
    url = part.get("image_url")
    if part.get("detail") is not None:
        check_choice(f"{place}.detail", part["detail"], DETAILS)
    if url is None and part.get("file_id") is None:
        raise missing(f"{place}.image_url")
    if not isinstance(url, str | None):
        message = f"Invalid type for '{place}.image_url': expected an image URL, but got {said_type(url)} instead."
        raise refuse(message, param=f"{place}.image_url", code="invalid_type")
    if url is not None:
        check_image_url(f"{place}.image_url", url)


def _check_reasoning(place: str, item: JsonObject) -> None:
    sealed = item.get("encrypted_content")
    if not isinstance(sealed, str | None):
        raise wrong_type(f"{place}.encrypted_content", "a string", sealed)
    for name, kind in (("summary", "summary_text"), ("content", "reasoning_text")):
        parts = item.get(name) or []
        if not isinstance(parts, list):
            raise wrong_type(f"{place}.{name}", "an array of objects", parts)
        for index, part in enumerate(parts):
            if not isinstance(part, dict) or not isinstance(part.get("text"), str):
                raise missing(f"{place}.{name}[{index}].text")
            check_choice(f"{place}.{name}[{index}].type", part.get("type"), (kind,))
