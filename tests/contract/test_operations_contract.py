"""Laws for the formats of single calls: their errors are errors to the vendors' own SDKs, and each names its model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anthropic
import attrs
import pytest
from google import genai
from google.genai import errors as google_errors
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.calls import Headers
from korproxy.models.outcome import Fault, Usage
from tests.fakes import offered
from tests.fakes.canned import canned

DIALECTS = {name: each for name, each in offered.dialects().items() if each.kind != "chat"}
NAMES = sorted(DIALECTS)
FAULT = Fault(code="KP-PROV-117", status=404, message="one cannot do that.", docs="https://docs.test/KP-PROV-117")


@attrs.frozen
class Sdk:
    """What the vendor's own SDK does with an operation: the call, its good answer, what the SDK makes of that, its error."""

    ask: Callable[[str], Any]
    answer: dict[str, Any]
    told: Callable[[Any], Any]
    expected: Any
    error: type[Exception]


def _anthropic(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)


def _google(url: str, ask: Callable[[genai.Client], Any]) -> Any:
    client = genai.Client(api_key="k", http_options={"base_url": url, "api_version": "v1beta"})
    try:
        return ask(client)
    finally:
        client.close()


SDKS = {
    "anthropic-count": Sdk(
        ask=lambda url: _anthropic(url).messages.count_tokens(model="m", messages=[{"role": "user", "content": "Hi"}]),
        answer={"input_tokens": 12},
        told=lambda answer: answer.input_tokens,
        expected=12,
        error=anthropic.NotFoundError,
    ),
    "gemini-count": Sdk(
        ask=lambda url: _google(url, lambda client: client.models.count_tokens(model="m", contents="Hi")),
        answer={"totalTokens": 12},
        told=lambda answer: answer.total_tokens,
        expected=12,
        error=google_errors.ClientError,
    ),
}


def test_a_new_operation_brings_its_sdk_into_this_test() -> None:
    assert sorted(SDKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_sdk_reads_the_answer(name: str) -> None:
    sdk = SDKS[name]
    with canned(json.dumps(sdk.answer).encode()) as url:
        assert sdk.told(sdk.ask(url)) == sdk.expected


@pytest.mark.parametrize("name", NAMES)
def test_our_error_is_the_sdks_own(name: str) -> None:
    with canned(DIALECTS[name].error(FAULT), status=404) as url, pytest.raises(SDKS[name].error) as caught:
        SDKS[name].ask(url)

    assert "KP-PROV-117" in str(caught.value)
    assert "one cannot do that." in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_its_models_are_listed_by_the_chat_format(name: str) -> None:
    headers = Headers([(b"anthropic-version", b"2023-06-01"), (b"x-goog-api-key", b"k"), (b"user-agent", b"codex_cli_rs")])

    assert DIALECTS[name].listed == frozenset()
    assert not any(DIALECTS[name].lists_models(path, b"client_version=1", headers) for path in ("/v1/models", "/v1beta/models"))


@pytest.mark.parametrize("name", NAMES)
def test_it_has_paths_and_reads_the_model_from_them_or_from_the_body(name: str) -> None:
    dialect = DIALECTS[name]
    for path in dialect.paths:
        peek = dialect.peek(path.replace("{model}", "org/some"), b'{"model": "org/some"}')

        assert (peek.model, peek.stream, peek.tools) == ("org/some", False, False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stream", [True, False])
@given(chunks=st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_break_a_reader(name: str, stream: bool, chunks: list[bytes]) -> None:
    reader = DIALECTS[name].reader(stream=stream)
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()

    assert reader.ended is True or stream
    assert reader.usage == Usage()
