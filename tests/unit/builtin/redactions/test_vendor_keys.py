"""Keys of real forms disappear from text of every kind, and ordinary words do not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        "Authorization: Bearer my-own-secret",
        "authorization: Basic dXNlcjpwYXNzd29yZA==",
        'headers={"Authorization": "Bearer my-own-secret"}',
        "x-api-key: my-own-secret",
        "X-Goog-Api-Key:my-own-secret",
        "X-KorProxy-Key = my-own-secret",
        "(b'x-api-key', b'my-own-secret')",
        'api_key="my-own-secret"',
        '"api-key": "my-own-secret"',
        "apiKey: my-own-secret",
        "/v1beta/models?key=my-own-secret",
        "/v1beta/models?a=b&access_token=my-own-secret#x",
    ],
)
def test_a_secret_of_no_known_form_is_hidden_by_what_stands_before_it(text: str) -> None:
    assert re.search("own|secret|dXNl", hidden(text)) is None


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
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert hidden(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    key = KEYS[0]

    assert hidden(f'{{"x-api-key": "{key}", "model": "m"}}') == '{"x-api-key": "*", "model": "m"}'
    assert hidden(f"GET https://api.test/v1?key={key}&alt=sse HTTP/1.1") == "GET https://api.test/v1?key=*&alt=sse HTTP/1.1"


PIECES = ["sk-", "sk-ant-", "eyJ", "bearer ", "x-api-key: ", "kp-client-", "a", "A0", "_", ".", "%2", "\\n", '"', "=", ":", " "]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_a_place_is_inside_the_text_and_no_longer_than_promised(text: str) -> None:
    for rule in RULES:
        assert all(0 <= start < end <= len(text) and end - start <= rule.longest for start, end in rule.find(text))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@given(st.data())
def test_in_every_text_in_which_a_rule_finds_something_there_is_one_of_its_clues(
    rule: RegexRedaction, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(rule.pattern, alphabet=st.characters(codec="ascii")))
    for version in (text, text.upper(), text.lower(), text.swapcase()):
        if rule.find(version):
            assert any(clue in version.lower() for clue in rule.clues)


def test_the_log_line_of_a_usual_request_has_no_clue() -> None:
    text = (
        "[-] model=gpt-4o-mini provider=openai account=default status=200 outcome=ok seconds=0.012 first_byte=0.012 in=5 out=7"
    )
    usage = " tokens_in=10 cache_read=1 cache_write=2 tokens_out=40 attempts=2 request=5d0a3c1e-8f6a-4e9c-9d0b-2f7c1a9b8e77"

    assert [rule.name for rule in RULES if any(clue in text + usage for clue in rule.clues)] == []
    assert Redactor.of(RULES).harmless(text + usage)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:9])
@pytest.mark.parametrize("version", [str, str.lower, str.upper, json.dumps, repr, quote])
def test_a_key_among_many_lines_makes_all_of_them_suspicious(key: str, version: Callable[[str], str]) -> None:
    together = " ".join(["model=gpt-4o status=200", version(f"model={key}"), "model=gpt-4o status=200"])

    assert not Redactor.of(RULES).harmless(together)


@pytest.mark.parametrize(
    "seed",
    [*PIECES, "x", "eyJaaaaaaaa-", "eyJaaaaaaaa.", "bearer         ", "api_key", "?key=", "\\", "%20", "\u20ac", "=" * 50],
)
def test_time_grows_with_the_text_and_with_nothing_else(seed: str) -> None:
    text = seed * (300_000 // len(seed))
    start = time.thread_time()  # of this thread's own work: what else the machine does counts for nothing
    for rule in RULES:
        rule.find(text)

    assert time.thread_time() - start < 1.0  # measured: 5 to 30 ms
