"""The canary: made-up secrets in every place where one can be, and none in anything that KorProxy writes and shows."""

from __future__ import annotations

import sys

import pytest

from korproxy.cli.insight import bare
from korproxy.runtime.canary.places import BY_PLUGINS, DATABASE, ERRORS, FILES, PLUGIN_FAILS, TERMINAL
from korproxy.runtime.canary.proof import prove
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, named
from tests.fakes.roads import Roads

FEW = named(["anthropic-key", "json-web-token", "password-field"])


@pytest.fixture(autouse=True)
def _not_twice(road: Roads) -> None:
    if not road.reactor:
        pytest.skip("a daemon in a process of its own waits for its sockets as it does anywhere")


def test_no_secret_of_any_shape_is_in_anything_that_is_written_or_shown(road: Roads) -> None:
    proof = prove((sys.executable, "-m", "korproxy"), lane=road.lane)

    assert list(proof.findings) == []
    assert list(proof.spoken) == []
    assert list(proof.missing) == []
    assert {each.shape for each in proof.plants} == {each.name for each in (*SHAPES, CONFIGURED)}
    assert {name for name, size in proof.sinks.items() if not size} <= {"other files"}


def test_without_redaction_the_same_search_finds_them(road: Roads) -> None:
    proof = prove((sys.executable, "-m", bare.__name__), shapes=FEW, lane=road.lane)

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
