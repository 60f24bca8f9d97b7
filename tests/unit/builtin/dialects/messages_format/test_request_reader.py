"""Whole requests."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.messages_format.request_reader import read_request
from korproxy.builtin.dialects.messages_format.request_writer import write_request
from tests.unit.builtin.dialects.messages_format.said import OLD, read

EPHEMERAL = {"type": "ephemeral"}
MARK = chat.CacheMark()


def test_a_request_is_read() -> None:
    report = chat.Report()
    body = {
        "model": "claude-x",
        "max_tokens": 9,
        "stream": True,
        "system": "Be kind.",
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Ho"}]}],
    }
    conversation, asked = read_request(json.dumps(body).encode(), report)

    assert conversation == chat.Conversation(
        turns=(
            chat.Turn(role="system", parts=(chat.Text(text="Be kind."),)),
            chat.Turn(role="user", parts=(chat.Text(text="Hi"),)),
            chat.Turn(role="assistant", parts=(chat.Text(text="Ho"),)),
        ),
        options=chat.Options(max_tokens=9),
    )
    assert [each.at for each in conversation.turns] == ["/system", "/messages/0", "/messages/1"]
    assert (asked, report.notes) == (chat.Asked(model="claude-x", stream=True), [])


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"model":"m"}', b'{"model":"m","messages":{}}', b"[" * 100_000])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_request(body, chat.Report())

    assert caught.value.code == "KP-SYS-509"


@pytest.mark.code("KP-SYS-519")
@pytest.mark.parametrize("body", [b'{"messages":[]}', b'{"messages":[],"model":""}', b'{"messages":[],"model":5}'])
def test_a_request_without_a_model_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_request(body, chat.Report())

    assert caught.value.code == "KP-SYS-519"


@pytest.mark.code("KP-PROV-119")
@pytest.mark.parametrize("thread", [{"type": "create"}, {"type": "continue", "previous_message_id": "msg_1"}, "anything"])
def test_a_conversation_that_shall_be_held_is_refused(thread: Any) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "thread": thread}
    with pytest.raises(BadRequest) as caught:
        read_request(json.dumps(body).encode(), chat.Report())
    read_request(json.dumps({**body, "thread": None}).encode(), chat.Report())

    assert caught.value.code == "KP-PROV-119"


def test_system_blocks_stay_apart_with_their_marks() -> None:
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": {**EPHEMERAL, "ttl": "1h"}}]
    conversation, notes = read(system=blocks)

    assert conversation.turns[0].parts == (chat.Text(text="a"), chat.Text(text="b", cache=chat.CacheMark(ttl="1h")))
    assert notes == []


@pytest.mark.parametrize("system", ["", [], [{"type": "text", "text": ""}], None])
def test_edge_97_a_system_text_that_says_nothing_is_none(system: Any) -> None:
    conversation, notes = read(system=system)

    assert (conversation.turns, notes) == ((), [])


def test_an_image_in_a_system_text_is_lost() -> None:
    conversation, notes = read(system=[{"type": "image", "source": {"type": "url", "url": "u"}}, {"type": "text", "text": "a"}])

    assert [part for turn in conversation.turns for part in turn.parts] == [chat.Text(text="a")]
    assert notes == [("/system/0", "lost")]


def test_edge_44_system_turns_between_others_stay_there() -> None:
    inside = {"role": "system", "content": [{"type": "text", "text": "Closed.", "cache_control": EPHEMERAL}]}
    conversation, notes = read(messages=[{"role": "user", "content": "a"}, inside, {"role": "user", "content": "b"}])

    assert [each.role for each in conversation.turns] == ["user", "system", "user"]
    assert conversation.turns[1].parts == (chat.Text(text="Closed.", cache=MARK),)
    assert notes == []


@pytest.mark.parametrize("message", [{"role": "tool", "content": "x"}, {"content": "x"}])
def test_a_role_that_nobody_knows_cannot_be_carried(message: dict[str, Any]) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        read(messages=[message])

    assert caught.value.pointer == "/messages/0/role"


def test_a_mark_of_the_whole_request_stands_at_its_last_block() -> None:
    thinking = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    content = [{"type": "text", "text": "a"}, thinking]
    conversation, notes = read(cache_control={**EPHEMERAL, "ttl": "1h"}, messages=[{"role": "assistant", "content": content}])
    part = conversation.turns[0].parts[0]

    assert isinstance(part, chat.Text)
    assert part.cache == chat.CacheMark(ttl="1h")
    assert part.cache.at == "/cache_control"
    assert notes == []


def test_a_mark_of_the_whole_request_changes_no_other() -> None:
    block = {"type": "text", "text": "a", "cache_control": EPHEMERAL}
    conversation, _ = read(cache_control={**EPHEMERAL, "ttl": "1h"}, messages=[{"role": "user", "content": [block]}])

    assert conversation.turns[0].parts == (chat.Text(text="a", cache=MARK),)


def test_a_mark_of_a_request_without_blocks_is_lost() -> None:
    assert read(cache_control=EPHEMERAL)[1] == [("/cache_control", "lost")]


@pytest.mark.parametrize(
    "key",
    [
        "container",
        "context_management",
        "diagnostics",
        "inference_geo",
        "mcp_servers",
        "speed",
        "user_profile_id",
        "workspace_id",
        "something_new",
    ],
)
def test_what_only_anthropic_has_is_lost(key: str) -> None:
    assert read(**{key: "x"})[1] == [(f"/{key}", "lost")]


def test_inputs_of_tools_come_as_they_are_written() -> None:
    arguments = '{ "z": 1.10, "a": 1e400, "n": 12345678901234567890123, "s": "\\u00e9" }'
    calls = b'{"type":"text","text":"x"},{"type":"tool_use","id":"t","name":"n","input":' + arguments.encode() + b"}"
    body = b'{"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":[' + calls + b"]}]}"
    conversation, _ = read_request(body, chat.Report())

    assert conversation.turns[1].parts[1] == chat.ToolCall(id="t", name="n", arguments=arguments)


def test_half_an_emoji_does_not_stop_a_request() -> None:
    body = rb'{"model":"m","messages":[{"role":"user","content":"x\ud83d"}]}'
    conversation, _ = read_request(body, chat.Report())

    assert conversation.turns[0].parts == (chat.Text(text="x\ufffd"),)


def test_messages_that_are_none_are_lost() -> None:
    conversation, notes = read(messages=["Hi", {"role": "user", "content": "a", "id": "x"}])

    assert conversation.turns == (chat.Turn(role="user", parts=(chat.Text(text="a"),)),)
    assert notes == [("/messages/0", "lost"), ("/messages/1/id", "lost")]


ROLES = ["user", "assistant", "system"]
KINDS = ["text", "image", "document", "tool_use", "tool_result", "thinking", "search_result", "base64", "content"]
KEYS = [
    "type", "role", "content", "text", "source", "media_type", "data", "input", "id", "name", "tool_use_id", "cache_control",
    "thinking", "signature", "title", "input_schema", "schema", "format", "effort", "budget_tokens", "system", "tools",
]  # fmt: skip
TOP = [
    "system", "tools", "tool_choice", "thinking", "output_config", "output_format", "metadata", "stop_sequences", "max_tokens",
    "temperature", "cache_control",
]  # fmt: skip
WORDS = st.sampled_from(["", "x", *KINDS, *ROLES, "adaptive", "enabled", "json_schema", "ephemeral"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(KEYS), each, max_size=5),
    max_leaves=25,
)
MEMBERS = st.dictionaries(st.sampled_from(KEYS), ODD, max_size=5)
BLOCKS = st.lists(st.builds(lambda kind, more: {**more, "type": kind}, st.sampled_from(KINDS), MEMBERS))
MESSAGE = st.builds(lambda role, content: {"role": role, "content": content}, st.sampled_from(ROLES), BLOCKS | ODD)


@given(st.lists(MESSAGE, max_size=3), st.dictionaries(st.sampled_from(TOP), ODD))
def test_whatever_a_request_holds_it_is_read_or_refused_and_can_be_written(messages: Any, more: Any) -> None:
    report = chat.Report()
    body = json.dumps({"model": "m", "messages": messages, **more}).replace("NaN", "1e400").replace("Infinity", "1e400")
    with contextlib.suppress(chat.CannotCarry):
        conversation, _ = read_request(body.encode(), report)
        json.loads(write_request(conversation, chat.Target(model="m", stream=False, abilities=OLD), report).body)


@pytest.mark.parametrize("content", [None, 5, {"type": "text"}, ""])
def test_a_message_without_content_is_an_empty_turn(content: Any) -> None:
    assert read(messages=[{"role": "user", "content": content}])[0].turns == (chat.Turn(role="user"),)
