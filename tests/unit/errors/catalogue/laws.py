"""What holds for every code of the catalogue: how it is written, and that it names only what exists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import attrs
import click

from korproxy.cli.context import Context
from korproxy.cli.main import korproxy
from korproxy.config.settings import (
    AccountSettings,
    FeatureSettings,
    LogSettings,
    ProviderTable,
    RedactionSettings,
    RetrySettings,
    RootSettings,
    ServerSettings,
    StoreSettings,
)
from korproxy.errors.codes import PLUGIN_SHARE, RANGES, ErrorCode, Severity
from korproxy.models.providers import Deadlines
from korproxy.models.searching import LEVELS

ROOT = Path(__file__).parents[4]
RETRYABLE = {408, 429, 502, 503, 504}  # statuses that tools take as "try again"

TABLES: Mapping[str, type] = {
    "server": ServerSettings,
    "deadlines": Deadlines,
    "features": FeatureSettings,
    "log": LogSettings,
    "redaction": RedactionSettings,
    "retry": RetrySettings,
    "store": StoreSettings,
    "providers.X": ProviderTable,
}
KEYS = {each.name for table in (RootSettings, ProviderTable, AccountSettings) for each in attrs.fields(table)}
PROVIDER_TYPES = {path.stem for path in (ROOT / "korproxy" / "builtin" / "providers").glob("[a-z]*.py")}
HEADERS = {
    *("Authorization: Bearer KEY", "Content-Length", "Retry-After", "X-Correlation-ID", "X-Management-Key"),
    *("X-KorProxy-Profile", "X-KorProxy-Request-Type"),
    *("X-KorProxy-Key", "X-KorProxy-Upstream-Request-ID", "X-KorProxy-Lossy", "X-KorProxy-Request"),
}
IN_HOME = {"logs/korproxy.jsonl", "secrets/", "secrets/client.key", "daemon.lock", "daemon.json", "last-good/", "korproxy.db"}
VARIABLES = {"KORPROXY_HOME", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HTTPS_PROXY", "SSL_CERT_FILE"}
REFERENCES = {"env:NAME", "file:PATH", "file:"}
ADDRESSES = {"GET /v1/models", "/v1", "https://example.com/v1", "http://127.0.0.1"}
OTHERS = {"chmod 600 FILE", "chown -R USER DIR", "-X POST", "--data-binary @FILE", "*", "model", "PROVIDER/MODEL"}
OTHERS |= {
    "previous_response_id",
    "previous_response_not_found",
    "error_code",
    "thread",
    "thread_unsupported_request",
    "tool_runner",
    "store",
    "speaks",
    "compatible",
    "KP-CATEGORY-NNN",
    "$.server.port",
    "[plugin.X]",
    "outgoing",
    *LEVELS,
}
KNOWN = KEYS | PROVIDER_TYPES | HEADERS | IN_HOME | VARIABLES | REFERENCES | ADDRESSES | OTHERS


def broken_laws(category: str, codes: Sequence[ErrorCode]) -> list[str]:
    """Return what is wrong in one module of the catalogue; nothing is."""
    numbers = [int(each.code[-3:]) for each in codes]
    found = [f"{each.code}: {fault}" for each in codes for fault in _faults(each)]
    found += [f"{each.code} is not of {category}" for each in codes if each.category != category]
    found += [f"{category} is not in order, or has a number twice"] * (numbers != sorted(set(numbers)))
    found += [f"{n} belongs to plugins, or to another category" for n in numbers if n not in RANGES[category][:-PLUGIN_SHARE]]
    return found


def statuses(codes: Sequence[ErrorCode]) -> dict[int, set[str]]:
    """Return which codes go with which status."""
    return {each.status: {other.code for other in codes if other.status == each.status} for each in codes}


def text(code: ErrorCode) -> str:
    """Return all that people read of *code*."""
    return " ".join([code.message, code.description, *code.steps])


def _faults(code: ErrorCode) -> Iterator[str]:
    if _sentences(code.message) != 1 or "`" in code.message or len(code.message) > 80:
        yield f"the message is not one short, plain sentence: {code.message}"
    if not 2 <= _sentences(code.description) <= 4:
        yield f"the description has {_sentences(code.description)} sentences"
    if not 2 <= len(code.steps) <= 5 or len(set(code.steps)) < len(code.steps):
        yield f"{len(code.steps)} steps, or one of them twice"
    for each in (code.message, code.description, *code.steps):
        if not re.fullmatch(r"[A-Z`\"].*[A-Za-z0-9`\")]\.", each) or not each.isascii() or "  " in each:
            yield f"no clean sentence: {each}"
        if each.count("`") % 2 or re.search(r"[|<>*_#]", _plain(each).replace("base_url", "")):
            yield f"not safe in Markdown: {each}"
    for span in re.findall(r"`([^`]*)`", text(code)):
        if not _exists(span):
            yield f"names `{span}`, which is not known to exist"
    if code.retryable and code.status not in RETRYABLE:
        yield f"is retryable with status {code.status}"
    if code.severity is Severity.CRITICAL and code.status != 500:
        yield "nobody can be answered by a KorProxy that does not run"


def _sentences(words: str) -> int:
    return len(re.findall(r"[.!?](?=\s+[A-Z`]|$)", _plain(words)))


def _plain(words: str) -> str:
    return re.sub(r"`[^`]*`", "X", words)


@cache
def _exists(span: str) -> bool:
    if span == "korproxy" or span.startswith(("korproxy ", "--no-", "--demo", "--verbose")):
        span = span.replace(" REQUEST.json ", " - ")  # the real command line opens it
        return _parses(span.removeprefix("korproxy").split() if span.startswith("korproxy") else ["run", span])
    if setting := re.fullmatch(r"\[([\w.]+)\](?: (\w+)(?: = \w+)?)?", span):
        table, key = setting.groups()
        names = {each.name for each in attrs.fields(TABLES[table])} if table in TABLES else set()
        return (bool(names) and (key is None or key in names)) or span in KNOWN
    if " = " in span:
        return set(tomllib.loads(span)) <= KEYS
    if span.startswith("http://127.0.0.1:1337"):
        return span.removeprefix("http://127.0.0.1:1337") in {"", "/v1"}
    if span.startswith("plugins/"):
        return (ROOT / span).is_dir()
    return span in KNOWN


def _parses(words: list[str]) -> bool:
    """Whether the real command line takes *words*: the command exists, and so do its options and arguments."""
    try:
        context = korproxy.make_context("korproxy", list(words), obj=Context())
        while isinstance(context.command, click.Group):
            name, command, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
            assert command is not None
            context = command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        return True  # --version
    except click.UsageError:
        return False
    return True
