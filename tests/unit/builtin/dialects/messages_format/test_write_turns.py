"""Turns in the order that the format demands."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.write_turns import is_unsealed
from tests.unit.builtin.dialects.messages_format.said import NEW, OLD, PNG, asking, assistant, call, result, text, user, write

SEAL = chat.Seal(family="anthropic", data="EqM=")
OWN = chat.Reasoning(text="Hm", seal=SEAL)


def system(*parts: chat.Part, at: str = "") -> chat.Turn:
    return chat.Turn(role="system", parts=parts, at=at)


def said(*turns: chat.Turn, abilities: Any = OLD, **options: Any) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Return role and blocks (text, id or kind) of each message, and the notes."""
    body, notes = write(asking(*turns, **options), abilities)
    return [(each["role"], [_short(block) for block in each["content"]]) for each in body["messages"]], notes


def _short(block: dict[str, Any]) -> str:
    return str(block.get("text") or block.get("id") or block.get("tool_use_id") or block["type"])


def test_a_conversation_stays_as_it_is() -> None:
    turns = (user(text("a")), assistant(text("b")), user(text("c")))

    assert said(*turns) == ([("user", ["a"]), ("assistant", ["b"]), ("user", ["c"])], [])


def test_neighbours_of_one_role_come_together() -> None:
    assert said(user(text("a")), user(text("b")))[0] == [("user", ["a", "b"])]


def test_edge_45_the_user_begins() -> None:
    assert said(assistant(text("a"), at="/x"), user(text("b"))) == (
        [("user", ["."]), ("assistant", ["a"]), ("user", ["b"])],
        [("/x", "mapped")],
    )


def test_edge_45_a_conversation_of_nothing_begins_with_the_user_too() -> None:
    assert said(system(text("a"))) == ([("user", ["."])], [])


def test_edge_46_an_answer_that_was_begun_is_gone_on_with_by_older_models() -> None:
    assert said(user(text("a")), assistant(text("{ \n", at="/x"))) == (
        [("user", ["a"]), ("assistant", ["{"])],
        [("/x", "mapped")],
    )
    assert said(user(text("a")), assistant(text("{")))[1] == []


def test_edge_46_newer_models_are_asked_to_go_on() -> None:
    assert said(user(text("a")), assistant(text("{"), at="/x"), abilities=NEW) == (
        [("user", ["a"]), ("assistant", ["{"]), ("user", ["Continue."])],
        [("/x", "mapped")],
    )


def test_edge_46_and_so_is_who_thinks() -> None:
    found, _ = said(user(text("a")), assistant(text("{"), at="/x"), max_tokens=9000, thinking=chat.Thinking(budget=2048))

    assert found[-1] == ("user", ["Continue."])


@pytest.mark.parametrize("words", ["", " \n"])
def test_edge_46_an_empty_answer_at_the_end_is_left_out(words: str) -> None:
    assert said(user(text("a")), assistant(text(words)), abilities=NEW)[0] == [("user", ["a"])]


def test_edge_29_all_results_of_a_turn_are_in_one_message_and_in_front() -> None:
    turns = (
        user(text("q")),
        assistant(call("a"), call("b")),
        user(result("b")),
        user(text("and"), result("a")),
    )

    assert said(*turns)[0] == [("user", ["q"]), ("assistant", ["a", "b"]), ("user", ["a", "b", "and"])]


def test_edge_35_calls_without_ids_get_the_results_of_their_names() -> None:
    calls = assistant(call("", "Read"), call("", "Write"))
    results = user(result("", "written", name="Write"), result("read-7", "read it", name="Read"))

    body, notes = write(asking(user(text("q")), calls, results))

    ids = [each["id"] for each in body["messages"][1]["content"]]
    told = [(each["tool_use_id"], each["content"][0]["text"]) for each in body["messages"][2]["content"]]
    assert (told, notes) == ([(ids[0], "read it"), (ids[1], "written")], [])


def test_edge_83_a_call_that_was_interrupted_gets_a_result() -> None:
    body, notes = write(asking(user(text("q")), assistant(call("a"), call("b", at="/x")), user(result("a"), text("go on"))))

    assert [each.get("tool_use_id") for each in body["messages"][2]["content"]] == ["a", "b", None]
    assert body["messages"][2]["content"][1]["content"] == [{"type": "text", "text": chat.NO_RESULT}]
    assert notes == [("/x", "mapped")]


def test_edge_83_a_call_at_the_very_end_gets_a_result() -> None:
    assert said(user(text("q")), assistant(call("a")))[0][-1] == ("user", ["a"])


