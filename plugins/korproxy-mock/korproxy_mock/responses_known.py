"""The names that the Responses API knows at each place, and what Chat Completions calls otherwise. Pure.

Source: the parameter types of OpenAI's own SDK; a test compares. Custom tool calls have a status, as in answers: clients send
them back as they came.
"""

from collections.abc import Mapping
from typing import Any

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_refusals import check_known, refuse

_PAGE = "https://platform.openai.com/docs/api-reference/responses/create"
_MOVED = {  # what Chat Completions says, and where it is here
    "messages": "input", "response_format": "text.format", "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens", "functions": "tools",
    "function_call": "tool_choice",
}  # fmt: skip
_ELSEWHERE = (  # what only Chat Completions has
    "n", "stop", "seed", "logit_bias", "logprobs", "frequency_penalty", "presence_penalty", "modalities", "audio",
    "prediction", "web_search_options",
)  # fmt: skip


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOP = _names(
    "access_programs background background_options context_management conversation image include input instructions "
    "max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt "
    "prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream "
    "stream_options temperature text tool_choice tools top_logprobs top_p truncation user"
)
ITEMS: Mapping[str, frozenset[str]] = {
    "message": _names("content id phase role status type"),
    "file_search_call": _names("id queries results status type"),
    "computer_call": _names("action actions call_id id pending_safety_checks status type"),
    "computer_call_output": _names("acknowledged_safety_checks call_id id output status type"),
    "web_search_call": _names("action id status type"),
    "function_call": _names("arguments async call_id caller id name namespace status type"),
    "function_call_output": _names("call_id caller id name namespace output status type"),
    "tool_search_call": _names("arguments call_id execution id status type"),
    "tool_search_output": _names("call_id execution id status tools type"),
    "additional_tools": _names("id role tools type"),
    "configuration_update": _names("id reasoning text type"),
    "reasoning": _names("content encrypted_content id status summary type"),
    "compaction": _names("encrypted_content id type"),
    "image_generation_call": _names(
        "action background error id output_format quality result revised_prompt size status svg_usage type"
    ),
    "code_interpreter_call": _names("code container_id id outputs status type"),
    "local_shell_call": _names("action call_id id status type"),
    "local_shell_call_output": _names("id output status type"),
    "shell_call": _names("action call_id caller environment id status type"),
    "shell_call_output": _names("call_id caller id max_output_length output status type"),
    "apply_patch_call": _names("call_id caller id operation status type"),
    "apply_patch_call_output": _names("call_id caller id output status type"),
    "mcp_list_tools": _names("error id server_label tools type"),
    "mcp_approval_request": _names("arguments id name server_label type"),
    "mcp_approval_response": _names("approval_request_id approve id reason type"),
    "mcp_call": _names("approval_request_id arguments error id name output server_label status type"),
    "custom_tool_call": _names("async call_id caller id input name namespace status type"),
    "custom_tool_call_output": _names("call_id caller id output status type"),
    "compaction_trigger": _names("id type"),
    "item_reference": _names("id type"),
    "program": _names("call_id code fingerprint id type"),
    "program_output": _names("call_id id result status type"),
}
PARTS: Mapping[str, frozenset[str]] = {
    "input_text": _names("prompt_cache_breakpoint text type"),
    "input_image": _names("detail file_id image_url prompt_cache_breakpoint type"),
    "input_file": _names("detail file_data file_id file_url filename prompt_cache_breakpoint type"),
    "output_text": _names("annotations logprobs text type"),
    "refusal": _names("refusal type"),
}
TOOLS: Mapping[str, frozenset[str]] = {
    "function": _names("allowed_callers async defer_loading description name output_schema parameters strict type"),
    "file_search": _names("filters max_num_results ranking_options type vector_store_ids"),
    "computer": _names("type"),
    "computer_use_preview": _names("display_height display_width environment type"),
    "web_search": _names("external_web_access filters search_context_size type user_location"),
    "mcp": _names(
        "allowed_callers allowed_tools authorization connector_id defer_loading headers require_approval server_description "
        "server_label server_url tunnel_id type"
    ),
    "code_interpreter": _names("allowed_callers container type"),
    "programmatic_tool_calling": _names("type"),
    "image_generation": _names(
        "action background complexity frame_count frame_duration_ms input_fidelity input_image_mask model moderation "
        "output_compression output_format partial_images quality size svg type"
    ),
    "local_shell": _names("type"),
    "shell": _names("allowed_callers environment type"),
    "custom": _names("allowed_callers async defer_loading description format name type"),
    "namespace": _names("description name tools type"),
    "tool_search": _names("description execution parameters type"),
    "web_search_preview": _names("search_content_types search_context_size type user_location"),
    "apply_patch": _names("allowed_callers type"),
}
REASONING = _names("context effort generate_summary mode summary")
TEXT = _names("format verbosity")
FORMATS: Mapping[str, frozenset[str]] = {
    "text": _names("type"), "json_object": _names("type"), "json_schema": _names("description name schema strict type"),
}  # fmt: skip
_ACCEPTED = _names("client_metadata")  # Codex sends it, OpenAI takes it, and the SDK does not know it


def check_moved(body: JsonObject) -> None:
    """Raise ``Refused`` for a parameter of Chat Completions."""
    for name, place in _MOVED.items():
        if body.get(name) is not None:
            raise refuse(
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'. Try again with "
                f"the new parameter. See the API documentation for more information: {_PAGE}.",
                code="unsupported_parameter",
            )
    for name in _ELSEWHERE:
        if body.get(name) is not None:
            raise refuse(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def check_known_deeply(body: JsonObject) -> None:
    """Raise ``Refused`` for a name that OpenAI does not know, at any depth of a request that is good otherwise."""
    check_known("", body, TOP | _ACCEPTED)
    check_known("reasoning.", body.get("reasoning") or {}, REASONING)
    text = body.get("text") or {}
    check_known("text.", text, TEXT)
    if wanted := text.get("format"):
        check_known("text.format.", wanted, FORMATS[wanted["type"]])
    check_known("stream_options.", body.get("stream_options") or {}, frozenset({"include_obfuscation"}))
    _check_tools("tools", body.get("tools") or [])
    given = body.get("input")
    for at, item in enumerate(given if isinstance(given, list) else []):
        _check_item(f"input[{at}]", item)


def _check_item(place: str, item: JsonObject) -> None:
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    check_known(f"{place}.", item, ITEMS[kind])
    for name in ("content", "output"):
        parts: list[Any] = item[name] if isinstance(item.get(name), list) and kind != "reasoning" else []
        for index, part in enumerate(parts):
            if isinstance(part, dict) and part.get("type") in PARTS:
                check_known(f"{place}.{name}[{index}].", part, PARTS[part["type"]])
    if kind == "additional_tools":
        _check_tools(f"{place}.tools", item["tools"])


def _check_tools(place: str, tools: list[JsonObject]) -> None:
    for at, tool in enumerate(tools):
        check_known(f"{place}[{at}].", tool, TOOLS[tool["type"]])
        if tool["type"] == "namespace":
            _check_tools(f"{place}[{at}].tools", tool["tools"])
