"""One debug bundle of a daemon that has seen good and bad times, and one of what is left on the disk when it is gone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from tests.fakes.process import DaemonProcess, daemon, korproxy, mock_settings
from tests.fakes.waiting import until
from tests.unit.runtime.test_bundle_schema import mistakes

SECRET = "sk-ant-api03-" + "Zorglub7" * 8
PLUGIN = f"""
import trio
from korproxy.api import hookimpl

class Shaky:
    name = "shaky"

    async def run(self, *, task_status):
        task_status.started()
        await trio.sleep(0.01)
        raise ValueError("it broke")

class Section:
    def __init__(self, name):
        self.name = name

    async def collect(self):
        if self.name == "bad":
            raise OSError("no such device {SECRET}")
        return {{"key": "{SECRET}", "marker": "a-marker"}}

@hookimpl
def korproxy_services(settings):
    yield Shaky()

@hookimpl
def korproxy_collectors(settings):
    yield Section("good")
    yield Section("bad")
"""
TOOL = {"type": "function", "function": {"name": "zorglub", "parameters": {"type": "object", "properties": {"zorglub": {}}}}}
# What no provider takes, whatever it says: the result of a call that nobody made.
ODD = [{"role": "user", "content": f"zorglub {SECRET}"}, {"role": "tool", "tool_call_id": "zorglub-1", "content": "zorglub"}]


def on_disk(home: Path) -> dict[str, Any]:
    done = korproxy("debug-bundle", home=home)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def get(running: DaemonProcess, path: str) -> dict[str, Any]:
    head = {"x-management-key": running.management_key}
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=20, headers=head) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def chat(running: DaemonProcess, text: str, **more: object) -> httpx.Response:
    body = {"model": "mock/m", "messages": [{"role": "user", "content": text}], **more}
    return await send(running, json.dumps(body).encode())


async def send(running: DaemonProcess, body: bytes) -> httpx.Response:
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=10) as client:
        head = {"authorization": f"Bearer {running.key}", "content-type": "application/json"}
        return await client.post("/v1/chat/completions", content=body, headers=head)


def tasks(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node} | {name: each for child in node["children"] for name, each in tasks(child).items()}


@pytest.mark.skipif(sys.platform == "win32", reason="the daemon's process is handled by signals")
async def test_a_bundle_tells_what_went_wrong_and_no_secret_while_the_daemon_runs_and_when_it_is_gone(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    with trio.fail_after(60):
        async with open_mock() as mock:
            settings = mock_settings(mock.url)
            with daemon(home, "--plugins-dir", str(tmp_path), settings=settings) as running:
                good = await chat(running, "hello, my name is zorglub")
                bad = await chat(running, "", messages=ODD, tools=[TOOL], max_tokens=7)
                await until(lambda: "shaky crashed" in "".join(running.log))
                asked = bad.headers["x-korproxy-request"]
                alive = await get(running, f"/v1/diagnostics/bundle?repro={asked}")
                metrics = await get(running, "/v1/metrics")
                again = await send(running, json.dumps(alive["repro"]["body"]).encode())
                running.ask_to_stop()
                await trio.to_thread.run_sync(running.wait)
            gone = await trio.to_thread.run_sync(on_disk, home)

    assert (good.status_code, bad.status_code, bad.headers["x-korproxy-error"]) == (200, 400, "KP-PROV-101")
    assert (mistakes(alive), mistakes(gone)) == ([], [])
    assert (alive["asked"], alive["remarks"], gone["asked"]) == ("daemon", [], "files")
    for each in (alive, gone):
        text = json.dumps(each)
        assert ("Zorglub7" in text, "zorglub" in text) == (False, False)

    assert alive["metrics"]["total"] == metrics["total"]
    assert (alive["metrics"]["total"]["requests"], alive["metrics"]["total"]["refused"]) == (2, 1)
    [account] = alive["providers"][0]["accounts"]
    assert account["last_error"] | {"at": ""} == {
        "at": "",
        "model": "m",
        "status": 400,
        "code": "KP-PROV-101",
        "request": asked,
    }
    assert account["last_success"]["request"] == good.headers["x-korproxy-request"]
    assert [(each["id"], each["why"]["decision"]["wanted"]) for each in alive["failures"]] == [(asked, "mock/m")]
    assert tasks(alive["supervision"])["shaky"]["last_error"] == "ValueError: it broke"
    assert alive["sections"]["good"] == {"key": "***REDACTED***", "marker": "a-marker"}
    assert alive["sections"]["bad"]["error"].startswith("OSError: no such device ***REDACTED***")
    assert any(asked in line["message"] for line in alive["log"]["lines"])
    assert {each["name"]: each["state"] for each in alive["plugins"]}["mine"] == "loaded"

    name = alive["repro"]["body"]["tools"][0]["function"]["name"]
    assert (len(name), alive["repro"]["body"]["max_tokens"]) == (7, 7)
    assert (again.status_code, again.headers["x-korproxy-error"]) == (400, "KP-PROV-101")  # without a word of it

    repeated = again.headers["x-korproxy-request"]
    assert [(each["id"], each["why"]) for each in gone["failures"]] == [(repeated, None), (asked, None)]
    assert gone["metrics"]["total"]["requests"] == 3
    assert gone["providers"][0]["accounts"][0]["last_error"]["request"] == repeated
    assert gone["log"]["lines"][-1]["message"] == "stopped"
