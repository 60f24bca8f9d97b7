"""Tool calls, put together from the fragments of a stream.

``index`` should tell the calls apart, ``id`` and ``name`` come once, in the first fragment. What servers do in place of that:
repeat id and name in every fragment; send whole calls in one; give all calls the index 0, or none; leave ids out; send the name
after the id, or the arguments as an object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.answer_reader import arguments_text, made_up_id, seal_of
from korproxy.builtin.dialects.chat_format.json_text import inner_object, some_text
from korproxy.builtin.dialects.chat_format.stream_arguments import StreamArguments

MOST_OPEN = 1000  # calls of one answer at a time; models begin a few dozen at most


@attrs.define
class StreamCalls:
    """The calls of one answer."""

    _all: list[_Call] = attrs.field(factory=list, init=False)
    _open: dict[int, _Call] = attrs.field(factory=dict, init=False)  # those that were told, by key
    _whole: set[int] = attrs.field(factory=set, init=False)  # the keys of those that could end
    _ended: int = attrs.field(default=0, init=False)
    _by_index: dict[int, _Call] = attrs.field(factory=dict, init=False)
    _by_id: dict[str, _Call] = attrs.field(factory=dict, init=False)
    _begun: int = attrs.field(default=0, init=False)

    def take(self, said: Mapping[str, Any], answer: str) -> Iterator[chat.Event]:
        """Yield what the fragment *said* tells; *answer* is the id of the answer it is in.

        Raises:
            Unreadable: More calls are open than anybody makes.
        """
        fragment = _Fragment.of(said)
        call = self._found(fragment)
        if call is None:
            call = self._new(fragment)
        call.add(fragment)
        if call.id:
            self._by_id.setdefault(call.id, call)
        if call.key is None and call.name:
            yield from self.close_whole()
            call.key = self._begun
            self._begun += 1
            own_id = call.id or made_up_id(answer, call.key)
            yield chat.CallStarted(key=call.key, id=own_id, name=call.name, freeform=call.freeform, seal=call.seal)
            self._open[call.key] = call
        if call.key is not None:
            yield from self._more(call, call.key)

    @property
    def has_whole(self) -> bool:
        """Whether ``close_whole`` has something to tell."""
        return bool(self._whole)

    def more(self, index: int, own_id: str, name: str, piece: str) -> Sequence[chat.Event] | None:
        """Take a *piece* of arguments, if it goes on with the call at *index*, which was told; return what can be told of it.

        None: nothing was taken, and the fragment has to be.

        Args:
            own_id, name: What the fragment says besides; mostly it says neither.
        """
        call = self._by_index.get(index)
        if call is None or call.key is None or call.ended:
            return None
        if (own_id != call.id) if own_id else name:
            return None
        if call.arguments.more(piece):
            return (chat.CallDelta(call.key, piece),)
        call.arguments.add(piece)
        return tuple(self._more(call, call.key))

    def close_whole(self) -> Iterator[chat.Event]:
        """Yield the ends of the calls whose arguments are whole: other things begin, and clients may show these."""
        for key in sorted(self._whole):
            call = self._open.pop(key)
            call.arguments.rest()  # nothing but null
            call.ended = True
            self._ended += 1
            yield chat.CallEnded(key)
        self._whole.clear()

    def finish(self) -> Iterator[chat.Event]:
        """Yield the ends of all calls that are open.

        Raises:
            Unreadable: One never got a name.
        """
        if any(call.key is None and (call.id or call.arguments.are_untold) for call in self._all):
            raise chat.Unreadable("a tool call without a name")
        for key, call in self._open.items():
            if text := call.arguments.rest():
                yield chat.CallDelta(key, text)
            yield chat.CallEnded(key)
        self._open.clear()

    def cut(self) -> Iterator[chat.Event]:
        """Yield what was held back of calls that will not end, because nothing more comes."""
        for key, call in self._open.items():
            if text := call.arguments.rest():
                yield chat.CallDelta(key, text)

    def _more(self, call: _Call, key: int) -> Iterator[chat.Event]:
        """Yield what can be told of the arguments of *call*."""
        text = call.arguments.ready(bare=call.freeform)
        if text and not (call.ended and text.isspace()):
            yield chat.CallDelta(key, text)
        if call.is_whole and not call.ended:
            self._whole.add(key)
        else:
            self._whole.discard(key)

    def _new(self, fragment: _Fragment) -> _Call:
        if len(self._all) - self._ended >= MOST_OPEN:
            raise chat.Unreadable(f"more than {MOST_OPEN} tool calls at the same time")
        call = _Call()
        self._all.append(call)
        if fragment.index is not None:
            self._by_index[fragment.index] = call
        return call

    def _found(self, fragment: _Fragment) -> _Call | None:
        """Return the call that *fragment* goes on with; None: it begins one."""
        latest = self._all[-1] if self._all else None
        if fragment.index is not None:
            call = self._by_index.get(fragment.index)
        elif fragment.id:
            call = self._by_id.get(fragment.id)
            return call if call is not None or fragment.name or not fragment.arguments else latest
        else:
            call = latest
        return None if call is None or _is_another(call, fragment) else call


@attrs.define(eq=False)
class _Call:
    key: int | None = None  # once it was told
    id: str = ""
    name: str = ""
    freeform: bool = False
    seal: chat.Seal | None = None
    ended: bool = False
    arguments: StreamArguments = attrs.field(factory=StreamArguments)

    def add(self, fragment: _Fragment) -> None:
        """Take what *fragment* says; id and name are told once, and repetitions are not appended."""
        self.id = self.id or fragment.id
        self.name = self.name or fragment.name
        self.freeform = self.freeform or fragment.freeform
        self.seal = self.seal or fragment.seal
        if fragment.arguments:
            self.arguments.add(fragment.arguments)

    @property
    def is_whole(self) -> bool:
        return not self.freeform and self.arguments.are_whole


@attrs.frozen(kw_only=True)
class _Fragment:
    index: int | None
    id: str
    name: str
    arguments: str
    freeform: bool
    seal: chat.Seal | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> _Fragment:
        custom = inner_object(said, "custom")
        inner = custom or inner_object(said, "function")
        index = said.get("index")
        return cls(
            index=index if isinstance(index, int) else None,
            id=some_text(said.get("id")),
            name=some_text(inner.get("name")),
            arguments=arguments_text(inner.get("input" if custom else "arguments")),
            freeform=bool(custom) or said.get("type") == "custom",
            seal=seal_of(said),
        )


def _is_another(call: _Call, fragment: _Fragment) -> bool:
    """Whether *fragment* begins a call of its own, although its index is *call*'s."""
    if fragment.id and call.id:
        # A new id alone does not make a call: some servers give each fragment an id of its own.
        return fragment.id != call.id and (bool(fragment.name) or not fragment.arguments)
    if not fragment.name or not call.name:
        return False
    return fragment.name != call.name or (fragment.arguments.startswith("{") and call.is_whole)
