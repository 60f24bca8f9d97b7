"""What Gemini refuses, in Google's words: shapes, tools, settings."""

from typing import Any

import pytest

FLASH = "gemini-3.5-flash"
OLD = "gemini-2.5-flash"
BIT = "Invalid JSON payload received. Unknown name"
ODD = "Request contains an invalid argument."


def parts(*each: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(each)}]}


def function(**fields: Any) -> dict[str, Any]:
    return {"tools": [{"functionDeclarations": [{"name": "ls", **fields}]}]}


def parameters(**fields: Any) -> dict[str, Any]:
    return function(parameters={"type": "OBJECT", **fields})


def prop(**schema: Any) -> dict[str, Any]:
    return parameters(properties={"p": {"type": "STRING"}, "a": schema})


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def thinks(**fields: Any) -> dict[str, Any]:
    return config(thinkingConfig=fields)


HERE = "tools[0].function_declarations[0].parameters"
AT = f"* GenerateContentRequest.{HERE}"
SET = "* GenerateContentRequest.generation_config"
DATA = "required oneof field 'data' must have one initialized field"

# model, the body's fields (... leaves one out), what the message holds
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    # what the JSON parser refuses
    (FLASH, {"foo": 1}, f'{BIT} "foo": Cannot find field.'),
    (FLASH, {"messages": []}, f'{BIT} "messages": Cannot find field.'),
    (FLASH, {"system_Instruction": {}}, f'{BIT} "system_Instruction": Cannot find field.'),
    (FLASH, parts({"text": "a", "type": "text"}), f"{BIT} \"type\" at 'contents[0].parts[0]': Cannot find field."),
    (FLASH, parts({"text": ["a"]}), "Proto field is not repeating, cannot start list."),
    (FLASH, parts({"text": 1}), "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 1"),
    (FLASH, parts({"text": {}}), "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), Starting an object on a scalar"),
    (FLASH, parts("hi"), "Invalid value at 'contents[0].parts[0]' (type.googleapis.com/google.ai.generativelanguage"),
    (FLASH, {"contents": "hi"}, "Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta"),
    (FLASH, parts({"text": "a", "inlineData": {}}), "oneof field 'data' is already set. Cannot set 'inlineData'"),
    (
        FLASH,
        parts({"inlineData": {"mimeType": "image/png", "data": "data:image/png;base64,AAAA"}}),
        "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"data:image/png",
    ),
    (FLASH, parts({"text": "a", "thoughtSignature": "korproxy:anthropic:Eq"}), "(TYPE_BYTES), Base64 decoding failed for"),
    (FLASH, config(temperature="hot"), "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\""),
    (FLASH, config(maxOutputTokens=1.5), "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), 1.5"),
    (FLASH, config(max_tokens=1), f"{BIT} \"max_tokens\" at 'generation_config': Cannot find field."),
    (FLASH, thinks(thinkingLevel="EXTREME"), ".v1beta.ThinkingLevel), \"EXTREME\""),
    (FLASH, thinks(includeThoughts="yes"), "(TYPE_BOOL)"),
    (FLASH, function(strict=True), f"{BIT} \"strict\" at 'tools[0].function_declarations[0]': Cannot find field."),
    (FLASH, {"tools": [{"type": "function"}]}, f"{BIT} \"type\" at 'tools[0]': Cannot find field."),
    *(
        (FLASH, prop(type="STRING", **{key: value}), f"{BIT} \"{key}\" at '{HERE}.properties[1].value': Cannot find field.")
        for key, value in {
            "const": "a", "oneOf": [], "allOf": [], "not": {}, "patternProperties": {}, "exclusiveMinimum": 0,
            "exclusiveMaximum": 1, "multipleOf": 2, "if": {}, "then": {}, "examples": [], "deprecated": True,
            "enumDescriptions": [], "$ref": "#/a", "$defs": {}, "$id": "a", "additionalProperties": False, "uniqueItems": True,
        }.items()
    ),
    (FLASH, parameters(**{"$schema": "x"}), f"{BIT} \"$schema\" at '{HERE}': Cannot find field."),
    (FLASH, prop(type=["string", "null"]), f"{BIT} \"type\" at '{HERE}.properties[1].value': Proto field is not repeating"),
    (FLASH, prop(type="file"), f"Invalid value at '{HERE}.properties[1].value.type' (type.googleapis.com/"),
    (FLASH, prop(type="STRING", enum=["a", 1]), f"Invalid value at '{HERE}.properties[1].value.enum[1]' (TYPE_STRING), 1"),
    (FLASH, parameters(properties=[]), f"Invalid value at '{HERE}.properties' "),
    (FLASH, prop(anyOf=[{"const": 1}]), f"\"const\" at '{HERE}.properties[1].value.any_of[0]': Cannot find field."),
    (
        FLASH,
        parts({"functionResponse": {"name": "ls", "response": "a"}}),
        "Invalid value at 'contents[0].parts[0].function_response.response' (type.googleapis.com/google.protobuf.Struct)",
    ),
    (FLASH, parts({"functionResponse": {"name": "ls", "response": ["a"]}}), "cannot start list."),
    (FLASH, parts({"functionCall": {"name": "ls", "arguments": "{}"}}), f"{BIT} \"arguments\" at"),
    # what the validator refuses
    (FLASH, {"contents": ...}, "* GenerateContentRequest.contents: contents is not specified\n"),
    (FLASH, {"contents": []}, "* GenerateContentRequest.contents: contents is not specified\n"),
    (FLASH, parts(), "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty."),
    (FLASH, parts({"text": "a"}, {}), f"* GenerateContentRequest.contents[0].parts[1].data: {DATA}\n"),
    (FLASH, parts({"text": ""}), f"* GenerateContentRequest.contents[0].parts[0].data: {DATA}\n"),
    (FLASH, parts({"thought": True}), DATA),
    (FLASH, {"systemInstruction": {"parts": [{"text": ""}]}}, f"system_instruction.parts[0].data: {DATA}"),
    (FLASH, {"systemInstruction": {"parts": []}}, "system_instruction.parts: contents.parts must not be empty."),
    (FLASH, parts({"functionCall": {"args": {}}}), "contents[0].parts[0].function_call.name: Name cannot be empty.\n"),
    (FLASH, parts({"functionResponse": {"name": "", "response": {}}}), "function_response.name: Name cannot be empty.\n"),
    (FLASH, parts({"functionResponse": {"name": "ls"}}), "function_response.response: missing field."),
    (FLASH, function(name=...), "tools[0].function_declarations[0].name: Invalid function name. Must start"),
    (FLASH, function(name="1a"), "Invalid function name. Must start with a letter or an underscore."),
    (FLASH, function(name="mcp/server x"), "Invalid function name."),
    (FLASH, function(name="a" * 129), "with a maximum length of 128."),
    (OLD, function(name="a" * 65), "with a maximum length of 64."),
    (FLASH, function(parameters={"type": "STRING"}), f"{AT}.type: should be OBJECT"),
    (FLASH, function(parameters={}), f"{AT}.type: should be OBJECT"),
    (
        FLASH,
        function(parameters={"type": "OBJECT"}, parametersJsonSchema={}),
        "tools[0].function_declarations[0]: only one of parameters and parameters_json_schema may be set",
    ),
    (FLASH, parameters(required=["a"]), f"{AT}.required[0]: property is not defined\n"),
    (FLASH, prop(type="ARRAY"), f"{AT}.properties[a].items: missing field.\n"),
    (FLASH, prop(type="INTEGER", enum=["1"]), f"{AT}.properties[a].enum: only allowed for STRING type\n"),
    (FLASH, prop(type="STRING", enum=["a", ""]), f"{AT}.properties[a].enum[1]: cannot be empty\n"),
    (FLASH, prop(type="STRING", format="enum"), f"{AT}.properties[a].enum: should be non-empty for STRING type with enum"),
    (FLASH, prop(type="STRING", format="uri"), "format: only 'enum' and 'date-time' are supported for STRING type\n"),
    (FLASH, prop(type="INTEGER", format="uint8"), "format: only 'int32' and 'int64' are supported for INTEGER type\n"),
    (FLASH, prop(type="NUMBER", format="decimal"), "format: only 'float' and 'double' are supported for NUMBER type\n"),
    (FLASH, prop(properties={}), f"{AT}.properties[a].properties: only allowed for OBJECT type\n"),
    (FLASH, prop(anyOf=[{"required": ["p"]}]), f"{AT}.properties[a].any_of[0].required: only allowed for OBJECT type\n"),
    (FLASH, prop(type="STRING", items={}), f"{AT}.properties[a].items: only allowed for ARRAY type\n"),
    ("gemini-2.0-flash", parameters(), f"{AT}.properties: should be non-empty for OBJECT type\n"),
    (FLASH, config(temperature=2.1), f"{SET}.temperature: temperature must be in the range [0.0, 2.0]\n"),
    (FLASH, config(topP=-1), f"{SET}.top_p: top_p must be in the range [0.0, 1.0]\n"),
    (FLASH, config(topK=0), f"{SET}.top_k: top_k must be positive\n"),
    (FLASH, config(candidateCount=0), f"{SET}.candidate_count: candidate_count must be in the range [1, 8]\n"),
    (FLASH, config(maxOutputTokens=0), f"{SET}.max_output_tokens: max_output_tokens must be positive\n"),
    (FLASH, config(stopSequences=list("abcdef")), f"{SET}.stop_sequences: the number of stop sequences must not exceed 5\n"),
    (FLASH, config(stopSequences=[""]), f"{SET}.stop_sequences[0]: cannot be empty\n"),
    (FLASH, config(presencePenalty=3), f"{SET}.presence_penalty: presence_penalty must be in the range [-2.0, 2.0]\n"),
    (FLASH, config(responseMimeType="image/png"), f"{SET}.response_mime_type: allowed mimetypes are `text/plain`, "),
    (
        FLASH,
        config(responseMimeType="application/json", responseSchema={"type": "ARRAY"}),
        f"{SET}.response_schema.items: missing field.\n",
    ),
    # what else is refused, in a sentence
    (FLASH, {"tools": [*function()["tools"], *function()["tools"]]}, "Duplicate function declaration found: ls"),
    (OLD, {"tools": [*function()["tools"], {"googleSearch": {}}]}, "Tool use with function calling is unsupported"),
    (FLASH, {"tools": [*function()["tools"], {"googleSearch": {}}]}, "Please enable tool_config.include_server_side_tool_"),
    (FLASH, {"toolConfig": {"functionCallingConfig": {}}}, "Function calling config is set without function_declarations."),
    (
        FLASH,
        {**function(), "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["rm"]}}},
        "allowed_function_names should be a subset of the provided function_declarations.",
    ),
    (FLASH, {**function(), "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["ls"]}}}, ODD),
    (FLASH, config(candidateCount=2), "Multiple candidates is not enabled for this model"),
    (FLASH, config(responseSchema={"type": "STRING"}), ODD),
    (FLASH, config(responseMimeType="text/plain", responseJsonSchema={}), ODD),
    (FLASH, config(responseMimeType="application/json", responseJsonSchema=[]), ODD),
    (FLASH, config(responseMimeType="application/json", responseJsonSchema={}, responseSchema={"type": "STRING"}), ODD),
    (FLASH, config(logprobs=2), ODD),
    (FLASH, function(parametersJsonSchema="x"), ODD),
    (
        OLD,
        {**function(), **config(responseMimeType="application/json")},
        "Function calling with a response mime type: 'application/json' is unsupported",
    ),
    (FLASH, thinks(thinkingBudget=1, thinkingLevel="LOW"), "You can only set only one of thinking budget and thinking level."),
    (OLD, thinks(thinkingLevel="LOW"), "Thinking level is not supported for this model."),
    (FLASH, thinks(thinkingBudget=1024), "Thinking budget is not supported for this model."),
    ("gemini-3.8-flash", thinks(thinkingLevel="MINIMAL"), "Thinking level MINIMAL is not supported for this model."),
    ("gemini-3.1-pro-preview", thinks(thinkingLevel="MINIMAL"), "Thinking level MINIMAL is not supported for this model."),
    ("gemini-3-pro-preview", thinks(thinkingLevel="MEDIUM"), "Thinking level MEDIUM is not supported for this model."),
    (FLASH, thinks(thinkingLevel="XHIGH"), "Thinking level XHIGH is not supported for this model."),
    ("gemini-2.5-pro", thinks(thinkingBudget=0), "Budget 0 is invalid. This model only works in thinking mode."),
    ("gemini-2.5-pro", thinks(thinkingBudget=127), "budget 127 is invalid. Please choose a value between 128 and 32768."),
    (OLD, thinks(thinkingBudget=24577), "The thinking budget 24577 is invalid. Please choose a value between 1 and 24576."),
    ("gemini-2.5-flash-lite", thinks(thinkingBudget=100), "Please choose a value between 512 and 24576."),
    (OLD, thinks(thinkingBudget=0, includeThoughts=True), "include_thoughts is only enabled when thinking is enabled."),
    (FLASH, {"systemInstruction": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}, ODD),
    (FLASH, parts({"inlineData": {"mimeType": "png", "data": "AAAA"}}), "Unsupported MIME type: png"),
    (FLASH, parts({"inlineData": {"mimeType": "image/svg+xml", "data": "AAAA"}}), "Unsupported MIME type: image/svg+xml"),
    (FLASH, parts({"inlineData": {"mimeType": "image/jpg", "data": "AAAA"}}), "Unsupported MIME type: image/jpg"),
    (FLASH, parts({"inlineData": {"mimeType": "image/png", "data": ""}}), ODD),
    (OLD, parts({"fileData": {"fileUri": "https://example.org/a.png"}}), "Invalid or unsupported file uri: https://example.org/a"),
    (FLASH, parts({"fileData": {"fileUri": "http://example.org/a.png"}}), "Invalid or unsupported file uri: http://example.org/a"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "fields", "words"), REFUSED)
async def test_a_malformed_request_is_refused(ask: Any, model: str, fields: dict[str, Any], words: str) -> None:
    for declared in (each for tool in fields.get("tools", []) for each in tool.get("functionDeclarations", [])):
        if declared["name"] is ...:
            del declared["name"]
    got = await ask(path=f"/v1beta/models/{model}:generateContent", prompt="hi", **fields)
    assert (got.status, got.error["code"], got.error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in got.error["message"]


PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
FULL = {
    "type": "object", "title": "t", "description": "d", "nullable": True, "minProperties": 1, "maxProperties": 9,
    "propertyOrdering": ["a"], "required": ["a"],
    "properties": {
        "a": {"type": "string", "format": "enum", "enum": ["x"], "default": "x", "example": 1},
        "b": {"type": "ARRAY", "items": {"type": "NUMBER", "format": "float", "minimum": 0, "maximum": 1.5}, "minItems": "1"},
        "c": {"anyOf": [{"type": "STRING", "minLength": 1, "maxLength": 9, "pattern": "a"}, {"type": "NULL"}]},
        "d": {"type": "STRING", "format": "date-time"}, "e": {"type": "OBJECT"}, "f": {},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (FLASH, {}),
        (FLASH, {"contents": {"parts": {"text": "hi"}}}),  # one in place of a list of one
        (FLASH, {"contents": [{"role": None, "parts": [{"text": "hi", "inlineData": None}]}], "tools": None}),
        (FLASH, {"system_instruction": {"role": "system", "parts": [{"text": "a"}]}, "safety_settings": []}),
        (FLASH, {"generation_config": {"max_output_tokens": "9", "topK": 40.0, "seed": -1, "stop_sequences": ["a"]}}),
        (FLASH, {"cachedContent": "cachedContents/a", "labels": {"a": "b"}, "serviceTier": "flex", "store": False}),
        (FLASH, function(parameters=FULL)),
        (FLASH, function(name="_a.b:c-d", parametersJsonSchema={"$schema": "x", "const": 1, "type": ["object", "null"]})),
        (FLASH, {"tools": [{"function_declarations": [{"name": "a" * 128}]}, {"urlContext": {}}], "toolConfig": {
            "includeServerSideToolInvocations": True, "functionCallingConfig": {"mode": "any"}}}),
        (FLASH, {"tools": [{"googleSearch": {}}, {"codeExecution": {}}]}),
        (FLASH, {**function(), **config(responseMimeType="application/json")}),
        (FLASH, {**function(), "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["ls"]}}}),
        (FLASH, parts(PNG, {"fileData": {"fileUri": "https://example.org/a.png", "mimeType": "image/png"}})),
        (OLD, parts({"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}})),
        (OLD, parts({"fileData": {"fileUri": "https://www.youtube.com/watch?v=a"}, "videoMetadata": {"fps": 1}})),
        (FLASH, parts({"text": "", "thoughtSignature": "skip_thought_signature_validator"}, {"text": "hi"})),
        (FLASH, thinks(thinkingLevel="MINIMAL", includeThoughts=True)),
        (FLASH, thinks(thinkingLevel="high")),
        ("gemini-3-pro-preview", thinks(thinkingLevel="LOW")),
        ("gemini-4-argon", thinks(thinkingLevel="XHIGH")),
        (OLD, thinks(thinkingBudget=0)),
        (OLD, thinks(thinkingBudget=-1, includeThoughts=True)),
        ("gemini-2.5-pro", thinks(thinkingBudget=128)),
        ("mock-gemini", thinks(thinkingBudget=0)),
        ("mock-gemini", config(candidateCount=8, responseModalities=["TEXT"])),
    ],
)  # fmt: skip
async def test_a_good_request_is_not(ask: Any, model: str, fields: dict[str, Any]) -> None:
    got = await ask(path=f"/v1beta/models/{model}:generateContent", prompt="hi", **fields)
    assert got.status == 200, got.body.decode()


async def test_all_faults_of_one_kind_are_told_at_once(ask: Any) -> None:
    bad = {**prop(const=1, oneOf=[]), "foo": 1}
    got = await ask(path=f"/v1beta/models/{FLASH}:generateContent", prompt="hi", **bad)
    said = got.error["message"].splitlines()
    assert len(said) == 3
    (details,) = got.error["details"]
    assert details["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert [each["description"] for each in details["fieldViolations"]] == said
    assert [each.get("field") for each in details["fieldViolations"]] == [*[f"{HERE}.properties[1].value"] * 2, None]
    got = await ask(
        path=f"/v1beta/models/{FLASH}:generateContent", prompt="hi", **{**config(topP=9), **parameters(required=["a"])}
    )
    assert got.error["message"].count("\n") == 2


async def test_where_google_says_nothing_the_details_do(ask: Any) -> None:
    got = await ask(path=f"/v1beta/models/{FLASH}:generateContent", prompt="hi", **config(responseSchema={"type": "STRING"}))
    assert got.error["details"][0]["fieldViolations"] == [
        {"field": "generation_config.response_schema", "description": "only allowed with response_mime_type application/json"}
    ]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"n": NaN}', "{}".encode("utf-16"), b'{"a":' * 100_000])
async def test_what_is_no_json_object_is_refused(ask: Any, raw: bytes) -> None:
    got = await ask(path=f"/v1beta/models/{FLASH}:generateContent", raw=raw)
    assert (got.status, got.error["status"]) == (400, "INVALID_ARGUMENT")
    assert got.error["message"].startswith("Invalid JSON payload received.")


async def test_what_is_nested_too_deep_is_refused(ask: Any) -> None:
    schema: dict[str, Any] = {"type": "STRING"}
    for _ in range(100):
        schema = {"type": "ARRAY", "items": schema}
    got = await ask(path=f"/v1beta/models/{FLASH}:generateContent", prompt="hi", **prop(**schema))
    assert "Message too deep." in got.error["message"]
