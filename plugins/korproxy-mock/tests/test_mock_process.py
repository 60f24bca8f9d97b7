"""The mock as a program of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from korproxy_mock.server import bind

PACKAGE = Path(__file__).parents[1]


def fetch(url: str, method: str = "GET", value: object = None) -> Any:
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as answer:
        return json.load(answer)


def test_both_sdks_talk_to_the_process_and_tests_steer_it(korproxy_mock_process: str) -> None:
    url = korproxy_mock_process
    assert fetch(f"{url}/_mock/script", "POST", {"directives": "text=größer"}) == {}
    with openai.OpenAI(base_url=f"{url}/qwen/v1", api_key="k", max_retries=0) as client:
        answer = client.chat.completions.create(model="qwen-max", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "größer"
    with anthropic.Anthropic(base_url=f"{url}/claude", api_key="k", max_retries=0) as sdk:
        assert (
            sdk.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]).stop_reason == "end_turn"
        )
    assert [each["provider"] for each in fetch(f"{url}/_mock/requests")] == ["qwen", "claude"]
    assert fetch(f"{url}/_mock/requests", "DELETE") == {}
    assert fetch(f"{url}/_mock/state")["requests"] == 0


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_quietly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "korproxy_mock", "serve", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert fetch(f"{url}/healthz") == {"status": "ok"}
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_a_taken_port_is_told_in_one_line() -> None:
    with bind() as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "korproxy_mock", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_only_the_plugin_module_needs_korproxy() -> None:
    code = """
import sys, pathlib, importlib
sys.modules["korproxy"] = None
for path in pathlib.Path(sys.argv[1]).glob("*.py"):
    if path.stem not in {"plugin", "__main__", "__init__"}:
        importlib.import_module(f"korproxy_mock.{path.stem}")
"""
    command = [sys.executable, "-c", code, str(PACKAGE / "korproxy_mock")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
