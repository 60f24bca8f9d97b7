"""Which earlier answer is asked for, and what is said of it."""

from __future__ import annotations

import json

import attrs
import pytest

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.contracts import Dialect
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.kept_answers import Kept
from korproxy.server.kept import Question, kept_question

DIALECTS: dict[str, Dialect] = {"openai-chat": OpenAIChat(), "openai-responses": OpenAIResponses()}
KEPT = Kept(id="resp_1", items=b'[{"role":"user","content":"Hi"}]', answer=b'{"id":"resp_1"}')


def question(path: str = "/v1/responses/resp_1") -> Question:
    found = kept_question(path, DIALECTS)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/responses/resp_1", ("resp_1", "", ("GET", "DELETE"))),
        ("/v1/responses/resp_1/input_items", ("resp_1", "/input_items", ("GET",))),
        ("/v1/responses/resp_1/cancel", ("resp_1", "/cancel", ("POST",))),
    ],
)
def test_the_path_says_which_answer_is_meant_and_what_of_it(path: str, found: tuple[str, str, tuple[str, ...]]) -> None:
    assert (question(path).id, question(path).tail, question(path).methods) == found


@pytest.mark.parametrize(
    "path", ["/v1/responses", "/v1/responses/", "/v1/responses/a/b", "/v1/responses//cancel", "/v1/chat/completions/x", "/"]
)
def test_other_paths_mean_none(path: str) -> None:
    assert kept_question(path, DIALECTS) is None


def test_an_answer_is_given_again_as_it_was() -> None:
    assert question().answer("GET", KEPT) == KEPT.answer


@pytest.mark.code("KP-SYS-524")
@pytest.mark.parametrize("query", [b"stream=true", b"starting_after=3&stream=1"])
def test_as_a_stream_it_is_refused(query: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        question().answer("GET", KEPT, query)

    assert caught.value.code == "KP-SYS-524"


@pytest.mark.parametrize("query", [b"stream=false", b"include=reasoning.encrypted_content", b"stream"])
def test_other_wishes_change_nothing(query: bytes) -> None:
    assert question().answer("GET", KEPT, query) == KEPT.answer


def test_its_items_are_listed_as_the_query_says() -> None:
    kept = attrs.evolve(KEPT, items=b'[{"role":"user","content":"Hi"},{"role":"user","content":"Ho"}]')
    listed = json.loads(question("/v1/responses/resp_1/input_items").answer("GET", kept, b"order=asc&limit=1"))

    assert [(each["role"], each["content"]) for each in listed["data"]] == [("user", "Hi")]


def test_a_deleted_one_is_told() -> None:
    assert json.loads(question().answer("DELETE", KEPT))["deleted"] is True


@pytest.mark.code("KP-SYS-522")
def test_one_that_is_complete_cannot_be_cancelled() -> None:
    with pytest.raises(BadRequest) as caught:
        question("/v1/responses/resp_1/cancel").answer("POST", KEPT)

    assert caught.value.code == "KP-SYS-522"


@pytest.mark.code("KP-SYS-521")
def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(BadRequest) as caught:
        question().answer("GET", None)

    assert (caught.value.code, str(caught.value)) == ("KP-SYS-521", "Response with id 'resp_1' not found.")
