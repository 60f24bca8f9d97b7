"""What every test here plays on: imitated providers in one process, the real daemon in another, pointed at them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from tests.fakes.process import DaemonProcess, daemon
from tests.fakes.waiting import until

# Each provider has a key of its own, so that a mix-up would show. The mock refuses every key that starts with "bad".
KEYS = {
    "CLAUDE_KEY": "sk-ant-api03-of-claude",
    "CODEX_KEY": "sk-proj-of-codex",
    "GEMINI_KEY": "key-of-gemini",
    "QWEN_KEY": "sk-of-qwen",
    "IFLOW_KEY": "sk-of-iflow",
    "MINE_KEY": "sk-of-mine",
    "BOTH_KEY": "sk-of-both",
    "ANSWERS_KEY": "sk-of-answers",
    "BAD_KEY": "bad-key-that-was-withdrawn",
}

# One provider of each type. "MOCK" stands for the address of the imitated providers, also in a module's own additions.
PROVIDERS = """
version = 1
[providers.claude]
type = "claude"
base_url = "MOCK/claude"
accounts = [{ name = "work", key = "env:CLAUDE_KEY" }]
[providers.codex]
type = "codex"
base_url = "MOCK/codex/v1"
accounts = [{ name = "work", key = "env:CODEX_KEY" }]
[providers.gemini]
type = "gemini"
base_url = "MOCK/gemini/v1beta"
accounts = [{ name = "work", key = "env:GEMINI_KEY" }]
[providers.qwen]
type = "qwen"
base_url = "MOCK/qwen/compatible-mode/v1"
accounts = [{ name = "work", key = "env:QWEN_KEY" }]
[providers.dashscope]
type = "qwen"
base_url = "MOCK/dashscope/apps/anthropic"
accounts = [{ name = "work", key = "env:QWEN_KEY" }]
[providers.iflow]
type = "iflow"
base_url = "MOCK/iflow/v1"
accounts = [{ name = "work", key = "env:IFLOW_KEY" }]
[providers.mine]
type = "compatible"
base_url = "MOCK/mine/v1"
models = ["llama3.3"]
accounts = [{ name = "work", key = "env:MINE_KEY" }]
[providers.both]
type = "compatible"
base_url = "MOCK/both/v1"
speaks = ["anthropic-messages", "openai-chat"]
accounts = [{ name = "work", key = "env:BOTH_KEY" }]
[providers.answers]
type = "compatible"
base_url = "MOCK/answers/v1"
speaks = ["openai-responses"]
accounts = [{ name = "work", key = "env:ANSWERS_KEY" }]
"""


@attrs.frozen(kw_only=True)
class Model:
    """A model as a client names it, and where that leads."""

    asked: str
    provider: str
    upstream: str

    def __str__(self) -> str:
        return self.provider


OPENAI_MODELS = (
    Model(asked="gpt-5.2", provider="codex", upstream="gpt-5.2"),  # newer ones take tools in Responses only
    Model(asked="qwen3-coder-plus", provider="qwen", upstream="qwen3-coder-plus"),
    Model(asked="iflow/glm-4.6", provider="iflow", upstream="glm-4.6"),
    Model(asked="llama3.3", provider="mine", upstream="llama3.3"),
    Model(asked="both/org/model:tag", provider="both", upstream="org/model:tag"),
)
ANTHROPIC_MODELS = (
    Model(asked="claude-opus-5", provider="claude", upstream="claude-opus-5"),
    Model(asked="dashscope/qwen3-coder-plus", provider="dashscope", upstream="qwen3-coder-plus"),
    Model(asked="both/org/model:tag", provider="both", upstream="org/model:tag"),
)


@attrs.frozen
class Received:
    """One request that reached the mock, as its control pages tell it."""

    about: Mapping[str, Any]

    def all(self, name: str) -> list[str]:
        """Return every value of the header *name*, in order."""
        return [value for key, value in self.about["headers"] if key.lower() == name]

    def header(self, name: str) -> str | None:
        """Return the one value of the header *name*; two would be a mistake."""
        found = self.all(name)
        assert len(found) < 2, f"{name} came {len(found)} times: {found}"
        return found[0] if found else None

    @property
    def names(self) -> set[str]:
        """The names of all headers, in lower case."""
        return {key.lower() for key, _ in self.about["headers"]}

    @property
    def body(self) -> Any:
        return json.loads(self.about["body"])


@attrs.frozen
class MockProcess:
    """The mock provider in a process of its own."""

    url: str

    def requests(self) -> list[Received]:
        """Return what was received since ``forget``; but not what the daemon asks by itself, once a minute."""
        found = [Received(each) for each in self._ask("GET", "/_mock/requests")]
        return [each for each in found if not (each.about["method"] == "GET" and each.about["path"].endswith("/models"))]

    def only_request(self) -> Received:
        """Return the one request there was."""
        [request] = self.requests()
        return request

    def state(self) -> dict[str, int]:
        """Return the counts of what is open now; the connection that asks is one of them."""
        return dict(self._ask("GET", "/_mock/state"))

    def forget(self) -> None:
        """Drop what was received so far."""
        self._ask("DELETE", "/_mock/requests")

    def script(self, directives: str) -> None:
        """Push a reply for the next request, whatever its prompt says."""
        self._ask("POST", "/_mock/script", {"directives": directives})

    def unscript(self) -> None:
        """Drop the pushed replies that nobody got yet."""
        self._ask("DELETE", "/_mock/script")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            connection.request(method, path, json.dumps(body), {"connection": "close"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@attrs.frozen(kw_only=True)
class Stage:
    """A daemon, and the providers behind it."""

    daemon: DaemonProcess
    mock: MockProcess

    def forget(self) -> None:
        """Let the mock forget what was received, and the daemon what it holds against accounts."""
        self.mock.forget()
        for each in self._ask("GET", "/v1/providers")["providers"]:
            for entry in each["health"]:
                self._ask("POST", "/v1/accounts/wake", {"provider": each["id"], "account": entry["account"]})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.daemon.url).netloc, timeout=5)
        headers = {"connection": "close", "authorization": f"Bearer {self.daemon.management_key}"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    async def log_line(self, text: str) -> str:
        """Return the line about the finished request in which *text* stands, once it is written."""

        def found() -> list[str]:
            return [line for line in list(self.daemon.log) if " requests " in line and text in line]

        await until(found)
        return found()[0]


@contextmanager
def mock_process() -> Iterator[MockProcess]:
    """Run the mock provider for the block."""
    command = [sys.executable, "-m", "korproxy_mock", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield MockProcess(process.stdout.readline().strip())
        finally:
            process.terminate()


@contextmanager
def open_stage(home: Path, *args: str, providers: str) -> Iterator[Stage]:
    """Run the mock and a daemon with the tables *providers* for the block; *args* go to ``korproxy run``."""
    with mock_process() as mock, daemon(home, *args, settings=providers.replace("MOCK", mock.url), **KEYS) as running:
        yield Stage(daemon=running, mock=mock)
