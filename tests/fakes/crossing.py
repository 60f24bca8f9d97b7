"""Requests of the corpus on their way into foreign formats, and what becomes of each leaf of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import Abilities, Dialect, Translator, chat
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from tests.fakes.perturbing import SENTINEL, other
from tests.fakes.pointers import at, leaves, replaced, within

Verdict: TypeAlias = Literal["kept", "mapped", "lost", "refused"]
_Reading: TypeAlias = tuple[chat.Conversation, chat.Asked, chat.Report]

CORPUS = Path(__file__).parent.parent / "corpora" / "requests"
DIALECTS: Mapping[str, Dialect] = {each.name: each for each in (OpenAIChat(), AnthropicMessages(), Gemini())}
CLIENTS = ("openai-chat", "anthropic-messages")


@attrs.frozen
class Goal:
    """A model that requests are written for, as providers' catalogues describe such models."""

    name: str
    format: str
    abilities: Abilities


_CLAUDE = {"family": "anthropic", "window": 200_000, "output": 64_000}
_LEVELS = ("low", "medium", "high", "xhigh", "max")
_OPENAI = {"family": "openai", "window": 400_000, "output": 128_000}
_GEMINI = {"family": "google", "window": 1_048_576, "output": 65_536, "audio": True, "image_links": False, "prefill": False}
GOALS = (
    Goal("claude-haiku-4-5", "anthropic-messages", Abilities(**_CLAUDE, sampling="one", reasoning="budget")),
    Goal(
        "claude-sonnet-4-6",
        "anthropic-messages",
        Abilities(**_CLAUDE, sampling="one", prefill=False, reasoning="both", efforts=("low", "medium", "high", "max")),
    ),
    Goal(
        "claude-opus-5",
        "anthropic-messages",
        Abilities(**_CLAUDE, sampling="none", system_turns=True, prefill=False, reasoning="adaptive", efforts=_LEVELS),
    ),
    Goal(
        "claude-fable-5",
        "anthropic-messages",
        Abilities(**_CLAUDE, sampling="none", prefill=False, reasoning="always", efforts=_LEVELS, reasoning_off=False),
    ),
    Goal("somebody's-messages", "anthropic-messages", Abilities(image_links=False, structured=False)),
    Goal("gemini-2.5-flash", "gemini", Abilities(**_GEMINI, reasoning="budget")),
    Goal("gemini-3-pro", "gemini", Abilities(**_GEMINI, reasoning="level", efforts=("low", "high"), reasoning_off=False)),
    Goal(
        "gpt-5.5",
        "openai-chat",
        Abilities(**_OPENAI, sampling="none", reasoning="effort", efforts=("none", *_LEVELS[:4]), completion_tokens=True),
    ),
    Goal("gpt-4o", "openai-chat", Abilities(family="openai", window=128_000, output=16_384)),
    Goal("qwen3-max", "openai-chat", Abilities(family="qwen", output=65_536, reasoning="switch", image_links=True)),
    Goal(
        "deepseek-v4",
        "openai-chat",
        Abilities(family="deepseek", reasoning="effort", efforts=("low", "high", "max"), reasoning_back=True, images=False),
    ),
    Goal("anybody's-chat", "openai-chat", Abilities()),
)


@attrs.frozen(kw_only=True)
class Outcome:
    """What a request became: the bytes sent and what answers will need, or where it was refused."""

    sent: bytes = b""
    asked: chat.Asked | None = None
    report: chat.Report
    refused: str | None = None


@attrs.frozen
class Leaf:
    """One leaf of one request: what became of it on its way to a goal, and what is wrong with that; empty: nothing."""

    pointer: str
    verdict: Verdict
    fault: str


def requests(client: str) -> Mapping[str, Any]:
    """Return the bodies of the corpus for a client's format, by name."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted((CORPUS / client).glob("*.json"))}


def goals(client: str) -> list[Goal]:
    """Return the goals that speak another format than *client*."""
    return [each for each in GOALS if each.format != client]


def translated(client: str, body: Any, goal: Goal) -> Outcome:
    """Read *body* as a client's request, and write it for *goal*."""
    return _written(_read(client, json.dumps(body, ensure_ascii=False).encode()), goal)


@cache
def crossing(client: str, name: str, goal: Goal) -> tuple[Leaf, ...]:
    """Return what becomes of each leaf of a request of the corpus for which there is another legal value."""
    body = requests(client)[name]
    original = translated(client, body, goal)
    return tuple(
        _judged(pointer, original, translated(client, changed, goal), at(changed, pointer))
        for pointer, changed in _perturbed(client, name)
    )


def counts(client: str, goal: Goal) -> Counter[str]:
    """Return how many leaves of the whole corpus were kept, mapped, lost and refused."""
    return Counter(leaf.verdict for name in requests(client) for leaf in crossing(client, name, goal))


@cache
def _perturbed(client: str, name: str) -> tuple[tuple[str, Any], ...]:
    body = requests(client)[name]
    found = ((pointer, other(body, pointer)) for pointer, _ in leaves(body))
    return tuple((pointer, replaced(body, pointer, new)) for pointer, new in found if new is not None)


def _judged(pointer: str, original: Outcome, changed: Outcome, value: Any) -> Leaf:
    refused = original.refused if original.refused is not None else changed.refused
    if refused is not None:
        # Nothing is sent, so nothing is lost in silence; that the pointer is the right one is another test's business.
        return Leaf(pointer, "refused", "" if original.refused is not None or within(pointer, refused) else f"refused at {refused}")
    fate = original.report.fate(pointer).fate
    is_sent = not isinstance(value, str) or SENTINEL not in value or SENTINEL.encode() in changed.sent
    is_told = changed.asked != original.asked
    differs = changed.sent != original.sent or is_told
    if fate == "lost":
        is_there = isinstance(value, str) and SENTINEL in value and is_sent
        return Leaf(pointer, "lost", "reported lost, and sent all the same" if is_there else "")
    if fate == "kept" and not differs:
        return Leaf(pointer, "kept", "neither sent nor reported")
    if not (is_sent or is_told):
        return Leaf(pointer, fate, f"{fate}, but its text is not sent")
    return Leaf(pointer, fate, "")


@lru_cache(maxsize=4096)
def _read(client: str, wire: bytes) -> _Reading | chat.CannotCarry:
    report = chat.Report()
    try:
        conversation, asked = translator(client).read_request(DIALECTS[client].paths[0], wire, report)
    except chat.CannotCarry as refusal:
        return refusal
    return conversation, attrs.evolve(asked, created=0), report


def _written(reading: _Reading | chat.CannotCarry, goal: Goal) -> Outcome:
    if isinstance(reading, chat.CannotCarry):
        return Outcome(report=chat.Report(), refused=reading.pointer)
    conversation, asked, read = reading
    report = chat.Report(list(read.notes))
    target = chat.Target(model=goal.name, stream=asked.stream, abilities=goal.abilities)
    try:
        written = translator(goal.format).write_request(conversation, target, report)
    except chat.CannotCarry as refusal:
        return Outcome(report=report, refused=refusal.pointer)
    return Outcome(sent=written.body, asked=asked, report=report)


def translator(format: str) -> Translator:  # noqa: A002 -- the word for it
    """Return how *format* is translated."""
    found = DIALECTS[format].translator
    assert found is not None, f"{format} cannot be translated"
    return found
