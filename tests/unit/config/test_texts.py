from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.checks import Mistake
from korproxy.config.texts import (
    account_name,
    account_of_provider,
    address,
    alias,
    base_url,
    error_code,
    header_name,
    hours,
    label,
    log_level,
    log_name,
    model_name,
    not_empty,
    origin,
    pattern,
    provider_id,
)

Check = Callable[[str], None]
GOOD: list[tuple[Check, list[str]]] = [
    (provider_id, ["claude", "a", "0", "my-own_2", "a" * 32]),
    (account_name, ["work", "Work account (EU)", "a" * 64]),
    (not_empty, ["x", " x ", "claude-*", "日本"]),
    (alias, ["haiku", "claude-*", "*", "openai/gpt-4o", "claude-opus-5[1m]", "my model"]),
    (model_name, ["gpt-5.4", "codex/gpt-5.4-mini", "openrouter/openai/gpt-5.4", "llama3:8b", "claude-opus-5[1m]"]),
    (log_level, ["debug", "info", "warning", "error"]),
    (log_name, ["gateway", "gateway.relay", "korproxy_hello", "a-b"]),
    (
        address,
        ["127.0.0.1", "::1", "::", "0.0.0.0", "localhost", "my-host.example", "fe80::1%eth0", "host.", "a_b", "7up.example"],
    ),
    (
        origin,
        [
            "https://tools.example",
            "http://localhost:3000",
            "http://[::1]:80",
            "vscode-webview://abc-1",
            "chrome-extension://abc",
        ],
    ),
    (base_url, ["https://api.example/v1", "http://127.0.0.1:1234", "http://[::1]:1/v1/", "https://x.example/a%20b/~c"]),
    (label, ["a", "Work laptop", "x" * 64, "a/b"]),
    (pattern, ["*", "claude-*", "claude-opus-5[1m]", "ü"]),
    (header_name, ["x-team", "x_team", "a"]),
    (hours, ["00:00-24:00", "22:00-06:00", "09:05-17:30"]),
    (account_of_provider, ["claude/work", "a/b/c", "a/Work laptop"]),
    (error_code, ["KP-RATE-401", "KP-PROV-199", "KP-AUTH-080"]),
]
BAD: list[tuple[Check, list[str]]] = [
    (provider_id, ["", "Claude", "-a", "_a", "a b", "a/b", "a.b", "a\n", "a" * 33, "ä"]),
    (account_name, ["", " ", " work", "work ", "a\r\nx: y", "büro", "a" * 65, "a\0"]),
    (not_empty, ["", " ", "a\nb", "\0"]),
    (alias, ["", " ", " haiku", "haiku ", "a\nb"]),
    (model_name, ["", " ", " gpt", "gpt ", "gpt-*", "/gpt", "codex/", "/", "a\tb"]),
    (log_level, ["", "INFO", "trace", "warn"]),
    (log_name, ["", ".", "a..b", "a b", "a.", "a\n"]),
    (
        address,
        ["", "http://h", "h:80", "[::1]", "999.1.1.1", "127.0.0.1.1", "8080", "-a", "a-", "a..b", "*", "a b", "h\n", "a" * 254],
    ),
    (
        origin,
        [
            "",
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "HTTPS://a",
            "https://A",
            "https://u@a",
            "https://a?",
            "https://a\n",
        ],
    ),
    (
        base_url,
        [
            "",
            "api.example/v1",
            "ftp://api.example",
            "https://",
            "https:///v1",
            "https://user:password@api.example",
            "https://user@api.example",
            "https://api.example/v1?key=1",
            "https://api.example/v1?",
            "https://api.example/v1#",
            "https://api.example:99999",
            "https://api.example:0",
            "https://api.example:x",
            "https://[::1",
            "https://api example",
            "https://api.example/\n",
            "https:\\\\api.example",
            "http://:80",
        ],
    ),
    (label, ["", " a", "a ", "x" * 65, "ü", "a\nb"]),
    (pattern, ["", " ", " a*", "a\n"]),
    (header_name, ["", "X-Team", "x team", "x:y", "x\n", "é"]),
    (hours, ["", "9:00-10:00", "09:00", "24:00-01:00", "09:60-10:00", "09:00-25:00", "09:00-09:00", "09:00-10:00\n"]),
    (account_of_provider, ["", "claude", "claude/", "/a", "Claude/a", "claude/ a"]),
    (error_code, ["", "KP", "KP-RATE-470", "KP-RATE-199", "KP-NOPE-299", "KP-RATE-4010", "kp-rate-401"]),
]


@pytest.mark.parametrize(("check", "text"), [(check, each) for check, texts in GOOD for each in texts])
def test_what_is_right_passes(check: Check, text: str) -> None:
    check(text)


@pytest.mark.parametrize(("check", "text"), [(check, each) for check, texts in BAD for each in texts])
def test_what_is_wrong_is_a_mistake_that_does_not_repeat_it(check: Check, text: str) -> None:
    with pytest.raises(Mistake) as caught:
        check(text)

    assert len(text) < 6 or text not in caught.value.message


@given(text=st.text() | st.from_regex(r"https?://.*", fullmatch=True))
def test_any_text_passes_or_is_a_mistake(text: str) -> None:
    for check, _ in GOOD:
        with suppress(Mistake):
            check(text)
