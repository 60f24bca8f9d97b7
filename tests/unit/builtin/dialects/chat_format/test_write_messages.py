"""Turns as messages, in the order that all servers demand."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.write_messages import write_messages
from tests.fakes.conversations import conversations
from tests.unit.builtin.dialects.chat_format.said import (
    DEEPSEEK,
    OPENAI,
    PDF,
    PLAIN,
    PNG,
    asking,
    assistant,
    call,
    image,
    messages,
    result,
    system,
    text,
    user,
    write,
)

IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
ATTRIBUTION = "x-anthropic-billing-header: cc_version=2.1; cch=1;"


def written_call(id: str = "call_1", name: str = "read", arguments: str = "{}") -> dict[str, Any]:  # noqa: A002
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_each_turn_is_a_message() -> None:
    assert messages(system(text("Be brief.")), user(text("Hi")), assistant(text("Hello")), user(text("Bye"))) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ]


def test_names_of_participants_are_kept() -> None:
    named = [attrs.evolve(each, name="anna") for each in (system(text("a")), user(text("b")), assistant(text("c")))]

    assert [each["name"] for each in messages(*named)] == ["anna"] * 3


@pytest.mark.parametrize("abilities", [PLAIN, OPENAI, DEEPSEEK])
def test_edge_43_system_text_has_the_role_that_every_server_knows(abilities: Abilities) -> None:
    roles = [each["role"] for each in messages(system(text("a")), user(text("b")), system(text("c")), abilities=abilities)]

    assert roles == ["system", "user", "system"]


def test_blocks_of_system_text_become_one_text() -> None:
    assert messages(system(text("a"), text(""), text("b")))[0] == {"role": "system", "content": "a\n\nb"}


def test_empty_system_text_is_left_out_and_pictures_in_it_are_lost() -> None:
    body, notes = write(asking(system(text("")), system(image(at="/system/0"))))

    assert (body["messages"], notes) == ([], [("/system/0", "lost")])


@pytest.mark.parametrize(("family", "kept"), [("", False), ("openai", False), ("anthropic", True)])
def test_the_line_in_which_claude_code_says_who_pays_is_for_anthropic_only(family: str, kept: bool) -> None:
    turn = system(text(ATTRIBUTION, at="/system/0"), text("Be brief."))
    body, notes = write(asking(turn, user(text("Hi"))), Abilities(family=family))

    assert body["messages"][0]["content"] == (f"{ATTRIBUTION}\n\nBe brief." if kept else "Be brief.")
    assert notes == ([] if kept else [("/system/0", "lost")])


@pytest.mark.parametrize("parts", [(), (text(""),)])
def test_edge_28_beside_calls_the_text_is_empty_and_never_null(parts: tuple[chat.Part, ...]) -> None:
    found = messages(assistant(*parts, call()), user(result()))

    assert found[0] == {"role": "assistant", "content": "", "tool_calls": [written_call()]}


def test_edge_23_arguments_stay_as_they_are_byte_for_byte() -> None:
    arguments = '{"a": "say \\"hi\\"\\\\n", "b": 1.10, "c": 1e400, "d": 12345678901234567890123, "e": "\\u00e9"}'
    found = messages(assistant(call(arguments=arguments)), user(result()))

    assert found[0]["tool_calls"] == [written_call(arguments=arguments)]


def test_edge_26_arguments_that_are_no_json_stay_and_their_result_with_them() -> None:
    found = messages(assistant(call(arguments='{"path": "a')), user(result()))

    assert found[0]["tool_calls"][0]["function"]["arguments"] == '{"path": "a'
    assert found[1]["tool_call_id"] == "call_1"


def test_edge_11_no_arguments_are_an_empty_object() -> None:
    assert messages(assistant(call(arguments="")), user(result()))[0]["tool_calls"] == [written_call()]


def test_bare_text_is_a_member_of_an_object() -> None:
    body, notes = write(asking(assistant(call(arguments="*** Begin", freeform=True, at="/c")), user(result())))

    assert body["messages"][0]["tool_calls"] == [written_call(arguments='{"input":"*** Begin"}')]
    assert notes == [("/c", "mapped")]


def test_edge_30_results_come_before_what_the_user_says() -> None:
    turn = user(text("Well?"), result("a", text("1")))
    found = messages(assistant(call("a")), turn)

    assert found[1:] == [
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "user", "content": "Well?"},
    ]


def test_results_stand_in_the_order_of_their_calls_right_behind_them() -> None:
    found = messages(
        assistant(text("Both."), call("a"), call("b")),
        user(result("b", text("2"))),
        user(result("a", text("1")), text("So?")),
    )

    assert [each["role"] for each in found] == ["assistant", "tool", "tool", "user"]
    assert [each["tool_call_id"] for each in found[1:3]] == ["a", "b"]


def test_edge_48_and_85_pictures_of_results_follow_behind_all_of_them() -> None:
    paper = chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF), title="a.pdf")
    body, notes = write(
        asking(
            assistant(call("a"), call("b")),
            user(result("a", text("Here."), image(at="/i")), result("b", paper), text("So?")),
        )
    )

    file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    assert body["messages"][1:] == [
        {"role": "tool", "tool_call_id": "a", "content": "Here.\n[image: in the next message]"},
        {"role": "tool", "tool_call_id": "b", "content": "[document: in the next message]"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "[image of the tool result a]"},
                IMAGE,
                {"type": "text", "text": "[document of the tool result b]"},
                {"type": "file", "file": file},
                {"type": "text", "text": "So?"},
            ],
        },
    ]
    assert notes == [("/i", "mapped")]


def test_a_picture_that_the_model_cannot_see_stays_a_word_in_its_result() -> None:
    abilities = Abilities(images=False, documents=False)
    found = messages(assistant(call("a")), user(result("a", image(), chat.Document(text="b"))), abilities=abilities)

    assert found[1:] == [
        {
            "role": "tool",
            "tool_call_id": "a",
            "content": "[an image that this model cannot see]\n<document>\nb\n</document>",
        }
    ]


def test_a_tool_that_failed_says_so_in_its_text() -> None:
    body, notes = write(asking(assistant(call()), user(result("call_1", text("No such file."), error=True, at="/r"))))

    assert body["messages"][1]["content"] == "[tool error] No such file."
    assert notes == [("/r", "mapped")]


def test_a_tool_that_gave_nothing_has_an_empty_result() -> None:
    assert messages(assistant(call()), user(chat.ToolResult(call_id="call_1")))[1]["content"] == ""


def test_a_call_without_a_result_gets_one() -> None:
    found = messages(assistant(call("a"), call("b")), user(result("b")))

    assert [each.get("content") for each in found[1:]] == [chat.NO_RESULT, "done"]


def test_calls_without_ids_get_the_same_ones_each_time() -> None:
    turns = [assistant(call("")), user(result(""))]
    found = messages(*turns)

    assert found[0]["tool_calls"][0]["id"] == found[1]["tool_call_id"] != ""
    assert messages(*turns) == found


def test_edge_35_calls_without_ids_get_the_results_of_their_names() -> None:
    calls = assistant(call("", "read"), call("", "write"))
    results = user(result("", text("written"), name="write"), result("read-7", text("read it"), name="read"))

    first, *rest = messages(calls, results)

    ids = [each["id"] for each in first["tool_calls"]]
    assert [(each["tool_call_id"], each["content"]) for each in rest] == [(ids[0], "read it"), (ids[1], "written")]


def test_the_texts_of_an_answer_are_one() -> None:
    assert messages(assistant(text("One "), text("answer.")))[0]["content"] == "One answer."


@pytest.mark.parametrize(
    ("abilities", "expected"),
    [
        (OPENAI, [{"role": "assistant", "content": "", "refusal": "No."}]),
        (PLAIN, [{"role": "assistant", "content": "No."}]),
    ],
)
def test_only_openai_knows_refusals(abilities: Abilities, expected: list[dict[str, Any]]) -> None:
    assert messages(assistant(chat.Refusal(text="No.")), abilities=abilities) == expected


def test_a_turn_of_the_assistant_that_says_nothing_is_left_out() -> None:
    assert messages(user(text("Hi")), assistant(text(""))) == [{"role": "user", "content": "Hi"}]


def test_pictures_of_the_assistant_are_lost() -> None:
    body, notes = write(asking(assistant(text("See."), image(at="/p"))))

    assert (body["messages"][0]["content"], notes) == ("See.", [("/p", "lost")])


def test_an_empty_turn_of_the_user_stays() -> None:
    assert messages(user()) == [{"role": "user", "content": ""}]


def test_edge_57_reasoning_goes_back_where_it_is_wanted_and_empty_beside_every_call() -> None:
    found = messages(
        assistant(chat.Reasoning(text="Hm."), text("So."), call("a")),
        user(result("a")),
        assistant(call("b")),
        user(result("b")),
        assistant(text("Done.")),
        abilities=DEEPSEEK,
    )

    assert [each.get("reasoning_content") for each in found if each["role"] == "assistant"] == ["Hm.", "", None]


def test_reasoning_that_nobody_wants_back_is_lost() -> None:
    own = chat.Seal(family="openai", data="QUJD")
    turn = assistant(chat.Reasoning(text="Hm.", at="/a"), chat.Reasoning(text="So.", seal=own, at="/b"), text("Yes."))
    body, notes = write(asking(turn), OPENAI)

    assert body["messages"] == [{"role": "assistant", "content": "Yes."}]
    assert notes == [("/a", "lost"), ("/b", "lost")]


def test_sealed_reasoning_goes_back_to_its_own_family_only() -> None:
    own = chat.Reasoning(text="Hm.", seal=chat.Seal(family="deepseek", data="QUJD"))
    other = chat.Reasoning(text="So.", seal=chat.Seal(family="anthropic", data="x"))
    (found,) = messages(assistant(own, other, text("Yes.")), abilities=DEEPSEEK)

    assert found["reasoning_content"] == "Hm.So."
    assert found["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "deepseek", "index": 0}
    ]


@pytest.mark.parametrize("family", ["google", "openai"])
def test_gemini_s_mark_on_a_call_goes_back_to_google_only(family: str) -> None:
    sealed = call(seal=chat.Seal(family="google", data="QUJD", at="/s"))
    body, notes = write(asking(assistant(sealed), user(result())), Abilities(family=family))

    written = body["messages"][0]["tool_calls"][0]
    is_googles = family == "google"
    assert written.get("extra_content") == ({"google": {"thought_signature": "QUJD"}} if is_googles else None)
    assert notes == ([] if is_googles else [("/s", "lost")])


def test_marks_for_the_cache_are_lost_wherever_they_stand() -> None:
    def mark(number: int) -> chat.CacheMark:
        return chat.CacheMark(at=f"/{number}")

    _, notes = write(
        asking(
            system(text("a", cache=mark(0))),
            assistant(call(cache=mark(1))),
            user(result("call_1", text("b", cache=mark(2)), cache=mark(3))),
        )
    )

    assert sorted(notes) == [(f"/{number}", "lost") for number in range(4)]


@given(conversations())
def test_every_call_is_answered_right_behind_it_and_nothing_else_is(conversation: chat.Conversation) -> None:
    try:
        written = write_messages(conversation, PLAIN, chat.Report())
    except chat.CannotCarry:
        return
    waiting: list[str] = []
    for message in written:
        if message["role"] == "tool":
            assert waiting
            assert message["tool_call_id"] == waiting.pop(0)
        else:
            assert waiting == []
            waiting = [each["id"] for each in message.get("tool_calls", ())]
    assert waiting == []
