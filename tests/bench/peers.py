"""The gateways that KorProxy is compared with beside nginx: how they are set up, each in a folder of its own, and started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.bench.gateways import (
    DIRECT,
    KORPROXY,
    LITELLM,
    NGINX,
    PORTKEY,
    UPSTREAM_KEY,
    Gateway,
    answering,
    bearer,
    direct,
    free_port,
    nginx,
)
from tests.bench.processes import BenchFailed

PEERS = (NGINX, LITELLM, PORTKEY)
FOLDER = "KORPROXY_BENCH_PEERS"
SET_UP = "run `python -m tests.bench setup-peers`"
START_SECONDS = 90.0
LITELLM_KEY = "sk-bench"
LITELLM_SETTINGS = """
model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "{url}/v1", api_key: {upstream_key}}}
general_settings: {{master_key: {key}}}
"""
PORTKEY_PACKAGE = {
    "private": True,
    "dependencies": {"@portkey-ai/gateway": "^1.15.2"},
    "overrides": {"@hono/node-server": "1.13.7"},  # with the one it asks for, it fails every stream on Node 20
}

Start = Callable[[Path, str], AbstractContextManager[Gateway]]


def peer_folder() -> Path:
    """Return where peers are set up, if nobody says otherwise."""
    return Path(os.environ.get(FOLDER) or Path.home() / ".cache" / "korproxy-bench")


def starts(folder: Path) -> dict[str, Start]:
    """Return how each gateway beside KorProxy is started, with the peers in *folder*; each takes a folder and the upstream."""
    return {
        DIRECT: direct,
        NGINX: nginx,
        LITELLM: partial(litellm, folder / LITELLM),
        PORTKEY: partial(portkey, folder / PORTKEY),
    }


@contextmanager
def litellm(home: Path, folder: Path, upstream: str) -> Iterator[Gateway]:
    """LiteLLM's proxy: one worker, no database, a master key."""
    program = home / "bin" / "litellm"
    if not program.exists():
        raise BenchFailed(f"LiteLLM is not in {home}: {SET_UP}")
    settings = folder / "config.yaml"
    text = LITELLM_SETTINGS.format(url=upstream, upstream_key=UPSTREAM_KEY, key=LITELLM_KEY)
    settings.write_text(text, encoding="utf-8")
    port = free_port()
    command = [str(program), "--config", str(settings), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    env = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""}
    asked = [str(home / "bin" / "python"), "-c", "from importlib.metadata import version; print(version('litellm'))"]
    version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    with answering(command, folder, port, "/health/liveliness", within=START_SECONDS, **env) as pid:
        yield Gateway(name=LITELLM, version=version, port=port, headers=bearer(LITELLM_KEY), pid=pid)


@contextmanager
def portkey(home: Path, folder: Path, upstream: str) -> Iterator[Gateway]:
    """Portkey's gateway on Node."""
    package = home / "node_modules" / "@portkey-ai" / "gateway"
    node = shutil.which("node")
    if node is None or not package.exists():
        raise BenchFailed("Node is not installed" if node is None else f"Portkey is not in {home}: {SET_UP}")
    port = free_port()
    command = [node, str(package / "build" / "start-server.js"), f"--port={port}", "--headless"]
    version = str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{upstream}/v1", **bearer(UPSTREAM_KEY)}
    with answering(command, folder, port, "/", within=START_SECONDS, NODE_ENV="production") as pid:
        yield Gateway(name=PORTKEY, version=version, port=port, headers=headers, pid=pid)


def set_up(folder: Path, names: Sequence[str] = (LITELLM, PORTKEY)) -> dict[str, str]:
    """Set the peers *names* up in *folder*; return those that could not be, and why. What is there already stays.

    Packages come from where pip and npm take them on this machine; nothing outside of *folder* is touched.
    """
    ways = {LITELLM: _set_up_litellm, PORTKEY: _set_up_portkey}
    failed = {}
    for name in names:
        try:
            ways[name](folder / name)
        except (OSError, subprocess.CalledProcessError) as exc:
            said = getattr(exc, "stderr", None) or str(exc)
            failed[name] = said.strip()[-500:]
    return failed


def _set_up_litellm(home: Path) -> None:
    if (home / "bin" / "litellm").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    _do([sys.executable, "-m", "venv", str(home)], home)
    _do([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "litellm[proxy]"], home)


def _set_up_portkey(home: Path) -> None:
    if (home / "node_modules" / "@portkey-ai" / "gateway").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text(json.dumps(PORTKEY_PACKAGE, indent=2), encoding="utf-8")
    _do(["npm", "install", "--no-audit", "--no-fund"], home)


def _do(command: list[str], folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": ""}  # with the proxies and registries of this machine
    subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)


NOT_EQUAL = {
    KORPROXY: "checks its client key, routes, numbers each request, counts, looks for usage, logs as it comes; one provider, "
    "max_concurrency raised to 4096",
    DIRECT: "the clients and the mock on one core, nothing between them",
    NGINX: "checks no key, looks into nothing, counts nothing, writes no log; one worker",
    LITELLM: "checks its master key, routes, counts costs; reads and writes anew each body and each event; no database, log at "
    "ERROR, one worker",
    PORTKEY: "checks no key of its own, is told the provider by a header, reads and writes anew each body; no log",
}


def not_equal(names: Sequence[str]) -> str:
    """Return what the gateways do beside passing on: the figures do not buy the same."""
    return "Not equal:\n" + "\n".join(f"  {each}: {NOT_EQUAL[each]}" for each in names)
