"""Ids, names and arguments of tool calls, and calls and results in pairs: what targets forbid is changed, and the same each time.

Facts: Chat takes names of 64 characters ``A-Za-z0-9_-``, Messages of 128 and ids of the same characters, Gemini names that begin
with a letter or ``_`` and may hold ``. : -`` too. All of them refuse a call without its result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import msgspec

from korproxy.chat.conversation import Conversation, Turn
from korproxy.chat.report import Report

NO_RESULT = "[no result: the call was interrupted]"


@attrs.frozen(kw_only=True)
class NameRule:
    """Which names of tools a format takes: so many characters of these; and whether the first may be a digit or a ``-``."""

    longest: int
    characters: str = "A-Za-z0-9_-"
    first: str = "A-Za-z0-9_-"


def fit_names(conversation: Conversation, rule: NameRule, report: Report) -> tuple[Conversation, Mapping[str, str]]:
    """Return *conversation* with names of tools that *rule* takes, everywhere they stand, and the new name -> the client's.

    Names that fit stay. Others keep what can be kept, shortened and with a hash of the whole at their end wherever two might
    meet; the same name always becomes the same. Renamings are reported as mapped.
    """
    raise NotImplementedError


def fit_ids(conversation: Conversation, *, longest: int = 64) -> Conversation:
    """Return *conversation* with ids of calls of ``[A-Za-z0-9_-]``, 1 to *longest* of them, in calls and in their results.

    Ids that fit stay. ``fs.readFile:0`` becomes ``fs_readFile_0``; a hash is added where two would meet. An empty id is made up
    from the call's place, and given to the next result without id. Deterministic: caches and pairs depend on it.
    """
    raise NotImplementedError


def fit_id(id: str, *, longest: int = 64) -> str:  # noqa: A002
    """Return one *id* in the characters ``[A-Za-z0-9_-]``, without a look at others; empty stays empty."""
    raise NotImplementedError


def pair_results(turns: Sequence[Turn], report: Report) -> tuple[Turn, ...]:
    """Return *turns* in which every call is answered in the turn right behind its own.

    All results of one assistant turn (neighbouring assistant turns count as one) come into one user turn, in the order of the
    calls, in front of anything else in it. A call without a result gets ``NO_RESULT``; of several results for one call the last
    stays; a result without a call becomes a text of the user. All of that is reported as mapped or lost. ``ToolResult.name`` is
    filled in from the call. Results without an id answer the calls of their name, else of any name, in order.
    """
    raise NotImplementedError


def merge(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return *turns* without neighbours of one role (``system`` aside) and without empty turns: their parts come together."""
    raise NotImplementedError


def in_front(turns: Sequence[Turn]) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """Return the system turns that stand in front of everything else, and all turns that follow."""
    raise NotImplementedError


def remind(turns: Sequence[Turn], report: Report) -> tuple[Turn, ...]:
    """Return *turns* with each later system turn as ``<system-reminder>`` text in front of the next user turn's other text.

    For formats that take system text only in front. It stays at its place, so that caches of the prefix hold; behind tool
    results where the next turn begins with them; a turn of its own where no user turn follows. Reported as mapped.
    """
    raise NotImplementedError


def as_object(arguments: str, *, freeform: bool = False) -> msgspec.Raw:
    """Return *arguments* as the text of a JSON object, byte for byte where they are one; for Messages and Gemini.

    Empty: ``{}``. A freeform text: ``{"input": text}``. JSON but no object: ``{"value": ...}``, null ``{}``. No JSON: an object
    that was cut off is closed where that suffices, anything else becomes ``{"_raw": text}``. Never raises.
    """
    raise NotImplementedError
