"""Refuse conversations as OpenAI refuses them: roles, contents, and tool messages that do not pair. Pure."""

from korproxy_mock.formats import Refused
from korproxy_mock.openai_errors import invalid
from korproxy_mock.openai_read import decoded

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_ONLY_USER = {"image_url": "Image URLs are", "input_audio": "Input audio is", "file": "Files are"}


def check_messages(messages: list[object]) -> None:
    """Raise ``Refused`` for the first fault in *messages*."""
    for at, message in enumerate(messages):
        _check_message(f"messages[{at}]", message)
    _check_pairs([message for message in messages if isinstance(message, dict)])


def _check_message(place: str, message: object) -> None:
    if not isinstance(message, dict):
        raise _invalid(f"Invalid type for '{place}': expected an object.", place, "invalid_type")
    role = message.get("role")
    if role is None:
        raise _invalid(f"Missing required parameter: '{place}.role'.", f"{place}.role", "missing_required_parameter")
    if role not in _ROLES:
        supported = ", ".join(f"'{each}'" for each in _ROLES[:-1])
        raise _invalid(
            f"Invalid value: '{role}'. Supported values are: {supported}, and '{_ROLES[-1]}'.", f"{place}.role", "invalid_value"
        )
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
    if not isinstance(part, dict) or kind not in _PARTS:
        supported = ", ".join(f"'{each}'" for each in _PARTS[:-1])
        raise _invalid(
            f"Invalid value: '{kind}'. Supported values are: {supported}, and '{_PARTS[-1]}'.", f"{where}.type", "invalid_value"
        )
    if kind in _ONLY_USER and role != "user":
        raise _invalid(
            f"Invalid '{place}'. {_ONLY_USER[kind]} only allowed for messages with role 'user', but this message with "
            f"role '{role}' contains one.",
            place,
            "invalid_value",
        )
    if kind == "text" and not isinstance(part.get("text"), str):
        raise _invalid(f"Missing required parameter: '{where}.text'.", f"{where}.text", "missing_required_parameter")
    if kind == "image_url":
        _check_image(where, part.get("image_url"))


def _check_image(where: str, holder: object) -> None:
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(url, str):
        raise _invalid(
            f"Missing required parameter: '{where}.image_url.url'.", f"{where}.image_url.url", "missing_required_parameter"
        )
    if url.startswith("data:") and decoded(url.partition(",")[2]) is None:
        raise _invalid(
            f"Invalid '{where}.image_url.url'. Expected a base64-encoded data URL with an image MIME type.",
            f"{where}.image_url.url",
            "invalid_base64",
        )


def _check_calls(place: str, message: dict[str, object]) -> None:
    calls = message.get("tool_calls")
    if calls is None:
        return
    param = f"{place}.tool_calls"
    if calls == []:
        raise _invalid(
            f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param,
            "empty_array",
        )
    for index, call in enumerate(calls if isinstance(calls, list) else [None]):
        holder = call.get(str(call.get("type"))) if isinstance(call, dict) else None
        text_field = "input" if isinstance(call, dict) and call.get("type") == "custom" else "arguments"
        if not isinstance(call, dict) or not isinstance(call.get("id"), str):
            where = f"{param}[{index}].id"
        elif not isinstance(holder, dict) or not isinstance(holder.get("name"), str):
            where = f"{param}[{index}].function.name"
        elif not isinstance(holder.get(text_field), str):
            where = f"{param}[{index}].function.arguments"
        else:
            continue
        raise _invalid(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")


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
    return Refused(invalid(message, param=param, code=code))
