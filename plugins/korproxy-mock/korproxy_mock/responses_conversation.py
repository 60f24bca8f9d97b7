"""The whole conversation of a Responses request: what is stored, what is referred to, and what comes with it. Pure."""

import json

from korproxy_mock.formats import Call, JsonObject
from korproxy_mock.memory import Stored
from korproxy_mock.paths import bearer
from korproxy_mock.responses_read import items_of, kind_of


def owner_of(call: Call) -> str:
    """Return whose request it is: the key stands for the account."""
    return bearer(call.received) or ""


def conversation(call: Call) -> list[JsonObject]:
    """Return all items in their order, references resolved; what cannot be found is left out, the checks refuse it."""
    before = call.memory.find(owner_of(call), call.body.get("previous_response_id"))
    return [*_stored_items(before), *(resolved(call, each) for each in items_of(call.body))]


def input_items(stored: Stored) -> list[JsonObject]:
    """Return what led to a stored response, also what is stored of it."""
    return [*_stored_items(stored.before), *items_of(json.loads(stored.request))]


def resolved(call: Call, item: JsonObject) -> JsonObject:
    """Return the item that a reference means, or *item* itself."""
    if kind_of(item) != "item_reference":
        return item
    return find_item(call, item.get("id")) or item


def find_item(call: Call, identity: object) -> JsonObject | None:
    """Return an output item that this key's responses stored."""
    outputs = call.memory.outputs(owner_of(call))
    return next((item for output in outputs for item in output if item["id"] == identity), None)


def _stored_items(stored: Stored | None) -> list[JsonObject]:
    turns: list[list[JsonObject]] = []
    while stored is not None:  # not recursive: a conversation may have more turns than Python likes
        turns.insert(0, [*items_of(json.loads(stored.request)), *stored.response["output"]])
        stored = stored.before
    return [item for turn in turns for item in turn]
