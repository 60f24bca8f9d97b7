"""A home with two providers, and commands that are run in it, in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from korproxy.cli.context import Context
from korproxy.cli.main import korproxy
from korproxy.config.home import Home, prepare
from korproxy.config.reading import Loaded, read_all

SETTINGS = """
[providers.one]
type = "compatible"
base_url = "http://127.0.0.1:9/v1"
models = ["gpt-*"]
[[providers.one.accounts]]
name = "work"
key = "env:KEY_OF_ONE"
[providers.two]
type = "compatible"
base_url = "http://127.0.0.1:9/v1"
models = ["gpt-*"]
[[providers.two.accounts]]
name = "home"
"""
IN_FORCE = {"ok": True, "generation": 3, "problems": [], "warnings": [], "restart": []}
RELOADED = {"POST /v1/reload": IN_FORCE}
NEXT_START = "No daemon is running with this home; it takes effect at the next start."
GOES_BY_IT = "The running daemon uses it now."


def furnished(home: Path, settings: str = SETTINGS, routing: str | None = None) -> Path:
    """Make *home* with a korproxy.toml and a routing.toml."""
    prepare(Home(path=home))
    (home / "korproxy.toml").write_text(settings)
    if routing is not None:
        (home / "routing.toml").write_text(f"version = 1\n{routing}")
    return home


def run(*args: str | Path, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None) -> Result:
    """Run ``korproxy ARGS`` without the plugins of others; ``KORPROXY_HOME`` says where."""
    variables = {"KEY_OF_ONE": "sk-of-one", **(env or {})}
    return CliRunner().invoke(korproxy, ["--no-plugins", *map(str, args)], input=stdin, env=variables)


def said(*args: str | Path, stdin: str | bytes | None = None) -> tuple[int, Any]:
    """Run ``korproxy ARGS --json``; return the exit code and what it says."""
    done = run(*args, "--json", stdin=stdin)
    return done.exit_code, json.loads(done.stdout)


def now(home: Path) -> Loaded:
    """Return what the files of *home* say."""
    return read_all(Home(path=home))


def cli(home: Path) -> Context:
    """Return what a command in *home* gets, without the plugins of others."""
    made = Context()
    made.chosen.home, made.chosen.no_plugins = home, True
    return made
