"""Hypothesis strategy for conversations that several formats can say word for word: there and back is the identity."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import attrs
from hypothesis import strategies as st

from korproxy.api import Abilities, chat

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"

# A model that takes all there is: what gets lost on the way to it, the formats have lost.
EVERYTHING = Abilities(
    family="anthropic",
    output=128_000,
    system_turns=True,
    reasoning="adaptive",
    efforts=("low", "medium", "high", "xhigh", "max"),
)
MODELS: Mapping[str, Abilities] = {
    "openai-chat": EVERYTHING,
    "anthropic-messages": EVERYTHING,
    "openai-responses": EVERYTHING,
    "gemini": attrs.evolve(EVERYTHING, family="google", reasoning="level"),
}
# What formats have no words for, or other ones: they change it, and say so.
LACKS: Mapping[str, frozenset[str]] = {
    "openai-chat": frozenset(),
    "anthropic-messages": frozenset(),
    "openai-responses": frozenset({"stop"}),
    "gemini": frozenset({"exact", "files", "objects", "parallel"}),
}

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10).filter(lambda text: bool(text.strip()))
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True)
_NUMBERS = st.sampled_from(["1.10", "-0.0", "1e400", "12345678901234567890123", "7"])
_VALUES = st.one_of(_TEXTS.map(json.dumps), _NUMBERS, st.sampled_from(["null", "[]", '{"b":[1, 2]}', '"\\u00e9"', '"é"']))
_OBJECTS = st.lists(st.tuples(st.sampled_from("abcä"), _VALUES), max_size=3, unique_by=lambda pair: pair[0]).map(
    lambda members: "{" + ",".join(f'"{key}": {value}' for key, value in members) + "}"
)
_PICTURES = st.just(chat.Image(blob=chat.Blob(media_type="image/png", data=PNG)))
_LINKS = st.just(chat.Image(blob=chat.Blob(url="https://pictures.example/a.png")))
_PAPERS = st.builds(chat.Document, blob=st.just(chat.Blob(media_type="application/pdf", data=PDF)), title=st.just("a.pdf"))
_TOLD = st.builds(chat.Text, text=_TEXTS)  # never two side by side: Chat is sent one text, which more servers understand
_PLAIN_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    _NAMES, st.sampled_from([{"type": "string"}, {"type": "integer"}]), min_size=1, max_size=3
).map(lambda members: {"type": "object", "properties": members, "required": list(members)})
_EXACT_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    _NAMES, st.sampled_from([{"type": "string"}, {"type": "integer"}, {"enum": ["a", "b"]}]), max_size=3
).map(  # exact, as strict tools and forms of answers have to be
    lambda members: {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
)
_EFFORTS: list[chat.Effort] = ["low", "medium", "high", "xhigh", "max"]


@st.composite
def sayable(draw: st.DrawFn, formats: Collection[str] = ("openai-chat", "anthropic-messages")) -> chat.Conversation:
    """Return a conversation that all *formats* can say.

    It is in good order: turns alternate, every call has its result, and the user speaks first and last.
    """
    can = _Sayable(frozenset().union(*(LACKS[each] for each in formats)))
    tools = tuple(draw(can.tools()))
    turns = [chat.Turn(role="system", parts=(chat.Text(text=draw(_TEXTS)),))] if draw(st.booleans()) else []
    calls = 0
    results: list[chat.Part] = []
    for _ in range(draw(st.integers(0, 3))):
        turns.append(can.user(draw, results))
        parts: list[chat.Part] = [chat.Text(text=draw(_TEXTS))] if draw(st.booleans()) else []
        results = []
        if tools:
            for _ in range(draw(st.integers(0 if parts else 1, 3))):
                call = chat.ToolCall(id=f"call_{calls}", name=draw(st.sampled_from(tools)).name, arguments=draw(_OBJECTS))
                parts.append(call)
                results.append(chat.ToolResult(call_id=call.id, parts=(chat.Text(text=draw(can.results())),)))
                calls += 1
        turns.append(chat.Turn(role="assistant", parts=tuple(parts) or (chat.Text(text="Yes."),)))
    turns.append(can.user(draw, results))
    choice = _choice(draw, tools)
    return chat.Conversation(turns=tuple(turns), tools=tools, choice=choice, options=can.options(draw, choice))


@attrs.frozen
class _Sayable:
    """What can be said without what some format lacks."""

    lacks: frozenset[str]

    def schemas(self) -> st.SearchStrategy[dict[str, Any]]:
        return _PLAIN_SCHEMAS if "exact" in self.lacks else _EXACT_SCHEMAS

    def forms(self) -> st.SearchStrategy[dict[str, Any]]:
        """Return schemas of answers: Messages takes only closed ones."""
        return self.schemas().map(lambda schema: {**schema, "additionalProperties": False})

    def tools(self) -> st.SearchStrategy[list[chat.Tool]]:
        # Messages has no other word for false than none
        strict = st.sampled_from([None] if "exact" in self.lacks else [None, True])
        tool = st.builds(chat.Tool, name=_NAMES, description=st.none() | _TEXTS, schema=self.schemas(), strict=strict)
        return st.lists(tool, max_size=3, unique_by=lambda each: each.name)

    def results(self) -> st.SearchStrategy[str]:
        """Return texts of results: Gemini has objects for them, and takes a text that is one for it."""
        return _TEXTS.filter(lambda text: not text.lstrip().startswith("{")) if "objects" in self.lacks else _TEXTS

    def user(self, draw: st.DrawFn, results: list[chat.Part]) -> chat.Turn:
        seen = _PICTURES if "files" in self.lacks else st.one_of(_PICTURES, _LINKS, _PAPERS)
        told = (st.tuples(_TOLD), st.tuples(_TOLD, seen), st.tuples(seen, _TOLD), st.tuples(seen, seen, _TOLD, seen))
        said = draw(st.one_of(told)) if not results or draw(st.booleans()) else ()
        return chat.Turn(role="user", parts=(*results, *said))

    def options(self, draw: st.DrawFn, choice: chat.ToolChoice | None) -> chat.Options:
        # Messages says it with the choice
        can_be_one = choice is not None and choice.mode != "none" and "parallel" not in self.lacks
        temperature = draw(st.none() | st.sampled_from([0, 0.25, 0.7, 1]))
        effort = draw(st.none() | st.sampled_from(_EFFORTS)) if temperature is None else None
        schema = draw(st.none() | self.forms())
        said: dict[str, Any] = {
            "max_tokens": draw(st.integers(1, 64_000)),
            "temperature": temperature,
            "stop": () if "stop" in self.lacks else tuple(draw(st.lists(_TEXTS, max_size=3))),
            "parallel": draw(st.sampled_from([None, False])) if can_be_one else None,  # true goes without saying
            "thinking": None if effort is None else chat.Thinking(effort=effort),
            "output": None if schema is None else chat.OutputFormat(kind="schema", schema=schema),
        }
        return chat.Options(**said, pointers={name: f"/{name}" for name, value in said.items() if value})


def _choice(draw: st.DrawFn, tools: tuple[chat.Tool, ...]) -> chat.ToolChoice | None:
    if not tools or draw(st.booleans()):
        return None
    forced = chat.ToolChoice(mode="any", names=(draw(st.sampled_from(tools)).name,))
    modes = (chat.ToolChoice(mode="auto"), chat.ToolChoice(mode="none"), chat.ToolChoice(mode="any"))
    return draw(st.sampled_from((*modes, forced)))
