"""A plugin that breaks costs only itself: the whole daemon, once for each place where one can break."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from korproxy_mock.server import MockServer, open_mock

from tests.fakes.plugin_files import ARGUMENTS, HOOKS
from tests.fakes.process import DaemonProcess, daemon, korproxy
from tests.fakes.waiting import until

HARMLESS = tuple(hook for hook in HOOKS if hook != "korproxy_redactions")
HEALTH = "/v1/diagnostics/health"

HEAD = """
    import attrs
    import click
    import trio

    from korproxy.api import Command, ErrorCode, OpenAICompatible, PluginTable, RegexRedaction, hookimpl

    class Dialect:
        name = "bad"
        paths = ("/bad",)
        translator = None
        kind = "chat"
        listed = frozenset()

        def peek(self, path, body): ...
        def wants_array(self, query): return False
        def set_model(self, body, span, model): ...
        def reader(self, *, stream): ...
        def error(self, fault): ...
        def late_error(self, fault, behind=b""): ...
        def lists_models(self, path, query, headers): return False
        def model_list(self, models): ...
        def model_entry(self, model): ...

    class Task:
        name = "bad"

        async def run(self, *channel, task_status):
            task_status.started()
            for events in channel:
                async for _ in events:
                    pass
                return
            await trio.sleep_forever()

        async def collect(self):
            return {}

        def rank(self, call, able, *, turn, seed):
            return able

    @attrs.frozen
    class Table:
        size: int = 1
"""
ITEMS = {
    "korproxy_errors": 'ErrorCode(code="KP-SYS-599", message="m", description="d", steps=("s",), status=500)',
    "korproxy_settings": 'PluginTable("bad", Table)',
    "korproxy_providers": 'OpenAICompatible(id="bad", base_url="http://127.0.0.1:1")',
    "korproxy_dialects": "Dialect()",
    "korproxy_redactions": 'RegexRedaction(name="bad", pattern=re.compile("bad"))',
    "korproxy_routing": "Task()",
    "korproxy_sinks": "Task()",
    "korproxy_services": "Task()",
    "korproxy_collectors": "Task()",
    "korproxy_commands": 'Command("bad", "Be bad.", lambda: click.Command("bad"))',
}


def breaking_in(hook: str, how: str = 'raise RuntimeError("not today")') -> str:
    """Return a plugin that offers something at every harmless hook, and then breaks in *hook*."""
    parts = [textwrap.dedent(HEAD)]
    for each in dict.fromkeys([*HARMLESS, hook]):
        broken = f"\n    {how}" if each == hook else ""
        parts.append(f"@hookimpl\ndef {each}({ARGUMENTS[each]}):\n    yield {ITEMS[each]}{broken}\n")
    return "\n\n".join(parts)


def settings_for(mock: MockServer) -> str:
    return f"""
[providers.mock]
type = "compatible"
base_url = "{mock.url}/v1"
[[providers.mock.accounts]]
name = "work"
key = "env:MOCK_KEY"
"""


async def asked(running: DaemonProcess, model: str = "mock/m") -> httpx.Response:
    """Send one chat request."""
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=10) as client:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        return await client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {running.key}"})


async def health(running: DaemonProcess) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=10) as client:
        found: dict[str, Any] = (await client.get(HEALTH)).json()
        return found


async def answers_all_the_same(home: Path, plugins: Path) -> dict[str, Any]:
    """Have another provider answer in a daemon with *plugins*; return the daemon's own report."""
    async with open_mock() as mock:
        with daemon(home, "--plugins-dir", str(plugins), settings=settings_for(mock)) as running:
            answer = await asked(running)
            report = await health(running)
            running.ask_to_stop()
            code = await trio.to_thread.run_sync(running.wait)

    assert (answer.status_code, answer.headers["x-korproxy-provider"], code) == (200, "mock", 0)
    return report


