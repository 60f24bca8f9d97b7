"""The items of a provider's stream, as far as they have come, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.answer_items import BREAK, Place, call_id, call_name, is_call, made_up_id

Kind: TypeAlias = Literal["message", "reasoning", "call", "skip"]


@attrs.define
class Told:
    """One text of an item. Events at its end have it whole once more, and some servers send it only there.

    It is put together only for such as are longer than what came: so it costs what its bytes cost, whatever a provider sends.
    """

    _pieces: list[str] = attrs.field(factory=list, init=False, repr=False)
    _length: int = attrs.field(default=0, init=False)

    def add(self, piece: str) -> str:
        """Take the next *piece*; return it."""
        self._pieces.append(piece)
        self._length += len(piece)
        return piece

    def rest(self, whole: str) -> str:
        """Return what *whole*, the complete text, has beyond what came. A text that begins in another way adds nothing."""
        if len(whole) <= self._length:
            return ""
        said = "".join(self._pieces)
        self._pieces = [said]
        return self.add(whole[len(said) :]) if whole.startswith(said) else ""


@attrs.define
class ItemState:
    """One item.

    Attributes:
        kind: ``skip``: it says nothing to others.
        texts: By their index in the content, or in the summary; a call has one, at 0.
        done: Nothing more is told of it.
        place: Where the texts of reasoning stand; empty: none has come.
        last: Which of them was told last.
        key: The number of a call in the answer, once it was told.
        early: Arguments that came with the beginning of a call.
        waiting: Arguments that have to wait until its name is known.
        cited: What was cited, by the index of the text. Events at the end say it once more.
    """

    kind: Kind
    id: str = ""
    texts: dict[int, Told] = attrs.field(factory=dict)
    done: bool = False
    place: Place | None = None
    last: int | None = None
    key: int | None = None
    early: str = attrs.field(default="", repr=False)
    waiting: list[str] = attrs.field(factory=list, repr=False)
    cited: dict[int, list[chat.Citation]] = attrs.field(factory=dict, repr=False)

    def text(self, index: int) -> Told:
        """Return the text at *index*."""
        found = self.texts.get(index)
        if found is None:
            found = self.texts[index] = Told()
        return found


@attrs.define
class Telling:
    """Tells the items of one answer in events.

    Attributes:
        said: Whether the answer says anything yet.
        refused: Whether the model has refused in words.
    """

    said: bool = attrs.field(default=False, init=False)
    refused: bool = attrs.field(default=False, init=False)
    _calls: int = attrs.field(default=0, init=False)
    _block: object = attrs.field(default=None, init=False)  # where the text stands that was told last; None: something else was

    def more_text(self, state: ItemState, block: object, index: int, piece: str) -> chat.TextDelta | None:
        """Tell the next *piece*, which is not empty, of the text at *block*; None: there is more to tell, so nothing is."""
        if self._block != block:
            return None
        state.text(index).add(piece)
        return chat.TextDelta(piece)

    def more_thought(self, state: ItemState, place: Place, index: int, piece: str) -> chat.ReasoningDelta | None:
        """Tell the next *piece*, which is not empty, of the reasoning at *place* and *index*; None: as above."""
        if state.place != place or state.last != index:
            return None
        state.text(index).add(piece)
        self.said, self._block = True, None
        return chat.ReasoningDelta(piece)

    def more_arguments(self, state: ItemState, piece: str) -> chat.CallDelta | None:
        """Tell the next *piece*, which is not empty, of the arguments of a call; None: as above."""
        if state.key is None:
            return None
        state.text(0).add(piece)
        return chat.CallDelta(state.key, piece)

    def text(self, block: object, text: str) -> Iterator[chat.Event]:
        """Tell *text*, which is a part of the text at *block*."""
        if not text:
            return
        if self._block is not None and self._block != block:
            yield chat.TextEnded()
        self.said, self._block = True, block
        yield chat.TextDelta(text)

    def cited(self, state: ItemState, block: object, index: int, citations: Iterable[chat.Citation]) -> Iterator[chat.Event]:
        """Tell what the text at *block* cites, the one at *index* of its item; what was told does not count."""
        told = state.cited.setdefault(index, [])
        for each in citations:
            if each not in told and self._block == block:
                told.append(each)
                yield chat.Cited(each)

    def refusal(self, text: str) -> Iterator[chat.Event]:
        """Tell *text*."""
        if text:
            self.said, self._block = True, None
            self.refused = True
            yield chat.RefusalDelta(text)

    def thought(self, state: ItemState, place: Place, index: int, text: str) -> Iterator[chat.Event]:
        """Tell *text*, which is a part of the text at *index*; these are paragraphs."""
        if not text:
            return
        is_next = state.last is not None and state.last != index
        state.place, state.last = place, index
        self.said, self._block = True, None
        yield chat.ReasoningDelta(f"{BREAK}{text}" if is_next else text)

    def call(self, state: ItemState, item: Mapping[str, Any], answer: str) -> Iterator[chat.Event]:
        """Tell that a call begins, and what of its arguments had to wait for that; *answer* is the id of the answer."""
        if state.key is not None:
            return
        state.key = self._calls
        self._calls += 1
        self.said, self._block = True, None
        id_ = call_id(item) or made_up_id(answer, state.key)
        yield chat.CallStarted(key=state.key, id=id_, name=call_name(item), freeform=item.get("type") == "custom_tool_call")
        waited = "".join(state.waiting)
        state.waiting.clear()
        yield from self.arguments(state, waited)

    def arguments(self, state: ItemState, piece: str) -> Iterator[chat.Event]:
        """Tell more of the arguments of a call; before it begins they wait."""
        if state.key is None:
            state.waiting.append(piece)
        elif piece:
            yield chat.CallDelta(state.key, piece)

    def end(self, state: ItemState, seal: chat.Seal | None = None) -> Iterator[chat.Event]:
        """Tell that an item is complete, once.

        Raises:
            Unreadable: It is a call whose name never came.
        """
        if state.done:
            return
        state.done = True
        if state.kind == "reasoning" and (state.place or seal is not None):
            self.said, self._block = True, None
            yield chat.ReasoningEnded(seal=seal)
        elif state.kind == "call":
            if state.key is None:
                raise chat.Unreadable("a tool call without a name")
            yield from self.arguments(state, state.text(0).rest(state.early))
            yield chat.CallEnded(state.key)
        state.texts.clear()


def kind_of(item: Mapping[str, Any]) -> Kind:
    """Return what *item* is."""
    match item.get("type"):
        case "message":
            return "message"
        case "reasoning":
            return "reasoning"
        case _:
            return "call" if is_call(item) else "skip"
