"""Refuse conversations as Anthropic refuses them: roles, the order of turns, tool pairs, thinking in front of tools. Pure."""

from korproxy_mock import models
from korproxy_mock.anthropic_block_checks import BLOCKS, check_block
from korproxy_mock.anthropic_errors import invalid
from korproxy_mock.anthropic_read import blocks_of
from korproxy_mock.formats import JsonObject

_SYSTEM_TURNS = (4, 8)  # the first generation that takes them inside ``messages``
_NO_THOUGHT = (
    "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{kind}`. When `thinking` is enabled, "
    "a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` "
    "blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`. "
    "Please consult our documentation at https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking"
)


def check_messages(messages: list[object], model: str, *, must_think: bool) -> None:
    """Raise ``Refused`` for the first fault in *messages*.

    Args:
        messages: As they came.
        model: Its generation decides on some of the rules.
        must_think: Thinking has a budget: a turn that used tools and is not over has to begin with its thinking.
    """
    if not messages:
        raise invalid("messages: at least one message is required")
    checked = [_check_message(at, each, model, final=at == len(messages) - 1) for at, each in enumerate(messages)]
    if checked[0]["role"] == "assistant":
        raise invalid('messages: first message must use the "user" role')
    _check_pairs(checked)
    if checked[-1]["role"] == "assistant":
        _check_prefill(checked[-1], model)
    elif must_think:
        _check_thought(checked)


def _check_message(at: int, message: object, model: str, *, final: bool) -> JsonObject:
    if not isinstance(message, dict):
        raise invalid(f"messages.{at}: Input should be an object")
    role = message.get("role")
    if not isinstance(role, str) or role not in BLOCKS:
        raise invalid(f"messages.{at}.role: " + ("Field required" if role is None else "Input should be 'user' or 'assistant'"))
    if role == "system" and (0, 0) < models.claude(model)[1] < _SYSTEM_TURNS:
        raise invalid(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" '
            "as an input message role."
        )
    for name in message:
        if name not in ("role", "content"):
            raise invalid(f"messages.{at}.{name}: Extra inputs are not permitted")
    content = message.get("content")
    if not isinstance(content, str | list):
        why = "Field required" if "content" not in message else "Input should be a valid list"
        raise invalid(f"messages.{at}.content: {why}")
    if not content and not (final and role == "assistant"):
        raise invalid(
            f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
        )
    for index, block in enumerate(content if isinstance(content, list) else []):
        check_block(f"messages.{at}.content.{index}", role, block)
    return message


def _check_pairs(messages: list[JsonObject]) -> None:
    """Every ``tool_use`` is answered in the very next message, and every answer has its question in the one before."""
    asked: list[str] = []
    seen: set[str] = set()
    for at, message in enumerate(messages):
        blocks = blocks_of(message)
        _check_answers(at, blocks, asked)
        asked = [block["id"] for block in blocks if block.get("type") == "tool_use"]
        if len(set(asked)) != len(asked) or seen & set(asked):
            raise invalid(f"messages.{at}: `tool_use` ids must be unique")
        seen |= set(asked)
    if asked:
        raise invalid(_unanswered(len(messages) - 1, asked))


def _check_answers(at: int, blocks: list[JsonObject], asked: list[str]) -> None:
    answered: list[str] = []
    in_front: list[str] = []  # results count only as long as nothing else stands before them
    for index, block in enumerate(blocks):
        if block.get("type") != "tool_result":
            continue
        if block["tool_use_id"] not in asked:
            raise invalid(
                f"messages.{at}.content.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` block in the "
                "previous message."
            )
        if block["tool_use_id"] in answered:
            raise invalid(
                f"messages.{at}.content.{index}: each tool_use must have a single result. Found multiple `tool_result` blocks "
                f"with id: {block['tool_use_id']}"
            )
        in_front += [block["tool_use_id"]] if len(answered) == index else []
        answered.append(block["tool_use_id"])
    if missing := [each for each in asked if each not in in_front]:
        raise invalid(_unanswered(at - 1, missing))


def _unanswered(at: int, missing: list[str]) -> str:
    return (
        f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}. "
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


def _check_thought(messages: list[JsonObject]) -> None:
    """The last turn that used tools, if it goes on, begins with its thinking."""
    at = max((at for at, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    if at is None:
        return
    kinds = [str(block.get("type")) for block in blocks_of(messages[at])]
    if "tool_use" in kinds and kinds[0] not in ("thinking", "redacted_thinking"):
        raise invalid(_NO_THOUGHT.format(at=at, kind=kinds[0]))


def _check_prefill(message: JsonObject, model: str) -> None:
    if models.claude_refuses_prefill(model):
        raise invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
    blocks = blocks_of(message)
    if blocks and str(blocks[-1].get("text") or "") != str(blocks[-1].get("text") or "").rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")
