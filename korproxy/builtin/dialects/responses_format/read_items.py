"""``instructions`` and ``input``, read: what one answer of the model was made of comes together in a turn.

Facts: ``ResponseInputParam`` of OpenAI's Python SDK 3.54.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.namespaces import Names
from korproxy.builtin.dialects.responses_format.read_calls import CallReader
from korproxy.builtin.dialects.responses_format.read_content import read_content
from korproxy.builtin.dialects.responses_format.seals import is_redacted, seal_of

ADDS_TOOLS = ("additional_tools", "tool_search_output")
UPDATES = ("configuration_update",)

_ROLES: dict[str | None, chat.Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_SERVED = {
    "code_interpreter_call", "computer_call", "computer_call_output", "file_search_call", "image_generation_call",
    "mcp_approval_request", "mcp_approval_response", "mcp_call", "mcp_list_tools", "program", "program_output",
    "tool_search_call", "web_search_call",
}  # fmt: skip
_IMPOSSIBLE = {
    "compaction_trigger": "only OpenAI compacts a conversation on demand. Let your client do it",
    "item_reference": "what it points to is stored at OpenAI. Send the item itself (`store: false` makes most clients do it)",
}


def read_texts(request: chat.Fields) -> Iterator[chat.Turn]:
    """Yield the turns that ``instructions`` are, and ``input`` where it is a text: one message of the user."""
    said = request.get("input")
    yield from _text(request.text("instructions"), "system", request.pointer("instructions"))
    yield from _text(said if isinstance(said, str) else None, "user", request.pointer("input"))


def read_items(request: chat.Fields) -> Sequence[chat.Fields]:
    """Return the items of ``input``; none where it is a text."""
    return list(request.tables("input")) if isinstance(request.get("input"), list) else []


def read_turns(items: Iterable[chat.Fields], names: Names) -> Iterator[chat.Turn]:
    """Yield the turns that *items*, those of ``input``, are.

    Reasoning, and what it led to, comes together: so a turn of the assistant begins where it thinks or speaks, unless it has
    only thought so far; calls belong to what stands before them.

    Raises:
        CannotCarry: An item without which the others would mean something else.
    """
    reader = _ItemReader(CallReader(names))
    run: list[chat.Turn] = []  # what comes together
    for item in items:
        turn = reader.turn(item)
        if turn is None:
            continue
        if run and not _goes_on(run[-1], turn):
            yield _joined(run)
            run = []
        run.append(turn)
    if run:
        yield _joined(run)


def _text(text: str | None, role: chat.Role, at: str) -> Iterator[chat.Turn]:
    if text:
        yield chat.Turn(role=role, parts=(chat.Text(text=text, at=at),), at=at)


def _goes_on(last: chat.Turn, turn: chat.Turn) -> bool:
    if not last.role == turn.role == "assistant":
        return False
    return isinstance(turn.parts[0], chat.ToolCall) or isinstance(last.parts[-1], chat.Reasoning)


def _joined(run: Sequence[chat.Turn]) -> chat.Turn:
    return run[0] if len(run) == 1 else attrs.evolve(run[0], parts=tuple(part for turn in run for part in turn.parts))


@attrs.frozen
class _ItemReader:
    calls: CallReader

    def turn(self, item: chat.Fields) -> chat.Turn | None:
        """Return *item* as a turn; None where it is not one, or says nothing."""
        kind = self._kind(item)
        if kind in ADDS_TOOLS or kind in UPDATES:
            return None  # said elsewhere
        if kind in _SERVED:
            item.report.lost(item.at, "is about a tool that only OpenAI has")
            return None
        if kind in {"compaction", "compaction_summary"}:
            item.report.lost(item.at, "only OpenAI can read what it has compacted")
            return None
        turn = self._read(item, kind)
        forget_identity(item)
        item.close()
        return turn if turn.parts else None

    def _kind(self, item: chat.Fields) -> str:
        kind = item.text("type")
        if kind is None:
            kind = "message" if "role" in item.value else "item_reference" if "id" in item.value else ""
        if kind in _IMPOSSIBLE:
            raise chat.CannotCarry(item.at, f"{_IMPOSSIBLE[kind]}.")
        return kind

    def _read(self, item: chat.Fields, kind: str) -> chat.Turn:
        if kind == "message":
            return _message(item)
        if kind == "reasoning":
            return chat.Turn(role="assistant", parts=tuple(_reasoning(item)), at=item.at)
        call, result = self.calls.call(item, kind), self.calls.result(item, kind)
        if call is not None:
            return chat.Turn(role="assistant", parts=(call,), at=item.at)
        if result is not None:
            return chat.Turn(role="user", parts=(result,), at=item.at)
        raise chat.CannotCarry(item.at, f"KorProxy knows no items of the kind {kind[:50]!r}. Leave it out.")


def _message(item: chat.Fields) -> chat.Turn:
    role = item.text("role")
    if role not in _ROLES:
        item.report.mapped(item.pointer("role"), "KorProxy knows no such role, and takes it for the user's")
    item.lost("phase", "only OpenAI's models tell remarks from the final answer")
    return chat.Turn(role=_ROLES.get(role, "user"), parts=tuple(read_content(item)), at=item.at)


def _reasoning(item: chat.Fields) -> Iterator[chat.Reasoning]:
    """Yield the reasoning of an item: all of the text where the model shows it, else its summary."""
    whole, summary = _texts(item, "content", "reasoning_text"), _texts(item, "summary", "summary_text")
    if whole and summary and whole != summary:
        item.lost("summary", "what it sums up is there itself")
    encrypted, at = item.text("encrypted_content") or "", item.pointer("encrypted_content")
    seal = seal_of(encrypted)
    if seal is None:
        item.lost("encrypted_content", "says nothing")
    text = "\n\n".join(whole or summary)
    if seal is not None:
        redacted = is_redacted(encrypted) and not text
        yield chat.Reasoning(text=text, seal=attrs.evolve(seal, at=at), redacted=redacted, at=item.at)
    elif text:
        yield chat.Reasoning(text=text, at=item.at)


def _texts(item: chat.Fields, key: str, kind: str) -> list[str]:
    found = []
    for each in item.tables(key):
        if each.text("type") not in {kind, None}:
            each.lost("type", "is a kind of reasoning that KorProxy does not know")
        text = each.text("text")
        each.close()
        found += [text] if text else []
    return found


def forget_identity(item: chat.Fields) -> None:
    """Report what is said of *item* as one that OpenAI keeps."""
    if item.get("id") is not None:
        item.report.mapped(item.pointer("id"), "the item itself is sent")
    if item.get("status") in ("completed", "failed"):
        item.report.mapped(item.pointer("status"), "is what the item says")
    else:
        item.lost("status", "no other format has items that are not finished")
