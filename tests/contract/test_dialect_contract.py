"""Laws for every format that the built-ins offer: bytes stay bytes, and our errors are errors to the vendors' own SDKs."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import anthropic
import attrs
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors as google
from google.genai.types import HttpOptions
from hypothesis import given
from hypothesis import strategies as st

from korproxy.chat.conversation import Asked
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.models.calls import Headers
from korproxy.models.outcome import Fault, Usage
from korproxy.models.providers import Model
from tests.fakes import offered
from tests.fakes.canned import canned
from tests.fakes.json_bodies import TEXTS, bodies, cuts, groups

DIALECTS = offered.dialects()
NAMES = sorted(DIALECTS)
CHATS = [name for name in NAMES if DIALECTS[name].kind == "chat"]
STATUSES = sorted({each.status for each in BUILTIN_CODES} | {429, 529})
LISTS = ("/v1/models", "/v1beta/models")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # to load the authorities would cost each client 20 ms


@attrs.frozen(kw_only=True)
class Vendor:
    """A vendor's SDK.

    Attributes:
        error: What it raises of a provider's errors.
        by_status: Returns the class that it raises of those with a status.
        told: Returns status, kind and text of one that it raised.
        kinds: What such a kind ends with.
        models: Returns the ids that it reads in a list.
        model: Asks for one by its id, and returns the id that it reads.
    """

    client: Callable[[str], Any]
    error: type[Exception]
    by_status: Callable[[int], type[Exception]]
    told: Callable[[Any], tuple[int, str, str]]
    kinds: tuple[str, ...]
    models: Callable[[Any], list[str]]
    model: Callable[[Any, str], str]


@attrs.frozen(kw_only=True)
class Sdk:
    """What the vendor's own SDK does with a format.

    Attributes:
        stream: None where the format knows no streams.
        begin: An honest first event of a stream, which the SDK hands out.
        usage: Returns the members of a whole answer that say how many tokens went in; None: no answer says it.
        out: How many came out, by the same members.
    """

    vendor: Vendor
    ask: Callable[[Any], Any]
    stream: Callable[[Any], Any] | None = None
    begin: bytes = b""
    usage: Callable[[int], Mapping[str, Any]] | None = None
    out: int | None = 1


def _google_error(status: int) -> type[Exception]:
    return google.ClientError if status < 500 else google.ServerError


OPENAI_ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}
ANTHROPIC_ERRORS = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    403: anthropic.PermissionDeniedError,
    404: anthropic.NotFoundError,
    413: anthropic.RequestTooLargeError,
    429: anthropic.RateLimitError,
    500: anthropic.InternalServerError,
    503: anthropic.ServiceUnavailableError,
    529: anthropic.OverloadedError,
}
OPENAI = Vendor(
    client=lambda url: openai.OpenAI(
        base_url=f"{url}/v1", api_key="k", max_retries=0, http_client=openai.DefaultHttpxClient(verify=NO_TLS)
    ),
    error=openai.APIError,
    by_status=lambda status: OPENAI_ERRORS.get(status, openai.APIStatusError),
    told=lambda exc: (exc.status_code, exc.type, str(exc)),
    kinds=("_error", "_quota"),
    models=lambda client: [each.id for each in client.models.list()],
    model=lambda client, name: client.models.retrieve(name).id,
)
ANTHROPIC = Vendor(
    client=lambda url: anthropic.Anthropic(
        base_url=url, api_key="k", max_retries=0, http_client=anthropic.DefaultHttpxClient(verify=NO_TLS)
    ),
    error=anthropic.APIStatusError,
    by_status=lambda status: ANTHROPIC_ERRORS.get(status, anthropic.APIStatusError),
    told=lambda exc: (exc.status_code, exc.type, str(exc)),
    kinds=("_error", "_too_large"),
    models=lambda client: [each.id for each in client.models.list()],
    model=lambda client, name: client.models.retrieve(name).id,
)
GOOGLE = Vendor(
    client=lambda url: genai.Client(
        api_key="k",
        http_options=HttpOptions(
            base_url=url,
            client_args={"verify": NO_TLS},
            async_client_args={"ssl": NO_TLS},
            httpx_async_client=httpx2.AsyncClient(verify=NO_TLS),
        ),
    ),
    error=google.APIError,
    by_status=_google_error,
    told=lambda exc: (exc.code, exc.status, str(exc)),
    kinds=(
        *("INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "RESOURCE_EXHAUSTED", "CANCELLED"),
        *("INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"),
    ),
    models=lambda client: [each.name.removeprefix("models/") for each in client.models.list()],
    model=lambda client, name: client.models.get(model=name).name.removeprefix("models/"),
)

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
HI: dict[str, Any] = {"model": "m", "input": "Hi"}
SDKS = {
    "openai-chat": Sdk(
        vendor=OPENAI,
        ask=lambda client: client.chat.completions.create(**CHAT),
        stream=lambda client: client.chat.completions.create(**CHAT, stream=True),
        begin=b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n',
        usage=lambda count: {"usage": {"prompt_tokens": count, "completion_tokens": 1}},
    ),
    "openai-responses": Sdk(
        vendor=OPENAI,
        ask=lambda client: client.responses.create(**HI),
        stream=lambda client: client.responses.create(**HI, stream=True),
        begin=b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"msg_1",'
        b'"output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"sequence_number":4}\n\n',
        usage=lambda count: {"usage": {"input_tokens": count, "output_tokens": 1, "total_tokens": count + 1}},
    ),
    "anthropic-messages": Sdk(
        vendor=ANTHROPIC,
        ask=lambda client: client.messages.create(**CHAT, max_tokens=1),
        stream=lambda client: client.messages.create(**CHAT, max_tokens=1, stream=True),
        begin=b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
        usage=lambda count: {"usage": {"input_tokens": count, "output_tokens": 1}},
    ),
    "gemini": Sdk(
        vendor=GOOGLE,
        ask=lambda client: client.models.generate_content(model="m", contents="Hi"),
        stream=lambda client: client.models.generate_content_stream(model="m", contents="Hi"),
        begin=b'data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}\r\n\r\n',
        usage=lambda count: {"usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 1}},
    ),
    "openai-completions": Sdk(
        vendor=OPENAI,
        ask=lambda client: client.completions.create(model="m", prompt="Hi"),
        stream=lambda client: client.completions.create(model="m", prompt="Hi", stream=True),
        begin=b'data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[]}\n\n',
        usage=lambda count: {"usage": {"prompt_tokens": count, "completion_tokens": 1}},
    ),
    "openai-embeddings": Sdk(
        vendor=OPENAI,
        ask=lambda client: client.embeddings.create(**HI),
        usage=lambda count: {"usage": {"prompt_tokens": count, "total_tokens": count}},
        out=None,
    ),
    "gemini-embeddings": Sdk(
        vendor=GOOGLE,
        ask=lambda client: client.models.embed_content(model="m", contents="Hi"),
        usage=lambda count: {"usageMetadata": {"promptTokenCount": count}},
        out=None,
    ),
    "anthropic-count": Sdk(vendor=ANTHROPIC, ask=lambda client: client.messages.count_tokens(**CHAT)),
    "gemini-count": Sdk(vendor=GOOGLE, ask=lambda client: client.models.count_tokens(model="m", contents="Hi")),
    "responses-count": Sdk(vendor=OPENAI, ask=lambda client: client.responses.input_tokens.count(**HI)),
    "responses-compact": Sdk(
        vendor=OPENAI,
        ask=lambda client: client.responses.compact(**HI),
        usage=lambda count: {"usage": {"input_tokens": count, "output_tokens": 1, "total_tokens": count + 1}},
    ),
}
STREAMED = [name for name in NAMES if name in SDKS and SDKS[name].stream is not None]
# Each SDK reads the list of one format: OpenAI's that of Chat (the one of Responses is for Codex).
LISTED = ("openai-chat", "anthropic-messages", "gemini")


def fault(status: int = 502, code: str = "KP-NET-309") -> Fault:
    return Fault(code=code, status=status, message='It broke "off".\nTry again.', docs=f"https://docs.test/{code}")


def names_in_path(name: str) -> bool:
    return "{model}" in DIALECTS[name].paths[0]


def test_a_new_format_brings_its_sdk_into_this_test() -> None:
    assert set(SDKS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_clients_can_speak_every_format(name: str) -> None:
    assert DIALECTS[name].paths != ()
    assert len({"{model}" in path for path in DIALECTS[name].paths}) == 1


@pytest.mark.parametrize("name", CHATS)
def test_every_format_of_chats_can_be_translated(name: str) -> None:
    assert DIALECTS[name].translator is not None


def test_no_two_formats_share_a_path() -> None:
    paths = [path for each in DIALECTS.values() for path in each.paths]

    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", [each for each in NAMES if not names_in_path(each)])
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


@pytest.mark.parametrize("name", [each for each in NAMES if names_in_path(each)])
@given(body=bodies(contents=[]), model=st.sampled_from(["m", "org/model:tag", "provider/org/one"]))
def test_a_model_in_the_path_is_read_there(name: str, body: tuple[bytes, dict[str, Any]], model: str) -> None:
    dialect, (text, meant) = DIALECTS[name], body
    for path in dialect.paths:
        peek = dialect.peek(path.replace("{model}", model), text)
        assert (peek.model, peek.stream) == (model, "stream" in path)
        if peek.span is not None:  # the body may name it once more
            named = {"model": "models/other"} if "model" in meant else {}
            assert json.loads(dialect.set_model(text, peek.span, "other")) == {**meant, **named}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", STATUSES)
def test_our_error_is_the_sdks_error_of_that_status(name: str, status: int) -> None:
    sdk, dialect, ours = SDKS[name], DIALECTS[name], fault(status)
    vendor = sdk.vendor
    with canned(dialect.error(ours), status=status) as url, vendor.client(url) as client, pytest.raises(vendor.error) as caught:
        sdk.ask(client)

    number, kind, text = vendor.told(caught.value)
    assert number == status
    assert (kind or "").endswith(vendor.kinds)
    assert "KP-NET-309" in text
    assert ours.docs in text
    assert ours.message in json.loads(dialect.error(ours))["error"]["message"]
    assert isinstance(caught.value, vendor.by_status(status))


@pytest.mark.parametrize("code", [each.code for each in BUILTIN_CODES if each.code.endswith("01")])
def test_the_sdks_show_our_code_where_they_have_a_place_for_it(code: str) -> None:
    caught: dict[str, Any] = {}
    for name in ("openai-chat", "openai-responses", "anthropic-messages", "gemini"):
        vendor = SDKS[name].vendor
        with canned(DIALECTS[name].error(fault(400, code)), status=400) as url, vendor.client(url) as client:
            with pytest.raises(vendor.error) as raised:
                SDKS[name].ask(client)
        caught[name] = raised.value

    anthropics = caught["anthropic-messages"]
    assert (caught["openai-chat"].code, caught["openai-responses"].code, anthropics.error_code) == (code, code, code)
    assert anthropics.api_message.startswith(f"[{code}] It broke")
    assert [each["reason"] for each in caught["gemini"].details["error"]["details"]] == [code]
    assert caught["gemini"].message.startswith(f"[{code}] It broke")


@pytest.mark.parametrize("name", STREAMED)
def test_a_late_error_stops_the_sdk_in_mid_stream(name: str) -> None:
    sdk, dialect = SDKS[name], DIALECTS[name]
    wire = sdk.begin + dialect.late_error(fault())
    got: list[object] = []
    with canned(wire, kind="text/event-stream") as url, sdk.vendor.client(url) as client:
        with pytest.raises(sdk.vendor.error) as caught, closing(sdk.stream(client)) as events:  # type: ignore[misc]
            got.extend(events)

    assert (len(got), "KP-NET-309" in str(caught.value)) == (1, True)
    assert b"[DONE]" not in wire
    assert b"message_stop" not in wire


@pytest.mark.parametrize("name", STREAMED)
def test_a_sign_of_life_says_nothing_to_the_sdk(name: str) -> None:
    sdk, translator = SDKS[name], DIALECTS[name].translator
    assert translator is not None
    sign = translator.stream_writer(Asked(model="m", stream=True)).keep_alive()
    with (
        canned(sign * 2 + sdk.begin + sign + sdk.begin + sign, kind="text/event-stream") as url,
        sdk.vendor.client(url) as client,
    ):
        with closing(sdk.stream(client)) as events:  # type: ignore[misc]
            got = list(events)

    assert (bool(sign), len(got)) == (True, 2)


@pytest.mark.parametrize("name", LISTED)
def test_the_sdk_reads_the_list_of_models(name: str) -> None:
    vendor = SDKS[name].vendor
    models = [Model(id="org/one", owner="org", name="One", created=1_700_000_000), Model(id="two")]
    with canned(DIALECTS[name].model_list(models)) as url, vendor.client(url) as client:
        assert vendor.models(client) == ["org/one", "two"]
    with canned(DIALECTS[name].model_list([])) as url, vendor.client(url) as client:
        assert vendor.models(client) == []


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("model", [Model(id="org/one", owner="org", name="One", created=1_700_000_000), Model(id="two")])
def test_the_sdk_reads_a_single_model(name: str, model: Model) -> None:
    vendor = SDKS[name].vendor
    with canned(DIALECTS[name].model_entry(model)) as url, vendor.client(url) as client:
        assert vendor.model(client, model.id) == model.id


@pytest.mark.parametrize("name", NAMES)
@given(names=st.lists(st.tuples(st.binary(max_size=9) | st.just(b"anthropic-version"), st.binary(max_size=9)), max_size=3))
def test_any_headers_can_be_asked_whose_they_are(name: str, names: list[tuple[bytes, bytes]]) -> None:
    for path in LISTS:
        assert DIALECTS[name].lists_models(path, b"a=b&c", Headers(names)) in {True, False}


@pytest.mark.parametrize("path", LISTS)
def test_somebody_answers_a_client_of_no_format(path: str) -> None:
    assert [name for name in NAMES if DIALECTS[name].lists_models(path, b"", Headers())] != []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stream", [True, False])
def test_a_new_reader_knows_nothing_and_readers_share_nothing(name: str, stream: bool) -> None:
    used, fresh = DIALECTS[name].reader(stream=stream), DIALECTS[name].reader(stream=stream)
    used.feed(DIALECTS[name].late_error(fault()))
    used.finish()

    assert (fresh.usage, fresh.ended, fresh.final, fresh.failed) == (Usage(), False, False, False)


@pytest.mark.parametrize("name", STREAMED)
def test_a_late_error_counts_as_the_end_of_a_stream(name: str) -> None:
    reader = DIALECTS[name].reader(stream=True)
    reader.feed(SDKS[name].begin)
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


@pytest.mark.parametrize("name", STREAMED)
@given(data=st.data())
def test_what_a_stream_says_does_not_depend_on_how_its_events_came(name: str, data: st.DataObject) -> None:
    late = DIALECTS[name].late_error(fault())
    choice = [SDKS[name].begin, late, b": ping\n\n", b'data: {"usage":{"output_tokens":1}}\n\n']
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
    usage = SDKS[name].usage
    whole = json.dumps({"text": '"usage":{} \u20ac', **(usage(count) if usage else {"input_tokens": count})}).encode()
    reader = DIALECTS[name].reader(stream=False)
    for piece in data.draw(cuts(whole)):
        reader.feed(piece)
    assert not reader.ended
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(tokens_in=count, tokens_out=SDKS[name].out) if usage else Usage(), True)
