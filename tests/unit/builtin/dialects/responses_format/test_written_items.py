"""The items of answers for clients."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.written_items import Items, picture, summed_up, words
from tests.unit.builtin.dialects.responses_format.said import ASKED, STEM


def items(**asked: Any) -> Items:
    known = attrs.evolve(ASKED, **asked)
    return Items(known, Ids.of(known, ""))


def test_a_message_holds_one_part_or_none_yet() -> None:
    about = {"type": "message", "id": f"msg_{STEM}_3", "role": "assistant"}

    assert items().message(3, "output_text", "", status="in_progress") == {**about, "status": "in_progress", "content": []}
    assert items().message(3, "refusal", "No.") == {**about, "status": "completed", "content": [words("refusal", "No.")]}


def test_reasoning_has_a_summary_and_perhaps_a_seal() -> None:
    about = {"type": "reasoning", "id": f"rs_{STEM}_0"}
    seal = chat.Seal(family="google", data="Ci")

    assert items().reasoning(0, "") == {**about, "summary": []}
    assert items().reasoning(0, "Hm", seal) == {
        **about,
        "summary": [summed_up("Hm")],
        "encrypted_content": "korproxy:google:Ci",
    }


def test_a_call_begins_empty_and_is_whole_with_its_arguments() -> None:
    called = items().called(1, chat.CallStarted(key=0, id="call_1", name="read"))
    about = {"type": "function_call", "id": f"fc_{STEM}_1", "call_id": "call_1", "name": "read"}

    assert called.begun() == {**about, "arguments": "", "status": "in_progress"}
    assert called.whole(called.text('{"a":1}')) == {**about, "arguments": '{"a":1}', "status": "completed"}


@pytest.mark.parametrize("arguments", ['{"a":', "", "[1]", "no json"])
def test_arguments_that_are_no_object_are_told_to_be_incomplete(arguments: str) -> None:
    called = items().called(0, chat.ToolCall(id="a", name="read"))

    assert called.whole(arguments)["status"] == "incomplete"


@pytest.mark.parametrize(
    ("arguments", "text"), [('{"input":"a\\nb"}', "a\nb"), ("bare text", "bare text"), ('{"x":1}', '{"x":1}')]
)
def test_edge_40_the_text_of_a_call_is_taken_out_of_its_object(arguments: str, text: str) -> None:
    called = items(freeform=frozenset({"patch"})).called(0, chat.ToolCall(id="a", name="patch"))

    assert called.whole(called.text(arguments)) == {**called.about, "input": text}
    assert (called.wrapped, called.freeform, called.begun()) == (True, True, {**called.about, "input": ""})


def test_a_bare_text_stays_as_it_is() -> None:
    called = items(freeform=frozenset({"patch"})).called(0, chat.ToolCall(id="a", name="patch", freeform=True))

    assert called.text('{"input":"x"}') == '{"input":"x"}'


def test_a_picture_that_only_its_vendor_has_says_nothing() -> None:
    assert picture(chat.Image(blob=chat.Blob(file="file_1"))) == ""
    assert (
        picture(chat.Document(blob=chat.Blob(url="https://a.example/b.csv"), title="b.csv"))
        == "[b.csv](https://a.example/b.csv)"
    )
