"""A whole answer, written for a client."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.chat_format.answer_reader import read_answer
from korproxy.builtin.dialects.chat_format.answer_writer import answer_id, part_text, write_answer, write_seal
from tests.fakes.conversations import answers
from tests.unit.builtin.dialects.chat_format.said import ASKED, PNG, call, image, text

OWN = chat.Seal(family="anthropic", data="QUJD")


def written(*parts: chat.Part, asked: chat.Asked = ASKED, **more: Any) -> dict[str, Any]:
    reason: chat.Reason = "tools" if any(isinstance(each, chat.ToolCall) for each in parts) else "end"
    answer = chat.Answer(id="msg_1", parts=parts, **{"ending": chat.Ending(reason=reason), **more})
    found: dict[str, Any] = json.loads(write_answer(answer, asked))
    return found


def message(*parts: chat.Part, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = written(*parts, **more)["choices"][0]["message"]
    return found


def test_an_answer_is_written_whole() -> None:
    found = written(text("Hi"), usage=Usage(tokens_in=3, tokens_out=2))

    assert found == {
        "id": "chatcmpl-msg_1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "gpt-x",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": "Hi", "refusal": None, "annotations": []},
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ([text("a"), text("b")], "ab"),
        ([], ""),
        ([call()], None),
        ([text("a"), call()], "a"),
        ([chat.Refusal(text="No.")], None),
        ([text("See:"), image()], f"See:\n\n![image](data:image/png;base64,{PNG})"),
        ([image()], f"![image](data:image/png;base64,{PNG})"),
    ],
)
def test_the_text_is_one_and_null_only_beside_other_things(parts: list[chat.Part], content: str | None) -> None:
    assert message(*parts)["content"] == content


def test_calls_are_a_list_and_the_reason() -> None:
    found = written(text("Both."), call("a", arguments='{"x":1.10}'), call("b"))

    assert found["choices"][0]["finish_reason"] == "tool_calls"
    assert found["choices"][0]["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "read", "arguments": '{"x":1.10}'}},
        {"id": "b", "type": "function", "function": {"name": "read", "arguments": "{}"}},
    ]


@pytest.mark.parametrize(
    "part", [call(arguments='{"input": "*** Begin"}'), call(arguments="*** Begin"), call(arguments="*** Begin", freeform=True)]
)
def test_edge_40_a_tool_of_bare_text_is_called_with_bare_text(part: chat.ToolCall) -> None:
    asked = attrs.evolve(ASKED, freeform=frozenset({"read"}))

    custom = {"id": "call_1", "type": "custom", "custom": {"name": "read", "input": "*** Begin"}}
    assert message(part, asked=asked)["tool_calls"] == [custom]


def test_a_client_of_old_gets_one_call_as_of_old() -> None:
    found = written(call("a"), call("b"), asked=attrs.evolve(ASKED, legacy=True))["choices"][0]

    assert found["finish_reason"] == "function_call"
    assert found["message"]["function_call"] == {"name": "read", "arguments": "{}"}
    assert "tool_calls" not in found["message"]


def test_reasoning_is_text_and_its_seals_stand_beside_it() -> None:
    found = message(
        chat.Reasoning(text="Hm."), chat.Reasoning(text="So.", seal=OWN), chat.Reasoning(seal=OWN, redacted=True), text("Yes.")
    )

    assert found["reasoning_content"] == "Hm.So."
    assert found["reasoning_details"] == [
        {"type": "reasoning.text", "text": "So.", "signature": "QUJD", "format": "anthropic", "index": 0},
        {"type": "reasoning.encrypted", "data": "QUJD", "format": "anthropic", "index": 1},
    ]
    assert "reasoning_details" not in message(chat.Reasoning(text="Hm."))
    assert "reasoning_content" not in message(text("Yes."))


@pytest.mark.parametrize(
    ("parts", "ending", "refusal"),
    [
        ([chat.Refusal(text="No.")], chat.Ending(reason="refusal"), "No."),
        ([], chat.Ending(reason="refusal", explanation="It is dangerous."), "It is dangerous."),
        ([chat.Refusal(text="No.")], chat.Ending(reason="refusal", explanation="It is dangerous."), "No."),
        ([], chat.Ending(reason="refusal"), None),
        ([], chat.Ending(reason="end", explanation="odd"), None),
    ],
)
def test_edge_88_a_refusal_is_never_an_empty_success(parts: list[chat.Part], ending: chat.Ending, refusal: str | None) -> None:
    found = written(*parts, ending=ending)["choices"][0]

    assert found["message"]["refusal"] == refusal
    assert found["finish_reason"] == ("content_filter" if ending.reason == "refusal" else "stop")


def test_where_no_usage_is_known_none_is_made_up() -> None:
    assert written(text("Hi"))["usage"] is None


@pytest.mark.parametrize(("own", "expected"), [("msg_1", "chatcmpl-msg_1"), ("chatcmpl-1", "chatcmpl-1")])
def test_the_id_holds_the_providers_own(own: str, expected: str) -> None:
    assert answer_id(own) == expected


def test_two_answers_without_an_id_get_different_ones() -> None:
    assert answer_id("").startswith("chatcmpl-")
    assert answer_id("") != answer_id("")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (chat.Image(blob=chat.Blob(url="https://a.example/b.png")), "![image](https://a.example/b.png)"),
        (chat.Image(blob=chat.Blob(file="file-1")), ""),
        (chat.Document(blob=chat.Blob(url="https://a.example/b.pdf"), title="b"), "[b](https://a.example/b.pdf)"),
        (chat.Document(blob=chat.Blob(file="file-1")), "[document]"),
        (chat.Document(text="Words."), "Words."),
        (chat.Document(), ""),
    ],
)
def test_what_a_model_made_is_shown_in_markdown(part: chat.Image | chat.Document, expected: str) -> None:
    assert part_text(part) == expected


@pytest.mark.parametrize(("family", "expected"), [("google", {"google": {"thought_signature": "QUJD"}}), ("openai", None)])
def test_gemini_s_mark_is_told_in_googles_own_form(family: str, expected: object) -> None:
    assert write_seal(call(seal=chat.Seal(family=family, data="QUJD"))).get("extra_content") == expected
    assert write_seal(call()) == {}


@given(answers())
def test_the_vendors_own_types_take_what_is_written(answer: chat.Answer) -> None:
    ChatCompletion.model_validate_json(write_answer(answer, ASKED), strict=True)


REASONING = st.builds(chat.Reasoning, text=st.sampled_from(["Hm.", "é\n"]), seal=st.just(OWN)) | st.builds(
    chat.Reasoning, seal=st.just(OWN), redacted=st.just(True)
)
CALLS = st.lists(
    st.builds(chat.ToolCall, id=st.sampled_from(["a", "b"]), name=st.just("read"), arguments=st.just('{"a":1.10}')), max_size=2
)
TEXTS = st.lists(st.builds(chat.Text, text=st.text(min_size=1, max_size=5)), max_size=1)


@given(st.lists(REASONING, max_size=2), TEXTS, CALLS)
def test_what_the_format_can_say_is_read_back(
    reasoning: list[chat.Reasoning], texts: list[chat.Text], calls: list[chat.ToolCall]
) -> None:
    answer = chat.Answer(
        id="chatcmpl-1",
        model="gpt-x",
        parts=(*reasoning, *texts, *calls),
        ending=chat.Ending(reason="tools" if calls else "end"),
        usage=Usage(tokens_in=1, cache_read=2, cache_write=3, tokens_out=4, reasoning=5),
    )

    assert read_answer(write_answer(answer, ASKED)) == answer
