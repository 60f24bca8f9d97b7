"""What happened is counted once, and everybody who asks is told the same: commands, API, Prometheus, bundle, SQL."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import trio
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.stage import mock_process
from tests.fakes.process import DaemonProcess, daemon, korproxy
from tests.fakes.waiting import until

SETTINGS = """
[[providers.one.accounts]]
name = "work"
key = "env:MOCK_KEY"
[providers.one]
type = "compatible"
base_url = "UPSTREAM/v1"
models = ["gpt-*"]
[[providers.two.accounts]]
name = "work"
key = "env:MOCK_KEY"
[providers.two]
type = "claude"
base_url = "UPSTREAM"
models = ["claude-*"]
"""
ROUTING = """
version = 1
[profiles.cheap]
[profiles.good]
"""
ERRORS = ("refused", "failed")


class Traffic:
    """What was sent, and how each of it has to be in the books.

    Attributes:
        ended: How often a request of a profile for a model ended in a way.
    """

    def __init__(self, running: DaemonProcess) -> None:
        self._client = httpx.Client(base_url=running.url, trust_env=False, timeout=20)
        self._key = running.key
        self.ended: Counter[tuple[str, str, str]] = Counter()

    def chat(self, say: str, outcome: str, *, model: str = "gpt-5", profile: str = "default", **more: Any) -> None:
        """Send a chat that ends in *outcome*."""
        self.ended[profile, model, outcome] += 1
        self._client.post("/v1/chat/completions", headers=self._headers(profile), json=_body(model, say, **more))

    def leave(self, model: str = "gpt-5") -> None:
        """Begin a stream, and go away in the middle of it."""
        self.ended["default", model, "client left"] += 1
        body = _body(model, "{{mock: words=50 gap=0.2}}", stream=True)
        with self._client.stream("POST", "/v1/chat/completions", headers=self._headers("default"), json=body) as answer:
            next(answer.iter_raw())

    def spoil(self) -> None:
        """Send something that is refused before it is routed, and the same without a key, which is in no book."""
        self.ended["", "", "failed"] += 1
        for headers in (self._headers("default"), {}):
            self._client.post("/v1/chat/completions", headers=headers, content=b"no json")

    def _headers(self, profile: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}", "x-korproxy-profile": profile}

    def close(self) -> None:
        self._client.close()


def _body(model: str, say: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": say}], **more}


def send_all(traffic: Traffic) -> None:
    """Send some of everything."""
    for number in range(6):
        traffic.chat("hi", "ok", stream=bool(number % 2))
        traffic.chat("hi", "ok", model="claude-opus-4", profile="good", max_tokens=10)
    for profile in ("cheap", "good"):
        traffic.chat("{{mock: usage=7/3}}", "ok", model="gpt-5-mini", profile=profile)
    traffic.chat("{{mock: status=400}}", "refused")
    traffic.chat("{{mock: status=404}}", "refused", profile="cheap")
    traffic.chat("{{mock: close-after-head}}", "failed", profile="cheap")
    traffic.chat("{{mock: cut-after=2}}", "failed", stream=True)
    traffic.chat("hi", "failed", model="nobody/has-this")
    traffic.spoil()
    traffic.leave()


def test_everybody_who_asks_is_told_the_same(home: Path) -> None:
    home.mkdir()
    (home / "routing.toml").write_text(ROUTING)
    with mock_process() as mock, daemon(home, settings=SETTINGS.replace("UPSTREAM", mock.url)) as running:
        with closing(Traffic(running)) as traffic:
            send_all(traffic)
        told = httpx.Client(base_url=running.url, trust_env=False, headers={"x-management-key": running.management_key})
        with told:
            wanted = traffic.ended.total()
            trio.run(until, lambda: told.get("/v1/metrics").json()["total"]["requests"] == wanted)
            api = told.get("/v1/metrics").json()
            prometheus = told.get("/metrics").text
            bundle = told.get("/v1/diagnostics/bundle").json()
            listed = told.get("/v1/requests", params={"limit": 1000}).json()["requests"]
        command = json.loads(korproxy("metrics", "--json", home=home).stdout)
        beside = sql(home)
        running.ask_to_stop()
        assert running.wait() == 0
    afterwards = json.loads(korproxy("metrics", "--json", home=home).stdout)

    outcomes = Counter[str]()
    for (_, _, outcome), count in traffic.ended.items():
        outcomes[outcome] += count
    assert ways(api) == outcomes
    assert Counter((each["profile"], each["model"], each["outcome"]) for each in listed) == traffic.ended
    for other in (command, bundle["metrics"], afterwards):
        assert figures(other) == figures(api)
    assert beside == sql(home) == {"requests": wanted, "minutes": wanted, "totals": wanted, **tokens_of(api)}
    assert scraped(prometheus) == (wanted, outcomes, api["total"]["errors"])


def ways(told: Mapping[str, Any]) -> Counter[str]:
    whole = told["total"]
    return Counter({name: whole[name.replace(" ", "_")] for name in ("ok", *ERRORS, "client left")})


def figures(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return all figures of a summary, but not from when to when they are."""
    return {name: each for name, each in told.items() if name == "total" or name.startswith("by_")}


def tokens_of(told: Mapping[str, Any]) -> dict[str, int]:
    return {"tokens_in": told["total"]["tokens"]["in"], "tokens_out": told["total"]["tokens"]["out"]}


def sql(home: Path) -> dict[str, int]:
    """Return what the tables say, asked as anybody may ask them."""
    with closing(sqlite3.connect(f"{(home / 'korproxy.db').as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(
            "SELECT count(*) AS requests, (SELECT sum(requests) FROM buckets) AS minutes,"
            " (SELECT sum(requests) FROM totals) AS totals, sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out"
            " FROM history"
        ).fetchone()
        return dict(found)


def scraped(text: str) -> tuple[int, Counter[str], Mapping[str, int]]:
    """Return what Prometheus makes of it: requests, by how they ended, and by their codes."""
    families = {each.name: each for each in text_string_to_metric_families(text)}
    whole, outcomes, codes = 0, Counter[str](), Counter[str]()
    for sample in families["korproxy_requests"].samples:
        count = int(sample.value)
        whole += count
        outcomes[sample.labels["outcome"]] += count
        if sample.labels["code"]:
            codes[sample.labels["code"]] += count
    return whole, outcomes, codes
