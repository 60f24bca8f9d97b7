"""The arguments of one call while they are streamed: whether they are whole, and what of them can be told already."""

from __future__ import annotations

import re

import attrs

from korproxy.api import chat

_SPACE = " \t\n\r"  # JSON's
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NULL = "null"
_LONGEST_NULL = 64  # characters, space around it included


@attrs.define
class StreamArguments:
    """Each piece is looked at once, and all of them together once, however many come: providers are not to be trusted.

    Some servers send the text ``null`` for a call without arguments. What may become that is held back, and dropped if it does.
    """

    _whole: bool = attrs.field(default=False, init=False)  # one JSON object, as far as it has come
    _judged: bool = attrs.field(default=False, init=False)  # only space can follow; if it is no object, it never will be
    _null: bool = attrs.field(default=False, init=False)  # what is held back is a whole null
    _told: bool = attrs.field(default=False, init=False)  # something other than space was told
    _pieces: list[str] = attrs.field(factory=list, init=False, repr=False)  # until they are judged
    _untold: list[str] = attrs.field(factory=list, init=False, repr=False)
    _depth: int = attrs.field(default=0, init=False)  # of braces
    _quoted: bool = attrs.field(default=False, init=False)  # the latest piece ends inside a string
    _half: str = attrs.field(default="", init=False)  # the backslash of an escape that goes on in the next piece

    @property
    def are_whole(self) -> bool:
        """Whether they are a JSON object or null; space may follow."""
        return self._whole or self._null

    @property
    def are_untold(self) -> bool:
        """Whether there is anything that ``ready`` has not returned."""
        return bool(self._untold)

    def add(self, piece: str) -> None:
        """Take the next *piece*, which is not empty."""
        self._untold.append(piece)
        is_space = not piece.strip(_SPACE)
        if self._judged:
            self._whole = self._whole and is_space
        elif self._pieces or not is_space:
            self._pieces.append(piece)
            self._count(piece)
            self._judge()

    def more(self, piece: str) -> bool:
        """Take *piece*, if it goes on with a string in JSON whose beginning was told: then it can be told as it is.

        So it is with nearly all pieces. Where the answer is no, nothing was taken.
        """
        if not self._told or not self._quoted or self._untold or self._half or self._judged or '"' in piece or "\\" in piece:
            return False
        self._pieces.append(piece)
        return True

    def ready(self, *, bare: bool) -> str:
        """Return what can be told now and was not; *bare*: it is a text and no JSON."""
        text = "".join(self._untold)
        said = text.strip(_SPACE)
        if said and not self._told and not bare and len(text) <= _LONGEST_NULL and _NULL.startswith(said):
            self._null = said == _NULL
            return ""
        self._null = False
        self._told = self._told or bool(said)
        self._untold.clear()
        return text

    def rest(self) -> str:
        """Return what was held back, at the end of the call: null is dropped."""
        text = "" if self._null else "".join(self._untold)
        self._told = True
        self._untold.clear()
        return text

    def _count(self, piece: str) -> None:
        text = self._half + piece
        if "\\" in text:
            text = _ESCAPE.sub("", text)
        self._half = "\\" if text.endswith("\\") else ""
        strings = text.split('"')
        outside = "".join(strings[self._quoted :: 2])
        self._quoted = self._quoted != (len(strings) % 2 == 0)
        self._depth += outside.count("{") - outside.count("}")

    def _judge(self) -> None:
        if self._quoted or self._depth > 0:
            return
        self._judged = True  # the first brace of an object is closed at its end, and nowhere before
        self._whole = chat.is_object("".join(self._pieces))
        self._pieces.clear()
