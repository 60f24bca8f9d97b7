"""Calls of tools and what came of them, read.

Facts: the items of ``ResponseInputParam`` in OpenAI's Python SDK 3.54. Of its two ids only ``call_id`` ties a call and its
output together; the output of a ``local_shell_call`` may say the item's ``id``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.responses_format.namespaces import Names
from korproxy.builtin.dialects.responses_format.read_content import read_content

# Calls of OpenAI's own tools that the client runs itself: how they are called elsewhere, and which field is the arguments.
_OWN = {
    "local_shell_call": ("local_shell", "action"),
    "shell_call": ("shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
}


@attrs.define
class CallReader:
    """Reads the calls and results of one request. Ids of calls are noted, so calls come before their results."""

    names: Names
    _call_ids: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)  # id of a local_shell_call -> its call_id

    @property
    def calls(self) -> Mapping[str, Callable[[chat.Fields], chat.ToolCall]]:
        """What reads each type of item that is a call."""
        own = dict.fromkeys(_OWN, self._own_call)
        return {"function_call": self._call, "custom_tool_call": self._freeform_call, **own}

    @property
    def results(self) -> Mapping[str, Callable[[chat.Fields], chat.ToolResult]]:
        """What reads each type of item that is a result."""
        own = {"shell_call_output": self._shell_result, "apply_patch_call_output": self._patch_result}
        plain = dict.fromkeys(("function_call_output", "custom_tool_call_output", "local_shell_call_output"), self._result)
        return {**plain, **own}

    def _call(self, item: chat.Fields) -> chat.ToolCall:
        return self._named_call(item, "arguments", freeform=False)

    def _freeform_call(self, item: chat.Fields) -> chat.ToolCall:
        return self._named_call(item, "input", freeform=True)

    def _named_call(self, item: chat.Fields, key: str, *, freeform: bool) -> chat.ToolCall:
        name = self.names.flat(item.text("name") or "", item.text("namespace"))
        said = item.get(key)
        arguments = json_bytes(said).decode() if isinstance(said, (dict, list)) else item.text(key) or ""
        if item.get("async"):
            item.lost("async", "only OpenAI's models go on while a tool runs")
        _forget_caller(item)
        return chat.ToolCall(id=item.text("call_id") or "", name=name, arguments=arguments, freeform=freeform, at=item.at)

    def _own_call(self, item: chat.Fields) -> chat.ToolCall:
        name, key = _OWN[item.value["type"]]
        said = item.table(key)
        value = {} if said is None else said.value
        if name == "local_shell":
            value = {key: each for key, each in value.items() if key != "type"}
        item.lost("environment", "only OpenAI's own tool runs in one")
        _forget_caller(item)
        call_id = item.text("call_id") or item.text("id") or ""
        self._call_ids[item.text("id") or call_id] = call_id
        item.report.mapped(item.at, f"as a call of a tool {name}")
        return chat.ToolCall(id=call_id, name=name, arguments=json_bytes(value).decode(), at=item.at)

    def _result(self, item: chat.Fields) -> chat.ToolResult:
        return self._told(item, tuple(_given(item)))

    def _shell_result(self, item: chat.Fields) -> chat.ToolResult:
        output = item.get("output")
        item.lost("max_output_length", "only OpenAI's own tool cuts its output")
        text = json_bytes(output).decode() if isinstance(output, list) else item.text("output") or ""
        return self._told(item, (chat.Text(text=text, at=item.pointer("output")),) if text else ())

    def _patch_result(self, item: chat.Fields) -> chat.ToolResult:
        failed = item.text("status") == "failed"
        text = item.text("output")
        parts = (chat.Text(text=text, at=item.pointer("output")),) if text else ()
        return attrs.evolve(self._told(item, parts), error=failed)

    def _told(self, item: chat.Fields, parts: tuple[chat.Text | chat.Image | chat.Document, ...]) -> chat.ToolResult:
        own, namespace = item.text("name") or "", item.text("namespace")
        for key in ("name", "namespace"):
            if item.get(key) is not None:
                item.report.mapped(item.pointer(key), "the call says it")
        _forget_caller(item)
        said = item.text("call_id")
        call_id = said if said is not None else self._call_ids.get(item.text("id") or "", "")
        return chat.ToolResult(call_id=call_id, name=self.names.flat(own, namespace) if own else "", parts=parts, at=item.at)


def _given(item: chat.Fields) -> list[chat.Text | chat.Image | chat.Document]:
    output = item.get("output")
    if isinstance(output, dict):  # not what the API takes, but servers of its kind do
        return [chat.Text(text=json_bytes(output).decode(), at=item.pointer("output"))]
    found: list[chat.Text | chat.Image | chat.Document] = []
    for part in read_content(item, "output"):
        if isinstance(part, (chat.Text, chat.Image, chat.Document)):
            found.append(part)
        else:
            item.report.lost(part.at, "is nothing that a tool can give back")
    return found


def _forget_caller(item: chat.Fields) -> None:
    caller = item.table("caller")
    if caller is None:
        return
    if caller.text("type") == "direct":
        item.report.mapped(caller.at, "is how every model calls")
        caller.close()
    else:
        item.report.lost(caller.at, "only OpenAI's models call tools from programs")
