"""Headers: what of the client's reaches a provider, what of the provider's reaches the client, and KorProxy's own."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool, unfinished_generators, user
from tests.e2e.stage import KEYS, OPENAI_MODELS, Model, Stage

PROVIDERS_TOO = """
[providers.own-openai]
type = "codex"
base_url = "MOCK/own/v1"
accounts = [{ name = "caller", credential = "client" }]
[providers.own-anthropic]
type = "claude"
base_url = "MOCK/own"
accounts = [{ name = "caller", credential = "client" }]
"""

pytestmark = unfinished_generators

both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])

# What KorProxy writes itself, to every provider.
ALWAYS_SENT = {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent", "x-correlation-id"}

# What a client or a proxy in front of KorProxy may send along, and no provider's business.
PRIVATE = {
    "Cookie": "session=secret-of-a-browser",
    "X-Forwarded-For": "192.0.2.7",
    "Forwarded": "for=192.0.2.7",
    "Via": "1.1 proxy.example",
    "X-KorProxy-Profile": "default",
    "X-KorProxy-Request-Type": "other",
    "Proxy-Authorization": "Basic c2VjcmV0",
    "X-Anything-Else": "mine",
    "Referer": "http://127.0.0.1/page",
}


@both_ways
async def test_a_correlation_id_goes_all_the_way(stage: Stage, tool: Tool, streamed: bool) -> None:
    identity = f"Case.7:{uuid.uuid4().hex}_x"
    answer = await tool.ask("hello", streamed=streamed, extra_headers={"X-Correlation-ID": identity})

    assert (answer.headers["x-correlation-id"], answer.headers["x-request-id"]) == (identity, identity)
    assert stage.mock.only_request().header("x-correlation-id") == identity
    assert f"[{identity}] model={tool.model}" in await stage.log_line(identity)


async def test_a_request_id_serves_where_there_is_no_correlation_id(stage: Stage, tool: Tool) -> None:
    answer = await tool.ask("hello", extra_headers={"X-Request-ID": "req-of-the-client"})

    assert (answer.headers["x-correlation-id"], answer.headers["x-request-id"]) == ("req-of-the-client", "req-of-the-client")
    assert stage.mock.only_request().header("x-correlation-id") == "req-of-the-client"


@pytest.mark.parametrize("wrong", ["", "two words", "semi;colon", "{json}", "x" * 129, "%0d%0a"])
async def test_an_invalid_correlation_id_is_replaced(stage: Stage, tool: Tool, wrong: str) -> None:
    answer = await tool.ask("hello", extra_headers={"X-Correlation-ID": wrong})

    given = answer.headers["x-correlation-id"]
    assert (uuid.UUID(given).version, str(uuid.UUID(given))) == (4, given)
    assert answer.headers["x-request-id"] == given
    assert stage.mock.only_request().header("x-correlation-id") == given
    assert f"[{given}]" in await stage.log_line(given)


async def test_an_error_has_its_correlation_id_too(tool: Tool) -> None:
    with pytest.raises(tool.sdk.NotFoundError) as caught:
        await tool.ask("hello", model="nobodys", extra_headers={"X-Correlation-ID": "of-an-error"})

    headers = caught.value.response.headers
    assert (headers["x-correlation-id"], headers["x-request-id"]) == ("of-an-error", "of-an-error")


async def test_the_request_id_that_each_sdk_shows(openai_tool: OpenAITool, anthropic_tool: AnthropicTool) -> None:
    asked: dict[str, Any] = {"messages": user("hello"), "extra_headers": {"X-Correlation-ID": "seen-by-sdk"}}
    of_openai = await openai_tool.chat(model="gpt-5.5", **asked)
    of_anthropic = await anthropic_tool.message(model="claude-opus-5", **asked)

    # The OpenAI SDK reads x-request-id, which is ours; Anthropic's reads request-id, which stays the vendor's own.
    assert of_openai.value._request_id == "seen-by-sdk"
    assert of_openai.headers["x-korproxy-upstream-request-id"].startswith("req_")
    assert of_anthropic.value._request_id == of_anthropic.headers["x-korproxy-upstream-request-id"]


@both_ways
@pytest.mark.parametrize("model", OPENAI_MODELS, ids=str)
async def test_the_answer_says_who_gave_it(openai_tool: OpenAITool, model: Model, streamed: bool) -> None:
    first = await openai_tool.ask("hello", model=model.asked, streamed=streamed)
    second = await openai_tool.ask("hello", model=model.asked, streamed=streamed)

    said = {name: value for name, value in first.headers.items() if name.startswith("x-korproxy-")}
    assert said.pop("x-korproxy-request") != second.headers["x-korproxy-request"]
    assert said.pop("x-korproxy-upstream-request-id") != second.headers["x-korproxy-upstream-request-id"]
    assert said == {
        "x-korproxy-provider": model.provider,
        "x-korproxy-account": "work",
        "x-korproxy-model": model.upstream,
    }


async def test_only_what_the_vendor_knows_reaches_openai(stage: Stage, openai_tool: OpenAITool) -> None:
    vendors = {"OpenAI-Organization": "org-mine", "OpenAI-Project": "proj_x", "Idempotency-Key": "once"}
    await openai_tool.ask("hello", extra_headers={**PRIVATE, **vendors, "x-api-key": "another", "anthropic-beta": "not-here"})

    received = stage.mock.only_request()
    assert received.names == ALWAYS_SENT | {"authorization", *map(str.lower, vendors)}
    assert {name: received.header(name.lower()) for name in vendors} == vendors
    assert received.header("authorization") == f"Bearer {KEYS['CODEX_KEY']}"
    assert stage.daemon.key not in json.dumps(received.about)


async def test_only_what_the_vendor_knows_reaches_anthropic(stage: Stage, anthropic_tool: AnthropicTool) -> None:
    vendors = {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "interleaved-thinking-2025-05-14, context-1m-2025-08-07",
        "x-claude-code-session-id": "0f3c",
    }
    await anthropic_tool.ask("hello", extra_headers={**PRIVATE, **vendors, "x-api-key": "another", "openai-project": "no"})

    received = stage.mock.only_request()
    assert received.names == ALWAYS_SENT | {"x-api-key", *vendors}
    assert {name: received.header(name) for name in vendors} == vendors
    assert received.header("x-api-key") == KEYS["CLAUDE_KEY"]
    assert stage.daemon.key not in json.dumps(received.about)


async def test_a_server_of_ones_own_gets_no_vendors_headers(stage: Stage, openai_tool: OpenAITool) -> None:
    await openai_tool.ask("hello", model="llama3.3", extra_headers={"OpenAI-Organization": "org-mine", **PRIVATE})

    assert stage.mock.only_request().names == ALWAYS_SENT | {"authorization"}


def test_repeated_beta_headers_stay_as_they_are(stage: Stage) -> None:
    body = json.dumps({"model": "claude-opus-5", "max_tokens": 50, "messages": user("hello")})
    connection = http.client.HTTPConnection(urlsplit(stage.daemon.url).netloc, timeout=10)
    connection.putrequest("POST", "/v1/messages?beta=true")  # as Claude Code calls it
    for name, value in (
        ("x-api-key", stage.daemon.key),
        ("anthropic-beta", "b-2026-01-01,a-2025-01-01"),
        ("Anthropic-Beta", "c-2024-01-01"),
        ("content-length", str(len(body))),
    ):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    status, kind = answer.status, json.loads(answer.read())["type"]
    connection.close()

    received = stage.mock.only_request()
    assert (status, kind, received.about["query"]) == (200, "message", "beta=true")
    assert received.all("anthropic-beta") == ["b-2026-01-01,a-2025-01-01", "c-2024-01-01"]
    assert received.header("anthropic-version") == "2023-06-01"  # demanded by Anthropic, not by us


@both_ways
async def test_the_vendors_own_headers_come_back(
    openai_tool: OpenAITool, anthropic_tool: AnthropicTool, streamed: bool
) -> None:
    of_openai = (await openai_tool.ask("hello", streamed=streamed)).headers
    of_anthropic = (await anthropic_tool.ask("hello", streamed=streamed)).headers

    assert (of_openai["openai-version"], of_openai["x-ratelimit-remaining-requests"]) == ("2020-10-01", "9999")
    assert of_anthropic["anthropic-ratelimit-requests-remaining"] == "3999"
    assert of_anthropic["anthropic-organization-id"].startswith("00000000-")


@both_ways
async def test_a_compressed_answer_is_passed_on_as_it_is(tool: Tool, streamed: bool) -> None:
    """KorProxy asks for none; a provider that compresses all the same is read by the SDK, not by us."""
    answer = await tool.ask("größer {{mock: gzip=always}}", streamed=streamed)

    assert (answer.value, answer.headers["content-encoding"]) == ("You said: größer", "gzip")


def owner(stage: Stage, tool: Tool, credential: str) -> Tool:
    """Return *tool* of somebody who brings a credential of their own, and shows KorProxy's key beside it."""
    import attrs

    return attrs.evolve(tool, key=credential, headers={"X-KorProxy-Key": stage.daemon.key})


