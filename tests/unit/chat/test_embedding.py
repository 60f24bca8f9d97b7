"""Texts and vectors: where they stood makes no difference."""

from __future__ import annotations

from korproxy.api import Usage, chat


def test_requests_are_equal_wherever_their_texts_stood() -> None:
    one = chat.EmbeddingInput(text="a", task="T", at="/input/0", pointers={"task": "/x"})
    other = chat.EmbeddingInput(text="a", task="T", at="/requests/0/content")

    assert one == other
    assert chat.EmbeddingRequest(inputs=(one,), dimensions=3, pointers={"dimensions": "/dimensions"}) == chat.EmbeddingRequest(
        inputs=(other,), dimensions=3
    )
    assert one != chat.EmbeddingInput(text="a")


def test_neither_texts_nor_vectors_are_shown() -> None:
    request = chat.EmbeddingRequest(inputs=(chat.EmbeddingInput(text="secret words"),))
    answer = chat.EmbeddingAnswer(vectors=[[0.123456789]])

    assert "secret" not in repr(request)
    assert "0.123456789" not in repr(answer)
    assert answer.usage == Usage()


def test_plain_numbers_and_many_texts_are_the_rule() -> None:
    asked = chat.EmbeddingAsked(model="m")

    assert (asked.base64, asked.single) == (False, False)
