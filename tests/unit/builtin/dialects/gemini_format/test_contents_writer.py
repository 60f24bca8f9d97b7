"""Turns as contents."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.contents_writer import contents, system_instruction, without_names
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE

GEMINI_3 = Abilities(family="google", reasoning="level", efforts=("low", "high"))
GEMINI_2 = Abilities(family="google", reasoning="budget")
SEAL = chat.Seal(family="google", data="CiQB")
HI = chat.Turn(role="user", parts=(chat.Text(text="Hi"),))


def user(*parts: chat.Part) -> chat.Turn:
    return chat.Turn(role="user", parts=parts, at="/u")


def model(*parts: chat.Part) -> chat.Turn:
    return chat.Turn(role="assistant", parts=parts, at="/m")


def call(id: str = "c1", seal: chat.Seal | None = None, **more: Any) -> chat.ToolCall:  # noqa: A002
    return chat.ToolCall(id=id, name="read", seal=seal, **more)


def result(id: str = "c1") -> chat.ToolResult:  # noqa: A002
    return chat.ToolResult(call_id=id, name="read", parts=(chat.Text(text="x"),))


def written(*turns: chat.Turn, abilities: Abilities = GEMINI_2, report: chat.Report | None = None) -> Any:
    report = chat.Report() if report is None else report
    return msgspec.json.decode(msgspec.json.encode(contents(turns, abilities, report)))


def signatures(*turns: chat.Turn, abilities: Abilities = GEMINI_3) -> list[list[str | None]]:
    """Return the signatures of the calls of each turn that has some."""
    found = ([each for each in turn["parts"] if "functionCall" in each] for turn in written(*turns, abilities=abilities))
    return [[each.get("thoughtSignature") for each in calls] for calls in found if calls]


def test_roles_are_user_and_model() -> None:
    assert written(HI, model(chat.Text(text="Yes?")), HI) == [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {"role": "model", "parts": [{"text": "Yes?"}]},
        {"role": "user", "parts": [{"text": "Hi"}]},
    ]


def test_calls_and_results_are_parts() -> None:
    found = written(HI, model(call(arguments='{"path": "a", "n": 1.10}')), user(result(), chat.Text(text="And?")))

    assert found[1:] == [
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "read", "args": {"path": "a", "n": 1.1}}}]},
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "c1", "name": "read", "response": {"result": "x"}}}, {"text": "And?"}],
        },
    ]


def test_arguments_keep_their_bytes() -> None:
    turn = contents([HI, model(call(arguments='{"b": 1.10, "a": 1e400}')), user(result())], GEMINI_2, chat.Report())[1]

    assert b'"args":{"b": 1.10, "a": 1e400}' in msgspec.json.encode(turn)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), ("null", {}), ('"a"', {"value": "a"}), ("[1]", {"value": [1]}), ("{oops", {"_raw": "{oops"})],
)
def test_edge_84_arguments_that_are_no_object_become_one(arguments: str, expected: object) -> None:
    found = written(HI, model(call(arguments=arguments)), user(result()))

    assert found[1]["parts"][0]["functionCall"]["args"] == expected


def test_a_call_of_bare_text_has_it_as_its_input() -> None:
    found = written(HI, model(call(arguments="*** patch", freeform=True)), user(result()))

    assert found[1]["parts"][0]["functionCall"]["args"] == {"input": "*** patch"}


def test_edge_27_empty_texts_make_no_parts() -> None:
    found = written(HI, model(chat.Text(text=""), call()), user(result(), chat.Text(text="")))

    assert [list(part) for turn in found for part in turn["parts"]] == [["text"], ["functionCall"], ["functionResponse"]]
    assert written(user(chat.Text(text=""))) == [{"role": "user", "parts": [{"text": " "}]}]


def test_edge_45_a_conversation_that_begins_with_the_model_gets_a_user_in_front() -> None:
    report = chat.Report()

    assert written(model(chat.Text(text="Hello")), HI, report=report)[0] == {"role": "user", "parts": [{"text": " "}]}
    assert [(each.fate, each.pointer) for each in report.notes] == [("mapped", "/m")]
    assert written() == [{"role": "user", "parts": [{"text": " "}]}]


def test_edge_46_a_prefill_is_followed_by_a_user_and_an_empty_one_goes() -> None:
    report = chat.Report()

    assert written(HI, model(chat.Text(text="It is")), report=report)[-1] == {"role": "user", "parts": [{"text": "Continue."}]}
    assert [(each.fate, each.pointer) for each in report.notes] == [("mapped", "/m")]
    assert written(HI, model(chat.Text(text=" \n"))) == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_edge_55_a_seal_without_text_still_has_an_empty_text() -> None:
    found = written(HI, model(chat.Reasoning(text="plan", seal=SEAL), chat.Text(text="Yes"), chat.Reasoning(seal=SEAL)), HI)

    assert found[1]["parts"] == [
        {"text": "plan", "thought": True, "thoughtSignature": "CiQB"},
        {"text": "Yes"},
        {"text": "", "thoughtSignature": "CiQB"},
    ]


def test_edge_54_the_first_call_of_each_step_gets_a_placeholder_where_its_seal_is_missing() -> None:
    steps = (model(call("a"), call("b")), user(result("a"), result("b")), model(call("c", SEAL), call("d")), user(result("c")))

    assert signatures(HI, *steps) == [[ANY_SIGNATURE, None], ["CiQB", None]]


def test_edge_54_past_steps_keep_their_placeholders_so_that_the_next_request_begins_with_the_same_bytes() -> None:
    past = (HI, model(call("a")), user(result("a")), model(chat.Text(text="Done.")))

    assert signatures(*past, HI, model(call("b", SEAL)), user(result("b"))) == [[ANY_SIGNATURE], ["CiQB"]]
    assert signatures(*past, user(chat.Text(text="Again.")), model(call("b")), user(result("b"), chat.Text(text="?"))) == [
        [ANY_SIGNATURE],
        [ANY_SIGNATURE],
    ]


@pytest.mark.parametrize("abilities", [GEMINI_2, Abilities(reasoning="level"), Abilities(family="google", reasoning="none")])
def test_models_that_demand_no_seal_get_no_placeholder(abilities: Abilities) -> None:
    assert signatures(HI, model(call("a")), user(result("a")), abilities=abilities) == [[None]]


def test_a_refusal_is_a_text_of_the_model() -> None:
    report = chat.Report()
    found = written(HI, model(chat.Refusal(text="No.", at="/m/0"), chat.Refusal(text="")), HI, report=report)

    assert found[1]["parts"] == [{"text": "No."}]
    assert [(each.fate, each.pointer) for each in report.notes] == [("mapped", "/m/0")]


def test_parts_in_the_wrong_mouth_are_lost() -> None:
    report = chat.Report()
    written(user(chat.Text(text="x"), chat.Reasoning(text="hm", at="/u/1"), call(at="/u/2")), report=report)

    assert report.losses == ("/u/1", "/u/2")


def test_cache_marks_are_lost() -> None:
    report = chat.Report()
    marked = chat.Text(text="x", cache=chat.CacheMark(at="/u/0/cache_control"))
    written(user(marked), model(call(cache=chat.CacheMark(at="/m/0/cache_control"))), user(result()), report=report)

    assert report.losses == ("/u/0/cache_control", "/m/0/cache_control")


def test_system_text_keeps_its_parts_and_loses_marks_and_pictures() -> None:
    report = chat.Report()
    turns = [
        chat.Turn(role="system", parts=(chat.Text(text="Be kind.", cache=chat.CacheMark(at="/s/0/cache_control")),)),
        chat.Turn(
            role="system", parts=(chat.Text(text=""), chat.Image(blob=chat.Blob(data="x"), at="/s/1"), chat.Text(text="Now."))
        ),
    ]

    assert system_instruction(turns, report) == {"parts": [{"text": "Be kind."}, {"text": "Now."}]}
    assert report.losses == ("/s/0/cache_control", "/s/1")
    assert system_instruction([], report) is None


def test_claude_codes_line_for_anthropics_books_is_left_out() -> None:
    report = chat.Report()
    line = chat.Text(text="x-anthropic-billing-header: cc_version=2", at="/system/0")
    turn = chat.Turn(role="system", parts=(line, chat.Text(text="You are Claude Code.")))

    assert system_instruction([turn], report) == {"parts": [{"text": "You are Claude Code."}]}
    assert report.losses == ("/system/0",)


def test_names_of_participants_are_lost() -> None:
    report = chat.Report()
    turns = without_names([chat.Turn(role="user", name="Ann", at="/messages/0"), HI], report)

    assert ([each.name for each in turns], report.losses) == ([None, None], ("/messages/0/name",))
