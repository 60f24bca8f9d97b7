"""``korproxy explain``: what another provider would get of a request, and what it would not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

import click

from korproxy.api import Cli, Command, Explanation, hookimpl

if TYPE_CHECKING:  # it costs 40 ms, and every command imports all plugins that have one
    from korproxy.api import chat

LONGEST = 200  # characters of a text in the request that are shown whole
BEGIN = 80  # characters that are shown of a longer one
WIDEST = 60  # columns for pointers; longer ones push their reasons to the right
COLORS = {"lost": "red", "mapped": "yellow", "kept": "green"}
_NUMBER = re.compile(r"/\d+(?=/|$)")
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"')


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``explain``."""
    return [Command("explain", "Show what a provider would get of a request, and what would be lost.", lambda: explain)]


@click.command()
@click.argument("request", type=click.File("rb"), metavar="REQUEST.json")
@click.option("--to", required=True, metavar="PROVIDER[/MODEL]", help="Where to: a configured provider, or a type of provider.")
@click.option("--from", "client", metavar="FORMAT", help="The request's format, such as openai-chat; guessed unless given.")
@click.option("--all", "everything", is_flag=True, help="List every single value, the kept ones, too.")
@click.option("--full", is_flag=True, help="Do not shorten long texts in the request.")
@click.option("--summary", is_flag=True, help="Leave out the request itself.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is lost.")
@click.pass_obj
def explain(cli: Cli, /, *, request: IO[bytes], to: str, client: str | None, strict: bool, **shown: bool) -> None:
    """Show what a provider would get of a request, and what would be lost.

    REQUEST.json is the body of a request as a tool sends it; `-` reads it from stdin. It is translated just as the daemon does
    it, and nothing is sent. Each of its values is kept, mapped (said in the provider's own way) or lost. The model is the
    request's own unless --to names one. A provider that is not configured is shown with the defaults of its type.

    Exit code 0, also where something is lost, unless --strict; 1 if the request would be refused.

    \b
    Examples:
      korproxy explain request.json --to gemini/gemini-3.8-flash
      korproxy explain request.json --to claude --from openai-chat --all
      korproxy explain - --to codex/gpt-5.5 --summary --strict < request.json
    """  # noqa: D301 -- click wants the character itself
    found = cli.explain(request.read(), to=to, client=client)
    cli.show(describe(found, **shown), data(found))
    if strict and any(note.fate == "lost" for note in found.fates.values()):
        raise SystemExit(1)


def describe(found: Explanation, *, everything: bool = False, full: bool = False, summary: bool = False) -> str:
    """Put *found* into lines: from where to where, the request, and a list of what became of its values.

    Args:
        everything: Each value has a line; else those that one note is about share a line, and kept ones are only counted.
        full: Show long texts whole.
        summary: Leave out the request itself.
    """
    lines = [f"{found.client} -> {found.dialect} ({found.provider}/{found.model})"]
    lines += [f"  {each}" for each in found.remarks]
    lines += [""] if summary else ["", f"POST {found.url}", _readable(found.body, full=full), ""]
    if found.client == found.dialect:
        renamed = any(note.fate == "mapped" for note in found.fates.values())
        lines.append(f"The same format: every byte passes as it is{', but for the name of the model' * renamed}.")
    return "\n".join([*lines, *_fates(found.fates, everything=everything)])


def data(found: Explanation) -> dict[str, object]:
    """Return *found* in JSON's own types."""
    return {
        "from": found.client,
        "to": found.dialect,
        "provider": found.provider,
        "model": found.model,
        "url": found.url,
        "names": dict(found.names),
        "request": _parsed(found.body),
        "pointers": [{"pointer": at, "fate": note.fate, "why": note.why} for at, note in found.fates.items()],
        "lossy": found.lossy,
        "remarks": list(found.remarks),
    }


def _fates(fates: Mapping[str, chat.Note], *, everything: bool) -> Iterator[str]:
    for fate, color in COLORS.items():
        about = {at: note for at, note in fates.items() if note.fate == fate}
        if not about and fate != "kept":
            continue
        yield f"{click.style(fate, fg=color, bold=True)}: {_count(len(about))}"
        if fate != "kept" or everything:
            rows = [(at, note.why) for at, note in about.items()] if everything else list(_together(about))
            width = min(max((len(_printable(at)) for at, _ in rows), default=0), WIDEST)
            yield from (f"  {_printable(at):{width}}  {_printable(why)}".rstrip() for at, why in rows)


def _together(about: Mapping[str, chat.Note]) -> Iterator[tuple[str, str]]:
    """Yield a row for each note, and one for notes that differ only in a number: what is lost of 25 tools is one thing."""
    by_note: dict[chat.Note, list[str]] = {}
    for at, note in about.items():
        by_note.setdefault(note, []).append(at)
    alike: dict[tuple[str, str], list[list[str]]] = {}
    named: dict[tuple[str, str], chat.Note] = {}
    for note, places in by_note.items():
        kind = _NUMBER.sub("/*", note.pointer), note.why
        alike.setdefault(kind, []).append(places)
        named.setdefault(kind, note)
    for (pattern, why), groups in alike.items():
        count = sum(map(len, groups))
        if len(groups) > 1:
            yield f"{pattern} ({_count(count)})", why
        else:
            yield (f"{named[pattern, why].pointer} ({_count(count)})" if count > 1 else groups[0][0]), why


def _count(number: int) -> str:
    return "1 value" if number == 1 else f"{number} values"


def _printable(text: str) -> str:
    """Return *text* without what would steer the terminal: it is from a file that may be somebody else's."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _readable(body: bytes, *, full: bool) -> str:
    """Return JSON *body* in lines. Numbers and texts stay as they are written, but for long texts unless *full*."""
    import json  # not at the top: commands that list commands import this module, too

    import msgspec

    try:
        text = msgspec.json.format(body, indent=2).decode()
    except ValueError:  # half a surrogate pair, say: JSON for some, none for others
        parsed = _parsed(body)
        text = parsed if isinstance(parsed, str) else json.dumps(parsed, indent=2)
    return text if full else _TEXT.sub(_shortened, text)


def _shortened(found: re.Match[str]) -> str:
    if len(found[0]) <= LONGEST:
        return found[0]
    import json

    text: str = json.loads(found[0], strict=False)
    return f'{json.dumps(text[:BEGIN], ensure_ascii=False)[:-1]}... ({len(text)} characters)"'


def _parsed(body: bytes) -> Any:
    """Return JSON *body* as it can be written again; a format that is not JSON, as text."""
    import json

    try:
        return json.loads(body, parse_float=_number)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _number(text: str) -> float | str:
    """Return the number; as text where it is beyond what Python can hold, which would be written as ``Infinity``."""
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number
