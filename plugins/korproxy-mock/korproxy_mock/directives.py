"""Read scripts out of prompts: ``{{mock: status=429 retry-after=2}}``. Pure.

A block starts with ``{{mock:`` or ``{{then:`` and ends with the first ``}}`` outside quotes; inside it words are split
like a shell does. All ``mock`` blocks of a prompt make one script; each ``then`` block scripts one further turn.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

import attrs

from korproxy_mock.script import ACTIONS, Aim, RetryAfter, Script, ToolCall, Usage

_OPENING = re.compile(r"\{\{(mock|then):")
_ERROR_STATUS = range(400, 600)
_RETRY_FORMS = ("date", "ms", "raw")
_SPLITS = ("char", "every-byte")
_USAGE_PARTS = range(2, 5)
_MOST_WORDS = 100_000
_LONGEST_HINT = 1e9  # about 30 years: longer ones are no dates any more
QUIRKS = (
    "repeat-ids", "whole-calls", "index-zero", "usage-on-finish", "reasoning", "think-tags", "no-ids", "empty-end",
    "finish-early", "snake-case", "empty-output", "done-line", "reasoning-text", "interleaved",
)  # fmt: skip


class DirectiveError(ValueError):
    """A directive is misspelt; the text says which and how. Loud, so that a typo in a test is not a passing test."""


@attrs.frozen(kw_only=True)
class Directions:
    """A prompt taken apart: ``text`` without the blocks, and a script per turn (the first may be all defaults)."""

    text: str
    steps: tuple[Script, ...]


def has_directives(prompt: str) -> bool:
    """Tell whether a block stands in *prompt*."""
    return bool(_OPENING.search(prompt))


def parse(prompt: str) -> Directions:
    """Take the blocks out of *prompt*.

    Raises:
        DirectiveError: A block does not end, or says something unknown.
    """
    plain: list[str] = []
    blocks: list[tuple[str, str]] = []
    at = 0
    while opening := _OPENING.search(prompt, at):
        end = _closing(prompt, opening.end())
        plain.append(prompt[at : opening.start()])
        blocks.append((opening[1], prompt[opening.end() : end]))
        at = end + len("}}")
    plain.append(prompt[at:])
    first = " ".join(inside for kind, inside in blocks if kind == "mock")
    steps = [first, *(inside for kind, inside in blocks if kind == "then")] if blocks else []
    return Directions(text="".join(plain).strip(), steps=tuple(map(parse_script, steps)))


def parse_script(directives: str) -> Script:
    """Read ``key=value key …`` without braces.

    Raises:
        DirectiveError: It says something unknown, or says one thing twice.
    """
    try:
        words = shlex.split(directives)
    except ValueError as exc:
        raise DirectiveError(f"mock: cannot read {directives.strip()!r}: {exc}") from None
    pairs = [(key, value if equals else None) for key, equals, value in (word.partition("=") for word in words)]
    tools, rest = _tools(pairs)
    fields: dict[str, object] = {"tools": tools, "quirks": tuple(_read(k, v) for k, v in rest if k == "quirk")}
    aim: dict[str, object] = {}
    for key, value in ((key, value) for key, value in rest if key != "quirk"):
        target, name = (aim, _AIMED[key]) if key in _AIMED else (fields, key.replace("-", "_"))
        if name in target:
            raise DirectiveError(f"mock: {key!r} is said twice")
        target[name] = _read(key, value)
    return Script(**fields, aim=Aim(**aim))  # type: ignore[arg-type]  # the tables below give each field its type


def _closing(prompt: str, start: int) -> int:
    """Find the ``}}`` outside quotes, by the same quoting rules as shlex, so that JSON arguments may hold braces."""
    quote = ""
    at = start
    while at < len(prompt):
        char = prompt[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in {"'", '"'}:
            quote = char
        elif prompt.startswith("}}", at):
            return at
        at += 1
    raise DirectiveError("mock: a {{mock: …}} block has no closing }}")


def _tools(pairs: Sequence[tuple[str, str | None]]) -> tuple[tuple[ToolCall, ...], list[tuple[str, str | None]]]:
    """Collect ``tool=NAME args=JSON`` (repeatable, in order); what is left is the rest."""
    calls: list[ToolCall] = []
    rest: list[tuple[str, str | None]] = []
    for key, value in pairs:
        if key == "tool" and value:
            calls.append(ToolCall(name=value))
        elif key == "args" and calls and calls[-1].arguments is None:
            calls[-1] = attrs.evolve(calls[-1], arguments=value or "")
        elif key in {"tool", "args"}:
            raise DirectiveError("mock: say tool=NAME, then at most one args=JSON for it")
        else:
            rest.append((key, value))
    return tuple(calls), rest


def _read(key: str, value: str | None) -> object:
    if key not in _READERS:
        raise DirectiveError(f"mock: unknown directive {key!r}; known: {', '.join(sorted(_READERS))}, tool, args")
    if value is None and key in _BARE:
        value = _BARE[key]
    try:
        if value is None:
            raise ValueError("it needs a value")  # noqa: TRY301 -- one place makes the message for all
        return _READERS[key](value)
    except ValueError as exc:
        raise DirectiveError(f"mock: {key}={value}: {exc}") from None


def _flag(value: str) -> bool:
    return bool(_one_of("yes", "no")(value) == "yes")


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _positive(value: str) -> int:
    if not (number := _count(value)):
        raise ValueError("must be at least 1")
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 <= number <= 86_400:
        raise ValueError("must be 0 to 86400 seconds")
    return number


def _status(value: str) -> int:
    if (number := int(value)) not in _ERROR_STATUS:
        raise ValueError("must be 400 to 599")
    return number


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return read


def _split(value: str) -> str | int:
    return value if value in _SPLITS else _positive(value)


def _usage(value: str) -> Usage:
    counts = [_count(each) for each in value.split("/")]
    if len(counts) not in _USAGE_PARTS:
        raise ValueError("must be IN/OUT, IN/OUT/CACHE_READ or IN/OUT/CACHE_READ/CACHE_WRITE")
    names = ("input", "output", "cache_read", "cache_write")
    return Usage(**dict(zip(names, counts, strict=False)))


def _retry_after(value: str) -> RetryAfter:
    form, colon, amount = value.partition(":")
    if not (colon and form in _RETRY_FORMS):
        form, amount = "seconds", value
    if form != "raw" and not 0 <= float(amount) <= _LONGEST_HINT:  # also turns away nan
        raise ValueError(f"must be 0 to {_LONGEST_HINT:g}")
    return RetryAfter(form=form, amount=_header(amount))


def _header(value: str) -> str:
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("must be what a header can hold")
    return value


def _words(value: str) -> int:
    if (number := _count(value)) > _MOST_WORDS:
        raise ValueError(f"must be at most {_MOST_WORDS}")
    return number


def _times(value: str) -> int | None:
    return None if value == "forever" else _positive(value)


_FLAGS = (
    "echo-request", "cut-inside", "no-terminal", "html", "empty", "early-close", "close-after-head",
    "comments", "crlf", "usage-in-every-chunk", "no-usage",
)  # fmt: skip
_BARE: Mapping[str, str] = {"gzip": "accepted", "ratelimit-headers": "plain", **dict.fromkeys(_FLAGS, "yes")}
_AIMED: Mapping[str, str] = {
    "on": "action", "provider": "provider", "key": "key", "model": "model", "times": "times",
}  # fmt: skip
_READERS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_FLAGS, _flag),
    **dict.fromkeys(("text", "thinking", "redacted", "stop", "refusal", "search", "cite"), str),
    **dict.fromkeys(("kind", "code", "param", "message", "provider", "key", "model"), str),
    **dict.fromkeys(("stall-after", "cut-after", "malformed-after", "error-after"), _count),
    **dict.fromkeys(("first-byte", "first-event", "gap"), _seconds),
    "words": _words,
    "summary-parts": _positive,
    "phase": _one_of("commentary", "final_answer"),
    "redirect": _header,
    "usage": _usage,
    "status": _status,
    "retry-after": _retry_after,
    "ratelimit-headers": _one_of("plain", "unified"),
    "cut": _one_of("fin", "rst"),
    "split": _split,
    "join": _positive,
    "gzip": _one_of("accepted", "always"),
    "quirk": _one_of(*QUIRKS),
    "on": _one_of(*ACTIONS),
    "times": _times,
}