def test_edge_27_an_assistant_without_text_makes_no_empty_text_block() -> None:
    assert said(user(text("q")), assistant(text(""), call("a")), user(result("a")))[0][1] == ("assistant", ["a"])


def test_blank_texts_are_left_out_everywhere() -> None:
    blank = chat.ToolResult(call_id="a", parts=(text(" "),))
    documents = (chat.Document(text=" ", at="/d"), chat.Refusal(text="", at="/r"))
    body, notes = write(asking(user(text("q"), text(" ", at="/t"), *documents), assistant(call("a")), user(blank)))

    assert [len(each["content"]) for each in body["messages"]] == [1, 1, 1]
    assert "content" not in body["messages"][2]["content"][0]
    assert notes == [("/t", "lost"), ("/d", "lost"), ("/r", "lost")]


def test_edge_44_system_text_between_turns_stays_where_models_take_it() -> None:
    turns = (system(text("first")), user(text("a")), system(text("closed")), user(text("b")))

    assert said(*turns, abilities=NEW) == ([("user", ["a"]), ("system", ["closed"]), ("user", ["b"])], [])


def test_edge_44_elsewhere_it_is_a_reminder() -> None:
    turns = (user(text("a")), assistant(text("b")), system(text("closed"), at="/x"), user(text("c")))
    found, notes = said(*turns)

    assert found[2] == ("user", ["<system-reminder>\nclosed\n</system-reminder>", "c"])
    assert notes == [("/x", "mapped")]


def test_edge_44_a_reminder_stands_behind_results() -> None:
    turns = (user(text("q")), assistant(call("a")), system(text("closed")), user(result("a")))

    assert said(*turns)[0][2] == ("user", ["a", "<system-reminder>\nclosed\n</system-reminder>"])
    assert said(*turns, abilities=NEW)[0][2][1][0] == "a"


def test_system_text_in_front_stays_in_blocks_of_its_own() -> None:
    body, _ = write(asking(system(text("a"), text("b")), system(text("c")), user(text("d"))))

    assert [each["text"] for each in body["system"]] == ["a", "b", "c"]


def test_an_image_in_a_system_text_is_lost() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), at="/x")
    body, notes = write(asking(system(text("a"), image), user(text("b"))))

    assert (len(body["system"]), notes) == (1, [("/x", "lost")])


def test_what_the_assistant_made_is_told_in_words() -> None:
    made = (chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), at="/x"), chat.Document(text="a,b", at="/y"))

    assert said(user(text("a")), assistant(*made), user(text("b"))) == (
        [("user", ["a"]), ("assistant", ["[image]", "[document]"]), ("user", ["b"])],
        [("/x", "lost"), ("/y", "lost")],
    )


def test_edge_97_without_system_text_there_is_no_system() -> None:
    assert "system" not in write(asking(system(text("")), user(text("b"))))[0]


ATTRIBUTION = "x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;"


def test_who_pays_is_told_to_anthropic_only() -> None:
    turns = (system(text(ATTRIBUTION, at="/x"), text("b")), user(text("c")))
    own, _ = write(asking(*turns))
    other, notes = write(asking(*turns), attrs.evolve(OLD, family="moonshot"))

    assert [each["text"] for each in own["system"]] == [ATTRIBUTION, "b"]
    assert ([each["text"] for each in other["system"]], notes) == (["b"], [("/x", "lost")])


def test_names_of_participants_are_lost() -> None:
    turn = chat.Turn(role="user", parts=(text("a"),), name="Ann", at="/messages/0")

    assert said(turn)[1] == [("/messages/0/name", "lost")]


def test_edge_53_reasoning_of_others_and_of_nobody_is_not_sent() -> None:
    google = chat.Reasoning(text="So", seal=chat.Seal(family="google", data="C="), at="/g")
    found, notes = said(user(text("q")), assistant(OWN, google, chat.Reasoning(text="Nu", at="/n"), text("a")), user(text("b")))

    assert (found[1], notes) == (("assistant", ["thinking", "a"]), [("/g", "lost"), ("/n", "lost")])


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ((user(text("q")),), False),
        ((user(text("q")), assistant(text("a")), user(text("b"))), False),
        ((user(text("q")), assistant(OWN, call("a")), user(result("a"))), False),
        ((user(text("q")), assistant(call("a")), user(result("a"))), True),
        ((user(text("q")), assistant(text("t"), OWN, call("a")), user(result("a"))), True),
        ((user(text("q")), assistant(call("a")), user(result("a")), assistant(text("b")), user(text("c"))), False),
    ],
)
def test_calls_without_the_thinking_that_led_to_them_are_noticed(turns: tuple[chat.Turn, ...], expected: bool) -> None:
    assert is_unsealed(turns) is expected
