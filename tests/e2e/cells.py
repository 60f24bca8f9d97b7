"""The cells of the table: each SDK with each type of provider. A case is played in a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from tests.e2e.arrivals import read
from tests.e2e.programs import AnthropicProgram, OpenAIProgram, Program, Reply, Wish
from tests.e2e.programs_google import GoogleProgram
from tests.e2e.programs_responses import ResponsesProgram
from tests.e2e.sdk import AnthropicTool, OpenAITool, Tool
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.sdk_responses import ResponsesTool
from tests.e2e.stage import KEYS, Model, Received, Stage
from tests.e2e.story import Arrival

Turns: TypeAlias = list[Any]

CHAT, MESSAGES, GEMINI, RESPONSES = "openai-chat", "anthropic-messages", "gemini", "openai-responses"
SDKS: Mapping[str, str] = {"openai": CHAT, "anthropic": MESSAGES, "responses": RESPONSES, "google": GEMINI}  # and their formats
# A column each. Two of them are one provider: the newer models of OpenAI take tools only where they are asked by Responses.
MODELS: Mapping[str, Model] = {
    "claude": Model(asked="claude-haiku-4-5", provider="claude", upstream="claude-haiku-4-5"),
    "codex": Model(asked="codex/gpt-5.2", provider="codex", upstream="gpt-5.2"),
    "sol": Model(asked="codex/gpt-6-sol", provider="codex", upstream="gpt-6-sol"),
    "answers": Model(asked="answers/gpt-6-luna", provider="answers", upstream="gpt-6-luna"),
    "gemini": Model(asked="gemini/gemini-3.5-flash", provider="gemini", upstream="gemini-3.5-flash"),
    "qwen": Model(asked="qwen/qwen3.8-flash", provider="qwen", upstream="qwen3.8-flash"),
    "iflow": Model(asked="iflow/glm-4.6", provider="iflow", upstream="glm-4.6"),
}
COLUMNS = tuple(MODELS)
_FORMS = {"claude": MESSAGES, "gemini": GEMINI, "qwen": CHAT, "iflow": CHAT, "answers": RESPONSES, "sol": RESPONSES}


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
    column: str
    model: Model
    way: Way

    @property
    def provider(self) -> str:
        return self.model.provider

    @property
    def form(self) -> str:
        """The format in which the provider is asked."""
        return form_of(self.sdk, self.column)

    @property
    def crosses(self) -> bool:
        """Whether the program's format is not the provider's."""
        return crosses(self.sdk, self.column)

    @property
    def echoed(self) -> str:
        """The model's name in answers: as asked, where they are not the provider's own bytes."""
        return self.model.asked if self.crosses else self.model.upstream

    @property
    def tool(self) -> Tool:
        """The SDK, pointed at the daemon."""
        return self.program.tool

    @property
    def program(self) -> Program:
        """The program on top of it."""
        return _PROGRAMS[self.sdk](self.stage.daemon.url, key=self.stage.daemon.key, is_async=self.way.is_async)

    @property
    def alone(self) -> Cell:
        """The cell with a name of its model that leads to its provider only, so that no other one stands in for it."""
        name = self.model.asked
        return self if "/" in name else attrs.evolve(self, model=attrs.evolve(self.model, asked=f"{self.provider}/{name}"))

    def with_model(self, name: str) -> Cell:
        """Return the cell with another model of the same provider."""
        prefix, slash, _ = self.model.asked.rpartition("/")
        return attrs.evolve(self, model=attrs.evolve(self.model, asked=f"{prefix}{slash}{name}", upstream=name))

    def at(self, column: str) -> Cell:
        """Return the cell of the same SDK in another column."""
        return attrs.evolve(self, column=column, model=MODELS[column])

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


def form_of(sdk: str, column: str) -> str:
    """Return the format in which KorProxy asks the provider of *column* for a client that uses *sdk*."""
    if column == "codex":  # speaks both, and tells more in Responses
        return CHAT if sdk == "openai" else RESPONSES
    return _FORMS[column]


def crosses(sdk: str, column: str) -> bool:
    """Tell whether *sdk* and *column* speak different formats."""
    return form_of(sdk, column) != SDKS[sdk]


def is_often(sdk: str, column: str) -> bool:
    """Tell whether the suite itself plays this cell: there is one of each format for each SDK."""
    often = {"claude", "gemini", *([] if sdk == "openai" else ["qwen"]), *([] if sdk == "responses" else ["answers"])}
    return column in often or (column == "codex" and sdk in ("openai", "responses"))


def _openai(url: str, **more: Any) -> Program:
    return OpenAIProgram(tool=OpenAITool(url=f"{url}/v1", **more))


def _anthropic(url: str, **more: Any) -> Program:
    return AnthropicProgram(tool=AnthropicTool(url=url, **more))


def _responses(url: str, **more: Any) -> Program:
    return ResponsesProgram(tool=ResponsesTool(url=f"{url}/v1", **more))


def _google(url: str, **more: Any) -> Program:
    return GoogleProgram(tool=GoogleTool(url=url, **more))


_PROGRAMS: Mapping[str, Callable[..., Program]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "responses": _responses,
    "google": _google,
}
