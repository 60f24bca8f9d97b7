"""A gateway that does one thing wrong gets less than 100 %, and the suite says what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from korproxy_conformance.command import conformance

Spoil = Callable[[bytes], bytes]
OpenGateway = Callable[[Spoil], str]
CHAT, MESSAGES, GEMINI, RESPONSES = "openai-chat", "anthropic-messages", "gemini", "openai-responses"
GOOD = ("plain", "stream", "tools", "parallel", "image", "reasoning", "structured")


def tried(target: str, mock: str, form: str, *cases: str, more: tuple[str, ...] = ()) -> Result:
    only = [f"--only={each}" for each in (f"client={form}", f"provider={form}", *cases)]
    return CliRunner().invoke(conformance, ["--target", target, "--key", "sk-x", "--mock", mock, *only, *more])


def unspoilt(body: bytes) -> bytes:
    return body


def quiet_success(body: bytes) -> bytes:
    """End a stream that broke off as if all was well."""
    head, found, _ = body.partition(b'data: {"error"')
    if not found:
        return body
    first = json.loads(body.removeprefix(b"data: ").split(b"\n")[0])
    last = {**first, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return head + b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n"


def without_second_call(body: bytes) -> bytes:
    events = body.split(b"\n\n")
    return b"\n\n".join(each for each in events if b'"tool_calls":[{"index":1' not in each)


def without_umlauts(body: bytes) -> bytes:
    return body.replace("größer".encode(), b"groesser")


def with_done(body: bytes) -> bytes:
    return body + b"data: [DONE]\r\n\r\n" if body.startswith(b"data:") else body


def without_signature(body: bytes) -> bytes:
    return re.sub(rb'"signature":"[^"]+"', b'"signature":""', body)


def cached_tokens_counted_twice(body: bytes) -> bytes:
    return re.sub(rb'"input_tokens":\s*120', b'"input_tokens": 184', body)


def renumbered(body: bytes) -> bytes:
    return body.replace(b'"output_index":1', b'"output_index":0')


@pytest.mark.parametrize("form", [CHAT, MESSAGES, GEMINI, RESPONSES])
def test_a_gateway_that_passes_all_on_gets_all_of_the_good_cases(form: str, gateway: OpenGateway, mock: str) -> None:
    result = tried(gateway(unspoilt), mock, form, *GOOD)
    assert result.output.splitlines()[-1] == "conformance: 100 % (7 of 7 checks, 0 n/a)"
    assert result.exit_code == 0


AT_EVERY_BYTE = "stream: text, end and usage, at every byte a packet (streamed): expected"
FAULTS: list[tuple[str, Spoil, str]] = [
    (CHAT, quiet_success, "errors: in mid-stream (streamed): expected no finish reason in a stream that failed"),
    (CHAT, without_second_call, "parallel: three calls, three results (streamed): expected"),
    (MESSAGES, without_umlauts, f'{AT_EVERY_BYTE} "größer'),
    (GEMINI, with_done, f"{AT_EVERY_BYTE} JSON; came b'[DONE]'"),
    (MESSAGES, without_signature, "reasoning: the seal comes back (whole): expected a whole answer with status 200; came 400"),
    (MESSAGES, cached_tokens_counted_twice, "plain: text, end and usage (whole): expected Usage(prompt=184, cached=64"),
    (RESPONSES, renumbered, "parallel: three calls, three results (streamed): expected 1; came 0 at event"),
]


@pytest.mark.parametrize(("form", "spoil", "words"), FAULTS, ids=[spoil.__name__ for _, spoil, _ in FAULTS])
def test_what_a_gateway_does_wrong_is_found(form: str, spoil: Spoil, words: str, gateway: OpenGateway, mock: str) -> None:
    result = tried(gateway(spoil), mock, form, words.partition(":")[0])
    assert f"FAIL  {form} > {form}, {words}" in result.output
    assert result.output.splitlines()[-1] == "conformance: 0 % (0 of 1 checks, 0 n/a)"
    assert result.exit_code == 1


def test_a_gateway_that_passes_on_a_401_logs_its_users_out(gateway: OpenGateway, mock: str) -> None:
    result = tried(gateway(unspoilt), mock, CHAT, "errors", more=("--json",))
    data = json.loads(result.stdout)
    failed = {(step["name"], step["streamed"]): step["came"] for step in data["checks"][0]["steps"] if step["result"] == "fail"}
    assert failed["the provider refuses the gateway's key", False] == "401"
    assert ("429", True) in failed  # it drops the header retry-after
    assert (data["percent"], data["failed"], result.exit_code) == (0.0, 1, 1)


def test_a_gateway_that_is_gone_fails_every_step(gateway: OpenGateway, mock: str) -> None:
    def crash(body: bytes) -> bytes:
        raise ConnectionAbortedError

    result = tried(gateway(crash), mock, CHAT, "structured")
    assert "a JSON schema (whole): expected an answer; came RemoteProtocolError" in result.output.replace('"', "")
    assert result.exit_code == 1
