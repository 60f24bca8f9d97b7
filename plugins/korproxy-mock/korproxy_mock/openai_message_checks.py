"""Refuse conversations as OpenAI refuses them: roles, contents, and tool messages that do not pair. Pure."""

from typing import Any

from korproxy_mock.formats import Refused
from korproxy_mock.media import sniffed
from korproxy_mock.openai_read import decoded
from korproxy_mock.openai_refusals import check_choice, check_known, check_name, empty_array, missing, refuse

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
DETAILS = ("auto", "low", "high", "original")
_KNOWN = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "function_call", "audio"})
_ONLY_USER = {"image_url": "Image URLs are", "input_audio": "Input audio is", "file": "Files are"}


def check_messages(messages: list[object]) -> None:
    """Raise ``Refused`` for the first fault in *messages*."""
    for at, message in enumerate(messages):
        _check_message(f"messages[{at}]", message)
    _check_pairs([message for message in messages if isinstance(message, dict)])


def check_messages_strictly(messages: list[dict[str, Any]]) -> None:
    """Raise ``Refused`` for fields that OpenAI itself does not know and compatible servers take."""
    for at, message in enumerate(messages):
        check_known(f"messages[{at}].", message, _KNOWN)
        content = message.get("content")
        for index, part in enumerate(content if isinstance(content, list) else []):
            known = frozenset({"type", "prompt_cache_breakpoint", part["type"]})
            check_known(f"messages[{at}].content[{index}].", part, known)
        for index, call in enumerate(message.get("tool_calls") or []):
            check_known(f"messages[{at}].tool_calls[{index}].", call, frozenset({"id", "type", call["type"]}))


def _check_message(place: str, message: object) -> None:
    if not isinstance(message, dict):
        raise _invalid(f"Invalid type for '{place}': expected an object.", place, "invalid_type")
    role = message.get("role")
    if role is None:
        raise missing(f"{place}.role")
    check_choice(f"{place}.role", role, _ROLES)
    content = message.get("content")
    may_be_null = role in ("assistant", "function") and (message.get("tool_calls") or message.get("function_call"))
    if content is None and not may_be_null and not message.get("refusal"):
        dotted = place.replace("[", ".[")
        raise _invalid("Invalid value for 'content': expected a string, got null.", f"{dotted}.content", None)
    if not isinstance(content, str | list | None):
        raise _invalid(
            f"Invalid type for '{place}.content': expected one of a string or array of objects.",
            f"{place}.content",
            "invalid_type",
        )
    for index, part in enumerate(content if isinstance(content, list) else []):
        _check_part(place, f"{place}.content[{index}]", role, part)
    _check_calls(place, message)


def _check_part(place: str, where: str, role: str, part: object) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    check_choice(f"{where}.type", kind, _PARTS)
    if not isinstance(part, dict) or not isinstance(kind, str):
        return
    if kind in _ONLY_USER and role != "user":
        raise refuse(
            f"Invalid '{place}'. {_ONLY_USER[kind]} only allowed for messages with role 'user', but this message with "
            f"role '{role}' contains one.",
            param=place,
            code="invalid_value",
        )
    if kind == "text" and not isinstance(part.get("text"), str):
        raise missing(f"{where}.text")
    if kind == "image_url":
        _check_image(where, part.get("image_url"))


def _check_image(where: str, holder: object) -> None:
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(url, str):
        raise missing(f"{where}.image_url.url")
    if holder.get("detail") is not None:
        check_choice(f"{where}.image_url.detail", holder["detail"], DETAILS)
    check_image_url(f"{where}.image_url.url", url)


def check_image_url(param: str, url: str) -> None:
    """Raise ``Refused`` for a data URL that holds no image."""
    if not url.startswith("data:"):
        return
    head, _, data = url.removeprefix("data:").partition(",")
    plain = decoded(data)
    if plain is None:
        raise refuse(
            f"Invalid '{param}'. Expected a base64-encoded data URL with an image MIME type.",
            param=param,
            code="invalid_base64",
        )
    if head.partition(";")[0] not in _IMAGE_TYPES and sniffed(plain) is None:  # it looks at the bytes, too
        raise refuse(
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
            "['png', 'jpeg', 'gif', 'webp'].",
            code="invalid_image_format",
        )


def _check_calls(place: str, message: dict[str, object]) -> None:
    calls = message.get("tool_calls")
    if calls is None:
        return
    param = f"{place}.tool_calls"
    if calls == []:
        raise empty_array(param)
    for index, call in enumerate(calls if isinstance(calls, list) else [None]):
        holder = call.get(str(call.get("type"))) if isinstance(call, dict) else None
        text_field = "input" if isinstance(call, dict) and call.get("type") == "custom" else "arguments"
        if not isinstance(call, dict) or not isinstance(call.get("id"), str):
            raise missing(f"{param}[{index}].id")
        if not isinstance(holder, dict) or not isinstance(holder.get("name"), str):
            raise missing(f"{param}[{index}].function.name")
        check_name(f"{param}[{index}].function.name", holder["name"])
        if not isinstance(holder.get(text_field), str):
            raise missing(f"{param}[{index}].function.arguments")


def _check_pairs(messages: list[dict[str, object]]) -> None:
    """Every call is answered before the next message of another kind, and every answer has a call."""
    waiting: list[str] = []
    asked: list[str] = []
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            identity = message.get("tool_call_id")
            if identity not in asked:
                raise _invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    f"messages.[{at}].role",
                    None,
                )
            waiting = [each for each in waiting if each != identity]
            continue
        _all_answered(waiting, at)
        calls = message.get("tool_calls")
        waiting = [call["id"] for call in calls] if isinstance(calls, list) else []
        asked = waiting
    _all_answered(waiting, len(messages))


def _all_answered(waiting: list[str], at: int) -> None:
    if waiting:
        raise _invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}",
            f"messages.[{at}].role",
            None,
        )


def _invalid(message: str, param: str, code: str | None) -> Refused:
    return refuse(message, param=param, code=code)
