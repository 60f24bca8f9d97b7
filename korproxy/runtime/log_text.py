"""Log entries as a terminal gets them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import attrs

from korproxy.runtime.log_json import LONGEST, Entry, component, json_line, plain_json_lines, shortened, time_of

_PRINTABLE = bytes(range(0x20, 0x7F))
# All that moves the cursor, colours the screen, or looks like the end of a line; \t and \n are dealt with apart.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def never(_: str) -> bool:
    """Say of no text that it is harmless."""
    return False


@attrs.frozen
class Made:
    """Entries as they may be written.

    Attributes:
        entries: With every secret hidden.
        lines: What a terminal gets of each.
        plain: All in ids and texts that KorProxy has not made itself, where each character of it is printable ASCII and nothing
            had to be hidden; else empty.
    """

    entries: Sequence[Entry]
    lines: Sequence[str]
    plain: str = ""

    def as_json(self) -> list[str]:
        """Return what the log file gets of each."""
        return plain_json_lines(self.entries, self.plain) if self.plain else [json_line(each) for each in self.entries]


@attrs.frozen
class LineFormatter:
    """``2026-11-23T15:00:00.000Z info     gateway   [correlation id] text``, with every secret hidden.

    One entry begins with one time at the start of a line, whatever its text is: further lines are indented, and control
    characters written out, for the text may come from a client.

    Attributes:
        redact: Hides secrets.
        harmless: True of a text only if ``redact`` would leave each part of it as it is.
    """

    redact: Callable[[str], str]
    harmless: Callable[[str], bool] = never

    def make(self, entries: Sequence[Entry]) -> Made:
        """Return what is written of *entries*: for less where all of them are harmless and plain, as they nearly always are."""
        texts = [f"[{entry.correlation}] {entry.text}" for entry in entries]
        together = _of_others(entries)
        if len(together) > LONGEST or together.encode().translate(None, _PRINTABLE) or not self.harmless(together):
            shown = [self.redact(each) for each in texts]
            hidden = [self._hidden(entry, each) for entry, each in zip(entries, shown, strict=True)]
            return Made(hidden, [_line(entry, each) for entry, each in zip(entries, shown, strict=True)])
        begun = [_begin(entry.created, entry.level, entry.logger) for entry in entries]
        return Made(entries, [f"{begin} {text}\n" for begin, text in zip(begun, texts, strict=True)], together)

    def format_all(self, entries: Sequence[Entry]) -> Sequence[str]:
        """Return the lines of *entries*."""
        return self.make(entries).lines

    def format(self, entry: Entry) -> str:
        """Return the line with its end, a traceback included."""
        return _line(entry, self.redact(f"[{entry.correlation}] {entry.text}"))

    def _hidden(self, entry: Entry, shown: str) -> Entry:
        """Return *entry* without its secrets; *shown* is its id and its text without them."""
        head = f"[{entry.correlation}] "
        if shown.startswith(head):
            correlation, text = entry.correlation, shown[len(head) :]
        else:
            correlation, text = self.redact(entry.correlation), self.redact(entry.text)
        return Entry(entry.created, entry.level, entry.logger, shortened(correlation), shortened(text))


def _of_others(entries: Sequence[Entry]) -> str:
    """Return all in *entries* that may be other than plain and harmless: of the lines about requests, most of it is alike."""
    texts = {each.text if each.others is None else each.others: None for each in entries}
    return " ".join([*texts, "[", *[each.correlation for each in entries], "]"])


def _line(entry: Entry, text: str) -> str:
    if not text.isprintable():  # nothing that is printable needs more
        text = _CONTROL.sub(_escaped, text).replace("\n", "\n    ")
    return f"{_begin(entry.created, entry.level, entry.logger)} {text}\n"


@lru_cache(maxsize=8)  # lines of one batch have one time
def _begin(seconds: float, level: str, logger: str) -> str:
    return f"{time_of(seconds)} {_head(level, logger)}"


@lru_cache(maxsize=256)
def _head(level: str, logger: str) -> str:
    """Return the level, and the part of KorProxy that a logger is for."""
    return f"{level.lower():8} {component(logger):9}"


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