@both_ways
async def test_the_callers_own_credential_reaches_the_provider(stage: Stage, tool: Tool, streamed: bool) -> None:
    own = owner(stage, tool, "sk-of-the-caller")
    answer = await own.ask("hello", model=f"own-{tool.name}/any-model", streamed=streamed)

    received = stage.mock.only_request()
    credentials = {name: received.header(name) for name in ("authorization", "x-api-key") if name in received.names}
    expected = {"authorization": "Bearer sk-of-the-caller"} if tool.name == "openai" else {"x-api-key": "sk-of-the-caller"}
    assert (answer.value, answer.headers["x-korproxy-account"]) == ("You said: hello", "caller")
    assert credentials == expected
    assert "x-korproxy-key" not in received.names
    assert stage.daemon.key not in json.dumps(received.about)
    await stage.log_line(answer.headers["x-correlation-id"])
    assert "sk-of-the-caller" not in "".join(stage.daemon.log)


@both_ways
@pytest.mark.code("KP-AUTH-008")
async def test_the_providers_refusal_of_it_comes_back_untouched(stage: Stage, tool: Tool, streamed: bool) -> None:
    own = owner(stage, tool, "bad-key-of-the-caller")
    with pytest.raises(tool.sdk.AuthenticationError) as caught:
        await own.ask("hello", model=f"own-{tool.name}/any-model", streamed=streamed)

    words = "Incorrect API key provided: bad-" if tool.name == "openai" else "invalid x-api-key"
    assert words in str(caught.value)
    assert "KP-" not in str(caught.value)
    assert caught.value.response.headers["x-korproxy-error"] == "KP-AUTH-008"
    assert caught.value.response.headers["x-korproxy-account"] == "caller"


@pytest.mark.code("KP-AUTH-009")
async def test_without_a_credential_of_ones_own_there_is_nothing_to_forward(stage: Stage, tool: Tool) -> None:
    errors: Any = (openai.AuthenticationError, anthropic.AuthenticationError)
    with pytest.raises(errors, match="KP-AUTH-009") as caught:
        await tool.ask("hello", model=f"own-{tool.name}/any-model")

    assert caught.value.response.headers["x-korproxy-error"] == "KP-AUTH-009"
    assert stage.mock.requests() == []
