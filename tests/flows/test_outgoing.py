"""The real daemon with ``[redaction] outgoing``: what a provider gets, and what is written down of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from korproxy_mock.server import MockServer

from tests.fakes.process import daemon, korproxy, mock_settings

KEY = "sk-ant-api03-AbCdEf0123456789AbCdEf"
FAILS = """
from korproxy.api import hookimpl


class Fails:
    name, order, longest, replacement = "fails", 1, 10, "***REDACTED***"

    def find(self, text):
        if "trigger" in text:
            raise RuntimeError("never shown: " + text)
        return ()


@hookimpl
def korproxy_redactions(settings):
    return [Fails()]
"""


def chat(content: str, **more: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], "temperature": 1.50, "big": 10**25, **more}


async def ask(url: str, key: str, body: bytes | dict[str, Any]) -> httpx.Response:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=20) as client:
        return await client.post("/v1/chat/completions", content=sent)


@pytest.mark.code("KP-SYS-538")
async def test_what_the_named_rules_find_does_not_reach_the_provider(
    home: Path, korproxy_mock: MockServer, tmp_path: Path
) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    outgoing = '[redaction]\noutgoing = ["sk-key", "email-address", "fails", "known-secret"]\n'
    settings = mock_settings(korproxy_mock.url) + outgoing
    plugins = ("--plugins-dir", str(tmp_path))
    with trio.fail_after(40), daemon(home, *plugins, settings=settings, MOCK_KEY="hunter2-in-the-vault") as running:
        plain = b'{ "model":"m",\t"messages":[{"role":"user","content":"caf\\u00e9, 1.0 \\/ ok"}], "temperature": 1.50 }'
        await ask(running.url, running.key, plain)
        said = f'my key is "{KEY}", write to ann@example.org\nor hunter2-in-the-vault'
        await ask(running.url, running.key, chat(said, user="ann@example.org"))
        await ask(running.url, running.key, json.dumps(chat(KEY)).replace("sk-", "\\u0073k-").encode())
        failed = await ask(running.url, running.key, chat("trigger"))
        got = [each.body for each in korproxy_mock.requests if each.body]
    log = "\n".join(running.log)

    assert got[0].replace(b'"mock/m"', b'"m"') == plain
    hidden = 'my key is "***REDACTED***", write to ***REDACTED***\nor ***REDACTED***'
    assert json.loads(got[1])["messages"][0]["content"] == hidden
    assert json.loads(got[1])["user"] == "***REDACTED***"
    assert b'"temperature": 1.5, "big": 10000000000000000000000000' in got[1]
    assert json.loads(got[2])["messages"][0]["content"] == "***REDACTED***"
    assert (failed.status_code, failed.headers["x-korproxy-error"]) == (500, "KP-SYS-538")
    assert "trigger" not in failed.text + log
    assert len(got) == 3


@pytest.mark.code("KP-CONF-246")
def test_a_rule_that_does_not_exist_stops_the_start(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    settings = mock_settings("http://127.0.0.1:9") + '[redaction]\noutgoing = ["sk-key", "email-adress"]\n'
    (home / "korproxy.toml").write_text(settings)

    ended = korproxy("check", "--json", home=home, MOCK_KEY="hunter2-in-the-vault")

    (problem,) = json.loads(ended.stdout)["problems"]
    assert (ended.returncode, problem["code"], problem["path"]) == (1, "KP-CONF-246", "$.redaction.outgoing[1]")
    assert 'did you mean "email-address"?' in problem["message"]
