"""Usual chunks, told apart from all others; and that it makes no difference to what is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format import stream_reader
from korproxy.builtin.dialects.chat_format.usual_chunks import usual_delta, usual_fragment
from tests.unit.builtin.dialects.chat_format.said import ROLE, calling, chunk, fragment, heard


def delta_of(said: bytes) -> Any:
    return usual_delta(said.removeprefix(b"data: "))


@pytest.mark.parametrize(
    ("said", "name"),
    [({"content": "a", "refusal": None, "annotations": []}, "content"), ({"reasoning": "a"}, "reasoning")],
)
def test_one_piece_of_text_or_of_plain_reasoning_is_usual(said: dict[str, Any], name: str) -> None:
    assert getattr(delta_of(chunk(said, usage=None, system_fingerprint="fp")), name) == "a"


@pytest.mark.parametrize(
    "said",
    [
        b"[DONE]",
        b"",
        b"[" * 2000,
        chunk({"content": "a"}, "stop"),
        chunk({"content": "a"}, usage={"prompt_tokens": 1}),
        chunk({"content": "a"}, error={"message": "no"}),
        chunk({"content": "a"}, object="error"),
        chunk({"content": "a", "refusal": "no"}),
        chunk({"content": "a", "annotations": [{}]}),
        chunk({"content": "a", "function_call": {"name": "f"}}),
        chunk({"content": "a", "reasoning_details": [{}]}),
        chunk({"content": ["a"]}),
        chunk(choices=[]),
        chunk(choices=[{"delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]),
        chunk(choices=[{"index": 1, "delta": {"content": "b"}}]),
        chunk(choices=[{"index": 0, "message": {"content": "b"}}]),
        chunk(choices=[{"index": 0, "delta": {"content": "b"}, "usage": {"prompt_tokens": 1}}]),
    ],
)
def test_whatever_may_say_more_has_to_be_read_in_full(said: bytes) -> None:
    assert delta_of(said) is None


def test_one_more_piece_of_arguments_is_usual() -> None:
    found = usual_fragment(delta_of(calling(fragment(2, "a"))))

    assert found is not None
    assert (found.index, found.function and found.function.arguments) == (2, "a")


@pytest.mark.parametrize(
    "fragments",
    [
        (fragment(None, "a"),),
        (fragment(0, ""),),
        (fragment(0),),
        ({"index": 0},),
        (fragment(0, "a"), fragment(1, "b")),
        (fragment(0, "a", custom={"input": "x"}),),
        (fragment(0, "a", type="custom"),),
        (fragment(0, "a", extra_content={"google": {}}),),
        (),
    ],
)
def test_other_fragments_have_to_be_read_in_full(fragments: tuple[dict[str, Any], ...]) -> None:
    assert usual_fragment(delta_of(calling(*fragments))) is None


_TEXTS = st.sampled_from(["", "a", "\u2028\U0001f984", '"', "\\", "{", '{"a":"', '"}', "null", " "])
_FRAGMENTS = st.builds(
    lambda more, **said: {**said, **more},
    st.sampled_from(
        [{}, {"id": "a"}, {"id": "b"}, {"type": "custom"}, {"extra_content": {"google": {"thought_signature": "x"}}}]
    ),
    index=st.sampled_from([0, 1, None]),
    function=st.fixed_dictionaries({"arguments": _TEXTS}, optional={"name": st.sampled_from(["read", "write", ""])}),
)
_DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": st.one_of(st.none(), _TEXTS),
        "reasoning_content": _TEXTS,
        "reasoning": _TEXTS,
        "refusal": st.sampled_from([None, "", "no"]),
        "tool_calls": st.lists(_FRAGMENTS, max_size=2),
    },
)
_CHUNKS = st.builds(chunk, st.one_of(_DELTAS, st.none()), st.sampled_from([None, None, None, "stop", "tool_calls"]))


@given(st.lists(_CHUNKS, max_size=12))
def test_what_is_told_does_not_depend_on_how_usual_it_is(chunks: list[bytes]) -> None:
    def told() -> object:
        try:
            return heard(ROLE, *chunks)
        except chat.Unreadable as exc:
            return str(exc)

    quickly = told()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stream_reader, "usual_delta", lambda _: None)
        assert quickly == told()


def test_a_text_that_is_no_utf_8_is_refused_wherever_it_stands() -> None:
    said = chunk({"content": "a"}, system_fingerprint="?").replace(b"?", b"\xff")

    with pytest.raises(chat.Unreadable, match="no JSON"):
        heard(ROLE, said)


def test_an_event_that_is_called_an_error_is_one() -> None:
    said = b"event: error\n" + chunk({"content": "a"})

    assert isinstance(heard(ROLE, said)[-1], chat.Failed)
    assert json.loads(said.partition(b"data: ")[2])["choices"]
