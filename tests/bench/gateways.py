"""What is measured: KorProxy, what it is compared with, and the mock asked directly."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from tests.bench.processes import BenchFailed, Running, environment, python, running

UPSTREAM_KEY = "sk-mock"
KORPROXY, DIRECT, NGINX, LITELLM, PORTKEY = "korproxy", "direct", "nginx", "litellm", "portkey"
SETTINGS = """
[providers.mock]
type = "compatible"
base_url = "{url}/v1"
models = ["*"]
max_concurrency = 4096
[[providers.mock.accounts]]
name = "bench"
key = "env:BENCH_KEY"
"""
NGINX_SETTINGS = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_max_body_size 64m;
  client_body_buffer_size 16m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  upstream mock {{ server {upstream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    location / {{
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {key}";
      proxy_buffering off;
    }}
  }}
}}
"""


@attrs.frozen(kw_only=True)
class Gateway:
    """Something that answers chat completions.

    Attributes:
        headers: What a request to it has beside what all have.
        pid: Its process; None where there is none to be measured.
    """

    name: str
    version: str
    port: int
    headers: Mapping[str, str]
    pid: int | None = None


@contextmanager
def direct(_: Path, upstream: str) -> Iterator[Gateway]:
    """The mock itself: what nothing in between would cost."""
    yield Gateway(name=DIRECT, version="no gateway", port=_port(upstream), headers=bearer(UPSTREAM_KEY))


@attrs.frozen(kw_only=True)
class Daemon:
    """A KorProxy that has said that it is ready."""

    running: Running
    home: Path
    url: str

    def secret(self, name: str) -> str:
        """Return the key *name*, ``client`` or ``management``."""
        return (self.home / "secrets" / f"{name}.key").read_text(encoding="utf-8").strip()

    def gateway(self) -> Gateway:
        """Return it as something to be measured."""
        key = self.secret("client")
        return Gateway(name=KORPROXY, version="", port=_port(self.url), headers=bearer(key), pid=self.running.pid)


@contextmanager
def daemon(
    folder: Path, upstream: str, start: Sequence[str] = tuple(python("-m", "korproxy")), settings: str = ""
) -> Iterator[Daemon]:
    """Run ``korproxy run`` with a fresh home in *folder* for the block; with one provider, and else as it comes.

    Args:
        settings: What korproxy.toml says besides.
    """
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "korproxy.toml").write_text(SETTINGS.format(url=upstream) + settings, encoding="utf-8")
    command = [*start, "run", "--port", "0", "--json"]
    with running(command, folder, KORPROXY_HOME=str(home), BENCH_KEY=UPSTREAM_KEY) as program:
        yield Daemon(running=program, home=home, url=program.said["ready"]["urls"][0])


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[Gateway]:
    """A plain reverse proxy with one worker: what is possible at all."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise BenchFailed("nginx is not installed")
    port = free_port()
    settings = folder / "nginx.conf"
    text = NGINX_SETTINGS.format(folder=folder, upstream=urlsplit(upstream).netloc, port=port, key=UPSTREAM_KEY)
    settings.write_text(text, encoding="utf-8")
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    with answering([program, "-p", str(folder), "-c", str(settings)], folder, port, "/v1/models") as pid:
        yield Gateway(name=NGINX, version=said.rpartition("/")[2].strip(), port=port, headers={}, pid=pid)


@contextmanager
def answering(command: list[str], folder: Path, port: int, path: str, *, within: float = 10.0, **env: str) -> Iterator[int]:
    """Run *command* for the block, from its first answer at *path* on; yield its process."""
    log = folder / "log"
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(command, cwd=folder, env=environment(**env), stdout=written, stderr=written)
    try:
        until = time.monotonic() + within
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
                raise BenchFailed(f"{Path(command[0]).name} did not answer within {within:g} s: {said or 'it said nothing'}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, path: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://127.0.0.1:{port}{path}", timeout=2).close()
    except urllib.error.HTTPError:
        return True  # it has its own mind about the path, and is there
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port that nobody has just now: for programs that cannot choose one and tell."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _port(url: str) -> int:
    return urlsplit(url).port or 80


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows *key*."""
    return {"authorization": f"Bearer {key}"}
