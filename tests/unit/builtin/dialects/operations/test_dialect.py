"""What the formats of single calls take from their vendor's chat format, and what not."""

from __future__ import annotations

from korproxy.api import Fault, Headers, Model, Usage
from korproxy.builtin.dialects.openai_chat import ChatStream, OpenAIChat
from korproxy.builtin.dialects.operations.dialect import OperationDialect, no_usage

CHAT = OpenAIChat()
WHOLE = OperationDialect(name="x", paths=("/v1/x",), kind="other", chat=CHAT)
STREAMED = OperationDialect(name="x", paths=("/v1/x",), kind="other", chat=CHAT, streams=True)
BODY = b'{"model": "m", "stream": true, "tools": [1]}'


def test_a_wish_for_a_stream_counts_only_where_there_are_streams() -> None:
    whole, streamed = WHOLE.peek("/v1/x", BODY), STREAMED.peek("/v1/x", BODY)

    assert (whole.model, whole.stream, whole.tools, whole.span) == ("m", False, False, (10, 13))
    assert (streamed.model, streamed.stream, streamed.tools, streamed.span) == ("m", True, False, (10, 13))
    assert WHOLE.wants_array(b"") is False


def test_another_model_stands_where_the_first_one_stood() -> None:
    assert WHOLE.set_model(BODY, (10, 13), "other") == BODY.replace(b'"m"', b'"other"')


def test_errors_are_those_of_the_chat_format() -> None:
    fault = Fault(code="KP-PROV-117", status=404, message="No.")

    assert WHOLE.error(fault) == CHAT.error(fault)
    assert WHOLE.late_error(fault) == CHAT.late_error(fault)


def test_it_lists_no_models_of_its_own() -> None:
    models = [Model(id="m")]

    assert (WHOLE.lists_models("/v1/models", b"", Headers()), WHOLE.listed) == (False, frozenset())
    assert WHOLE.model_list(models) == CHAT.model_list(models)
    assert WHOLE.model_entry(models[0]) == CHAT.model_entry(models[0])


def test_a_stream_is_read_as_one_of_the_chat_format_and_an_answer_by_its_own_function() -> None:
    reader = OperationDialect(name="x", paths=(), kind="other", chat=CHAT, read_usage=lambda _: Usage(tokens_in=3)).reader(
        stream=False
    )
    reader.feed(b"{}")
    reader.finish()

    assert reader.usage == Usage(tokens_in=3)
    assert isinstance(WHOLE.reader(stream=True), ChatStream)


def test_without_such_a_function_an_answer_is_read_as_one_of_the_chat_format() -> None:
    reader = WHOLE.reader(stream=False)
    reader.feed(b'{"usage": {"prompt_tokens": 3}}')
    reader.finish()

    assert reader.usage == Usage(tokens_in=3)


def test_a_count_spends_nothing() -> None:
    assert no_usage(b'{"usage": 1}') == Usage()
