"""Requests of the corpus on their way into foreign formats, and what becomes of each leaf of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import Abilities, Catalogue, chat
from korproxy.builtin.providers import claude, codex, compatible, gemini, qwen
from tests.fakes.passing import DIALECTS, translator
from tests.fakes.perturbing import SENTINEL, other
from tests.fakes.pointers import leaves, replaced, within

Verdict: TypeAlias = Literal["kept", "mapped", "lost", "refused"]
_Reading: TypeAlias = tuple[chat.Conversation, chat.Asked, chat.Report]

CORPUS = Path(__file__).parent.parent / "corpora" / "requests"
# Ends of what is said of things that are lost but for a text that is sent in their place.
SENT_IN_PART = ("; the text that it gave is sent as a text", "; it is told that there was one")
# Why things are sent as something else in which nothing of their own text is left.
SENT_INSTEAD = ("the item itself is sent",)
_REFERENCES = (frozenset({"id", "tool_call_id", "tool_use_id"}), frozenset({"call_id"}), frozenset({"name"}))
# Gemini's results say the name of their call once more: alone it decides nothing. Nor does an id that their call does not say.
_SAID_TWICE = ("/functionResponse/name", "/function_response/name")
_OF_NO_CALL = ("/functionResponse/id", "/function_response/id")


@attrs.frozen
class Goal:
    """A kind of models that requests are written for, by the name of one of them."""

    name: str
    format: str
    abilities: Abilities

    def __str__(self) -> str:
        return f"{self.format}: {self.name}"


def goals(client: str) -> list[Goal]:
    """Return the goals that speak another format than *client*: each kind of model that the catalogues tell apart."""
    return [each for each in _goals() if each.format != client]


@cache
def _goals() -> tuple[Goal, ...]:
    speaking = (
        ("anthropic-messages", claude.catalogue()),
        ("anthropic-messages", compatible.catalogue("compatible")),
        ("gemini", gemini.catalogue()),
        ("openai-chat", codex.catalogue()),
        ("openai-chat", qwen.catalogue()),
        ("openai-chat", compatible.catalogue("compatible")),
        ("openai-responses", codex.catalogue()),
        ("openai-responses", compatible.catalogue("compatible")),
    )
    found = [Goal(name, spoken, abilities) for spoken, each in speaking for abilities, name in _kinds(each).items()]
    return (*found, *(Goal("blind", each, _BLIND) for each in ("openai-chat", "anthropic-messages", "openai-responses")))


_BLIND = Abilities(tools=False, images=False, documents=False, image_links=False, structured=False, sampling="none")


def _kinds(catalogue: Catalogue) -> Mapping[Abilities, str]:
    """Return the first name of each kind of models in *catalogue*."""
    named = [(each.abilities or catalogue.assumed, each.id) for each in catalogue.models if each.kind == "chat"]
    named += [(abilities, pattern) for pattern, abilities in catalogue.families if "embedding" not in pattern]
    return dict(reversed([*named, (catalogue.assumed, "others")]))


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


@cache
def requests(client: str) -> Mapping[str, Any]:
    """Return the bodies of the corpus for a client's format, by name. Nobody may change them."""
    return {path.stem: json.loads(path.read_bytes()) for path in sorted((CORPUS / client).glob("*.json"))}


def translated(client: str, body: Any, goal: Goal) -> Outcome:
    """Read *body* as a client's request, and write it for *goal*."""
    return _written(_read(client, json.dumps(body, ensure_ascii=False).encode()), goal)


@cache
def crossing(client: str, name: str, goal: Goal) -> tuple[Leaf, ...]:
    """Return what becomes of each leaf of a request of the corpus for which there is another legal value."""
    original = translated(client, requests(client)[name], goal)
    return tuple(_judged(each, original, client, goal) for each in _changes(client, name))


def counts(client: str, goal: Goal) -> Counter[str]:
    """Return how many leaves of the whole corpus were kept, mapped, lost and refused."""
    return Counter(leaf.verdict for name in requests(client) for leaf in crossing(client, name, goal))


@attrs.frozen
class _Change:
    """A leaf with another value: ``alone``, and ``everywhere`` where its old value is an id or a name that others refer to."""

    pointer: str
    old: Any
    value: Any
    alone: Any
    everywhere: Any


@cache
def _changes(client: str, name: str) -> tuple[_Change, ...]:
    body = requests(client)[name]
    found = [(pointer, value, other(body, pointer)) for pointer, value in leaves(body)]
    return tuple(
        _Change(pointer, value, new, replaced(body, pointer, new), _renamed(body, pointer, value, new))
        for pointer, value, new in found
        if new is not None
    )


def _renamed(body: Any, pointer: str, value: Any, new: Any) -> Any:
    for kind in _REFERENCES:
        if pointer.rpartition("/")[2] in kind:
            for same, old in leaves(body):
                if old == value and same.rpartition("/")[2] in kind:
                    body = replaced(body, same, new)
            return body
    return replaced(body, pointer, new)


def _judged(change: _Change, original: Outcome, client: str, goal: Goal) -> Leaf:
    pointer = change.pointer
    if original.refused is not None:  # nothing is sent, so nothing is lost in silence; where it is refused is told elsewhere
        return Leaf(pointer, "refused", "")
    changed = translated(client, change.alone, goal)
    if changed.refused is not None:
        return Leaf(pointer, "refused", "" if within(pointer, changed.refused) else f"refused at {changed.refused}")
    note, after = original.report.fate(pointer), changed.report.fate(pointer)
    has_text = isinstance(change.value, str) and SENTINEL in change.value
    in_asked = changed.asked != original.asked
    if note.fate == "lost":
        is_there = has_text and SENTINEL.encode() in changed.sent and not note.why.endswith(SENT_IN_PART)
        return Leaf(pointer, "lost", "reported lost, and sent all the same" if is_there else "")
    if pointer.endswith(_SAID_TWICE):
        changed = translated(client, change.everywhere, goal)
    if note.fate == "kept" and changed.sent == original.sent and not in_asked:
        is_told = after.fate != "kept"  # the new value is sent as another one, or an empty text said nothing yet
        is_odd = pointer.endswith(_OF_NO_CALL) and change.alone == change.everywhere
        return Leaf(pointer, "kept", "" if is_told or is_odd else "neither sent nor reported")
    if not has_text or in_asked or after.fate == "lost" or note.why in SENT_INSTEAD or SENTINEL.encode() in changed.sent:
        return Leaf(pointer, note.fate, "")
    in_text = SENTINEL.encode() in translated(client, change.everywhere, goal).sent
    return Leaf(pointer, note.fate, "" if in_text else f"{note.fate}, but its text is not sent")


@lru_cache(maxsize=4096)
def _read(client: str, wire: bytes) -> _Reading | chat.CannotCarry:
    report = chat.Report()
    try:
        conversation, asked = translator(client).read_request(DIALECTS[client].paths[0], wire, report)
    except chat.CannotCarry as refusal:
        return refusal
    return conversation, attrs.evolve(asked, created=0, repeated={}), report  # an answer's repeating it tells no model of it


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