async def listed(home: Path, plugins: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return exit code and what `korproxy plugins` says of each plugin."""
    done = await trio.to_thread.run_sync(lambda: korproxy("plugins", "--plugins-dir", str(plugins), "--json", home=home))
    return done.returncode, {each["name"]: each for each in json.loads(done.stdout)["plugins"]}


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize("hook", HARMLESS)
async def test_a_plugin_that_raises_in_a_hook_costs_only_itself(home: Path, tmp_path: Path, hook: str) -> None:
    (tmp_path / "bad.py").write_text(breaking_in(hook))
    with trio.fail_after(60):
        report = await answers_all_the_same(home, tmp_path)
        code, plugins = await listed(home, tmp_path)

    bad = plugins.pop("bad")
    assert (code, bad["state"], bad["code"]) == (1, "broken", "KP-CONF-209")
    assert bad["reason"] == f"{hook}: RuntimeError: not today"
    assert {each["state"] for each in plugins.values()} == {"loaded"}

    is_in = hook == "korproxy_commands"  # which the daemon has no use for, so there it is not asked
    assert report["plugins"]["broken"] == (not is_in)
    assert [each["id"] for each in report["providers"]] == (["mock", "bad"] if is_in else ["mock"])
    assert ("bad" in report["sections"]) == is_in
    assert len([each for each in report["services"] if "bad" in each["name"]]) == (2 if is_in else 0)
    assert {each["state"] for each in report["services"]} == {"running"}


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise ImportError('not today')", "cannot be loaded: ImportError: not today"),
        ("import sys; sys.exit(3)", "cannot be loaded: SystemExit: 3"),
        (breaking_in("korproxy_sinks", "raise SystemExit(3)"), "korproxy_sinks: SystemExit: 3"),
        (
            breaking_in("korproxy_providers", "yield 7"),
            "korproxy_providers: WrongItem: returned a bad provider: int has no 'id'",
        ),
    ],
)
async def test_however_it_breaks(home: Path, tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with trio.fail_after(60):
        report = await answers_all_the_same(home, tmp_path)
        _, plugins = await listed(home, tmp_path)

    assert (report["plugins"]["broken"], plugins["bad"]["code"]) == (1, "KP-CONF-209")
    assert plugins["bad"]["reason"] == reason


@pytest.mark.code("KP-CONF-210")
async def test_one_that_hides_secrets_stops_the_start_and_is_listed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import re\n" + breaking_in("korproxy_redactions"))
    args = ("run", "--port", "0", "--plugins-dir", str(tmp_path))
    with trio.fail_after(60):
        ended = await trio.to_thread.run_sync(lambda: korproxy(*args, home=home))
        code, plugins = await listed(home, tmp_path)

    assert (ended.returncode, ended.stdout) == (78, "")
    assert ended.stderr.startswith("error KP-CONF-210: plugin bad: it is broken, and hides secrets")
    assert "korproxy_redactions: RuntimeError: not today" in ended.stderr
    assert not (home / "daemon.json").exists()
    assert (code, plugins["bad"]["state"]) == (1, "broken")


MEAN = """
    import trio
    from korproxy.api import Command, OpenAICompatible, hookimpl

    class Provider(OpenAICompatible):
        def prepare(self, request, account):
            raise RuntimeError("mean provider")

    class Sink:
        name = "mean"

        async def run(self, events, *, task_status):
            task_status.started()
            async for event in events:
                raise SystemExit("mean sink")

    class Service:
        name = "mean"

        async def run(self, *, task_status):
            task_status.started()
            raise RuntimeError("mean service")

    class Collector:
        name = "mean"

        async def collect(self):
            raise SystemExit("mean collector")

    @hookimpl
    def korproxy_providers(settings):
        yield Provider(id="mean", base_url="http://127.0.0.1:1", patterns=("mean-*",))

    @hookimpl
    def korproxy_sinks(settings):
        yield Sink()

    @hookimpl
    def korproxy_services(settings):
        yield Service()

    @hookimpl
    def korproxy_collectors(settings):
        yield Collector()

    @hookimpl
    def korproxy_commands():
        yield Command("mean", "Be mean.", lambda: 1 / 0)
"""


async def test_a_plugin_that_breaks_while_it_is_used_costs_only_that(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mean.py").write_text(textwrap.dedent(MEAN))
    with trio.fail_after(60):
        async with open_mock() as mock:
            with daemon(home, "--plugins-dir", str(tmp_path), settings=settings_for(mock)) as running:
                mean = await asked(running, "mean/x")
                answers = [await asked(running) for _ in range(3)]
                await until(lambda: any("mean sink" in line for line in running.log))
                report = await health(running)
                running.ask_to_stop()
                code = await trio.to_thread.run_sync(running.wait)
        command = await trio.to_thread.run_sync(lambda: korproxy("--plugins-dir", str(tmp_path), "mean", home=home))

    states = {each["name"]: each for each in report["services"]}
    assert mean.status_code >= 500
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert report["status"] == "degraded"
    assert states["mean"]["last_error"] == "RuntimeError: mean service"
    assert states["sink mean"]["last_error"] == "SystemExit: mean sink"
    assert (states["sink log"]["state"], states["idle-connection check"]["state"]) == ("running", "running")
    assert report["sections"]["mean"] == {"error": "SystemExit: mean collector"}
    assert "system" in report["sections"]
    assert code == 0
    assert (command.returncode, "KP-CONF-209" in command.stderr) == (1, True)


NEVER_USEFUL = """
    from korproxy.api import OpenAICompatible, hookimpl

    class Sink:
        name = "stillborn"

        async def run(self, events, *, task_status):
            raise PermissionError("no right")

    @hookimpl
    def korproxy_sinks(settings):
        yield Sink()

    @hookimpl
    def korproxy_providers(settings):
        yield OpenAICompatible(id="stillborn", base_url="http://127.0.0.1:1")
"""


@pytest.mark.code("KP-SYS-513")
async def test_a_sink_that_does_not_start_costs_its_plugin(home: Path, tmp_path: Path) -> None:
    (tmp_path / "stillborn.py").write_text(textwrap.dedent(NEVER_USEFUL))
    with trio.fail_after(60):
        async with open_mock() as mock:
            with daemon(home, "--plugins-dir", str(tmp_path), settings=settings_for(mock)) as running:
                answer = await asked(running)
                report = await health(running)
                running.ask_to_stop()
                code = await trio.to_thread.run_sync(running.wait)

    assert (answer.status_code, code) == (200, 0)
    assert ([each["id"] for each in report["providers"]], report["plugins"]["broken"]) == (["mock"], 1)
    assert any("KP-SYS-513: the sink 'stillborn' of plugin stillborn did not start" in line for line in running.log)
