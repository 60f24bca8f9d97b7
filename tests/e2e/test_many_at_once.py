"""Many requests at once through one daemon: each gets its own answer, and whoever leaves takes nothing of the others along."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

from tests.e2e.cells import MODELS, SDKS, STREAMED, WHOLE, Cell
from tests.e2e.sdk import Answer, AnthropicTool, OpenAITool, Tool, unfinished_generators
from tests.e2e.stage import ANTHROPIC_MODELS, KEYS, OPENAI_MODELS, Model, Stage
from tests.fakes.waiting import until

# Nobody else uses these, so there are no idle connections to them.
PROVIDERS_TOO = """
[providers.left-openai]
type = "codex"
base_url = "MOCK/left/v1"
accounts = [{ name = "work", key = "env:CODEX_KEY" }]
[providers.left-anthropic]
type = "claude"
base_url = "MOCK/left"
accounts = [{ name = "work", key = "env:CLAUDE_KEY" }]
"""

pytestmark = unfinished_generators

AT_ONCE = 20
KEY_OF = {
    "codex": "CODEX_KEY",
    "qwen": "QWEN_KEY",
    "iflow": "IFLOW_KEY",
    "mine": "MINE_KEY",
    "claude": "CLAUDE_KEY",
    "dashscope": "QWEN_KEY",
    "both": "BOTH_KEY",
}


@attrs.frozen(kw_only=True)
class Talk:
    """One of many conversations: who asks whom, how, and what about."""

    number: int
    tool: Tool
    model: Model
    streamed: bool

    @property
    def marker(self) -> str:
        return f"marker-{self.number:02}"

    @property
    def text(self) -> str:
        return " ".join([self.marker] * 30)

    async def hold(self, answers: dict[str, Answer[str]]) -> None:
        """Ask, so slowly answered that all others are under way too."""
        answers[self.marker] = await self.tool.ask(
            f"{{{{mock: first-byte=2 gap=0.005}}}}{self.text}",
            model=self.model.asked,
            streamed=self.streamed,
            extra_headers={"X-Correlation-ID": self.marker},
        )


def talks(stage: Stage) -> list[Talk]:
    """Return conversations of all kinds: both SDKs, both clients, whole and streamed, all providers."""
    found = []
    for number in range(AT_ONCE):
        is_async, streamed = bool(number & 2), bool(number & 4)
        models = ANTHROPIC_MODELS if number & 1 else OPENAI_MODELS
        tool: Tool
        if number & 1:
            tool = AnthropicTool(url=stage.daemon.url, key=stage.daemon.key, is_async=is_async)
        else:
            tool = OpenAITool(url=f"{stage.daemon.url}/v1", key=stage.daemon.key, is_async=is_async)
        found.append(Talk(number=number, tool=tool, model=models[number // 2 % len(models)], streamed=streamed))
    return found


async def test_twenty_at_once_without_cross_talk(stage: Stage) -> None:
    answers: dict[str, Answer[str]] = {}
    held = talks(stage)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for each in held:
                nursery.start_soon(each.hold, answers)

    received = {each.header("x-correlation-id") or "": each for each in stage.mock.requests()}
    began = max(each.about["began"] for each in received.values())
    ended = min(each.about["first_byte"] for each in received.values())
    assert began < ended, "they were not all at once"
    for each in held:
        answer, request = answers[each.marker], received[each.marker]
        assert answer.value == f"You said: {each.text}"
        assert answer.headers["x-correlation-id"] == each.marker
        assert (answer.headers["x-korproxy-provider"], answer.headers["x-korproxy-model"]) == (
            each.model.provider,
            each.model.upstream,
        )
        assert each.text in request.about["body"]
        key = request.header("x-api-key") or request.header("authorization") or ""
        assert key.removeprefix("Bearer ") == KEYS[KEY_OF[each.model.provider]]


async def test_every_crossing_at_once_without_cross_talk(stage: Stage) -> None:
    """All four SDKs with providers of all formats, each twice: what the translators share holds nothing of anybody."""
    cells = [
        Cell(stage=stage, sdk=sdk, column=column, model=MODELS[column], way=way)
        for sdk in SDKS
        for column in MODELS
        if column != "sol"
        for way in (WHOLE, STREAMED)
    ]
    said: dict[int, str] = {}

    async def hold(number: int, cell: Cell) -> None:
        words = " ".join([f"marker-{number:02}"] * 20)
        reply = await cell.say(cell.user(f"{{{{mock: first-byte=2 gap=0.005}}}}{words}"))
        said[number] = reply.text.removeprefix("You said: ")

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for number, cell in enumerate(cells):
                nursery.start_soon(hold, number, cell)

    assert said == {number: " ".join([f"marker-{number:02}"] * 20) for number in range(len(cells))}
    assert len(stage.mock.requests()) == len(cells) == 48


class LeavesAfterTheFirst(list[Any]):
    """Takes one piece of a stream and closes it; what the async client's iteration appends is just kept."""

    def extend(self, stream: Any) -> None:
        self.append(next(stream))
        stream.close()


async def leave_in_mid_stream(tool: Any) -> None:
    """Read the beginning of an endless stream, then leave: by ``close`` with the blocking client, by cancellation else."""
    taken = LeavesAfterTheFirst()
    prompt = [{"role": "user", "content": "{{mock: words=50 stall-after=6}}"}]
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            await tool.stream(into=taken, model=f"left-{tool.name}/any-model", messages=prompt)

        nursery.start_soon(listen)
        await until(lambda: taken)
        if tool.is_async:
            nursery.cancel_scope.cancel()


async def test_a_client_that_leaves_in_mid_stream_leaves_nothing_open_at_the_provider(stage: Stage, tool: Tool) -> None:
    def state() -> dict[str, int]:
        return stage.mock.state()

    left_before = state()["client_left_count"]
    open_before = state()["open_connections"]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(leave_in_mid_stream, tool)
        await until(lambda: state()["open_connections"] == open_before, seconds=1)

    assert (state()["open_streams"], state()["client_left_count"] - left_before) == (0, 5)
    assert [each.about["client_left"] for each in stage.mock.requests()] == [True] * 5


@pytest.mark.code("KP-NET-311")
async def test_a_client_that_leaves_before_the_first_byte_is_noticed_too(stage: Stage) -> None:
    tool = OpenAITool(url=f"{stage.daemon.url}/v1", key=stage.daemon.key)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tool.ask, "{{mock: first-byte=60}}")
            await until(stage.mock.requests)
            nursery.cancel_scope.cancel()
        await until(lambda: stage.mock.only_request().about["client_left"], seconds=1)

    assert "outcome=client-left code=KP-NET-311" in await stage.log_line(
        stage.mock.only_request().header("x-correlation-id") or ""
    )


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_client_that_gives_up_by_its_own_timeout(stage: Stage, tool: Tool, streamed: bool) -> None:
    with pytest.raises(tool.sdk.APITimeoutError):
        await tool.ask("{{mock: first-byte=60}}", streamed=streamed, timeout=0.3)

    await until(lambda: stage.mock.only_request().about["client_left"], seconds=1)
