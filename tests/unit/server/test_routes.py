"""Whose path it is, and in which format whoever asks reads lists and errors."""

from __future__ import annotations

import attrs
import pytest

from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.contracts import Dialect
from korproxy.models.calls import Headers
from korproxy.server.routes import Routes

CHAT, GEMINI = "/v1/chat/completions", "/v1beta/models/gemini-3.5-flash:generateContent"
ROUTES = Routes({each.name: each for each in (OpenAIChat(), Gemini(), AnthropicMessages(), OpenAIResponses())})
CLAUDE = Headers(((b"anthropic-version", b"2023-06-01"),))


def name(dialect: Dialect | None) -> str:
    return "" if dialect is None else dialect.name


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        (CHAT, "openai-chat"),
        (GEMINI, "gemini"),
        ("/v1/models/a/b:streamGenerateContent", "gemini"),
        ("/v1beta/models/{model}:generateContent", "gemini"),
        ("/v1/messages", "anthropic-messages"),
        (f"{CHAT}/", ""),
        ("/v1/models", ""),
        ("", ""),
    ],
)
def test_each_path_belongs_to_the_format_that_is_spoken_there(path: str, dialect: str) -> None:
    assert name(ROUTES.dialect(path)) == dialect


def test_of_two_formats_with_one_path_the_first_counts() -> None:
    first, second = OpenAIChat(), attrs.evolve(OpenAIChat(), name="other")

    assert Routes({"first": first, "second": second}).dialect(CHAT) is first


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (CHAT, ("POST",)),
        (GEMINI, ("POST",)),
        ("/v1/responses/resp_1", ("GET", "DELETE")),
        ("/v1/responses/resp_1/cancel", ("POST",)),
        ("/v1/models/gpt", ("GET", "HEAD")),
        ("/v1/nothing", ()),
    ],
)
def test_each_path_takes_its_own_methods(path: str, methods: tuple[str, ...]) -> None:
    assert ROUTES.methods(path) == methods


def test_what_is_asked_of_an_earlier_answer_is_no_call() -> None:
    assert (ROUTES.kept("/v1/responses"), ROUTES.kept(CHAT)) == (None, None)
    kept = ROUTES.kept("/v1/responses/resp_1")
    assert kept is not None
    assert kept.id == "resp_1"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", CHAT, "KP-SYS-507"),
        ("PUT", "/v1/responses/resp_1", "KP-SYS-507"),
        ("POST", "/v1/models/gpt", "KP-SYS-507"),
        ("POST", "/v1beta/models/gemini:predict", "KP-SYS-506"),
        ("GET", "/v1/nothing", "KP-SYS-506"),
    ],
)
def test_a_wrong_method_is_told_from_a_deed_that_is_done_nowhere(method: str, path: str, code: str) -> None:
    assert ROUTES.wrong(path, method).code == code


def test_a_list_that_no_format_has_is_nobodys() -> None:
    only = Routes({"gemini": Gemini()})

    assert name(only.lister("/v1beta/models", b"", Headers())) == "gemini"
    assert (Routes({}).lister("/v1/models", b"", CLAUDE), Routes({}).of_errors("/v1/models", b"", CLAUDE)) == (None, None)


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        (CHAT, CLAUDE, "openai-chat"),
        ("/v1/messages/count_tokens", Headers(), "anthropic-messages"),
        ("/v1/models", CLAUDE, "anthropic-messages"),
        ("/v1/models", Headers(), "openai-chat"),
        ("/v1beta/models/x", Headers(), "gemini"),
        ("/v1beta/cachedContents", Headers(), "gemini"),
        ("/upload/v1beta/files", CLAUDE, "gemini"),
        ("/v1/nothing", CLAUDE, ""),
    ],
)
def test_errors_are_in_the_format_of_whoever_asks(path: str, headers: Headers, dialect: str) -> None:
    assert name(ROUTES.of_errors(path, b"", headers)) == dialect
