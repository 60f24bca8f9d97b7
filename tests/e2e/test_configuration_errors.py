"""What the user has to put right, as a tool with a real SDK shows it: readable, with the code and the next step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool
from tests.e2e.stage import Stage
from tests.fakes.process import daemon

PROVIDERS_TOO = """
[providers.ended]
type = "iflow"
[providers.keyless-openai]
type = "codex"
[providers.keyless-anthropic]
type = "claude"
[providers.forgotten-openai]
type = "codex"
accounts = [{ name = "work", key = "env:NOT_SET_ANYWHERE" }]
[providers.forgotten-anthropic]
type = "claude"
accounts = [{ name = "work", key = "env:NOT_SET_ANYWHERE" }]
"""


async def failed(tool: Tool, model: str) -> Any:
    """Ask for *model* and return what the SDK raised."""
    with pytest.raises(tool.sdk.APIStatusError) as caught:
        await tool.ask("hello", model=model)
    return caught.value


@pytest.mark.code("KP-CONF-207")
async def test_a_fresh_daemon_says_what_to_do_next(home: Path, is_async: bool) -> None:
    with daemon(home) as running:
        tools: list[Any] = [
            OpenAITool(url=f"{running.url}/v1", key=running.key, is_async=is_async),
            AnthropicTool(url=running.url, key=running.key, is_async=is_async),
        ]
        errors = [await failed(each, each.model) for each in tools]

    for error in errors:
        assert (error.status_code, error.response.headers["x-korproxy-error"]) == (503, "KP-CONF-207")
        assert error.response.headers["x-should-retry"] == "false"
        assert "`korproxy init` writes a korproxy.toml to fill in" in str(error)
        assert "[KP-CONF-207: http://127.0.0.1:" in str(error)


@pytest.mark.code("KP-CONF-207")
async def test_a_provider_without_an_account(stage: Stage, tool: Tool) -> None:
    error = await failed(tool, f"keyless-{tool.name}/any-model")

    assert (error.status_code, error.response.headers["x-korproxy-error"]) == (503, "KP-CONF-207")
    assert f"Add to korproxy.toml: [[providers.keyless-{tool.name}.accounts]]" in str(error)
    assert stage.mock.requests() == []


async def test_an_account_whose_variable_is_not_set(tool: Tool) -> None:
    error = await failed(tool, f"forgotten-{tool.name}/any-model")

    assert error.response.headers["x-korproxy-error"].startswith("KP-CONF-")
    assert "NOT_SET_ANYWHERE" in str(error)


@pytest.mark.code("KP-PROV-105")
async def test_a_model_that_nobody_offers(tool: Tool) -> None:
    error = await failed(tool, "gtp-5.5")

    assert isinstance(error, tool.sdk.NotFoundError)
    assert error.response.headers["x-korproxy-error"] == "KP-PROV-105"
    assert "No configured provider offers the model 'gtp-5.5'. Near names: gpt-5.5" in str(error)


@pytest.mark.code("KP-PROV-106")
async def test_a_provider_that_ended_says_when(tool: Tool) -> None:
    error = await failed(tool, "ended/glm-4.6")

    assert (error.status_code, error.response.headers["x-korproxy-error"]) == (410, "KP-PROV-106")
    assert "iFlow ended its service on 2026-04-17" in str(error)


async def test_the_codes_stand_where_each_sdk_puts_them(stage: Stage) -> None:
    openai_tool = OpenAITool(url=f"{stage.daemon.url}/v1", key=stage.daemon.key)
    anthropic_tool = AnthropicTool(url=stage.daemon.url, key=stage.daemon.key)
    with pytest.raises(openai.NotFoundError) as of_openai:
        await openai_tool.ask("hello", model="nobodys")
    with pytest.raises(anthropic.NotFoundError) as of_anthropic:
        await anthropic_tool.ask("hello", model="nobodys")

    body: Any = of_anthropic.value.body
    assert (of_openai.value.code, of_openai.value.type) == ("KP-PROV-105", "invalid_request_error")
    assert (body["error"]["type"], body["error"]["details"]["error_code"]) == ("not_found_error", "KP-PROV-105")
