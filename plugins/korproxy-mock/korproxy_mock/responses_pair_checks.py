"""Refuse items that do not fit each other, or not this account: calls and outputs, reasoning, what is not stored. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from korproxy_mock import openai_errors
from korproxy_mock.formats import Call, JsonObject, Problem, Refused
from korproxy_mock.openai_refusals import refuse
from korproxy_mock.responses_conversation import find_item, owner_of
from korproxy_mock.responses_read import is_models, items_of, kind_of
from korproxy_mock.responses_seals import shown, unsealed

_ANSWERED = {  # what is answered by an output of the same ``call_id``, in OpenAI's words
    "function_call": "function call", "custom_tool_call": "custom tool call", "shell_call": "shell call",
    "apply_patch_call": "apply patch call", "computer_call": "computer call",
}  # fmt: skip


def check_stored(call: Call) -> None:
    """Raise ``Refused`` for the first thing referred to that this key did not store."""
    previous, elsewhere = call.body.get("previous_response_id"), call.body.get("conversation")
    if previous is not None and elsewhere is not None:
        raise refuse(
            "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
            code="mutually_exclusive_parameters",
        )
    if elsewhere is not None:  # the mock has no way to begin one
        name = elsewhere.get("id") if isinstance(elsewhere, dict) else elsewhere
        message = f"Conversation with id '{name}' not found."
        raise Refused(Problem(status=404, message=message, kind=openai_errors.INVALID))
    if previous is not None and call.memory.find(owner_of(call), previous) is None:
        raise Refused(openai_errors.previous_not_found(previous))
    for item in items_of(call.body):
        kind, identity = kind_of(item), item.get("id")
        by_id = kind == "item_reference" or (
            kind == "reasoning" and identity and not item.get("encrypted_content") and not item.get("content")
        )
        if by_id and find_item(call, identity) is None:
            raise Refused(openai_errors.item_not_found(str(identity)))
    _check_neighbours(call)


def check_pairs(items: Sequence[JsonObject]) -> None:
    """Raise ``Refused`` for an output without a call in front of it, and for a call without an output behind it."""
    asked: dict[tuple[str, object], str] = {}  # kind and call id: how OpenAI names it
    answered: set[tuple[str, object]] = set()
    for item in items:
        kind = kind_of(item)
        name = (kind.removesuffix("_output"), item.get("call_id"))
        if kind in _ANSWERED:
            asked[name] = f"{_ANSWERED[kind]} {item.get('call_id')}"
        elif name[0] in _ANSWERED and name not in asked:
            words = f"{_ANSWERED[name[0]]} output with call_id {item.get('call_id')}"
            raise refuse(f"No tool call found for {words}.", param="input")
        elif name[0] in _ANSWERED:
            answered.add(name)
    if unanswered := [words for name, words in asked.items() if name not in answered]:
        raise refuse(f"No tool output found for {unanswered[0]}.", param="input")


def check_seals(call: Call) -> None:
    """Raise ``Refused`` for encrypted content that this account and this family of models did not make."""
    for item in items_of(call.body):
        sealed = item.get("encrypted_content") if kind_of(item) in ("reasoning", "compaction") else None
        if sealed is not None and unsealed(sealed, owner_of(call), call.model) is None:
            raise Refused(openai_errors.unverified_content(shown(sealed)))


def _check_neighbours(call: Call) -> None:
    """Stored reasoning goes with the item it led to, and the reverse; items without an id are not looked at."""
    items = items_of(call.body)
    if not any(item.get("id") for item in items):
        return
    outputs = call.memory.outputs(owner_of(call))
    after = {one["id"]: two for output in outputs for one, two in pairwise(output)}
    before = {two["id"]: one for output in outputs for one, two in pairwise(output)}
    for at, item in enumerate(items):
        identity = item.get("id")
        following = items[at + 1] if at + 1 < len(items) else None
        if kind_of(item) == "reasoning" and identity in after and (following is None or not is_models(following)):
            message = f"Item '{identity}' of type 'reasoning' was provided without its required following item."
            raise refuse(message, param="input")
        led = before.get(identity)
        if led is not None and led["type"] == "reasoning" and (not at or items[at - 1].get("id") != led["id"]):
            raise refuse(
                f"Item '{identity}' of type '{kind_of(item)}' was provided without its required 'reasoning' item: "
                f"'{led['id']}'.",
                param="input",
            )
