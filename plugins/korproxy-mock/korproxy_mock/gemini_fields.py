"""The messages of Gemini's API: their fields and types, as its protocol buffers have them. Data.

A type is a scalar (``string``, ``int32``, ``float``, ``bool``, ``bytes``), ``struct`` (any JSON object), ``value`` (any JSON),
``any`` (an object that is not looked into), ``enum NAME``, or another message. ``[TYPE]`` is a list of it, ``{TYPE}`` a map
from strings.
Source: the types of Google's Python SDK, as far as the Gemini API takes them and not only Vertex.
"""

from collections.abc import Mapping

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "GenerateContentRequest": {
        "model": "string", "contents": "[Content]", "system_instruction": "Content", "tools": "[Tool]",
        "tool_config": "ToolConfig", "safety_settings": "[SafetySetting]", "generation_config": "GenerationConfig",
        "cached_content": "string", "labels": "{string}", "service_tier": "string", "store": "bool",
        "continuation_token": "string",
    },
    "CountTokensRequest": {"contents": "[Content]", "generate_content_request": "GenerateContentRequest"},
    "EmbedContentRequest": {
        "model": "string", "content": "Content", "task_type": "string", "title": "string", "output_dimensionality": "int32",
    },
    "BatchEmbedContentsRequest": {"requests": "[EmbedContentRequest]"},
    "Content": {"role": "string", "parts": "[Part]"},
    "Part": {
        "text": "string", "inline_data": "Blob", "file_data": "FileData", "function_call": "FunctionCall",
        "function_response": "FunctionResponse", "executable_code": "any", "code_execution_result": "any",
        "tool_call": "any", "tool_response": "any", "thought": "bool", "thought_signature": "bytes", "video_metadata": "any",
        "media_resolution": "any", "media_processing": "any", "part_metadata": "struct",
    },
    "Blob": {"mime_type": "string", "data": "bytes", "display_name": "string"},
    "FileData": {"mime_type": "string", "file_uri": "string", "display_name": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "struct"},
    "FunctionResponse": {
        "id": "string", "name": "string", "response": "struct", "parts": "[FunctionResponsePart]", "will_continue": "bool",
        "scheduling": "enum Scheduling",
    },
    "FunctionResponsePart": {"inline_data": "Blob", "file_data": "FileData"},
    "Tool": {
        "function_declarations": "[FunctionDeclaration]", "google_search": "any", "google_search_retrieval": "any",
        "code_execution": "any", "url_context": "any", "computer_use": "any", "file_search": "any", "google_maps": "any",
        "mcp_servers": "[any]",
    },
    "FunctionDeclaration": {
        "name": "string", "description": "string", "parameters": "Schema", "parameters_json_schema": "value",
        "response": "Schema", "response_json_schema": "value", "behavior": "enum Behavior",
    },
    "Schema": {
        "type": "enum Type", "format": "string", "title": "string", "description": "string", "nullable": "bool",
        "default": "value", "example": "value", "enum": "[string]", "items": "Schema", "min_items": "int64",
        "max_items": "int64", "properties": "{Schema}", "property_ordering": "[string]", "required": "[string]",
        "min_properties": "int64", "max_properties": "int64", "min_length": "int64", "max_length": "int64",
        "pattern": "string", "minimum": "float", "maximum": "float", "any_of": "[Schema]",
    },
    "ToolConfig": {
        "function_calling_config": "FunctionCallingConfig", "retrieval_config": "any",
        "include_server_side_tool_invocations": "bool",
    },
    "FunctionCallingConfig": {"mode": "enum Mode", "allowed_function_names": "[string]"},
    "SafetySetting": {"category": "enum HarmCategory", "threshold": "enum HarmBlockThreshold"},
    "GenerationConfig": {
        "temperature": "float", "top_p": "float", "top_k": "int32", "candidate_count": "int32", "max_output_tokens": "int32",
        "stop_sequences": "[string]", "seed": "int32", "presence_penalty": "float", "frequency_penalty": "float",
        "response_logprobs": "bool", "logprobs": "int32", "response_mime_type": "string", "response_schema": "Schema",
        "response_json_schema": "value", "response_format": "[any]", "response_modalities": "[enum Modality]",
        "image_config": "any", "speech_config": "any", "media_resolution": "string", "thinking_config": "ThinkingConfig",
        "enable_enhanced_civic_answers": "bool", "translation_config": "any", "audio_transcription_config": "any",
    },
    "ThinkingConfig": {
        "include_thoughts": "bool", "thinking_budget": "int32", "thinking_level": "enum ThinkingLevel",
    },
}  # fmt: skip

ENUMS: Mapping[str, tuple[str, ...]] = {
    "Type": ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
    "Mode": ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
    "Behavior": ("UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
    "Scheduling": ("SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"),
    "Modality": ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO"),
    "ThinkingLevel": ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"),
    "HarmCategory": (
        "HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
    "HarmBlockThreshold": (
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE",
        "OFF",
    ),
}  # fmt: skip

# of these a part has exactly one
PART_DATA = (
    "text", "inline_data", "file_data", "function_call", "function_response", "executable_code", "code_execution_result",
    "tool_call", "tool_response",
)  # fmt: skip
