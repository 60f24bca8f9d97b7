from __future__ import annotations

import re

import pytest

from korproxy.gateway import hiding
from korproxy.gateway.hiding import EMAILS, Hiding, rules_in_force
from korproxy.gateway.redact import Redactor
from korproxy.kit.regex_redaction import RegexRedaction

KEYS = RegexRedaction(name="keys", pattern=re.compile("k-[0-9]+"), clues=("k-",))
MAIL = RegexRedaction(name=EMAILS, pattern=re.compile("[a-z]+@[a-z]+"), clues=("@",))
TEXT = "k-1 ann@home hunter2!"


def shown(redactor: Redactor) -> str:
    return redactor.redact(TEXT).replace("***REDACTED***", "#")


def test_mail_addresses_are_hidden_only_where_that_is_wanted() -> None:
    assert shown(Redactor(rules_in_force([KEYS, MAIL], emails=False))) == "# ann@home hunter2!"
    assert shown(Redactor(rules_in_force([KEYS, MAIL], emails=True))) == "# # hunter2!"


def test_the_redactor_follows_and_an_old_secret_stays_hidden() -> None:
    held = Hiding((KEYS, MAIL))
    redactor = held.redactor
    assert shown(redactor) == TEXT  # nothing is prepared yet

    redactor.in_force = held.prepare(["hunter2!"], (), emails=True)
    assert shown(redactor) == "# # #"
    redactor.in_force = held.prepare(["another-one"], (), emails=False)

    assert shown(redactor) == "# ann@home #"
    assert redactor.redact("another-one") == "***REDACTED***"
    assert "hunter2" not in repr(held)


def test_so_many_old_secrets_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hiding, "MOST", 2)
    held = Hiding(())
    for value in ("secret-1", "secret-2", "secret-1", "secret-3"):
        rules = held.prepare([value], (), emails=False)

    assert [rules.apply(f"secret-{number}") for number in (1, 2, 3)] == ["***REDACTED***", "secret-2", "***REDACTED***"]


def test_what_is_encoded_is_decoded() -> None:
    assert Redactor(rules_in_force([KEYS], emails=False)).redact("\\u006b-1") == "***REDACTED***"
