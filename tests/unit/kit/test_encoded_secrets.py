from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.known_secrets import known_secrets
from korproxy.gateway.redact import Redactor
from korproxy.kit.encoded_secrets import EncodedSecrets, has_no_code
from korproxy.kit.regex_redaction import RegexRedaction
from korproxy.runtime.canary.encodings import ENCODINGS as PLANTED
from tests.fakes import offered

KEY = "sk-ant-api03-AbCdEf0123456789_AbCdEf-0123456789"
RULES = list(offered.redactions().values())
REDACTOR = Redactor.of(RULES, decodes=True)
b64 = PLANTED["base64"]


def python_escapes(text: str) -> str:
    return "".join(f"\\x{ord(each):02x}" for each in text)


def hex_entities(text: str) -> str:
    return "".join(f"&#x{ord(each):X};" for each in text)


def folded(text: str) -> str:
    return base64.encodebytes(f"{'some text before it. ' * 3}{text}".encode()).decode()


def hexadecimal(text: str) -> str:
    return text.encode().hex()


ENCODINGS = [*PLANTED.values(), python_escapes, hex_entities, folded, hexadecimal, json.dumps, html.escape, repr]


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("again", ENCODINGS)
def test_an_encoded_key_is_hidden_also_if_it_is_encoded_twice(
    encode: Callable[[str], str], again: Callable[[str], str]
) -> None:
    for before in ("", " ", ". ", "key="):
        written = again(encode(before + KEY))

        redacted = REDACTOR.redact(f"got {written} there")

        assert redacted.startswith("got ")
        assert redacted.endswith(" there")
        assert written[-20:] not in redacted
        assert "REDACTED" in redacted


SECRETS = [KEY, "AIzaSyAbCdEf0123456789AbCdEf0123456789", "Authorization: Bearer own-own-own", "hunter2-hunter3"]
HUNTER = known_secrets(["hunter2-hunter3"])
ALL = Redactor.of([*RULES, *([HUNTER] if HUNTER else [])], decodes=True)


@given(
    st.sampled_from(SECRETS), st.lists(st.sampled_from(ENCODINGS), max_size=2), st.text("abXY 1./", max_size=9), st.booleans()
)
def test_however_a_secret_is_encoded_and_wherever_it_stands_nothing_of_it_can_be_decoded(
    secret: str, encodings: list[Callable[[str], str]], around: str, inside: bool
) -> None:
    text = f"{around} {secret}" if inside else secret
    for encode in encodings:
        text = encode(text)

    redacted = ALL.redact(f"{around} {text}\n")

    assert text not in redacted
    assert not ALL.harmless(f"{around} {text}\n")
    assert ALL.redact(redacted) == redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a%20b%2Fc 100% \\n \\d", "a%20b%2Fc 100% \\n \\d"),
        (b64("only words, and nothing that is secret"), b64("only words, and nothing that is secret")),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",) * 2,
        ("5d0a3c1e-8f6a-4e9c-9d0b-2f7c1a9b8e77",) * 2,
        ("AbstractSingletonProxyFactoryBeanGenerator",) * 2,
        (f"a {b64(KEY)}, b {hexadecimal(KEY)}; c", "a #, b #; c"),
        (f"key=%73{KEY[1:]}&x=%20y", "key=#&x=%20y"),
        ("a+b+%22password%22%3A+%22open+sesame%22+c", "a+b+%22password%22%3A+%22#%22+c"),
        ("x=-----BEGIN+PRIVATE+KEY-----%0AMIIEabc%0A-----END+", "x=-----BEGIN+PRIVATE+KEY-----#-----END+"),
        ("C++ and a+b=c", "C++ and a+b=c"),
        (f'{{\\"a\\": \\"{KEY}\\", \\"b\\": 1}}', '{\\"a\\": \\"#\\", \\"b\\": 1}'),
    ],
)
def test_only_what_hides_a_secret_is_hidden(text: str, expected: str) -> None:
    assert REDACTOR.redact(text) == expected.replace("#", "***REDACTED***")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0123456789abcde-0123456789abcde", True), ("0123456789abcdef", False), ("model=a-b_c/d.e" * 50, True), ("", True)],
)
def test_a_text_without_a_long_run_of_letters_and_digits_holds_nothing_in_base64(text: str, expected: bool) -> None:
    assert has_no_code(text.encode()) is expected


@given(st.text(st.characters(min_codepoint=45, max_codepoint=122).filter(str.isalnum), min_size=12), st.integers(0, 2))
def test_base64_of_letters_and_digits_is_a_run_at_any_place(text: str, before: int) -> None:
    assert not has_no_code(b64("-" * before + text).encode())


def test_the_whole_run_is_found_in_which_a_secret_is() -> None:
    digits = RegexRedaction(name="digits", pattern=re.compile("k-[0-9]+"))
    rule = EncodedSecrets(rules=[digits], harmless=lambda _: False)
    run = b64("some words before k-12345 and behind")

    assert rule.find(f"a {run} b \\u006b-1 c") == [(2, 2 + len(run)), (5 + len(run), 13 + len(run))]
    assert rule.longest == 3 * digits.longest


@pytest.mark.parametrize("piece", ["A", "QUFB", "616161", "%2541", "\\\\u0041", "&amp;#65;", "\\\\\\\\", "A" * 70 + "\n"])
def test_time_grows_with_the_text_and_with_nothing_else(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    start = time.thread_time()
    REDACTOR.redact(text)

    assert time.thread_time() - start < 4  # measured: 0.1 to 0.7 s
