"""One page per code: Markdown for the reference in ``docs``, HTML for the daemon's ``/errors/CODE``.

``python -m korproxy.errors.pages DIR`` writes the reference anew. Pure but for that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import RANGES, ErrorCode, Severity

CATEGORIES: Mapping[str, str] = {
    "AUTH": "Keys and callers",
    "PROV": "Providers",
    "CONF": "Configuration and plugins",
    "NET": "Network",
    "RATE": "Limits",
    "SYS": "The daemon and its requests",
}
SEVERITIES: Mapping[Severity, str] = {
    Severity.INFO: "nothing has to be done",
    Severity.WARNING: "it works, or will again by itself",
    Severity.ERROR: "this request or command failed",
    Severity.CRITICAL: "KorProxy does not run",
}
GENERATED = "<!-- Written by `python -m korproxy.errors.pages docs/reference/errors`. Change the catalogue, not this page. -->"
_OUR_PHRASES = {413: "Content Too Large", 499: "Client Closed Request"}  # RFC 9110's, which Python has since 3.13; nginx's

_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{code}: {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.1rem; }}
h1 + p {{ font-size: 1.5rem; line-height: 1.25; }}
h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
dl {{ display: grid; grid-template-columns: max-content auto; gap: .25rem 1.5rem; }}
dd {{ margin: 0; }}
code {{ font-family: ui-monospace, monospace; overflow-wrap: anywhere; }}
li {{ margin: .5rem 0; }}
</style>
</head>
<body>
<main>
<h1>{code}</h1>
<p>{message}</p>
<dl>
{facts}
</dl>
<h2>Why it happens</h2>
<p>{description}</p>
<h2>What to do</h2>
<ol>
{steps}
</ol>
<p>All codes, in a terminal: <code>korproxy errors</code></p>
</main>
</body>
</html>
"""


def markdown(code: ErrorCode) -> str:
    """Return the reference page of *code*; it ends with a line break."""
    facts = "\n".join(f"| {name} | {value} |" for name, value in _facts(code))
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(code.steps, 1))
    return (
        f"{GENERATED}\n\n# {code.code}\n\n**{code.message}**\n\n| | |\n|---|---|\n{facts}\n\n"
        f"## Why it happens\n\n{code.description}\n\n## What to do\n\n{steps}\n\n"
        f"In a terminal: `korproxy errors {code.code}`. [All codes](index.md)\n"
    )


def index(codes: Iterable[ErrorCode]) -> str:
    """Return the page that lists *codes* by category, each with a link to its own page."""
    listed = list(codes)
    parts = [
        f"{GENERATED}\n\n# Error codes\n\n"
        "Each code stands for one cause and never changes its meaning; [how codes work](../../explain/errors.md).\n"
        "The status is the one that KorProxy answers with where the error is its own."
        " Codes that show up only in a terminal or in the log have 500 there.\n"
    ]
    for category, title in CATEGORIES.items():
        rows = [_row(each) for each in listed if each.category == category]
        if rows:
            numbers = f"{RANGES[category][0]:03} to {RANGES[category][-1]:03}"
            head = f"\n## {category}: {title} ({numbers})\n\n| code | what happened | severity | status | retryable |"
            parts.append("\n".join([head, "|---|---|---|---|---|", *rows]) + "\n")
    return "".join(parts)


def html(code: ErrorCode) -> str:
    """Return a whole page about *code* that loads nothing else; all text in it is escaped."""
    return _HTML.format(
        code=escape(code.code),
        title=escape(code.message),
        message=_inline(code.message),
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(code)),
        description=_inline(code.description),
        steps="\n".join(f"<li>{_inline(step)}</li>" for step in code.steps),
    )


def write(directory: Path, codes: Iterable[ErrorCode]) -> int:
    """Make *directory* hold the page of each of *codes*, the index, and no other Markdown; return how many files."""
    listed = list(codes)
    pages = {f"{each.code}.md": markdown(each) for each in listed} | {"index.md": index(listed)}
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (directory / name).write_bytes(text.encode())  # bytes: the same line ends on every system
    return len(pages)


def main(arguments: list[str]) -> int:
    """Write the pages of the built-in codes into the directory that is named; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m korproxy.errors.pages DIR\n")
        return 2
    count = write(Path(arguments[0]), BUILTIN_CODES)
    sys.stdout.write(f"{count} pages in {arguments[0]}\n")
    return 0


def _facts(code: ErrorCode) -> list[tuple[str, str]]:
    return [
        ("Category", f"{code.category}: {CATEGORIES[code.category]}"),
        ("Severity", f"{code.severity.value}: {SEVERITIES[code.severity]}"),
        ("HTTP status", f"{code.status} {_words(code.status)}"),
        ("Retryable", "yes: the same request can succeed later" if code.retryable else "no: something has to change first"),
    ]


def _row(code: ErrorCode) -> str:
    retryable = "yes" if code.retryable else "no"
    return f"| [{code.code}]({code.code}.md) | {code.message} | {code.severity.value} | {code.status} | {retryable} |"


def _words(status: int) -> str:
    return _OUR_PHRASES.get(status) or HTTPStatus(status).phrase


def _inline(text: str) -> str:
    """Escape *text* and set what stands between backticks as code; a backtick without a partner stays one."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
