"""Turns, written as items."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import (
    OPENAI,
    PNG,
    SEAL,
    asking,
    assistant,
    call,
    called,
    given,
    image,
    input_text,
    items,
    message,
    output_text,
    result,
    system,
    text,
    thought,
    user,
    write,
)

HI = user(text("Hi"))
HELLO = message("user", input_text("Hi"))
THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAAA"}


def test_each_turn_is_a_message() -> None:
    assert items(HI, assistant(text("Hello."), text("You.")), HI) == [
        HELLO,
        message("assistant", output_text("Hello."), output_text("You.")),
        HELLO,
    ]


def test_edge_42_system_text_in_front_is_the_instructions_and_the_rest_stays_in_place() -> None:
    body, notes = write(asking(system(text("One.")), system(text("Two."), text("Three.")), HI, system(text("Now.")), HI))

    assert body["instructions"] == "One.\n\nTwo.\n\nThree."
    assert body["input"] == [HELLO, message("developer", input_text("Now.")), HELLO]
    assert notes == []


def test_system_text_alone_is_the_input() -> None:
    body, _ = write(asking(system(text("One."))))

    assert "instructions" not in body
    assert body["input"] == [message("developer", input_text("One."))]


def test_edge_97_an_empty_system_text_is_left_out() -> None:
    body, _ = write(asking(system(text("")), HI))

    assert "instructions" not in body
    assert body["input"] == [HELLO]


def test_a_system_says_text_only() -> None:
    assert write(asking(system(text("One."), image("/i")), HI))[1] == [("/i", "lost")]


def test_who_pays_anthropic_is_not_told() -> None:
    body, notes = write(asking(system(text("x-anthropic-billing-header: a", "/s/0"), text("One.")), HI))

    assert (body["instructions"], notes) == ("One.", [("/s/0", "lost")])


def test_names_of_participants_are_lost() -> None:
    turns = (chat.Turn(role="system", parts=(text("One."),), name="a", at="/0"), chat.Turn(role="user", name="b", at="/1"))

    assert write(asking(*turns))[1] == [("/0/name", "lost"), ("/1/name", "lost")]


def test_calls_and_results_are_items_tied_by_the_id_of_the_call() -> None:
    arguments = '{"a": 1.10, "b": 1e400}'

    assert items(HI, assistant(call("a", "read", arguments)), user(result("a", text("x"), text("y")))) == [
        HELLO,
        called("a", "read", arguments),
        given("a", "x\ny"),
    ]


def test_edge_95_calls_without_reasoning_are_written_without_it() -> None:
    body, notes = write(asking(HI, assistant(text("So."), call("a"), call("b")), user(result("a"), result("b"))))

    assert body["input"] == [HELLO, message("assistant", output_text("So.")), called("a"), called("b"), given("a"), given("b")]
    assert (body["store"], body["include"], notes) == (False, ["reasoning.encrypted_content"], [])


def test_edge_40_calls_with_bare_text_are_custom_ones() -> None:
    patch = call("a", "patch", "*** Begin", freeform=True)

    assert items(HI, assistant(patch, call("b")), user(result("b"), result("a"))) == [
        HELLO,
        {"type": "custom_tool_call", "call_id": "a", "name": "patch", "input": "*** Begin"},
        called("b"),
        {"type": "custom_tool_call_output", "call_id": "a", "output": "done"},
        given("b"),
    ]


def test_edge_30_results_stand_in_front_of_what_the_user_says() -> None:
    assert items(HI, assistant(call("a")), user(text("Hi"), result("a"))) == [HELLO, called("a"), given("a"), HELLO]


def test_edge_31_reasoning_a_call_a_message_and_a_result_keep_their_order() -> None:
    found = items(HI, assistant(thought(), call("a")), assistant(text("Done.")), user(result("a")))

    assert found == [HELLO, THOUGHT, called("a"), message("assistant", output_text("Done.")), given("a")]


def test_edge_48_and_85_pictures_of_results_stay_in_them() -> None:
    found = items(HI, assistant(call("a")), user(result("a", text("x"), image())))

    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    assert found[2] == given("a", [input_text("x"), picture])


def test_a_tool_that_gave_nothing_says_so() -> None:
    assert items(HI, assistant(call("a")), user(chat.ToolResult(call_id="a")))[2] == given("a", "")


@pytest.mark.parametrize(
    ("parts", "output"),
    [
        ((text("no such file"),), "[tool error] no such file"),
        (
            (image(),),
            [input_text("[tool error]"), {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}],
        ),
    ],
)
def test_errors_of_tools_are_marked(parts: Any, output: Any) -> None:
    failed = chat.ToolResult(call_id="a", parts=parts, error=True, at="/r")
    body, notes = write(asking(HI, assistant(call("a")), user(failed)))

    assert (body["input"][2], notes) == (given("a", output), [("/r", "mapped")])


def test_edge_83_an_interrupted_call_has_a_result_that_says_so() -> None:
    found = items(HI, assistant(call("a"), call("b")), user(result("b"), text("Stop.")))

    assert found[1:] == [
        called("a"),
        called("b"),
        given("a", chat.NO_RESULT),
        given("b"),
        message("user", input_text("Stop.")),
    ]


def test_a_result_of_no_call_is_text() -> None:
    assert items(HI, user(result("x"))) == [HELLO, message("user", input_text("[tool result]"), input_text("done"))]


@pytest.mark.parametrize(
    ("arguments", "expected", "notes"),
    [
        ("", "{}", []),
        ("null", "{}", [("/c", "mapped")]),
        ('["a"]', '{"value":["a"]}', [("/c", "mapped")]),
        ("{broken", '{"_raw":"{broken"}', [("/c", "mapped")]),
        ('{ "a" : 1.10 }', '{ "a" : 1.10 }', []),
    ],
)
def test_edge_84_arguments_are_an_object(arguments: str, expected: str, notes: Any) -> None:
    body, found = write(asking(HI, assistant(call("a", "read", arguments, at="/c")), user(result("a"))))

    assert (body["input"][1], found) == (called("a", "read", expected), notes)


def test_edge_32_ids_are_fitted_in_calls_and_results() -> None:
    ids = ["fs.read:0", "x" * 70, "", "call_9"]
    found = items(HI, assistant(*(call(each) for each in ids)), user(*(result(each) for each in ids)))

    new = [each["call_id"] for each in found[1:5]]
    assert new == [each["call_id"] for each in found[5:]]
    assert (new[0], new[3], max(map(len, new))) == ("fs_read_0", "call_9", 64)


def test_openais_own_reasoning_goes_back_in_front_of_what_it_led_to() -> None:
    hidden = chat.Reasoning(seal=SEAL)

    assert items(HI, assistant(thought(), text("So."), hidden, call("a")), user(result("a"))) == [
        HELLO,
        THOUGHT,
        message("assistant", output_text("So.")),
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"},
        called("a"),
        given("a"),
    ]


def test_edge_53_reasoning_of_others_is_dropped() -> None:
    foreign = chat.Seal(family="anthropic", data="EqMB")
    turn = assistant(thought(seal=foreign, at="/0"), thought(seal=None, at="/1"), text("So."))
    body, notes = write(asking(HI, turn))

    assert body["input"] == [HELLO, message("assistant", output_text("So."))]
    assert notes == [("/0", "lost"), ("/1", "lost")]


def test_reasoning_that_led_to_nothing_is_dropped() -> None:
    body, notes = write(asking(HI, assistant(text("So."), thought(at="/0"), thought(at="/1")), HI))

    assert body["input"] == [HELLO, message("assistant", output_text("So.")), HELLO]
    assert sorted(notes) == [("/0", "lost"), ("/1", "lost")]
    assert items(assistant(thought()), assistant(text("So."))) == [THOUGHT, message("assistant", output_text("So."))]
    assert items(HI, assistant(thought(), text("")), HI) == [HELLO, HELLO]


def test_a_model_that_does_not_reason_gets_no_reasoning() -> None:
    plain = attrs.evolve(OPENAI, reasoning="none", efforts=())
    body, notes = write(asking(HI, assistant(thought(at="/0"), text("So."))), plain)

    assert (body["input"], notes) == ([HELLO, message("assistant", output_text("So."))], [("/0", "lost")])


def test_a_refusal_is_one_of_the_models() -> None:
    assert items(HI, assistant(text("Hm."), chat.Refusal(text="No."))) == [
        HELLO,
        message("assistant", output_text("Hm."), {"type": "refusal", "refusal": "No."}),
    ]


def test_pictures_and_marks_of_an_assistant_are_lost() -> None:
    mark = chat.CacheMark(at="/m")
    marked = chat.ToolResult(call_id="a", parts=(text("x"),), cache=mark)
    body, notes = write(asking(HI, assistant(image("/i"), text("So.", cache=mark), call("a", cache=mark)), user(marked)))

    assert body["input"][1] == message("assistant", output_text("So."))
    assert notes == [("/i", "lost"), ("/m", "lost"), ("/m", "lost"), ("/m", "lost")]


def test_calls_without_ids_are_paired_by_name_before_they_get_some() -> None:
    found = items(HI, assistant(call("", "read"), call("", "list")), user(result("", name="list"), result("", name="read")))

    assert [each["call_id"] for each in found[1:]] == ["call_0", "call_1", "call_0", "call_1"]
