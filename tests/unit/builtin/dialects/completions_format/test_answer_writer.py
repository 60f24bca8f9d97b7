"""Whole answers of Completions: text, why it ended, tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types import Completion

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.completions_format.answer_writer import finish, write_answer

ASKED = chat.Asked(model="m", created=7)


def written(*parts: chat.Part, reason: chat.Reason = "end", id: str = "", **more: Any) -> dict[str, Any]:  # noqa: A002
    ending = chat.Ending(reason=reason, explanation=more.pop("explanation", None))
    answer = json.loads(write_answer(chat.Answer(id=id, parts=parts, ending=ending, **more), ASKED))
    Completion.model_validate(answer)
    return dict(answer)


def test_an_answer_is_its_text() -> None:
    parts = (chat.Reasoning(text="Hm."), chat.Text(text="a"), chat.ToolCall(id="1", name="f"), chat.Text(text="b"))
    said = written(*parts, id="chatcmpl-1", usage=Usage(tokens_in=3, tokens_out=2))

    assert said["choices"] == [{"text": "ab", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert (said["id"], said["object"], said["created"], said["model"]) == ("cmpl-1", "text_completion", 7, "m")
    assert (said["usage"]["prompt_tokens"], said["usage"]["total_tokens"]) == (3, 5)


def test_what_is_not_known_of_tokens_is_not_told() -> None:
    assert written(chat.Text(text="a"))["usage"] is None


def test_ids_are_kept_or_made() -> None:
    assert written(id="cmpl-x")["id"] == "cmpl-x"
    assert written(id="msg_1")["id"] == "cmpl-msg_1"
    assert len({written()["id"] for _ in range(3)}) == 3


def test_a_refusal_has_words() -> None:
    assert written(chat.Refusal(text="No."), reason="refusal")["choices"][0]["text"] == "No."
    explained = written(reason="refusal", explanation="Not that.")["choices"][0]

    assert (explained["text"], explained["finish_reason"]) == ("Not that.", "content_filter")
    assert written(reason="end", explanation="Never shown.")["choices"][0]["text"] == ""


def test_a_picture_is_told_as_text() -> None:
    picture = chat.Image(blob=chat.Blob(media_type="image/png", data="AA=="))

    assert written(picture)["choices"][0]["text"] == "![image](data:image/png;base64,AA==)"


@pytest.mark.parametrize(
    ("reason", "word"),
    [("end", "stop"), ("stop_sequence", "stop"), ("tools", "stop"), ("length", "length"), ("refusal", "content_filter")],
)
def test_reasons_are_words_of_this_format(reason: chat.Reason, word: str) -> None:
    assert finish(chat.Ending(reason=reason)) == word
