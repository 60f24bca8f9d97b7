"""The cells of the table: each SDK with each type of provider. A case is played in a cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs

from tests.e2e.arrivals import Arrival, read
from tests.e2e.programs import AnthropicProgram, OpenAIProgram, Program, Reply, Wish
from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool
from tests.e2e.stage import KEYS, Model, Received, Stage

Turns: TypeAlias = list[Any]

SDKS = ("openai", "anthropic")
MODELS = (
    Model(asked="claude-haiku-4-5", provider="claude", upstream="claude-haiku-4-5"),
    Model(asked="codex/gpt-5.5", provider="codex", upstream="gpt-5.5"),
    Model(asked="gemini/gemini-3.5-flash", provider="gemini", upstream="gemini-3.5-flash"),
    Model(asked="qwen/qwen3.8-flash", provider="qwen", upstream="qwen3.8-flash"),
    Model(asked="iflow/glm-4.6", provider="iflow", upstream="glm-4.6"),
)
PROVIDERS = tuple(each.provider for each in MODELS)
_FORMATS = {"claude": "anthropic-messages", "gemini": "gemini"}  # the others: openai-chat


@attrs.frozen(kw_only=True)
class Way:
    """How a program asks."""

    name: str
    streamed: bool = False
    is_async: bool = True

    def __str__(self) -> str:
        return self.name


WHOLE = Way(name="whole")
STREAMED = Way(name="streamed", streamed=True)
WHOLE_BLOCKING = Way(name="whole-blocking", is_async=False)
STREAMED_BLOCKING = Way(name="streamed-blocking", streamed=True, is_async=False)
BOTH = (WHOLE, STREAMED)
ALL = (WHOLE, STREAMED, WHOLE_BLOCKING, STREAMED_BLOCKING)


@attrs.frozen(kw_only=True)
class Cell:
    """One SDK, one provider, one way of asking, on a stage."""

    stage: Stage
    sdk: str
    model: Model
    way: Way

    @property
    def provider(self) -> str:
        return self.model.provider

    @property
    def form(self) -> str:
        """The provider's format."""
        return form_of(self.provider)

    @property
    def crosses(self) -> bool:
        """Whether the program's format is not the provider's."""
        return crosses(self.sdk, self.provider)

    @property
    def echoed(self) -> str:
        """The model's name in answers: as asked, where they are not the provider's own bytes."""
        return self.model.asked if self.crosses else self.model.upstream

    @property
    def tool(self) -> Tool:
        """The SDK, pointed at the daemon."""
        kind, path = (OpenAITool, "/v1") if self.sdk == "openai" else (AnthropicTool, "")
        return kind(url=self.stage.daemon.url + path, key=self.stage.daemon.key, is_async=self.way.is_async)

    @property
    def program(self) -> Program:
        """The program on top of it."""
        tool = self.tool
        return OpenAIProgram(tool=tool) if isinstance(tool, OpenAITool) else _anthropic(tool)

    def with_model(self, name: str) -> Cell:
        """Return the cell with another model of the same provider."""
        prefix, slash, _ = self.model.asked.rpartition("/")
        return attrs.evolve(self, model=attrs.evolve(self.model, asked=f"{prefix}{slash}{name}", upstream=name))

    def user(self, text: str, picture: bytes | str | None = None) -> Turns:
        """Return a user's turn."""
        return self.program.user(text, picture)

    def wish(self, turns: Turns, **more: Any) -> Wish:
        """Return the request for *turns*; *more* are fields of ``Wish``."""
        adaptive = self.provider == "claude" and "haiku" not in self.model.asked
        return Wish(model=self.model.asked, turns=turns, adaptive=adaptive, **more)

    async def say(self, turns: Turns, **more: Any) -> Reply:
        """Send *turns*; *more* are fields of ``Wish``."""
        reply = await self.program.say(self.wish(turns, **more), streamed=self.way.streamed)
        assert (reply.model, reply.headers["x-korproxy-provider"]) == (self.echoed, self.provider)
        assert reply.headers["x-korproxy-model"] == self.model.upstream
        return reply

    def arrivals(self) -> list[Arrival]:
        """Return what reached the provider, oldest first."""
        return [self.read(each) for each in self.stage.mock.requests()]

    def arrival(self) -> Arrival:
        """Return the only request that reached the provider."""
        return self.read(self.stage.mock.only_request())

    def read(self, received: Received) -> Arrival:
        """Read what this cell's provider received."""
        key = KEYS[f"{self.provider.upper()}_KEY"]
        arrival = read(received, provider=self.provider, form=self.form, key=key, crosses=self.crosses)
        assert (arrival.model, arrival.streamed) == (self.model.upstream, self.way.streamed)
        return arrival


def form_of(provider: str) -> str:
    """Return the format that *provider* speaks."""
    return _FORMATS.get(provider, "openai-chat")


def crosses(sdk: str, provider: str) -> bool:
    """Tell whether *sdk* and *provider* speak different formats."""
    return form_of(provider) != ("openai-chat" if sdk == "openai" else "anthropic-messages")


def texts(replies: Iterable[Reply]) -> list[str]:
    """Return what was said."""
    return [each.text for each in replies]


def _anthropic(tool: Tool) -> Program:
    assert isinstance(tool, AnthropicTool)
    return AnthropicProgram(tool=tool)
