from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.repro import MOST_PARTS, Shape, body_shape, number, numbered, shape_of
from korproxy.gateway.shapes import LARGEST
from korproxy.models.calls import Call, Headers, Peek
from tests.fakes.finished import finished

CORPUS = sorted((Path(__file__).parents[2] / "corpora" / "requests").rglob("*.json"))
PLANTED = "zorglub"  # in no word of any format


def call(body: bytes, *headers: tuple[bytes, bytes]) -> Call:
    peek = Peek(model="m", stream=False)
    return Call("r-1", "c-1", "openai-chat", "/v1/chat/completions", peek, body, headers=Headers(headers))


def shape(body: object) -> Any:
    return body_shape(json.dumps(body).encode())


def told(body: bytes, *headers: tuple[bytes, bytes], size: int | None = None) -> dict[str, Any]:
    made: Shape = shape_of(call(body, *headers), finished(0, outcome="failed", code="KP-NET-301"), size or len(body))
    return made.to_dict()


def test_of_a_conversation_the_form_stays_and_every_text_becomes_filler() -> None:
    asked = {
        "model": "gpt-5",
        "max_tokens": 64,
        "stream": True,
        "messages": [
            {"role": "user", "content": "my name is zorglub"},
            {"role": "assistant", "content": [{"type": "text", "text": "z" * 100}]},
        ],
    }

    assert shape(asked) == {
        "model": "gpt-5",
        "max_tokens": 64,
        "stream": True,
        "messages": [
            {"role": "user", "content": "xxxxxxxxxxxxxxxxxx"},
            {"role": "assistant", "content": [{"type": "text", "text": "x" * 100}]},
        ],
    }


def test_what_belongs_together_still_does() -> None:
    tool = {"name": "find_zorglub", "input_schema": {"type": "object", "properties": {"zorglub": {}}, "required": ["zorglub"]}}
    asked = {
        "tools": [tool],
        "tool_choice": {"type": "tool", "name": "find_zorglub"},
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "find_zorglub", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]},
        ],
    }
    found = shape(asked)
    [schema], used = [each["input_schema"] for each in found["tools"]], found["messages"][0]["content"][0]

    assert found["tool_choice"]["name"] == found["tools"][0]["name"] == used["name"]
    assert found["messages"][1]["content"][0]["tool_use_id"] == used["id"]
    assert list(schema["properties"]) == schema["required"]
    assert schema["type"] == "object"


def test_of_tools_arguments_not_even_the_names_stay() -> None:
    asked = {
        "messages": [
            {"content": [{"type": "tool_use", "input": {"path": "/zorglub", "type": "text", "max_tokens": 12, "ok": False}}]},
            {"tool_calls": [{"function": {"arguments": '{"path": "/zorglub", "n": 12}'}}]},
        ],
    }
    first, second = shape(asked)["messages"]
    arguments = second["tool_calls"][0]["function"]["arguments"]

    assert first["content"][0]["input"] == {"xxxx": "bxxxxxxx", "cxxx": "dxxx", "fxxxxxxxxx": 11, "gx": True}
    assert json.loads(arguments) == {"xxxx": "bxxxxxxx", "h": 11}
    assert len(arguments) == len(asked["messages"][1]["tool_calls"][0]["function"]["arguments"])  # type: ignore[index]


def test_addresses_stay_addresses() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "aGVsbG8h" * 20}}
    link = {"type": "image_url", "image_url": {"url": "https://zorglub.example/a.png"}}
    found = shape({"content": [image, link]})["content"]

    assert found[0]["image_url"]["url"] == "data:image/png;base64," + "x" * 160
    assert found[1]["image_url"]["url"] == "https://" + "x" * len("zorglub.example/a.png")


def test_references_inside_of_a_schema_lead_where_they_led() -> None:
    schema = {"$defs": {"Zorglub": {"type": "string"}}, "properties": {"path": {"$ref": "#/$defs/Zorglub"}}}
    found = shape({"tools": [{"input_schema": schema}]})["tools"][0]["input_schema"]

    assert found == {"$defs": {"xxxxxxx": {"type": "string"}}, "properties": {"path": {"$ref": "#/$defs/xxxxxxx"}}}


def test_numbers_stay_only_where_they_say_how_something_is_to_be_done() -> None:
    assert shape({"temperature": 0.25, "input": [1234, -77, 0.5], "seed": 3}) == {
        "temperature": 0.25,
        "input": [1111, -11, 1.5],
        "seed": 3,
    }


