"""Keys of real forms disappear from text of every kind, and ordinary words do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from korproxy.builtin.redactions import fields, personal, vendor_keys
from korproxy.gateway.redact import Redactor
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes.settings import FakeSettings

OFFERED = [rule for each in (fields, vendor_keys, personal) for rule in each.korproxy_redactions(FakeSettings())]
RULES = [rule for rule in OFFERED if isinstance(rule, RegexRedaction)]
B64 = "AbCdEf0123456789AbCdEf0123456789_-aZ"
KEYS = [
    f"sk-{B64}",
    f"sk-proj-{B64}-{B64}",
    f"sk-ant-api03-{B64}AA",
    f"sk-ant-oat01-{B64}AA",
    f"sk-or-v1-{B64}",
    f"sk-sp-{B64}",
    f"kp-client-{B64}",
    f"kp-manage-{B64}",
    f"AIzaSy{B64[:33]}",
    f"ya29.a0{B64}",
    "gsk_" + "a1" * 26,
    f"xai-{B64 * 2}",
    "hf_" + "aB" * 17,
    "pplx-" + "a1" * 24,
    f"nvapi-{B64 * 2}",
    "ghp_" + "a1" * 18,
    f"eyJ{B64}.eyJ{B64}.{B64}",
    f"AQ.Ab8R{B64}",
    f"1//0g{B64}",
    f"4/0AX{B64}",
    f"GOCSPX-{B64[:28]}",
    "sess-" + "aB1" * 13,
    "csk-" + "a1" * 24,
    "fw_" + "aB1" * 8,
    "r8_" + "aB1" * 12,
    "AKIAIOSFODNN7EXAMPLE",
    "ABSKQmVkcm9ja0FQSUtleS1" + "aB1+" * 20,
    "ghr_" + "a1" * 18,
    "github_pat_" + "aB1" * 7 + "_" + "aB1" * 19,
    f"eyJ{B64}..{B64}.{B64}.{B64}",
]


def hidden(text: str) -> str:
    for rule in RULES:
        for start, end in reversed(rule.find(text)):
            text = text[:start] + "*" + text[end:]
    return text


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:9])
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "the key {} is wrong",
        "key={}",
        '{{"a": "{}"}}',
        "'{}'",
        "(b'authorization', b'Bearer {}')",
        "Authorization: Bearer {}",
        "authorization=bearer {}",
        "x-api-key: {}",
        "{{'X-Api-Key': '{}'}}",
        "https://api.test/v1?key={}&alt=sse",
        "https://{}@api.test/",
        "a line\n{}\nanother",
        "<{}>",
        "x,{},y",
        "[{}]",
    ],
)
def test_a_key_is_hidden_wherever_it_stands(key: str, around: str) -> None:
    text = around.format(key)

    for version in (text, json.dumps(text), json.dumps(json.dumps(text)), repr(text), quote(text)):
        assert key not in hidden(version)
        assert key[-20:] not in hidden(version)


@pytest.mark.parametrize(
    "text",
    [
        "task-management-and-risk-assessment-for-beginners",
        "claude-sonnet-4-5-20250929 answered 200",
        "correlation 5d0a3c1e-8f6a-4e9c-9d0b-2f7c1a9b8e77",
        "Authorization: Bearer <your key>",
        "send the key in Authorization: Bearer",
        "x-api-key is missing",
        "POST /v1/chat/completions?stream=true",
        "the monkey: banana-banana-banana",
        "sk-short",
        'key = "env:ANTHROPIC_API_KEY"',
        "https://docs.test/errors/KP-AUTH-001",
        "kp-client",
        "eyJ is how it begins",
        "an asian AKIA-like word",
        "half_time and light_weight",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert hidden(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    key = KEYS[0]

    assert hidden(f'{{"x-api-key": "{key}", "model": "m"}}') == '{"x-api-key": "*", "model": "m"}'
    assert hidden(f"GET https://api.test/v1?key={key}&alt=sse HTTP/1.1") == "GET https://api.test/v1?key=*&alt=sse HTTP/1.1"


def test_the_log_line_of_a_usual_request_has_no_clue() -> None:
    text = (
        "[-] model=gpt-4o-mini provider=openai account=default status=200 outcome=ok seconds=0.012 first_byte=0.012 in=5 out=7"
    )
    usage = " tokens_in=10 cache_read=1 cache_write=2 tokens_out=40 attempts=2 request=5d0a3c1e-8f6a-4e9c-9d0b-2f7c1a9b8e77"

    assert [rule.name for rule in RULES if any(clue in text + usage for clue in rule.clues)] == []
    assert Redactor.of(RULES, decodes=True).harmless(text + usage)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:9])
@pytest.mark.parametrize("version", [str, str.lower, str.upper, json.dumps, repr, quote])
def test_a_key_among_many_lines_makes_all_of_them_suspicious(key: str, version: Callable[[str], str]) -> None:
    together = " ".join(["model=gpt-4o status=200", version(f"model={key}"), "model=gpt-4o status=200"])

    assert not Redactor.of(RULES).harmless(together)
    assert not Redactor.of(RULES, decodes=True).harmless(together)
