"""``korproxy run --demo``: both SDKs get answers with no account at all, and are told that it is a demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool, unfinished_generators
from tests.fakes.process import DaemonProcess, daemon

pytestmark = unfinished_generators


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    with daemon(tmp_path_factory.mktemp("demo") / "home", "--demo") as running:
        yield running


@pytest.fixture(params=["openai", "anthropic"])
def demo_tool(request: pytest.FixtureRequest, demo: DaemonProcess, is_async: bool) -> Tool:
    if request.param == "openai":
        return OpenAITool(url=f"{demo.url}/v1", key=demo.key, is_async=is_async)
    return AnthropicTool(url=demo.url, key=demo.key, is_async=is_async)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["demo", "gpt-5.5", "claude-opus-5", "any/name:at-all"])
async def test_the_demo_answers_whatever_the_model(demo_tool: Tool, model: str, streamed: bool) -> None:
    answer = await demo_tool.ask("Grüße", model=model, streamed=streamed)

    assert (answer.value, answer.headers["x-korproxy-demo"]) == ("You said: Grüße", "1")
    assert (answer.headers["x-korproxy-provider"], answer.headers["x-korproxy-model"]) == ("mock", model)


async def test_the_demo_lists_models(demo: DaemonProcess, is_async: bool) -> None:
    of_openai = await OpenAITool(url=f"{demo.url}/v1", key=demo.key, is_async=is_async).models()
    of_anthropic = await AnthropicTool(url=demo.url, key=demo.key, is_async=is_async).models()

    assert "mock-model" in of_openai
    assert "mock-claude" in of_anthropic


async def test_errors_of_the_demo_say_that_it_is_one(demo_tool: Tool) -> None:
    with pytest.raises(demo_tool.sdk.RateLimitError) as caught:
        await demo_tool.ask("{{mock: status=429}}")

    assert caught.value.response.headers["x-korproxy-demo"] == "1"
