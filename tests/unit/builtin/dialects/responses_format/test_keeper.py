"""What is said of answers that clients come back to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.dialects.responses_format.keeper import ResponsesKeeper

KEEPER = ResponsesKeeper()


def wire(value: object) -> bytes:
    return json.dumps(value).encode()


def test_an_answer_repeats_what_it_went_on_from() -> None:
    assert KEEPER.repeated("resp_1") == {"previous_response_id": "resp_1"}


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("Hi", [{"type": "message", "role": "user", "content": "Hi"}]),
        ([{"role": "user", "content": "Hi"}], [{"role": "user", "content": "Hi"}]),
        (None, []),
        (7, []),
    ],
)
def test_what_is_said_is_a_list_of_items(said: object, items: list[object]) -> None:
    assert json.loads(KEEPER.items(wire({"input": said}))) == items


def test_a_request_that_goes_on_is_written_out_with_everything_before_it() -> None:
    first = wire([{"type": "message", "role": "user", "content": "Weather?"}])
    answer = {
        "id": "resp_1",
        "status": "completed",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"},
            {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "w", "arguments": "{}", "status": "completed"},
        ],
    }
    result = {"type": "function_call_output", "call_id": "call_1", "output": "12"}
    body = wire({"model": "m", "input": [result], "previous_response_id": "resp_1", "temperature": 1.10})

    assert json.loads(KEEPER.expanded(body, [(first, wire(answer))])) == {
        "model": "m",
        "input": [
            {"type": "message", "role": "user", "content": "Weather?"},
            {"type": "reasoning", "summary": [], "encrypted_content": "sealed"},
            {"type": "function_call", "call_id": "call_1", "name": "w", "arguments": "{}"},
            result,
        ],
        "temperature": 1.10,
    }


def test_half_a_character_does_not_keep_a_request_from_being_written_out() -> None:
    body = rb'{"previous_response_id":"r","input":"\ud83d"}'

    assert json.loads(KEEPER.expanded(body, [])) == {"input": [{"type": "message", "role": "user", "content": "\ufffd"}]}


def test_numbers_are_written_out_as_they_came() -> None:
    body = b'{"previous_response_id":"r","temperature":1.10,"input":"x","big":' + b"9" * 40 + b"}"

    assert b'"temperature":1.10' in KEEPER.expanded(body, [])
    assert b"9" * 40 in KEEPER.expanded(body, [])


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete"])
def test_the_last_event_of_a_stream_holds_the_answer(kind: str) -> None:
    event = f'event: {kind}\ndata: {{"type":"{kind}","response":{{"id":"resp_1"}}}}\n\n'.encode()

    assert KEEPER.whole_answer(b'event: x\ndata: {"type":"x"}\n\n' + event) == b'{"id":"resp_1"}'


@pytest.mark.parametrize(
    "events",
    [
        b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n',
        b'data: {"type":"response.output_text.delta","delta":"response.completed"}\n\n',
        b'data: {"type":"x","response":{"id":"response.completed"}}\n\n',
        b"event: response.completed\ndata: [\n\n",
        b"",
    ],
)
def test_no_other_event_does(events: bytes) -> None:
    assert KEEPER.whole_answer(events) is None


@pytest.mark.parametrize(
    ("answer", "id"),
    [
        ({"id": "resp_1", "status": "completed"}, "resp_1"),
        ({"id": "resp_1", "status": "incomplete"}, "resp_1"),
        ({"id": "resp_1", "status": "failed"}, None),
        ({"id": "resp_1", "status": "queued"}, None),
        ({"id": 1, "status": "completed"}, None),
        ({"error": {}}, None),
    ],
)
def test_only_an_answer_with_a_good_end_is_one(answer: dict[str, Any], id: str | None) -> None:  # noqa: A002
    assert KEEPER.id_of(wire(answer)) == id


@pytest.mark.parametrize(("answer", "stored"), [({"store": True}, True), ({"store": False}, False), ({}, False)])
def test_a_provider_says_whether_it_has_stored_it(answer: dict[str, Any], stored: bool) -> None:
    assert KEEPER.is_stored(wire(answer)) is stored


SAID = wire(
    [
        {"role": "user", "content": "Hi", "id": None},
        {"type": "item_reference", "id": "own"},
        {"role": "user", "content": "Ho"},
    ]
)


def test_items_are_listed_on_one_page_the_last_one_first_each_with_an_id() -> None:
    assert json.loads(KEEPER.listed(SAID, b"")) == {
        "object": "list",
        "data": [
            {"role": "user", "content": "Ho", "id": "item_2", "type": "message"},
            {"type": "item_reference", "id": "own"},
            {"role": "user", "content": "Hi", "id": "item_0", "type": "message"},
        ],
        "first_id": "item_2",
        "last_id": "item_0",
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        (b"order=asc", ["item_0", "own", "item_2"], False),
        (b"order=desc", ["item_2", "own", "item_0"], False),
        (b"order=asc&limit=2", ["item_0", "own"], True),
        (b"order=asc&limit=2&after=own", ["item_2"], False),
        (b"limit=1&after=item_2", ["own"], True),
        (b"after=item_0", [], False),
        (b"limit=0", ["item_2"], True),
        (b"limit=x&after=nobody&order=%FF", ["item_2", "own", "item_0"], False),
        (b"limit=99999999999999999999", ["item_2", "own", "item_0"], False),
    ],
)
def test_pages_of_them_are_those_that_the_query_asks_for(query: bytes, ids: list[str], more: bool) -> None:
    page = json.loads(KEEPER.listed(SAID, query))

    assert ([each["id"] for each in page["data"]], page["has_more"]) == (ids, more)
    assert (page["first_id"], page["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))


def test_no_items_are_an_empty_page() -> None:
    assert json.loads(KEEPER.listed(b"[]", b""))["data"] == []


def test_what_a_server_took_for_an_item_is_listed_as_it_is() -> None:
    assert json.loads(KEEPER.listed(b'["Hi",7]', b"order=asc"))["data"] == ["Hi", 7]


def test_a_deleted_answer_is_told() -> None:
    assert json.loads(KEEPER.deleted('re"sp')) == {"id": 're"sp', "object": "response", "deleted": True}


@given(st.binary(max_size=60))
def test_no_bytes_break_it(text: bytes) -> None:
    assert KEEPER.items(text).startswith(b"[")
    assert KEEPER.whole_answer(b"data: " + text + b"\n\n") is None
    assert KEEPER.id_of(text) is None
