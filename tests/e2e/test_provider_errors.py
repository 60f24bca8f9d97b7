"""What goes wrong at a provider, as the two SDKs see it: the provider's own errors untouched, ours readable, nothing silent."""

from __future__ import annotations

import time
from typing import Any

import attrs
import openai
import pytest

from tests.e2e.sdk import OpenAITool, Tool, unfinished_generators
from tests.e2e.stage import Stage

PROVIDERS_TOO = """
[providers.refused-openai]
type = "codex"
base_url = "MOCK/refused/v1"
accounts = [{ name = "old", key = "env:BAD_KEY" }]
[providers.refused-anthropic]
type = "claude"
base_url = "MOCK/refused"
accounts = [{ name = "old", key = "env:BAD_KEY" }]
[providers.hasty-openai]
type = "codex"
base_url = "MOCK/hasty/v1"
deadlines = { first_byte = 0.3, idle = 0.3 }
accounts = [{ name = "work", key = "env:CODEX_KEY" }]
[providers.hasty-anthropic]
type = "claude"
base_url = "MOCK/hasty"
deadlines = { first_byte = 0.3, idle = 0.3 }
accounts = [{ name = "work", key = "env:CLAUDE_KEY" }]
"""

pytestmark = unfinished_generators

both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def about(error: Any) -> tuple[int, str | None]:
    """Return the status an SDK's exception has, and the KP code beside it."""
    return error.status_code, error.response.headers.get("x-korproxy-error")


def alone(tool: Tool) -> str:
    """Return a model of *tool* that one provider has: nobody else stands in for it."""
    return f"{'codex' if tool.name == 'openai' else 'claude'}/{tool.model}"


@both_ways
@pytest.mark.code("KP-RATE-401")
async def test_a_rate_limit_is_the_providers_own(tool: Tool, streamed: bool) -> None:
    with pytest.raises(tool.sdk.RateLimitError) as caught:
        await tool.ask("{{mock: status=429 retry-after=7 ratelimit-headers}}", model=alone(tool), streamed=streamed)

    headers = caught.value.response.headers
    remaining = "x-ratelimit-remaining-requests" if tool.name == "openai" else "anthropic-ratelimit-requests-remaining"
    words = "Rate limit reached for gpt-5.5" if tool.name == "openai" else "exceed your organization's rate limit"
    assert about(caught.value) == (429, "KP-RATE-401")
    assert (headers["retry-after"], headers[remaining]) == ("7", "0")
    assert words in str(caught.value)
    assert "KP-" not in str(caught.value)


async def test_a_short_wait_is_korproxys_and_the_sdk_does_not_notice(stage: Stage, tool: Tool) -> None:
    stage.mock.script("status=429 retry-after=ms:20")
    answer = await tool.ask("hello", model=alone(tool))

    statuses = [each.about["status"] for each in stage.mock.requests()]
    assert (answer.value, statuses) == ("You said: hello", [429, 200])


@both_ways
@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(500, "KP-PROV-102", marks=pytest.mark.code("KP-PROV-102")),
        pytest.param(503, "KP-PROV-103", marks=pytest.mark.code("KP-PROV-103")),
        pytest.param(529, "KP-PROV-103"),
    ],
)
async def test_a_failing_provider(tool: Tool, status: int, code: str, streamed: bool) -> None:
    overloaded = tool.name == "anthropic" and status == 529
    expected = tool.sdk.OverloadedError if overloaded else tool.sdk.InternalServerError
    with pytest.raises(expected) as caught:
        await tool.ask(f'{{{{mock: status={status} message="It is on fire: größer"}}}}', streamed=streamed)

    assert about(caught.value) == (status, code)
    assert "It is on fire: größer" in str(caught.value)


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        pytest.param("status=400", 400, "KP-PROV-101", marks=pytest.mark.code("KP-PROV-101")),
        pytest.param("kind=context-length", 400, "KP-PROV-101"),
        pytest.param("status=403", 403, "KP-PROV-114", marks=pytest.mark.code("KP-PROV-114")),
        pytest.param("status=404", 404, "KP-PROV-104", marks=pytest.mark.code("KP-PROV-104")),
        pytest.param("status=413", 413, "KP-PROV-112", marks=pytest.mark.code("KP-PROV-112")),
    ],
)
async def test_a_request_that_the_provider_does_not_take(tool: Tool, script: str, status: int, code: str) -> None:
    with pytest.raises(tool.sdk.APIStatusError) as caught:
        await tool.ask(f"{{{{mock: {script}}}}}")

    assert about(caught.value) == (status, code)


@both_ways
@pytest.mark.code("KP-AUTH-007")
async def test_a_provider_that_refuses_our_key_is_no_reason_to_ask_the_user_for_theirs(
    stage: Stage, tool: Tool, streamed: bool
) -> None:
    eager = attrs.evolve(tool, retries=None)
    with pytest.raises(tool.sdk.InternalServerError) as caught:
        await eager.ask("hello", model=f"refused-{tool.name}/any-model", streamed=streamed)

    [received] = stage.mock.requests()
    assert received.about["status"] == 401
    assert about(caught.value) == (502, "KP-AUTH-007")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert f"refused-{tool.name} answered 401: it does not accept the key of account 'old'" in str(caught.value)


