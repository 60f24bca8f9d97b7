"""What holds for every code of the catalogue: how it is written, and that it names only what exists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from korproxy.errors.codes import PLUGIN_SHARE, RANGES, ErrorCode, Severity

ROOT = Path(__file__).parents[4]
RETRYABLE = {408, 429, 502, 503, 504}  # statuses that tools take as "try again"

EVERYWHERE = {"--home", "--verbose", "--json"}
COMMANDS: Mapping[str, set[str]] = {
    "": {"--version"},
    "run": {"--demo", "--host", "--port"},
    "stop": set(),
    "status": set(),
    "check": set(),
    "init": set(),
    "plugins": set(),
    "errors": set(),
    "key show client": set(),
    "key show management": set(),
}
SETTINGS: Mapping[str, set[str]] = {
    "server": {"host", "port", "max_body", "max_running", "grace", "allowed_hosts", "allowed_origins", "public_reads"},
    "deadlines": {"connect", "first_byte", "idle", "total"},
    "features": set(),
    "providers.X": set(),
    "plugin.X": set(),
}
KEYS = {"version", "required"}
PROVIDER_KEYS = {"type", "base_url", "models", "deadlines", "max_concurrency", "max_queue"}
ACCOUNT_KEYS = {"name", "key", "credential"}
PROVIDER_TYPES = {"claude", "codex", "qwen", "iflow", "compatible"}
HEADERS = {
    *("Allow", "Authorization: Bearer KEY", "Content-Length", "Retry-After", "X-Correlation-ID", "X-Management-Key"),
    *("X-KorProxy-Key", "X-KorProxy-Upstream-Request-ID"),
}
IN_HOME = {"secrets/", "secrets/client.key", "daemon.lock", "daemon.json"}
VARIABLES = {"KORPROXY_HOME", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"}
REFERENCES = {"env:NAME", "file:PATH", "file:"}
START_OPTIONS = {"--demo", "--no-plugins"}
ADDRESSES = {"GET /v1/models", "/v1", "https://example.com/v1", "http://127.0.0.1"}
OTHERS = {"chmod 600 FILE", "chown -R USER DIR", "-X POST", "--data-binary @FILE", "*", "model", "PROVIDER/MODEL"}
OTHERS |= {"KP-CATEGORY-NNN", "$.server.port"}
KNOWN = KEYS | PROVIDER_KEYS | ACCOUNT_KEYS | PROVIDER_TYPES | HEADERS | IN_HOME | VARIABLES | REFERENCES | START_OPTIONS
KNOWN |= ADDRESSES | OTHERS


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


def _exists(span: str) -> bool:
    if span == "korproxy" or span.startswith("korproxy "):
        return _is_command(span.split()[1:])
    if setting := re.fullmatch(r"\[([\w.]+)\](?: (\w+))?", span):
        table, key = setting.groups()
        return table in SETTINGS and (key is None or key in SETTINGS[table])
    if " = " in span:
        return set(tomllib.loads(span)) <= PROVIDER_KEYS | ACCOUNT_KEYS
    if span.startswith("http://127.0.0.1:1337"):
        return span.removeprefix("http://127.0.0.1:1337") in {"", "/v1"}
    if span.startswith("plugins/"):
        return (ROOT / span).is_dir()
    return span in KNOWN


def _is_command(words: list[str]) -> bool:
    options = [each for each in words if each.startswith("--")]
    values = [each for each in words if each.isupper() or re.fullmatch(r"[\d.]+", each)]
    name = " ".join(each for each in words if each not in options and each not in values)
    return name in COMMANDS and set(options) <= COMMANDS[name] | EVERYWHERE and len(values) <= len(options) + (name == "errors")
