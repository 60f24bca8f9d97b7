"""A whole request for Gemini, from the neutral model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given, reject
from korproxy_mock.gemini_checks import check
from korproxy_mock.gemini_shape import canonical

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.request_writer import write_request
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE
from tests.fakes.conversations import conversations

GEMINI_3 = Abilities(family="google", output=65_536, audio=True, prefill=False, reasoning="level", efforts=("low", "high"))
GEMINI_2 = attrs.evolve(GEMINI_3, reasoning="budget", efforts=(), image_links=False)
HI = chat.Turn(role="user", parts=(chat.Text(text="Hi"),))


def target(abilities: Abilities = GEMINI_3, model: str = "gemini-3-pro") -> chat.Target:
    return chat.Target(model=model, stream=True, abilities=abilities)


def write(*turns: chat.Turn, abilities: Abilities = GEMINI_3, report: chat.Report | None = None, **more: Any) -> Any:
    conversation = chat.Conversation(turns=turns, **more)
    return json.loads(write_request(conversation, target(abilities), report or chat.Report()).body)


def call(id: str, name: str = "read", **more: Any) -> chat.ToolCall:  # noqa: A002
    return chat.ToolCall(id=id, name=name, **more)


def test_a_whole_request() -> None:
    body = write(
        chat.Turn(role="system", parts=(chat.Text(text="Be kind."),)),
        HI,
        tools=(chat.Tool(name="read", schema={"type": "object", "properties": {"p": {"type": "string"}}}),),
        choice=chat.ToolChoice(mode="any"),
        options=chat.Options(max_tokens=100, thinking=chat.Thinking(effort="high")),
    )

    assert body == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "read", "parameters": {"type": "OBJECT", "properties": {"p": {"type": "STRING"}}}},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"maxOutputTokens": 100, "thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}},
    }


def test_model_and_stream_are_not_in_the_body() -> None:
    assert write(HI) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_edge_33_names_that_gemini_forbids_are_changed_everywhere_and_can_be_given_back() -> None:
    name = "mcp/server@x y"
    conversation = chat.Conversation(
        turns=(
            HI,
            chat.Turn(role="assistant", parts=(call("c1", name),)),
            chat.Turn(role="user", parts=(chat.ToolResult(call_id="c1"),)),
        ),
        tools=(chat.Tool(name=name),),
        choice=chat.ToolChoice(mode="any", names=(name,)),
    )
    written = write_request(conversation, target(), chat.Report())
    body = json.loads(written.body)
    (new,) = written.names

    assert written.names == {new: name}
    assert new.replace("_", "").isalnum()
    assert body["contents"][1]["parts"][0]["functionCall"]["name"] == new
    assert body["contents"][2]["parts"][0]["functionResponse"]["name"] == new
    assert body["tools"][0]["functionDeclarations"][0]["name"] == new
    assert body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == [new]


def test_edge_34_names_that_would_meet_stay_apart() -> None:
    tools = (
        chat.Tool(name="a b"),
        chat.Tool(name="a/b"),
        chat.Tool(name="1st"),
        chat.Tool(name="ok.name:v-1"),
        chat.Tool(name="x" * 70),
    )
    written = write_request(chat.Conversation(turns=(HI,), tools=tools), target(), chat.Report())
    names = [each["name"] for each in json.loads(written.body)["tools"][0]["functionDeclarations"]]

    assert len(set(names)) == 5
    assert "ok.name:v-1" in names
    assert max(map(len, names)) <= 64


def test_edge_35_a_result_without_a_name_gets_its_calls() -> None:
    results = (chat.ToolResult(call_id=""), chat.ToolResult(call_id=""))
    calls = chat.Turn(role="assistant", parts=(call("", "read"), call("", "list")))
    body = write(HI, calls, chat.Turn(role="user", parts=results))

    assert [each["functionResponse"]["name"] for each in body["contents"][2]["parts"]] == ["read", "list"]


def test_edge_29_results_of_parallel_calls_come_into_one_turn_in_the_order_of_the_calls() -> None:
    body = write(
        HI,
        chat.Turn(role="assistant", parts=(call("a"), call("b"))),
        chat.Turn(role="user", parts=(chat.ToolResult(call_id="b", parts=(chat.Text(text="2"),)),)),
        chat.Turn(role="user", parts=(chat.ToolResult(call_id="a", parts=(chat.Text(text="1"),)),)),
        HI,
    )

    assert [turn["role"] for turn in body["contents"]] == ["user", "model", "user"]
    assert body["contents"][2]["parts"] == [
        {"functionResponse": {"id": "a", "name": "read", "response": {"result": "1"}}},
        {"functionResponse": {"id": "b", "name": "read", "response": {"result": "2"}}},
        {"text": "Hi"},
    ]


def test_edge_83_an_interrupted_call_has_a_result_that_says_so() -> None:
    body = write(HI, chat.Turn(role="assistant", parts=(call("a"), call("b"))), HI)
    parts = body["contents"][2]["parts"]

    assert [each["functionResponse"]["response"] for each in parts[:2]] == [{"result": chat.NO_RESULT}] * 2


def test_edge_42_all_system_text_in_front_is_kept_in_order() -> None:
    turns = [chat.Turn(role="system", parts=(chat.Text(text=each),)) for each in ("One.", "Two.")]

    assert write(*turns, HI)["systemInstruction"] == {"parts": [{"text": "One."}, {"text": "Two."}]}


def test_edge_44_system_text_between_turns_becomes_a_reminder_at_its_place() -> None:
    body = write(HI, chat.Turn(role="system", parts=(chat.Text(text="Now."),)), HI)

    assert "systemInstruction" not in body
    assert [each["text"] for each in body["contents"][0]["parts"]] == [
        "Hi",
        "<system-reminder>\nNow.\n</system-reminder>",
        "Hi",
    ]


def test_edge_97_an_empty_system_text_is_left_out() -> None:
    assert "systemInstruction" not in write(chat.Turn(role="system", parts=(chat.Text(text=""),)), HI)


def test_edge_53_reasoning_of_another_vendor_is_dropped_and_reported() -> None:
    report = chat.Report()
    foreign = chat.Reasoning(text="hm", seal=chat.Seal(family="anthropic", data="Eq"), at="/messages/1/content/0")
    own = chat.Reasoning(text="so", seal=chat.Seal(family="google", data="CiQB"))
    body = write(HI, chat.Turn(role="assistant", parts=(foreign, own, chat.Text(text="Yes."))), HI, report=report)

    assert body["contents"][1]["parts"] == [
        {"text": "so", "thought": True, "thoughtSignature": "CiQB"},
        {"text": "Yes."},
    ]
    assert report.losses == ("/messages/1/content/0",)


def test_edge_54_history_of_another_vendor_gets_placeholders() -> None:
    seal = chat.Seal(family="anthropic", data="Eq")
    results = chat.Turn(role="user", parts=(chat.ToolResult(call_id="a"),))
    body = write(HI, chat.Turn(role="assistant", parts=(call("a", seal=seal),)), results)

    assert body["contents"][1]["parts"][0]["thoughtSignature"] == ANY_SIGNATURE


def test_json_beside_tools_is_said_behind_the_system_text() -> None:
    tools, options = (chat.Tool(name="f"),), chat.Options(output=chat.OutputFormat(kind="json"))
    system = chat.Turn(role="system", parts=(chat.Text(text="Be kind."),))

    assert len(write(system, HI, abilities=GEMINI_2, tools=tools, options=options)["systemInstruction"]["parts"]) == 2
    assert "JSON" in write(HI, abilities=GEMINI_2, tools=tools, options=options)["systemInstruction"]["parts"][0]["text"]


def test_several_answers_are_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="2 answers"):
        write(HI, options=chat.Options(choices=2))


@given(conversations())
def test_whatever_is_said_gemini_takes_it_or_it_is_refused_before(conversation: chat.Conversation) -> None:
    for abilities, model in ((GEMINI_3, "gemini-3-pro-preview"), (GEMINI_2, "gemini-2.5-flash")):
        try:
            written = write_request(_with_good_seals(conversation), target(abilities, model), chat.Report())
        except chat.CannotCarry as refusal:
            assert str(refusal)  # noqa: PT017 -- the law is about what is sent
            continue
        check(canonical("GenerateContentRequest", json.loads(written.body)), model)


def _with_good_seals(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* without Google's seals: the mock takes none that it has not made."""

    def plain(part: chat.Part) -> chat.Part:
        if isinstance(part, (chat.Reasoning, chat.ToolCall)) and part.seal is not None and part.seal.family == "google":
            return attrs.evolve(part, seal=None)
        return part

    turns = tuple(attrs.evolve(turn, parts=tuple(map(plain, turn.parts))) for turn in conversation.turns)
    return attrs.evolve(conversation, turns=turns)


@given(conversations(tidy=True))
def test_what_is_appended_to_a_conversation_changes_nothing_before_it(asked: chat.Conversation) -> None:
    turns = asked.turns
    ends = [end for end in range(1, len(turns) + 1) if _model_is_next(turns, end)]

    def parts(end: int) -> list[tuple[str, str]]:
        told = write_request(attrs.evolve(asked, turns=turns[:end]), target(), chat.Report()).body
        contents = json.loads(told)["contents"]
        return [(turn["role"], json.dumps(part)) for turn in contents for part in turn["parts"]]

    try:
        written = [parts(end) for end in ends]
    except chat.CannotCarry:
        reject()
    for before, after in pairwise(written):
        assert after[: len(before)] == before


def _model_is_next(turns: Sequence[chat.Turn], end: int) -> bool:
    return turns[end - 1].role == "user" and (end == len(turns) or turns[end].role == "assistant")
