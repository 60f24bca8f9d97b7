"""Calls of tools and what came of them, read.

Facts: the items of ``ResponseInputParam`` in OpenAI's Python SDK 3.54. Of an item's two ids only ``call_id`` ties a call and
its output together; the output of a ``local_shell_call`` may say the call's ``id``.
"""

from __future__ import annotations

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
    """Reads the calls and results of one request, in their order."""

    names: Names
    _call_ids: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)  # id of an item -> call_id

    def call(self, item: chat.Fields, kind: str) -> chat.ToolCall | None:
        """Return the call that *item* is; None where its *kind* is none."""
        if kind == "function_call":
            return self._call(item, "arguments", freeform=False)
        if kind == "custom_tool_call":
            return self._call(item, "input", freeform=True)
        return self._own_call(item, *_OWN[kind]) if kind in _OWN else None

    def result(self, item: chat.Fields, kind: str) -> chat.ToolResult | None:
        """Return the result that *item* is; None where its *kind* is none."""
        if kind in {"function_call_output", "custom_tool_call_output", "local_shell_call_output"}:
            return self._result(item, _given(item))
        if kind == "shell_call_output":
            item.lost("max_output_length", "only OpenAI's own tool cuts its output")
            return self._result(item, _given(item) if isinstance(item.get("output"), str) else _as_json(item))
        if kind == "apply_patch_call_output":
            return attrs.evolve(self._result(item, _given(item)), error=item.get("status") == "failed")
        return None

    def _call(self, item: chat.Fields, key: str, *, freeform: bool) -> chat.ToolCall:
        name = self.names.flat(item.text("name") or "", item.text("namespace"))
        said = item.get(key)
        arguments = json_bytes(said).decode() if isinstance(said, (dict, list)) else item.text(key) or ""
        if item.flag("async") is False:
            item.report.mapped(item.pointer("async"), "is how every model calls")
        else:
            item.lost("async", "only OpenAI's models go on while a tool runs")
        _forget_caller(item)
        return chat.ToolCall(id=item.text("call_id") or "", name=name, arguments=arguments, freeform=freeform, at=item.at)

    def _own_call(self, item: chat.Fields, name: str, key: str) -> chat.ToolCall:
        said = item.table(key)
        value = {} if said is None else dict(said.value)
        if name == "local_shell":
            value.pop("type", None)  # exec, always
        item.lost("environment", "only OpenAI's own tool runs in one")
        _forget_caller(item)
        own = item.text("id") or ""
        call_id = item.text("call_id") or own
        self._call_ids[own] = call_id
        item.report.mapped(item.at, f"as a call of a tool {name}")
        return chat.ToolCall(id=call_id, name=name, arguments=json_bytes(value).decode(), at=item.at)

    def _result(self, item: chat.Fields, parts: tuple[chat.Text | chat.Image | chat.Document, ...]) -> chat.ToolResult:
        own, namespace = item.text("name") or "", item.text("namespace")
        for key in ("name", "namespace"):
            if item.get(key) is not None:
                item.report.mapped(item.pointer(key), "the call says it")
        _forget_caller(item)
        said = item.text("call_id")
        call_id = said if said is not None else self._call_ids.get(item.text("id") or "", "")
        return chat.ToolResult(call_id=call_id, name=self.names.flat(own, namespace) if own else "", parts=parts, at=item.at)


def _given(item: chat.Fields) -> tuple[chat.Text | chat.Image | chat.Document, ...]:
    if isinstance(item.get("output"), dict):  # not what the API takes, but some clients send it
        return _as_json(item)
    found: list[chat.Text | chat.Image | chat.Document] = []
    for part in read_content(item, "output"):
        if isinstance(part, (chat.Text, chat.Image, chat.Document)):
            found.append(part)
        else:
            item.report.lost(part.at, "is nothing that a tool can give back")
    return tuple(found)


def _as_json(item: chat.Fields) -> tuple[chat.Text, ...]:
    output = item.get("output")
    return (chat.Text(text=json_bytes(output).decode(), at=item.pointer("output")),) if output else ()


def _forget_caller(item: chat.Fields) -> None:
    caller = item.table("caller")
    if caller is None:
        return
    if caller.text("type") == "direct":
        item.report.mapped(caller.at, "is how every model calls")
        caller.close()
    else:
        item.report.lost(caller.at, "only OpenAI's models call tools from programs")
