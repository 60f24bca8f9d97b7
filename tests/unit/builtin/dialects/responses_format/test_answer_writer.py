"""Whole answers for clients."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.answer_reader import read_answer
from korproxy.builtin.dialects.responses_format.answer_writer import write_answer
from tests.unit.builtin.dialects.responses_format.said import ASKED, STEM

END = chat.Ending(reason="end")
ANTHROPIC = chat.Seal(family="anthropic", data="EqM=")


def written(*parts: chat.Part, asked: chat.Asked = ASKED, **more: Any) -> dict[str, Any]:
    answer = chat.Answer(**{"id": "resp_theirs", "model": "theirs", "parts": parts, "ending": END, **more})
    said = json.loads(write_answer(answer, asked))
    assert isinstance(said, dict)
    Response.model_validate(said, strict=False)
    return said


def test_an_answer_is_written() -> None:
    asked = attrs.evolve(
        ASKED, repeated={"instructions": "Be brief.", "tools": None, "temperature": 0.5, "metadata": {"a": "b"}}
    )
    usage = Usage(tokens_in=5, cache_read=2, tokens_out=4, reasoning=3)
    parts = (chat.Reasoning(text="Hm", seal=ANTHROPIC), chat.Text(text="Hi"), chat.ToolCall(id="call_1", name="read"))

    assert written(*parts, asked=asked, usage=usage) == {
        "id": f"resp_{STEM}",
        "object": "response",
        "created_at": 1790000000,
        "completed_at": 1790000000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt-x",
        "background": False,
        "instructions": "Be brief.",
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {"a": "b"},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 0.5,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
        "output": [
            {
                "type": "reasoning",
                "id": f"rs_{STEM}_0",
                "summary": [{"type": "summary_text", "text": "Hm"}],
                "encrypted_content": "korproxy:anthropic:EqM=",
            },
            {
                "type": "message",
                "id": f"msg_{STEM}_1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi"}],
            },
            {
                "type": "function_call",
                "id": f"fc_{STEM}_2",
                "call_id": "call_1",
                "name": "read",
                "arguments": "{}",
                "status": "completed",
            },
        ],
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": 11,
        },
    }


def test_edge_80_the_model_is_named_as_the_client_named_it() -> None:
    asked = attrs.evolve(ASKED, model="or/gpt:beta", repeated={"model": "else"})

    assert written(asked=asked)["model"] == "or/gpt:beta"


def test_without_an_id_of_the_request_that_of_the_answer_serves() -> None:
    asked = attrs.evolve(ASKED, id="")

    assert written(chat.Text(text="a"), asked=asked)["output"][0]["id"] == "msg_theirs_0"


def test_parts_that_say_nothing_are_no_items() -> None:
    nothing = (chat.Text(text=""), chat.Refusal(text=""), chat.Reasoning(), chat.Audio(blob=chat.Blob(data="x")))
    stored = chat.Image(blob=chat.Blob(file="file_1"))

    assert written(*nothing, stored)["output"] == []


def test_edge_40_and_41_tools_are_called_as_they_were_offered() -> None:
    asked = attrs.evolve(ASKED, freeform=frozenset({"files__patch"}), namespaces={"files__patch": ("files", "patch")})
    wrapped = chat.ToolCall(id="a", name="files__patch", arguments='{"input":"*** Begin"}')
    bare = chat.ToolCall(id="b", name="other", arguments="text", freeform=True)

    assert [
        {key: each.get(key) for key in ("type", "namespace", "name", "input")}
        for each in written(wrapped, bare, asked=asked)["output"]
    ] == [
        {"type": "custom_tool_call", "namespace": "files", "name": "patch", "input": "*** Begin"},
        {"type": "custom_tool_call", "namespace": None, "name": "other", "input": "text"},
    ]


def test_a_call_that_was_cut_off_stays_so() -> None:
    (item,) = written(chat.ToolCall(id="a", name="read", arguments='{"a":'), ending=chat.Ending(reason="length"))["output"]

    assert (item["arguments"], item["status"]) == ('{"a":', "incomplete")


@pytest.mark.parametrize(
    ("parts", "ending", "status", "items"),
    [
        ((chat.Text(text="a"),), chat.Ending(reason="stop_sequence", stop_sequence="END"), "completed", ["completed"]),
        ((chat.Text(text="a"),), chat.Ending(reason="pause"), "completed", ["completed"]),
        ((chat.Text(text="a"), chat.Text(text="b")), chat.Ending(reason="length"), "incomplete", ["completed", "incomplete"]),
        (
            (chat.Text(text="a"), chat.ToolCall(id="a", name="n")),
            chat.Ending(reason="length"),
            "incomplete",
            ["completed", "completed"],
        ),
        ((chat.Refusal(text="No."),), chat.Ending(reason="refusal"), "completed", ["completed"]),
        ((chat.Refusal(text="No."),), chat.Ending(reason="refusal", explanation="Bad."), "completed", ["completed"]),
        (
            (chat.Refusal(text="No."), chat.ToolCall(id="a", name="n", arguments="{")),
            chat.Ending(reason="refusal"),
            "incomplete",
            ["completed", "incomplete"],
        ),
        ((), chat.Ending(reason="refusal", explanation="Bad."), "incomplete", ["incomplete"]),
        ((), chat.Ending(reason="refusal"), "incomplete", []),
    ],
)
def test_the_status_says_how_it_ended(parts: tuple[chat.Part, ...], ending: chat.Ending, status: str, items: list[str]) -> None:
    said = written(*parts, ending=ending)

    assert (said["status"], [each["status"] for each in said["output"]]) == (status, items)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
PARTS = st.one_of(
    st.builds(chat.Text, text=TEXTS),
    st.builds(chat.Reasoning, text=TEXTS, seal=st.none() | st.builds(chat.Seal, family=st.just("openai"), data=TEXTS)),
    st.builds(chat.ToolCall, id=TEXTS, name=TEXTS, arguments=st.sampled_from(["{}", '{"n": 1.10}'])),
    st.builds(chat.ToolCall, id=TEXTS, name=TEXTS, arguments=TEXTS, freeform=st.just(True)),
)


@given(st.lists(PARTS, max_size=5), st.sampled_from([END, chat.Ending(reason="length")]))
def test_what_is_written_is_read_again(parts: list[chat.Part], ending: chat.Ending) -> None:
    told = tuple(
        attrs.evolve(part, id=f"call_{number}") if isinstance(part, chat.ToolCall) else part
        for number, part in enumerate(parts)
    )
    answer = chat.Answer(
        id=f"resp_{STEM}",
        model="gpt-x",
        parts=told,
        usage=Usage(tokens_in=3, cache_read=0, cache_write=0, tokens_out=1, reasoning=0),
        ending=ending,
    )

    assert read_answer(write_answer(answer, ASKED)) == answer
