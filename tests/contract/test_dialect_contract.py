"""Laws for every format that the built-ins offer: bytes stay bytes, and our errors are errors to the vendors' own SDKs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anthropic
import attrs
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.models.calls import Headers
from korproxy.models.outcome import Fault, Usage
from korproxy.models.providers import Model
from tests.fakes import offered
from tests.fakes.canned import canned
from tests.fakes.json_bodies import TEXTS, bodies, cuts, groups

DIALECTS = offered.dialects()
NAMES = sorted(DIALECTS)
SPOKEN = [name for name in NAMES if DIALECTS[name].paths]  # by clients; providers speak all of them
STATUSES = sorted({each.status for each in BUILTIN_CODES} | {429, 529})


@attrs.frozen
class Sdk:
    """What the vendor's own SDK does with a format.

    Attributes:
        by_status: What it raises.
    """

    client: Callable[[str], Any]
    ask: Callable[[Any], Any]
    stream: Callable[[Any], Any]
    error: type[Exception]
    by_status: dict[int, type[Exception]]


def _openai(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)


def _anthropic(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)


CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
SDKS = {
    "openai-chat": Sdk(
        client=_openai,
        ask=lambda client: client.chat.completions.create(**CHAT),
        stream=lambda client: client.chat.completions.create(**CHAT, stream=True),
        error=openai.APIError,
        by_status={
            400: openai.BadRequestError,
            401: openai.AuthenticationError,
            403: openai.PermissionDeniedError,
            404: openai.NotFoundError,
            429: openai.RateLimitError,
            500: openai.InternalServerError,
            503: openai.InternalServerError,
        },
    ),
    "anthropic-messages": Sdk(
        client=_anthropic,
        ask=lambda client: client.messages.create(**CHAT, max_tokens=1),
        stream=lambda client: client.messages.create(**CHAT, max_tokens=1, stream=True),
        error=anthropic.APIStatusError,
        by_status={
            400: anthropic.BadRequestError,
            401: anthropic.AuthenticationError,
            403: anthropic.PermissionDeniedError,
            404: anthropic.NotFoundError,
            413: anthropic.RequestTooLargeError,
            429: anthropic.RateLimitError,
            500: anthropic.InternalServerError,
            503: anthropic.ServiceUnavailableError,
            529: anthropic.OverloadedError,
        },
    ),
}

# An honest first event of a stream, which SDKs hand out.
BEGIN = {
    "openai-chat": b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n',
    "anthropic-messages": b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
    "gemini": b'data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}\r\n\r\n',
}
# A usage of so many tokens in and of one out.
USAGES: dict[str, Callable[[int], dict[str, Any]]] = {
    "openai-chat": lambda count: {"usage": {"prompt_tokens": count, "completion_tokens": 1}},
    "anthropic-messages": lambda count: {"usage": {"input_tokens": count, "output_tokens": 1}},
    "gemini": lambda count: {"usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 1}},
}


def fault(status: int = 502, code: str = "KP-NET-309") -> Fault:
    return Fault(code=code, status=status, message='It broke "off".\nTry again.', docs=f"https://docs.test/{code}")


@pytest.mark.parametrize("name", [each for each in NAMES if each not in SPOKEN])
def test_a_format_that_no_client_speaks_can_be_translated(name: str) -> None:
    assert DIALECTS[name].translator is not None
    assert DIALECTS[name].lists_models("/v1/models", b"", Headers()) is False


def test_a_new_format_brings_its_sdk_into_this_test() -> None:
    assert set(SDKS) == set(SPOKEN)
    assert set(BEGIN) == set(USAGES) == set(NAMES)


def test_no_two_formats_share_a_path() -> None:
    paths = [path for each in DIALECTS.values() for path in each.paths]

    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", SPOKEN)
@given(body=bodies(model="some/model", stream=False), model=TEXTS.filter(bool))
def test_another_model_changes_its_span_and_not_a_byte_more(name: str, body: tuple[bytes, dict[str, Any]], model: str) -> None:
    dialect, (text, meant) = DIALECTS[name], body
    peek = dialect.peek(dialect.paths[0], text)
    assert peek.span is not None
    start, end = peek.span
    changed = dialect.set_model(text, peek.span, model)

    assert (peek.model, peek.stream) == ("some/model", False)
    assert json.loads(text[start:end]) == "some/model"
    assert json.loads(changed) == {**meant, "model": model}
    assert changed == text[:start] + changed[start : len(changed) - len(text) + end] + text[end:]
    assert dialect.set_model(text, peek.span, model) == changed
    assert dialect.peek(dialect.paths[0], changed).model == model


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize("status", STATUSES)
def test_our_error_is_the_sdks_error_of_that_status(name: str, status: int) -> None:
    sdk, dialect, ours = SDKS[name], DIALECTS[name], fault(status)
    with canned(dialect.error(ours), status=status) as url, sdk.client(url) as client, pytest.raises(sdk.error) as caught:
        sdk.ask(client)

    told: Any = caught.value
    assert told.status_code == status
    assert (told.type or "").endswith(("_error", "_quota", "_too_large"))
    assert "KP-NET-309" in str(told.body)
    assert ours.docs in str(told)
    assert ours.message in json.loads(dialect.error(ours))["error"]["message"]
    assert isinstance(told, sdk.by_status.get(status, sdk.error))


@pytest.mark.parametrize("code", [each.code for each in BUILTIN_CODES if each.code.endswith("01")])
def test_the_sdks_show_our_code_where_they_have_a_place_for_it(code: str) -> None:
    chat, messages = DIALECTS["openai-chat"].error(fault(400, code)), DIALECTS["anthropic-messages"].error(fault(400, code))
    with canned(chat, status=400) as url, _openai(url) as client, pytest.raises(openai.APIStatusError) as first:
        SDKS["openai-chat"].ask(client)
    with canned(messages, status=400) as url, _anthropic(url) as other, pytest.raises(anthropic.APIStatusError) as second:
        SDKS["anthropic-messages"].ask(other)

    assert (first.value.code, second.value.error_code) == (code, code)
    assert second.value.api_message is not None
    assert second.value.api_message.startswith(f"[{code}] It broke")


@pytest.mark.parametrize("name", SPOKEN)
def test_a_late_error_stops_the_sdk_in_mid_stream(name: str) -> None:
    sdk, dialect = SDKS[name], DIALECTS[name]
    wire = BEGIN[name] + dialect.late_error(fault())
    got: list[object] = []
    with canned(wire, kind="text/event-stream") as url, sdk.client(url) as client, sdk.stream(client) as events:
        with pytest.raises(sdk.error) as caught:
            got.extend(events)

    assert "KP-NET-309" in str(caught.value)
    assert b"[DONE]" not in wire
    assert b"message_stop" not in wire


@pytest.mark.parametrize("name", SPOKEN)
def test_the_sdk_reads_the_list_of_models(name: str) -> None:
    models = [Model(id="org/one", owner="org", name="One", created=1_700_000_000), Model(id="two")]
    with canned(DIALECTS[name].model_list(models)) as url, SDKS[name].client(url) as client:
        assert [each.id for each in client.models.list()] == ["org/one", "two"]
    with canned(DIALECTS[name].model_list([])) as url, SDKS[name].client(url) as client:
        assert list(client.models.list()) == []


@pytest.mark.parametrize("name", NAMES)
@given(names=st.lists(st.tuples(st.binary(max_size=9) | st.just(b"anthropic-version"), st.binary(max_size=9)), max_size=3))
def test_any_headers_can_be_asked_whose_they_are(name: str, names: list[tuple[bytes, bytes]]) -> None:
    assert DIALECTS[name].lists_models("/v1/models", b"a=b&c", Headers(names)) in {True, False}


def test_somebody_answers_a_client_of_no_format() -> None:
    assert [name for name in NAMES if DIALECTS[name].lists_models("/v1/models", b"", Headers())] != []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stream", [True, False])
def test_a_new_reader_knows_nothing_and_readers_share_nothing(name: str, stream: bool) -> None:
    used, fresh = DIALECTS[name].reader(stream=stream), DIALECTS[name].reader(stream=stream)
    used.feed(DIALECTS[name].late_error(fault()))
    used.finish()

    assert (fresh.usage, fresh.ended, fresh.final, fresh.failed) == (Usage(), False, False, False)


@pytest.mark.parametrize("name", NAMES)
def test_a_late_error_counts_as_the_end_of_a_stream(name: str) -> None:
    reader = DIALECTS[name].reader(stream=True)
    reader.feed(BEGIN[name])
    assert not reader.ended
    reader.feed(DIALECTS[name].late_error(fault()))

    assert (reader.ended, reader.final, reader.failed) == (True, True, True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stream", [True, False])
@given(chunks=st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_break_a_reader(name: str, stream: bool, chunks: list[bytes]) -> None:
    reader = DIALECTS[name].reader(stream=stream)
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()

    assert reader.ended is True or stream
    assert reader.ended or not reader.final
    assert reader.final or not reader.failed
    assert stream or not reader.final


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_a_stream_says_does_not_depend_on_how_its_events_came(name: str, data: st.DataObject) -> None:
    choice = [BEGIN[name], DIALECTS[name].late_error(fault()), b": ping\n\n", b'data: {"usage":{"output_tokens":1}}\n\n']
    events = data.draw(st.lists(st.sampled_from(choice), max_size=6))
    single, grouped = DIALECTS[name].reader(stream=True), DIALECTS[name].reader(stream=True)
    for event in events:
        single.feed(event)
    for piece in data.draw(groups(events)):
        grouped.feed(piece)

    assert (grouped.usage, grouped.ended) == (single.usage, single.ended)
    assert (grouped.final, grouped.failed) == (single.final, single.failed)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), count=st.integers(0, 10**6))
def test_what_a_plain_answer_says_does_not_depend_on_where_it_was_cut(name: str, data: st.DataObject, count: int) -> None:
    whole = json.dumps({"text": '"usage":{} \u20ac', **USAGES[name](count)}).encode()
    reader = DIALECTS[name].reader(stream=False)
    for piece in data.draw(cuts(whole)):
        reader.feed(piece)
    assert not reader.ended
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(tokens_in=count, tokens_out=1), True)