@both_ways
@pytest.mark.code("KP-AUTH-002")
async def test_a_wrong_korproxy_key(stage: Stage, tool: Tool, streamed: bool) -> None:
    stranger = attrs.evolve(tool, key="sk-proj-somebody-elses")
    with pytest.raises(tool.sdk.AuthenticationError, match="KP-AUTH-002") as caught:
        await stranger.ask("hello", streamed=streamed)

    assert about(caught.value) == (401, "KP-AUTH-002")
    assert "`korproxy key show client`" in str(caught.value)
    assert (stage.mock.requests(), "somebody-elses" in "".join(stage.daemon.log)) == ([], False)


# The SDKs raise what stands in the stream: a plain APIError (OpenAI), one with the stream's own status 200 (Anthropic).
@pytest.mark.code("KP-NET-309")
@pytest.mark.parametrize(
    "how", ["cut-after=4", "cut-after=4 cut=rst", "cut-after=4 cut-inside", "cut-after=4 split=every-byte"]
)
async def test_a_stream_that_is_cut_is_an_error_after_what_was_heard(stage: Stage, tool: Tool, how: str) -> None:
    heard: list[str] = []
    identity = f"cut-{time.monotonic_ns()}"
    with pytest.raises(tool.sdk.APIError, match="KP-NET-309"):
        await tool.ask(f"{{{{mock: words=9 {how}}}}}", streamed=True, heard=heard, extra_headers={"X-Correlation-ID": identity})

    assert "alpha beta größer ".startswith("".join(heard))
    assert "".join(heard).startswith("alpha ")
    assert "status=200 outcome=failed code=KP-NET-309" in await stage.log_line(identity)


async def test_a_stream_that_ends_without_its_closing_event_is_an_error(tool: Tool) -> None:
    # OpenAI's own end is the finish reason or [DONE]: either will do, so both have to be missing.
    script = "words=3 no-terminal" + (" stop=null" if tool.name == "openai" else "")
    heard: list[str] = []
    with pytest.raises(tool.sdk.APIError, match=r"without its closing event.*KP-NET-309"):
        await tool.ask(f"{{{{mock: {script}}}}}", streamed=True, heard=heard)

    assert "".join(heard) == "alpha beta größer "


async def test_a_stream_of_a_server_that_knows_no_done_is_whole(openai_tool: OpenAITool) -> None:
    answer = await openai_tool.ask("{{mock: words=3 no-terminal}}", streamed=True)

    assert answer.value == "alpha beta größer "


async def test_a_provider_that_fails_in_mid_stream_says_so_itself(tool: Tool) -> None:
    heard: list[str] = []
    with pytest.raises(tool.sdk.APIError, match="It is on fire") as caught:
        await tool.ask('{{mock: words=9 error-after=4 status=529 message="It is on fire"}}', streamed=True, heard=heard)

    assert heard != []
    assert "KP-" not in str(caught.value)


@both_ways
@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param("html", "KP-PROV-107", marks=pytest.mark.code("KP-PROV-107")),
        pytest.param("empty", "KP-PROV-108", marks=pytest.mark.code("KP-PROV-108")),
        pytest.param("redirect=/elsewhere", "KP-PROV-111", marks=pytest.mark.code("KP-PROV-111")),
        pytest.param("early-close", "KP-NET-308", marks=pytest.mark.code("KP-NET-308")),
        pytest.param("early-close cut=rst", "KP-NET-308"),
        pytest.param("close-after-head", "KP-NET-309", marks=pytest.mark.code("KP-NET-309")),
    ],
)
async def test_what_is_no_answer_is_no_success(tool: Tool, script: str, code: str, streamed: bool) -> None:
    with pytest.raises(tool.sdk.InternalServerError, match=code) as caught:
        await tool.ask(f"{{{{mock: {script}}}}}", streamed=streamed)

    assert about(caught.value) == (502, code)


async def test_a_page_of_a_load_balancer_keeps_its_status(tool: Tool) -> None:
    with pytest.raises(tool.sdk.InternalServerError) as caught:
        await tool.ask("{{mock: html status=503}}")

    assert about(caught.value) == (503, "KP-PROV-103")
    assert "<h1>503 Service Unavailable</h1>" in caught.value.response.text


@both_ways
@pytest.mark.code("KP-NET-305")
async def test_a_provider_that_does_not_begin_in_time(tool: Tool, streamed: bool) -> None:
    began = time.monotonic()
    with pytest.raises(tool.sdk.InternalServerError, match=r"did not begin to answer within 0\.3 s.*KP-NET-305") as caught:
        await tool.ask("{{mock: first-byte=20}}", model=f"hasty-{tool.name}/any-model", streamed=streamed)

    assert about(caught.value) == (504, "KP-NET-305")
    assert time.monotonic() - began < 3


@pytest.mark.code("KP-NET-306")
async def test_a_provider_that_falls_silent_in_mid_stream(tool: Tool) -> None:
    heard: list[str] = []
    with pytest.raises(tool.sdk.APIError, match=r"fell silent in mid-answer for 0\.3 s.*KP-NET-306"):
        await tool.ask("{{mock: words=9 stall-after=4}}", model=f"hasty-{tool.name}/any-model", streamed=True, heard=heard)

    assert "".join(heard).startswith("alpha ")


async def test_a_late_error_has_its_code_where_the_sdk_puts_codes(openai_tool: OpenAITool) -> None:
    with pytest.raises(openai.APIError) as caught:
        await openai_tool.ask("{{mock: words=9 cut-after=4}}", streamed=True)

    assert (type(caught.value), caught.value.code) == (openai.APIError, "KP-NET-309")
