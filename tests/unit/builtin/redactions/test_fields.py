"""What stands in the place of a secret is hidden, whatever it looks like; what stands around it stays."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from korproxy.builtin.redactions.fields import korproxy_redactions
from korproxy.gateway.redact import Redactor
from tests.fakes.settings import FakeSettings

REDACTOR = Redactor.of(korproxy_redactions(FakeSettings()))
IN_FORCE = Redactor.of(korproxy_redactions(FakeSettings()), decodes=True)
PEM = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow\nown-secret+/==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer own-secret", "Authorization: Bearer *"),
        ("authorization: Basic b3duOnNlY3JldA==", "authorization: Basic *"),
        ("Authorization: own-secret", "Authorization: *"),
        ("Proxy-Authorization: own-secret, Host: x", "Proxy-Authorization: *, Host: x"),
        ('headers={"Authorization": "Bearer own-secret"}', 'headers={"Authorization": "Bearer *"}'),
        ("it said Basic b3duOnNlY3JldA==.", "it said Basic *."),
        ("x-api-key: own-secret", "x-api-key: *"),
        ("X-Goog-Api-Key:own-secret", "X-Goog-Api-Key:*"),
        ("X-KorProxy-Key = own-secret", "X-KorProxy-Key = *"),
        ("Ocp-Apim-Subscription-Key: own-secret", "Ocp-Apim-Subscription-Key: *"),
        ("(b'x-api-key', b'own-secret')", "(b'x-api-key', b'*')"),
        ('api_key="own-secret"', 'api_key="*"'),
        ('"api-key": "own-secret"', '"api-key": "*"'),
        ("apiKey: own-secret", "apiKey: *"),
        ("Cookie: sid=own; secret=yes", "Cookie: *"),
        ('{"Set-Cookie": "sid=own; Path=/"}', '{"Set-Cookie": "*"}'),
        ("(b'cookie', b'sid=own; a=2'), 1", "(b'cookie', b'*'), 1"),
        ("password=own-secret", "password=*"),
        ('"password": "own secret, & more", "b": 1', '"password": "*", "b": 1'),
        ("{'passphrase': 'own-secret'}", "{'passphrase': '*'}"),
        ("client_secret: own-secret", "client_secret: *"),
        ("aws_secret_access_key = own/secret+x", "aws_secret_access_key = *"),
        ('"private_key": "own-secret"', '"private_key": "*"'),
        ('"token": "own-secret"', '"token": "*"'),
        ("token=own-secret", "token=*"),
        ("accessToken: own-secret", "accessToken: *"),
        ('"refresh_token":"own-secret"', '"refresh_token":"*"'),
        ('auth_token = "own-secret"', 'auth_token = "*"'),
        ("ANTHROPIC_AUTH_TOKEN=own-secret", "ANTHROPIC_AUTH_TOKEN=*"),
        ("/v1beta/models?key=own-secret", "/v1beta/models?key=*"),
        ("/v1/models?a=b&access_token=own-secret", "/v1/models?a=b&access_token=*"),
        ("GET /x?X-Amz-Signature=own-secret&b=c", "GET /x?X-Amz-Signature=*&b=c"),
        ("https://user:own-secret@host:80/x", "https://user:*@host:80/x"),
        ("https://user:own@secret@host/x", "https://user:*@host/x"),
        ("postgresql://user:own-secret", "postgresql://user:*"),
        ("https://own-secret-token-1@host/", "https://*@host/"),
        (f"a {PEM} b", "a -----BEGIN RSA PRIVATE KEY-----*-----END RSA PRIVATE KEY----- b"),
        ("-----BEGIN PRIVATE KEY-----\\nown-secret", "-----BEGIN PRIVATE KEY-----*"),
    ],
)
def test_a_secret_of_no_known_form_is_hidden_by_what_stands_before_it(text: str, expected: str) -> None:
    shown = expected.replace("*", "***REDACTED***")

    assert REDACTOR.redact(text) == IN_FORCE.redact(text) == shown
    for written in (json.dumps(text), json.dumps(json.dumps(text)), repr(text), quote(text), quote(quote(text)), repr([text])):
        redacted = IN_FORCE.redact(written)
        assert all(part not in redacted for part in ("own-secret", "own@secret", "own%40secret", "own secret", "sid=own"))
        assert "REDACTED" in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer <your key>",
        "send the key in Authorization: Bearer",
        "basic authentication",
        "Basic Authentication is needed",
        "x-api-key is missing",
        "POST /v1/chat/completions?stream=true",
        "the monkey: banana-banana-banana",
        'key = "env:ANTHROPIC_API_KEY"',
        'api_key = "env:ANTHROPIC_API_KEY"',
        'password = "file:secrets/db"',
        "max_tokens: 100000",
        "tokens_in=100000 tokens_out=200000",
        "the token: cannot be read",
        "the cookie is missing",
        "http://127.0.0.1:8080/v1 and http://host:80, or http://[::1]:1337.",
        "http://host:8080/a@b",
        '{"secret": {"name": "x"}}',
        "passed: yes",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert IN_FORCE.redact(text) == text
