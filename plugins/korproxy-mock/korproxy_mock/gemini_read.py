"""Read a generateContent request for what an answer depends on. Pure, and forgiving: checks come before."""

import json

from korproxy_mock.formats import JsonObject
from korproxy_mock.gemini_checks import declarations
from korproxy_mock.gemini_message_checks import is_prompt, of_kind
from korproxy_mock.gemini_schema_checks import as_json_schema
from korproxy_mock.gemini_shape import decoded
from korproxy_mock.prompt import Image, Prompt, Tool, weigh

_SAID_AS = ("output", "result", "error", "content")  # the keys that people wrap a tool's plain text in


def read_prompt(request: JsonObject) -> Prompt:
    """Read a checked request in canonical form."""
    contents: list[JsonObject] = [each for each in request.get("contents") or [] if each.get("parts")]
    last = max((at for at, content in enumerate(contents) if is_prompt(content)), default=-1)
    prompt = contents[last] if last >= 0 else {"parts": []}
    ending = contents[-1] if contents else {}
    answers = of_kind(ending, "function_response") if len(contents) - 1 > last else []
    config = request.get("generation_config") or {}
    choice = (request.get("tool_config") or {}).get("function_calling_config") or {}
    return Prompt(
        text="\n".join(text for text in of_kind(prompt, "text") if text),
        turns=sum(each.get("role") == "model" for each in contents[last + 1 :]),
        images=tuple(_images(prompt["parts"])),
        results=tuple(_said(each.get("response") or {}) for each in answers) or None,
        result_images=tuple(_images([*(part for each in answers for part in each.get("parts") or ()), *ending["parts"]]))
        if answers
        else (),
        tools=tuple(Tool(name=each["name"], schema=_parameters(each)) for each in declarations(request)),
        may_call=choice.get("mode") != "NONE",
        forced=(choice.get("allowed_function_names") or ["*"])[0] if choice.get("mode") == "ANY" else None,
        json_schema=_answer_schema(config),
        max_tokens=config.get("max_output_tokens"),
        stop_sequences=tuple(config.get("stop_sequences") or ()),
        tokens=count_tokens(request),
    )


def count_tokens(request: JsonObject) -> int:
    """Count what a request in canonical form weighs."""
    return max(1, weigh([request.get(each) for each in ("system_instruction", "contents", "tools")]) // 4)


def _images(parts: list[JsonObject]) -> list[Image]:
    images: list[Image] = []
    for part in parts:
        blob, file = part.get("inline_data"), part.get("file_data")
        if blob is not None:
            images.append(Image(media_type=str(blob.get("mime_type")), data=decoded(str(blob.get("data")))))
        elif file is not None:
            images.append(Image(media_type=str(file.get("mime_type") or "file"), address=str(file.get("file_uri"))))
    return images


def _said(response: JsonObject) -> str:
    """Return the text a tool gave back, out of the object it has to be wrapped in."""
    value = next((response[key] for key in _SAID_AS if key in response), response) if len(response) == 1 else response
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parameters(declaration: JsonObject) -> JsonObject:
    schema = declaration.get("parameters_json_schema")
    return schema if isinstance(schema, dict) else as_json_schema(declaration.get("parameters") or {})


def _answer_schema(config: JsonObject) -> JsonObject | None:
    if config.get("response_mime_type") != "application/json":
        return None
    schema = config.get("response_json_schema")
    if isinstance(schema, dict):
        return schema
    return as_json_schema(config["response_schema"]) if config.get("response_schema") else {"type": "object"}
