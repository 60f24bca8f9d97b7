"""A daemon with this plugin installed, a server behind it, and a client in front: the plugin answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from functools import partial
from pathlib import Path

import trio

FOLDER = Path(__file__).parents[1]


def _install(site: Path) -> None:
    """Leave in *site* what pip leaves of this folder, without the network that pip needs to fetch a build tool."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    info = site / f"korproxy_hello-{project['version']}.dist-info"
    info.mkdir(parents=True)
    shutil.copy(FOLDER / "korproxy_hello.py", site)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "\n".join(f"{name} = {value}" for name, value in project["entry-points"]["korproxy"].items())
    (info / "entry_points.txt").write_text(f"[korproxy]\n{points}\n")


async def _ready(home: Path, daemon: trio.Process, log: Path) -> str:
    """Wait until the daemon says where it listens; return its first address."""
    while True:
        assert daemon.returncode is None, await trio.Path(log).read_text()
        try:
            return str(json.loads(await trio.Path(home / "daemon.json").read_text())["urls"][0])
        except (FileNotFoundError, ValueError):
            await trio.sleep(0.02)


def _ask(url: str, key: str) -> tuple[int, str | None, str]:
    body = json.dumps({"model": "hello/hello-world", "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url.rstrip('/')}/v1/chat/completions", body, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
        return reply.status, reply.headers["X-KorProxy-Provider"], json.load(reply)["choices"][0]["message"]["content"]


async def test_an_installed_hello_answers_without_any_change_to_korproxy(tmp_path: Path) -> None:
    home, site, log = tmp_path / "home", tmp_path / "site", tmp_path / "log"
    home.mkdir(mode=0o700)
    _install(site)
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "korproxy", "run", "--home", str(home), "--port", "0"]

    with trio.fail_after(30), log.open("wb") as output:
        async with trio.open_nursery() as nursery:
            serve = [sys.executable, str(FOLDER / "tests" / "server.py"), "0"]
            server = await nursery.start(partial(trio.run_process, serve, check=False, stdout=subprocess.PIPE, stderr=output))
            base_url = (await server.stdout.receive_some()).decode().strip()
            (home / "korproxy.toml").write_text(f'version = 1\n[plugin.hello]\nbase_url = "{base_url}"\n')
            start = partial(trio.run_process, command, check=False, stdout=output, stderr=output)
            daemon = await nursery.start(partial(start, env={**os.environ, "PYTHONPATH": path}))
            url = await _ready(home, daemon, log)
            key = (home / "secrets" / "client.key").read_text().strip()
            answer = await trio.to_thread.run_sync(_ask, url, key)
            daemon.send_signal(signal.SIGTERM)
            code = await daemon.wait()
            nursery.cancel_scope.cancel()

    assert answer == (200, "hello", "Hello from hello-world at /v1/chat/completions")
    assert code == 0
