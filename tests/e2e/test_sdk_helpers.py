"""What the SDKs do for their users on top of requests: loops that call tools, forms that are parsed."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from tests.e2e.cells import MODELS
from tests.e2e.sdk import AnthropicTool, OpenAITool, unfinished_generators, user
from tests.e2e.stage import Model, Stage

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize(
    "model", [MODELS[each] for each in ("claude", "codex", "gemini", "answers", "qwen")], ids=str
)


class Weather(BaseModel):
    """What is wanted of an answer."""

    city: str
    rain: bool


@anthropic.beta_tool
def get_weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"rain in {city}"


@anthropic.beta_async_tool
async def get_weather_later(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"rain in {city}"


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_anthropics_runner_calls_tools_until_it_is_told_enough(
    anthropic_tool: AnthropicTool, stage: Stage, model: Model, streamed: bool
) -> None:
    """Its requests ask for a thread, and go on without where there is none."""
    asked: dict[str, Any] = {"model": model.asked, "max_tokens": 1000, "messages": user("What is the weather in Köln?")}
    asked["stream"] = streamed

    async def waiting(client: Any) -> Any:
        return await client.beta.messages.tool_runner(tools=[get_weather_later], **asked).until_done()

    def blocking(client: Any) -> Any:
        return client.beta.messages.tool_runner(tools=[get_weather], **asked).until_done()

    last = await anthropic_tool.call(waiting if anthropic_tool.is_async else blocking)

    bodies = [each.body for each in stage.mock.requests() if each.about["status"] == 200]
    assert (last.content[0].text, last.stop_reason) == ("The tool said: rain in Köln", "end_turn")
    assert (len(bodies), [each for each in bodies if "thread" in each]) == (2, [])


@pytest.mark.code("KP-PROV-119")
@pytest.mark.parametrize("model", [MODELS[each] for each in ("codex", "gemini", "qwen")], ids=str)
async def test_a_thread_is_refused_where_nobody_holds_it(anthropic_tool: AnthropicTool, stage: Stage, model: Model) -> None:
    """An answer would be a promise: the SDK's next request brings only what is new."""
    with pytest.raises(anthropic.BadRequestError, match="thread") as caught:
        await anthropic_tool.call(
            lambda client: client.beta.messages.create(
                model=model.asked, max_tokens=1000, messages=user("hello"), thread={"type": "create"}
            )
        )

    assert caught.value.response.headers["x-korproxy-error"] == "KP-PROV-119"
    assert (caught.value.error_code, stage.mock.requests()) == ("thread_unsupported_request", [])


@every_provider
async def test_anthropics_sdk_parses_a_form(anthropic_tool: AnthropicTool, model: Model) -> None:
    answer = await anthropic_tool.call(
        lambda client: client.messages.parse(
            model=model.asked, max_tokens=1000, messages=user("The weather in Köln?"), output_format=Weather
        )
    )

    assert isinstance(answer.parsed_output, Weather)


@every_provider
async def test_openais_sdk_parses_a_form_and_the_arguments_of_a_tool(openai_tool: OpenAITool, model: Model) -> None:
    form = await openai_tool.call(
        lambda client: client.chat.completions.parse(
            model=model.asked, messages=user("The weather in Köln?"), response_format=Weather
        )
    )
    prompt = """{{mock: tool=Weather args='{"city":"Köln","rain":true}'}}"""
    call = await openai_tool.call(
        lambda client: client.chat.completions.parse(
            model=model.asked, messages=user(prompt), tools=[openai.pydantic_function_tool(Weather)]
        )
    )

    assert isinstance(form.choices[0].message.parsed, Weather)
    assert call.choices[0].message.tool_calls[0].function.parsed_arguments == Weather(city="Köln", rain=True)
