"""The real daemon reads its configuration again while it answers."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from korproxy_mock.server import MockServer

from tests.fakes.process import DaemonProcess, daemon, korproxy
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.reloading import account, written
from tests.fakes.waiting import until

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def mocked(name: str, mock: MockServer) -> str:
    return account(name, key="env:MOCK_KEY", url=mock.url)


def health(running: DaemonProcess) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{running.url}/v1/diagnostics/health", trust_env=False).json()
    return found


async def generation(running: DaemonProcess, number: int) -> dict[str, Any]:
    """Wait until the configuration with this *number* is in force; return the report of then."""
    for _ in range(200):
        report = await trio.to_thread.run_sync(health, running)
        if report["generation"] == number:
            return report
        await trio.sleep(0.05)
    raise AssertionError(f"number {number} is not in force, but {report}")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
async def test_a_hangup_has_the_configuration_read_again(home: Path, korproxy_mock: MockServer) -> None:
    with trio.fail_after(30), daemon(home, settings=mocked("one", korproxy_mock)) as running:
        running.ask_to_stop(signal.SIGHUP)
        report = await generation(running, 1)
        running.ask_to_stop()
        code = await trio.to_thread.run_sync(running.wait)

    assert (report["reload"]["ok"], report["reload"]["reason"], code) == (True, "SIGHUP", 0)
    assert any("the configuration was read again (SIGHUP)" in line for line in running.log)


async def test_a_change_counts_within_seconds_and_a_mistake_costs_nothing(home: Path, korproxy_mock: MockServer) -> None:
    with trio.fail_after(30), daemon(home, settings=mocked("one", korproxy_mock)) as running:
        key = {"authorization": f"Bearer {running.key}"}
        async with httpx.AsyncClient(base_url=running.url, headers=key, trust_env=False, timeout=20) as client:
            began = trio.current_time()
            written(home, mocked("two", korproxy_mock))
            await generation(running, 1)
            took = trio.current_time() - began
            two = await client.post("/v1/chat/completions", json=CHAT)
            written(home, "[server]\nport = 'x'\n")
            await until(lambda: any("KP-CONF-240" in line for line in running.log))
            still = await client.post("/v1/chat/completions", json=CHAT)
            status = await trio.to_thread.run_sync(lambda: korproxy("status", home=home))
            written(home, mocked("three", korproxy_mock))
            await generation(running, 2)
            three = await client.post("/v1/chat/completions", json=CHAT)

    assert took < 5  # a look every second, and a machine that has other things to do
    assert [each.headers["x-korproxy-provider"] for each in (two, still, three)] == ["two", "two", "three"]
    assert "NOT reloaded at" in status.stdout
    assert "[KP-CONF-202] $.server.port" in status.stdout


async def test_who_is_answered_by_a_provider_that_is_taken_out_is_answered_to_the_end(
    home: Path, korproxy_mock: MockServer
) -> None:
    with trio.fail_after(30), daemon(home, settings=mocked("one", korproxy_mock)) as running:
        async with await connect(running.url) as stream:
            await stream.send_all(chat_request("{{mock: words=40 gap=0.05}}", running.key))
            first = await read_until(stream, b"data:")
            written(home, mocked("other", korproxy_mock))
            report = await generation(running, 1)
            rest = await read_until(stream, b"[DONE]")
            await stream.send_all(
                chat_request("hello", running.key).replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n")
            )
            second = await read_all(stream)  # the same connection, and the configuration that is in force now

    assert b"x-korproxy-provider: one\r\n" in first.lower()
    assert (report["requests"]["running"], [each["id"] for each in report["providers"]]) == (1, ["other"])
    assert b"[DONE]" in rest
    assert b"x-korproxy-provider: other\r\n" in second.lower()
