"""Streams of Completions, as OpenAI's SDK reads them."""

from __future__ import annotations

import json
from typing import Any

from openai.types import Completion

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.completions_format.stream_writer import CompletionsStreamWriter

DONE = "[DONE]"


def written(*events: chat.Event, usage: bool = False) -> list[Any]:
    """Return the data of each event, as the SDK takes it."""
    writer = CompletionsStreamWriter(chat.Asked(model="m", stream=True, usage=usage, created=7))
    wire = b"".join(writer.write(each) for each in [chat.Started(id="msg_1"), *events])
    data = [each.removeprefix("data: ") for each in wire.decode().split("\n\n")[:-1]]
    found: list[Any] = [each if each == DONE else json.loads(each) for each in data]
    for each in found:
        if isinstance(each, dict) and "error" not in each:
            Completion.construct(**each)
    return found


def texts(found: list[Any]) -> list[str]:
    return [each["choices"][0]["text"] for each in found if each != DONE and each["choices"]]


END = chat.Ended(chat.Ending(reason="end"))


def test_each_piece_of_text_leaves_at_once_and_thoughts_never() -> None:
    found = written(
        chat.ReasoningDelta("Hm."),
        chat.ReasoningEnded(),
        chat.TextDelta("a"),
        chat.TextDelta(""),
        chat.TextDelta("b"),
        chat.TextEnded(),
        chat.CallStarted(key=0, id="1", name="f"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        END,
    )

    assert (texts(found), found[-1]) == (["a", "b", ""], DONE)
    assert found[0] == {
        "id": "cmpl-msg_1",
        "object": "text_completion",
        "created": 7,
        "model": "m",
        "choices": [{"text": "a", "index": 0, "logprobs": None, "finish_reason": None}],
    }
    assert found[2]["choices"][0]["finish_reason"] == "stop"


def test_tokens_come_last_where_they_are_asked_for() -> None:
    spent = chat.UsageSeen(Usage(tokens_in=3, tokens_out=2))
    asked, unasked = written(spent, chat.TextDelta("a"), END, usage=True), written(spent, chat.TextDelta("a"), END)
    unknown = written(chat.TextDelta("a"), END, usage=True)

    assert [each["usage"] is not None for each in asked[:-1]] == [False, False, True]
    assert (asked[2]["choices"], asked[2]["usage"]["total_tokens"]) == ([], 5)
    assert not any("usage" in each for each in unasked[:-1])
    assert [each["usage"] for each in unknown[:-1]] == [None, None]


def test_a_refusal_has_words() -> None:
    explained = chat.Ended(chat.Ending(reason="refusal", explanation="Not that."))

    assert texts(written(explained)) == ["Not that.", ""]
    assert texts(written(chat.RefusalDelta("No."), explained)) == ["No.", ""]


def test_a_picture_is_told_as_text() -> None:
    picture = chat.Image(blob=chat.Blob(media_type="image/png", data="AA=="))

    assert texts(written(chat.PartAdded(picture), END)) == ["![image](data:image/png;base64,AA==)", ""]


def test_an_error_is_the_last_event() -> None:
    error = chat.ProviderError(status=503, kind="overloaded", message="Busy.")
    found = written(chat.TextDelta("a"), chat.Failed(error))

    assert (found[-1]["error"]["message"], DONE in found) == ("Busy.", False)


def test_a_sign_of_life_is_a_comment() -> None:
    assert CompletionsStreamWriter(chat.Asked(model="m")).keep_alive() == b": keep-alive\n\n"
