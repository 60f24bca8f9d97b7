"""Profiles are switched while many clients ask: nobody meets two configurations, and nobody meets an error."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from tests.fakes.process import daemon
from tests.fakes.raw_upstream import Serve, raw_upstream, read_request
from tests.fakes.reloading import written

CLIENTS = 6
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
SETTINGS = """
[providers.{name}]
type = "compatible"
base_url = "http://127.0.0.1:{port}/v1"
[[providers.{name}.accounts]]
name = "{name}-work"
key = "env:KEY_{name}"
"""
ROUTING = """
version = 1
profile = "{name}"

[profiles.a]
default = "group-a"
[profiles.b]
default = "group-b"

[groups.group-a]
members = [{{ provider = "a" }}]
[groups.group-b]
members = [{{ provider = "b" }}]

[[rules]]
name = "rule-a"
model = "model-a"
when = {{ profile = "a" }}
[[rules]]
name = "rule-b"
model = "model-b"
when = {{ profile = "b" }}
"""


def told(name: str) -> Serve:
    """Return a provider that answers with its own *name* and with what it was asked for, by whom."""

    async def serve(stream: trio.abc.Stream) -> None:
        while request := await read_request(stream):
            head, _, body = request.partition(b"\r\n\r\n")
            key = next(line[22:] for line in head.split(b"\r\n") if line.lower().startswith(b"authorization:"))
            model = json.loads(body)["model"] if body else None  # none: it is asked whether it is there
            said = json.dumps({"id": "x", "name": name, "model": model, "key": key.decode()}).encode()
            await stream.send_all(HEAD % len(said) + said)

    return serve


def whose(answer: httpx.Response) -> str:
    """Return which profile *answer* is of: all of it, or it is a mixture."""
    if answer.status_code != 200:
        return f"error {answer.status_code} {answer.text}"
    about, said = answer.headers, answer.json()
    names = {
        about["x-korproxy-provider"],
        about["x-korproxy-account"].removesuffix("-work"),
        about["x-korproxy-model"].removeprefix("model-"),
        said["name"],
        said["model"].removeprefix("model-"),
        said["key"].removeprefix("sk-"),
    }
    return names.pop() if len(names) == 1 else f"mixture {sorted(names)}"


async def ask_on(client: httpx.AsyncClient, over: Callable[[], bool], seen: Counter[str]) -> None:
    while not over():
        seen[whose(await client.post("/v1/chat/completions", json={"model": "any", "messages": []}))] += 1


async def switched(home: Path, times: int) -> Counter[str]:
    """Switch the profile so many times under load; return how many answers were of which one."""
    seen: Counter[str] = Counter()
    left = times
    async with raw_upstream(told("a")) as a, raw_upstream(told("b")) as b:
        settings = SETTINGS.format(name="a", port=a) + SETTINGS.format(name="b", port=b)
        written(home, settings, ROUTING.format(name="a"))
        with daemon(home, settings=settings, KEY_a="sk-a", KEY_b="sk-b") as running:
            manager = httpx.AsyncClient(
                base_url=running.url, headers={"x-management-key": running.management_key}, trust_env=False, timeout=20
            )
            client = httpx.AsyncClient(
                base_url=running.url, headers={"authorization": f"Bearer {running.key}"}, trust_env=False, timeout=20
            )
            async with manager, client, trio.open_nursery() as nursery:
                for _ in range(CLIENTS):
                    nursery.start_soon(ask_on, client, lambda: left == 0, seen)
                while left:
                    name = "ab"[left % 2]
                    await trio.to_thread.run_sync(partial(written, home, settings, ROUTING.format(name=name)))
                    done = (await manager.post("/v1/reload")).json()
                    assert done["ok"], done
                    own = await client.post("/v1/chat/completions", json={"model": "any", "messages": []})
                    assert whose(own) == name  # who comes later meets the new one
                    left -= 1
            async with httpx.AsyncClient(base_url=running.url, trust_env=False) as last:
                health = (await last.get("/v1/diagnostics/health")).json()
            running.ask_to_stop()
            assert running.wait() == 0
    assert health["generation"] >= times
    assert {each["id"] for each in health["providers"]} == {"a", "b"}
    return seen


async def test_switching_profiles_under_load_mixes_nothing_and_breaks_nothing(home: Path) -> None:
    with trio.fail_after(60):
        seen = await switched(home, 50)

    assert set(seen) == {"a", "b"}


@pytest.mark.slow
async def test_a_thousand_switches_under_load_mix_nothing_and_break_nothing(home: Path) -> None:
    with trio.fail_after(300):
        seen = await switched(home, 1000)

    assert set(seen) == {"a", "b"}
    assert min(seen.values()) >= 500