def _planted(value: Any, random: random.Random) -> Any:
    """Return *value* with a word in each text and each name that is not one of the formats' own."""
    if isinstance(value, dict):
        return {name: _planted(each, random) for name, each in value.items()} | {PLANTED: [PLANTED, {PLANTED: PLANTED}]}
    if isinstance(value, list):
        return [*(_planted(each, random) for each in value), f"{PLANTED} {random.random()}"]
    return f"{value[:3]}{PLANTED}{value}" if isinstance(value, str) else value


@pytest.mark.parametrize("path", [each for each in CORPUS if each.name != "FIELDS.json"], ids=lambda each: each.stem)
def test_nothing_of_what_clients_write_is_in_the_shape_of_any_known_request(path: Path) -> None:
    planted = _planted(json.loads(path.read_bytes()), random.Random(1))
    planted.pop("model", None)

    assert PLANTED not in json.dumps(shape(planted))


WORDS = st.sampled_from(
    [PLANTED, f"a {PLANTED} b", "text", "type", "role", "user", "messages", "required", "arguments", "$ref"]
)
ANYTHING = st.recursive(
    WORDS | st.integers() | st.none(),
    lambda each: st.lists(each) | st.dictionaries(WORDS, each) | each.map(json.dumps),
    max_leaves=12,
)


@given(st.dictionaries(WORDS.filter(lambda each: each != "model"), ANYTHING))
def test_whatever_a_request_is_made_of_no_word_of_a_client_is_left(body: dict[str, Any]) -> None:
    assert PLANTED not in json.dumps(shape(body))


LISTS = st.recursive(st.text(max_size=80) | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=12)


@given(LISTS)
def test_every_text_keeps_its_length_and_every_list_its_entries(value: Any) -> None:
    def measured(each: Any) -> Any:
        if isinstance(each, list):
            return [measured(inner) for inner in each]
        return len(each) if isinstance(each, str) else type(each)

    assert measured(shape({"messages": value})["messages"]) == measured(value)


def test_of_the_head_only_names_that_are_known_and_harmless_values_are_told() -> None:
    secret = (b"authorization", b"Bearer zorglub")
    headers = [(b"user-agent", b"codex/1.0"), secret, (b"x-zorglub", b"zorglub"), (b"anthropic-x", b"y")]

    assert told(b"{}", *headers)["headers"] == [
        {"name": "user-agent", "value": "codex/1.0", "length": 9},
        {"name": "authorization", "value": None, "length": 14},
        {"name": "xxxxxxxxx", "value": None, "length": 7},
        {"name": "anthropic-x", "value": None, "length": 1},
    ]


def test_a_shape_says_what_became_of_its_request() -> None:
    found = told(b'{"model":"m"}')

    assert (found["id"], found["correlation_id"], found["outcome"], found["code"]) == ("r-1", "c-1", "failed", "KP-NET-301")
    assert (found["bytes"], found["body"], found["note"]) == (13, {"model": "m"}, "")


@pytest.mark.parametrize(
    ("body", "size", "note"),
    [
        (b"", LARGEST + 1, "larger than 262144 bytes"),
        (b"hello", None, "it is no JSON"),
        (b'"\xff"', None, "it is no JSON"),
        (b"[" * 100_000, None, "it is no JSON"),
        (b"[" * 70 + b"]" * 70, None, "too many parts"),
        (b"[" + b"1," * MOST_PARTS + b"1]", None, "too many parts"),
        (json.dumps([f"{n:07}" for n in range(MOST_PARTS - 1)]).encode(), None, "too large to be kept"),
    ],
)
def test_of_what_cannot_be_told_only_sizes_are_told(body: bytes, size: int | None, note: str) -> None:
    found = told(body, size=size)

    assert found["body"] is None
    assert note in found["note"]
    assert found["bytes"] == (size or len(body))


def test_filler_is_as_long_as_it_has_to_be_and_told_apart_where_that_is_possible() -> None:
    assert [numbered(each, 3) for each in (0, 1, 2, 19, 20, 400)] == ["xxx", "bxx", "cxx", "zxx", "bbx", "bcb"]
    assert len({numbered(each, 4) for each in range(5000)}) == 5000
    assert numbered(5, 0) == ""


@pytest.mark.parametrize(("value", "filler"), [(0, 1), (-1234, -1111), (10**20, int("1" * 21)), (0.1, 1.5), (-1e300, -1.5)])
def test_a_number_becomes_one_with_as_many_digits(value: float, filler: float) -> None:
    assert number(value) == filler
