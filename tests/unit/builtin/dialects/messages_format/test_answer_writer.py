"""Whole answers for clients."""

from __future__ import annotations

import json
from typing import Any

import attrs
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.messages_format.answer_reader import read_answer
from korproxy.builtin.dialects.messages_format.answer_writer import write_answer
from tests.unit.builtin.dialects.messages_format.said import ASKED

END = chat.Ending(reason="end")
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
SEALS = st.one_of(st.none(), WORDS.map(lambda data: chat.Seal(family="anthropic", data=data)))
OBJECTS = st.dictionaries(WORDS, st.integers() | WORDS | st.none(), max_size=3).map(json.dumps)
PARTS = st.one_of(
    st.builds(lambda text: chat.Text(text=text), WORDS),
    st.builds(lambda text, seal: chat.Reasoning(text=text, seal=seal), WORDS, SEALS),
    st.builds(lambda seal: chat.Reasoning(seal=seal, redacted=True), SEALS.filter(bool)),
    st.builds(lambda name, arguments: chat.ToolCall(id="toolu_1", name=name, arguments=arguments), WORDS, OBJECTS),
)
COUNTS = st.integers(0, 10**9)
USAGES = st.builds(
    Usage, tokens_in=COUNTS, cache_read=COUNTS, cache_write=COUNTS, tokens_out=COUNTS, reasoning=COUNTS | st.none()
)
REASONS: list[chat.Reason] = ["end", "length", "tools", "context", "pause"]
ENDINGS = st.one_of(
    st.sampled_from(REASONS).map(lambda reason: chat.Ending(reason=reason)),
    st.builds(lambda text: chat.Ending(reason="stop_sequence", stop_sequence=text), WORDS | st.none()),
    st.builds(lambda text: chat.Ending(reason="refusal", explanation=text), WORDS | st.none()),
)


def message(*parts: chat.Part, ending: chat.Ending = END, id: str = "msg_1", **more: Any) -> dict[str, Any]:  # noqa: A002
    answer = chat.Answer(id=id, model="theirs", parts=parts, ending=ending, **more)
    written: dict[str, Any] = json.loads(write_answer(answer, ASKED))
    return written


def test_a_message_has_all_that_an_sdk_wants() -> None:
    written = message(chat.Text(text="Hi"), usage=Usage(tokens_in=3, tokens_out=2))

    assert written == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 2,
        },
    }
    assert Message.model_validate(written).content[0].type == "text"


def test_edge_80_the_model_is_named_as_the_client_named_it() -> None:
    answer = chat.Answer(model="theirs", ending=END)

    assert json.loads(write_answer(answer, chat.Asked(model="or/claude:beta")))["model"] == "or/claude:beta"


def test_ids_of_others_become_ids_of_messages() -> None:
    assert message(id="chatcmpl-a:1")["id"] == "msg_chatcmpl-a_1"


def test_answers_without_an_id_get_different_ones() -> None:
    assert message(id="")["id"] != message(id="")["id"]


def test_edge_5_an_empty_text_makes_no_block() -> None:
    assert message(chat.Text(text=""), chat.Refusal(text=""), chat.Reasoning())["content"] == []


def test_reasoning_of_others_carries_its_seal_along() -> None:
    google = chat.Seal(family="google", data="Ci==")

    assert message(chat.Reasoning(text="Hm", seal=google), chat.Reasoning(text="So"))["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "korproxy:google:Ci=="},
        {"type": "thinking", "thinking": "So", "signature": ""},
    ]


def test_reasoning_that_nobody_may_read_stays_so() -> None:
    sealed = chat.Reasoning(seal=chat.Seal(family="openai", data="gA=="), redacted=True)

    assert message(sealed, chat.Reasoning(redacted=True))["content"] == [
        {"type": "redacted_thinking", "data": "korproxy:openai:gA=="}
    ]


def test_edge_32_ids_of_calls_become_such_as_the_format_allows() -> None:
    blocks = message(chat.ToolCall(id="fs.readFile:0", name="n"), chat.ToolCall(id="", name="n"))["content"]

    assert blocks[0]["id"] == "fs_readFile_0"
    assert blocks[1]["id"].startswith("toolu_")


def test_ids_of_calls_stand_for_one_call_only() -> None:
    calls = [chat.ToolCall(id=each, name="n") for each in ("a.b", "a_b", "a_b", "x" * 70, "x" * 70)]
    ids = [each["id"] for each in message(*calls)["content"]]

    assert ids[:3] == ["a_b", "a_b_2", "a_b_3"]
    assert len(set(ids)) == 5
    assert max(map(len, ids)) <= 64


def test_edge_26_arguments_that_are_no_object_become_one() -> None:
    """The last one was cut off: completed it might say what the model never meant."""
    calls = [chat.ToolCall(id="t", name="n", arguments=each) for each in ("", "null", "[1]", "no json", '{"a":"b')]

    assert [each["input"] for each in message(*calls)["content"]] == [
        {},
        {},
        {"value": [1]},
        {"_raw": "no json"},
        {},
    ]


def test_edge_40_a_freeform_text_is_the_input() -> None:
    called = chat.ToolCall(id="t", name="patch", arguments="*** Begin", freeform=True)

    assert message(called)["content"][0]["input"] == {"input": "*** Begin"}


def test_arguments_stay_as_they_are_written() -> None:
    answer = chat.Answer(parts=(chat.ToolCall(id="t", name="n", arguments='{"n": 1.10}'),), ending=END)

    assert b'"input":{"n": 1.10}' in write_answer(answer, ASKED)


def test_edge_88_a_refusal_is_a_text_and_says_why() -> None:
    written = message(
        chat.Refusal(text="I will not."), ending=chat.Ending(reason="refusal", category="SAFETY", explanation="Bad.")
    )

    assert written["content"] == [{"type": "text", "text": "I will not."}]
    assert (written["stop_reason"], written["stop_details"]) == (
        "refusal",
        {"type": "refusal", "category": "SAFETY", "explanation": "Bad."},
    )


def test_pictures_and_files_that_a_model_made_are_shown_in_markdown() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO"))
    file = chat.Document(blob=chat.Blob(url="https://a.example/b.csv"), title="b.csv")
    stored = chat.Document(blob=chat.Blob(file="file_1"))
    words = chat.Document(text="a,b")

    assert [each["text"] for each in message(image, file, stored, words)["content"]] == [
        "![image](data:image/png;base64,iVBO)",
        "[b.csv](https://a.example/b.csv)",
        "[file]",
        "a,b",
    ]


def test_sound_has_no_place() -> None:
    assert message(chat.Audio(blob=chat.Blob(data="x")))["content"] == []


@given(st.lists(PARTS, max_size=5), USAGES, ENDINGS)
def test_what_is_written_is_read_again(parts: list[chat.Part], usage: Usage, ending: chat.Ending) -> None:
    told = tuple(
        attrs.evolve(part, id=f"toolu_{number}") if isinstance(part, chat.ToolCall) else part
        for number, part in enumerate(parts)
    )
    answer = chat.Answer(id="msg_1", model="claude-x", parts=told, usage=usage, ending=ending)

    assert read_answer(write_answer(answer, ASKED)) == answer
