"""What a debug bundle looks like, as a JSON Schema; docs/reference/debug-bundle.schema.json is written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from korproxy.runtime.bundle import FORMAT, FORMAT_VERSION

TEXT, COUNT, NUMBER, SWITCH = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "number"}, {"type": "boolean"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TEXTS = {"type": "array", "items": TEXT}
CODE = {"type": "string", "pattern": r"^(KP-[A-Z]+-\d{3})?$"}
ANYTHING = {"type": "object"}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _table(needed: Mapping[str, Any], more: Mapping[str, Any] | None = None, **words: object) -> dict[str, Any]:
    """Return an object that has all of *needed*, and may have *more*; others come with later versions of KorProxy."""
    return {"type": "object", "properties": {**needed, **(more or {})}, "required": sorted(needed), **words}


def _list(items: Mapping[str, Any], **words: object) -> dict[str, Any]:
    return {"type": "array", "items": items, **words}


def _or_error(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "anyOf": [schema, {"$ref": "#/$defs/error"}]}


PROBLEM = _table({"code": CODE, "path": TEXT, "message": TEXT})
CONFIGURATION = _table(
    {
        "files": _table({"format": {"const": "korproxy-configuration"}, "version": {"const": 1}}),
        "source": {"type": "object", "additionalProperties": TEXT},
        "problems": _list(PROBLEM),
        "warnings": _list(PROBLEM),
    }
)
PLUGIN = _table(
    {
        "name": TEXT,
        "origin": TEXT,
        "version": TEXT,
        "location": TEXT,
        "state": {"enum": ["loaded", "blocked", "broken"]},
        "hooks": TEXTS,
        "code": _or_null(CODE),
        "reason": TEXT,
    }
)
LAST = _or_null(_table({"at": TIME, "model": TEXT, "status": _or_null(COUNT), "code": CODE, "request": TEXT}))
ACCOUNT = _table({"name": TEXT, "state": TEXT, "last_success": LAST, "last_error": LAST}, additionalProperties=False)
PROVIDER = _table(
    {"id": TEXT, "type": TEXT, "base_url": TEXT, "accounts": _list(ACCOUNT), "no_key": TEXTS, "disabled": TEXTS},
    {"health": _list(ANYTHING), "checks": _list(ANYTHING), "running": COUNT, "waiting": COUNT, "connections": COUNT},
)
LINE = _table(
    {
        "time": TIME,
        "level": {"enum": ["debug", "info", "warning", "error", "critical"]},
        "component": TEXT,
        "message": TEXT,
    },
    {"correlation_id": TEXT, "code": CODE},
)
SPREAD = _table({"count": COUNT, **{name: _or_null(NUMBER) for name in ("mean", "p50", "p90", "p99")}})
COUNTED = _table(
    {
        **dict.fromkeys(("requests", "ok", "refused", "failed", "client_left", "attempts"), COUNT),
        "error_rate": NUMBER,
        "errors": {"type": "object", "additionalProperties": COUNT},
        "tokens": {"type": "object", "additionalProperties": COUNT},
        "bytes": {"type": "object", "additionalProperties": COUNT},
        "seconds": SPREAD,
        "first_byte": SPREAD,
    }
)
METRICS = _table(
    {
        "since": NUMBER,
        "until": NUMBER,
        "total": COUNTED,
        **{name: _list(COUNTED) for name in ("by_provider", "by_model", "by_profile", "by_type")},
    }
)
FAILURE = _table(
    {
        **dict.fromkeys(("id", "correlation_id", "key_name", "dialect", "model", "profile", "type"), TEXT),
        "time": TIME,
        "outcome": {"enum": ["refused", "failed"]},
        "seconds": NUMBER,
        "attempts": COUNT,
        "why": _or_null(_table({"id": TEXT, "decision": ANYTHING, "attempts": _list(ANYTHING), "outcome": TEXT, "code": CODE})),
    },
    {
        **{name: _or_null(TEXT) for name in ("provider", "account", "upstream_model", "upstream_dialect", "code", "user")},
        "status": _or_null(COUNT),
        "first_byte": _or_null(NUMBER),
        "stream": SWITCH,
    },
)
TASK = _table(
    {
        "name": TEXT,
        "state": {"enum": ["starting", "running", "waiting to restart", "ended"]},
        "restarts": _or_null(COUNT),
        "last_error": _or_null(TEXT),
        "children": _list({"$ref": "#/$defs/task"}),
    },
    additionalProperties=False,
)
REPRO = _table(
    {
        **dict.fromkeys(("id", "correlation_id", "outcome", "method", "path", "dialect", "note"), TEXT),
        "at": TIME,
        "code": CODE,
        "headers": _list(_table({"name": TEXT, "value": _or_null(TEXT), "length": COUNT}, additionalProperties=False)),
        "bytes": COUNT,
        "body": {"description": "The request with filler in place of all that somebody wrote; null where there is none."},
    },
    additionalProperties=False,
)

PARTS: Mapping[str, Mapping[str, Any]] = {
    "format": {"const": FORMAT},
    "format_version": {"const": FORMAT_VERSION},
    "about": {**TEXT, "description": "What this file is, for people."},
    "version": {**TEXT, "description": "KorProxy's."},
    "made_at": TIME,
    "asked": {"enum": ["daemon", "files"], "description": "Who says it: the daemon, or only the files of its home."},
    "remarks": {**TEXTS, "description": "What is missing, and why."},
    "korproxy": _or_error(_table({"status": TEXT, "version": TEXT, "home": TEXT}), "The process."),
    "system": {**ANYTHING, "description": "The machine; what the built-in collector of that name tells."},
    "configuration": _or_error(CONFIGURATION, "All files, secrets masked, and what is wrong in them."),
    "plugins": _list(PLUGIN),
    "providers": _list(PROVIDER),
    "log": _or_error(_table({"lines": _list(LINE, maxItems=100)}), "The last entries, the oldest first."),
    "metrics": _or_error(METRICS, "The last 24 hours, as GET /v1/metrics tells them."),
    "failures": _list(FAILURE, maxItems=20, description="The last requests that failed, the newest first."),
    "supervision": {
        "description": "What lives in what; null where no daemon was asked.",
        "anyOf": [{"$ref": "#/$defs/task"}, {"$ref": "#/$defs/error"}, {"type": "null"}],
    },
    "store": _or_error(ANYTHING, "The database."),
    "sections": _or_error({"type": "object", "additionalProperties": ANYTHING}, "What collector plugins tell, by their names."),
    "repro": {
        "description": "The shape of one request, where it was asked for.",
        "anyOf": [REPRO, {"$ref": "#/$defs/error"}, {"type": "null"}],
    },
    "cut": {**TEXTS, "description": "What was shortened or left out to keep the whole below 2 MB."},
}

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "KorProxy debug bundle",
    "description": "What `korproxy debug-bundle` writes and `GET /v1/diagnostics/bundle` answers. All texts are redacted.",
    "type": "object",
    "properties": PARTS,
    "required": list(PARTS),
    "additionalProperties": False,
    "$defs": {
        "error": {"type": "object", "properties": {"error": TEXT}, "required": ["error"], "additionalProperties": False},
        "task": TASK,
    },
}


def text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(SCHEMA, indent=2) + "\n"
