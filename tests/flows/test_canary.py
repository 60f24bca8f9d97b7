"""The canary: made-up secrets in every place where one can be, and none in anything that KorProxy writes and shows."""

from __future__ import annotations

import sys

from korproxy.cli.insight import bare
from korproxy.runtime.canary.places import BY_PLUGINS, DATABASE, ERRORS, FILES, PLUGIN_FAILS, TERMINAL
from korproxy.runtime.canary.proof import prove
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, named

FEW = named(["anthropic-key", "json-web-token", "password-field"])


def test_no_secret_of_any_shape_is_in_anything_that_is_written_or_shown() -> None:
    proof = prove((sys.executable, "-m", "korproxy"))

    assert [each for each in proof.findings if each.sink] == []
    assert list(proof.spoken) == []
    assert list(proof.missing) == []
    assert {each.shape for each in proof.plants} == {each.name for each in (*SHAPES, CONFIGURED)}
    assert {name for name, size in proof.sinks.items() if not size} <= {"other files"}


def test_without_redaction_the_same_search_finds_them() -> None:
    proof = prove((sys.executable, "-m", bare.__name__), shapes=FEW)

    assert proof.ok is False
    assert {each.shape for each in proof.findings} == {each.name for each in (*FEW, CONFIGURED)}
    assert {each.sink for each in proof.findings} >= {
        TERMINAL,
        FILES,
        DATABASE,
        ERRORS,
        "GET /v1/diagnostics/health",
        "GET /v1/diagnostics/bundle",
        "GET /v1/requests",
        "GET /v1/logs",
        "GET /metrics",
        "GET /v1/requests/ID/why",
        "korproxy logs --lines 1000, at rest",
    }
    shouted = {each.place for each in proof.findings}
    assert shouted >= {each.name for each in BY_PLUGINS if each.name != PLUGIN_FAILS}
    assert shouted >= {"model name", "correlation id", "path", "profile header", "host header"}
    assert list(proof.missing) == []
