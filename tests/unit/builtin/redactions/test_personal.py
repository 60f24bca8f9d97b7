from __future__ import annotations

import json

import pytest

from korproxy.builtin.redactions.personal import korproxy_redactions
from korproxy.gateway.redact import Redactor
from tests.fakes.settings import FakeSettings

REDACTOR = Redactor.of(korproxy_redactions(FakeSettings()), decodes=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('File "/home/ann/x/y.py", line 3', 'File "/home/*/x/y.py", line 3'),
        ("/Users/ann: not found", "/Users/*: not found"),
        ("/mnt/c/Users/ann/x", "/mnt/c/Users/*/x"),
        ("/export/home/ann/x", "/export/home/*/x"),
        ("C:\\Users\\Ann Other\\x.toml", "C:\\Users\\*\\x.toml"),
        ("c:\\users\\ann is gone", "c:\\users\\* is gone"),
        ("C:/Users/ann/x", "C:/Users/*/x"),
        ("mail ann.other+x@mail.example.org now", "mail * now"),
        ("<.ann@example.org>", "<*>"),
    ],
)
def test_who_somebody_is_is_hidden_and_what_it_is_about_stays(text: str, expected: str) -> None:
    assert REDACTOR.redact(text) == expected.replace("*", "***REDACTED***")
    assert all(name not in REDACTOR.redact(json.dumps(text)) for name in ("ann", "Ann"))


@pytest.mark.parametrize(
    "text",
    [
        "/homework/x",
        "/data/home/korproxy.toml",
        "http://h.example/home/page",
        "/v1/users/5",
        "at home/ann",
        "user@localhost",
        "a @ b.c",
        "git@",
        "/home/",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert REDACTOR.redact(text) == text
