"""Requests of Completions, read as one turn of a conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.completions_format.request_reader import read_request


def read(**body: Any) -> tuple[chat.Conversation, chat.Asked, chat.Report]:
    report = chat.Report()
    wire = json.dumps({"model": "m", "prompt": "Once", **body}).encode()
    return *read_request("/v1/completions", wire, report), report


@pytest.mark.parametrize(("prompt", "at"), [("Once", "/prompt"), (["Once"], "/prompt/0")])
def test_a_prompt_is_what_a_user_says(prompt: Any, at: str) -> None:
    conversation, asked, report = read(prompt=prompt)

    assert conversation == chat.Conversation(turns=(chat.Turn(role="user", parts=(chat.Text(text="Once"),)),))
    assert (asked.model, asked.stream, asked.usage) == ("m", False, False)
    assert [(each.pointer, each.fate) for each in report.notes] == [(at, "mapped")]


def test_options_are_those_of_chat() -> None:
    conversation, asked, report = read(
        max_tokens=5, temperature=0.5, stop=["a"], seed=1, user="u", stream=True, stream_options={"include_usage": True}
    )
    options = conversation.options

    assert (options.max_tokens, options.temperature, options.stop, options.seed, options.user) == (5, 0.5, ("a",), 1, "u")
    assert (asked.stream, asked.usage, report.losses) == (True, True, ())


@pytest.mark.parametrize(
    ("body", "losses"),
    [
        ({"logprobs": 0}, ("/logprobs",)),
        ({"logprobs": None, "best_of": 1, "echo": False, "suffix": None, "n": 1}, ()),
        ({"best_of": 2}, ("/best_of",)),
        ({"logit_bias": {"1": 1}, "odd": 1}, ("/logit_bias", "/odd")),
        ({"echo": "yes", "suffix": 1}, ("/suffix", "/echo")),
    ],
)
def test_what_is_a_matter_of_degree_is_lost(body: dict[str, Any], losses: tuple[str, ...]) -> None:
    assert read(**body)[2].losses == losses


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"prompt": ["a", "b"]}, "/prompt"),
        ({"prompt": ["a", 1]}, "/prompt"),
        ({"prompt": [1]}, "/prompt"),
        ({"prompt": [[1]]}, "/prompt"),
        ({"prompt": None}, "/prompt"),
        ({"prompt": []}, "/prompt"),
        ({"prompt": ""}, "/prompt"),
        ({"prompt": [" "]}, "/prompt/0"),
        ({"suffix": "x"}, "/suffix"),
        ({"echo": True}, "/echo"),
        ({"n": 2}, "/n"),
    ],
)
def test_what_would_mean_something_else_is_not_carried(body: dict[str, Any], pointer: str) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        read(**body)

    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("body", "code"), [({"prompt": {}}, "KP-SYS-509"), ({"prompt": [{}]}, "KP-SYS-509"), ({"model": ""}, "KP-SYS-519")]
)
def test_what_is_no_request_is_refused(body: dict[str, Any], code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(**body)

    assert caught.value.code == code
