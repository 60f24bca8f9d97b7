"""The stage of a module: opened once for all its tests. A module adds provider tables to it by a constant ``PROVIDERS_TOO``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.sdk_responses import ResponsesTool
from tests.e2e.stage import PROVIDERS, Stage, open_stage

# What the cases assert is told as well as what tests assert.
pytest.register_assert_rewrite(
    "tests.e2e.arrivals",
    "tests.e2e.arrivals_responses",
    "tests.e2e.cells",
    "tests.e2e.programs",
    "tests.e2e.programs_google",
    "tests.e2e.programs_responses",
    "tests.e2e.story",
    "tests.e2e.thinking",
    *(f"tests.e2e.cases_{each}" for each in ("talking", "tools", "reasoning", "failing")),
)


@pytest.fixture(scope="module")
def _stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    more = getattr(request.module, "PROVIDERS_TOO", "")
    with open_stage(tmp_path_factory.mktemp("e2e") / "home", providers=PROVIDERS + more) as stage:
        yield stage


@pytest.fixture
def stage(_stage: Stage) -> Stage:
    """The module's stage; mock and daemon have forgotten what other tests did."""
    _stage.forget()
    return _stage


@pytest.fixture(params=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    """Which of an SDK's two clients is used: each test runs with both."""
    return bool(request.param == "async")


@pytest.fixture
def openai_tool(stage: Stage, is_async: bool) -> OpenAITool:
    """A program that uses the OpenAI SDK, as KorProxy's documentation tells its users."""
    return OpenAITool(url=f"{stage.daemon.url}/v1", key=stage.daemon.key, is_async=is_async)


@pytest.fixture
def anthropic_tool(stage: Stage, is_async: bool) -> AnthropicTool:
    """A program that uses the Anthropic SDK, as KorProxy's documentation tells its users."""
    return AnthropicTool(url=stage.daemon.url, key=stage.daemon.key, is_async=is_async)


@pytest.fixture
def responses_tool(stage: Stage, is_async: bool) -> ResponsesTool:
    """A program that uses the OpenAI SDK for Responses."""
    return ResponsesTool(url=f"{stage.daemon.url}/v1", key=stage.daemon.key, is_async=is_async)


@pytest.fixture
def google_tool(stage: Stage, is_async: bool) -> GoogleTool:
    """A program that uses Google's SDK, as KorProxy's documentation tells its users."""
    return GoogleTool(url=stage.daemon.url, key=stage.daemon.key, is_async=is_async)


@pytest.fixture(params=["openai", "anthropic"])
def tool(request: pytest.FixtureRequest, openai_tool: OpenAITool, anthropic_tool: AnthropicTool) -> Tool:
    """A program with either SDK, for what is the same with both."""
    return openai_tool if request.param == "openai" else anthropic_tool
