"""What the Responses API answers beside conversations: stored responses, token counts, compaction. Pure but for the memory."""

from collections.abc import Sequence

from korproxy_mock import models, openai_errors
from korproxy_mock.formats import Call, JsonObject, Problem, Refused
from korproxy_mock.memory import Stored
from korproxy_mock.openai_api import CREATED
from korproxy_mock.openai_refusals import missing, refuse
from korproxy_mock.paths import query
from korproxy_mock.prompt import tokens_in
from korproxy_mock.responses_body import response_id
from korproxy_mock.responses_checks import check_rest
from korproxy_mock.responses_conversation import conversation, input_items, owner_of, resolved
from korproxy_mock.responses_items import compaction, listed
from korproxy_mock.responses_read import count_tokens, kind_of

_PAGE = 20
_MOST_PAGE = 100


def counted(call: Call) -> JsonObject:
    """Count the tokens of a request."""
    check_rest(call)
    return {"object": "response.input_tokens", "input_tokens": count_tokens(call.body, conversation(call))}


def compacted(call: Call) -> JsonObject:
    """Compact a conversation: its user messages stay as they are, all else goes into one sealed item."""
    if not call.body.get("model"):
        raise missing("model")
    check_rest(call)
    items = conversation(call)
    users = [each for each in items if kind_of(each) == "message" and each.get("role") == "user"]
    last = compaction(call, len(items))
    spent, said = count_tokens(call.body, items), tokens_in(last["encrypted_content"])
    return {
        "id": response_id(call),
        "object": "response.compaction",
        "created_at": CREATED + call.number,
        "output": [*listed(users, response_id(call)), last],
        "usage": {
            "input_tokens": spent,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": said,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": spent + said,
        },
    }


def stored(call: Call) -> JsonObject:
    """Show, list, cancel or delete what this key had stored."""
    identity, key = call.route.identity, owner_of(call)
    found = call.memory.find(key, identity)
    if found is None:
        raise Refused(openai_errors.response_not_found(identity))
    if call.route.part == "input_items":
        return _page(call, found)
    if call.route.part == "cancel":
        if not found.response["background"]:
            raise refuse("Cannot cancel a synchronous response.")
    elif call.received.method == "DELETE":
        call.memory.drop(key, identity)
        return {"id": identity, "object": "response", "deleted": True}
    elif query(call.received, "stream") == "true":
        raise refuse("mock: a stored response is not streamed again.", param="stream")
    return found.response


def upgrade_refused() -> Problem:
    """Say 426: there is no WebSocket here, which sends Codex back to HTTP."""
    message = "WebSocket connections are not supported here. Use POST /v1/responses instead."
    return Problem(status=426, message=message, kind=openai_errors.INVALID, code="upgrade_required")


def check_exists(call: Call) -> None:
    """Raise ``Refused`` for the model that does not exist."""
    if call.model == models.UNKNOWN:
        raise Refused(openai_errors.model_not_found(call.model))


def _page(call: Call, found: Stored) -> JsonObject:
    """List a page of the input, the newest first unless the other order is asked for."""
    items = listed([resolved(call, each) for each in input_items(found)], found.response["id"])
    if query(call.received, "order") != "asc":
        items.reverse()
    start = _index(items, query(call.received, "after")) + 1
    size = query(call.received, "limit") or ""
    end = start + min(_MOST_PAGE, max(1, int(size) if size.isdecimal() else _PAGE))
    page = items[start:end]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": "", "last_id": ""}
    return {"object": "list", "data": page, **ends, "has_more": end < len(items)}


def _index(items: Sequence[JsonObject], identity: str | None) -> int:
    return next((at for at, item in enumerate(items) if item["id"] == identity), -1)
