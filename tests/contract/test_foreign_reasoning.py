"""Laws for every format whose requests pass: what is the provider's own stays byte for byte, and what is nobody's goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.contracts import Translator
from tests.fakes import offered
from tests.fakes.json_bodies import bodies

TRANSLATORS = {name: each.translator for name, each in offered.dialects().items() if each.translator is not None}
CORPUS = Path(__file__).parent.parent / "corpora" / "requests"

every_format = pytest.mark.parametrize("translator", TRANSLATORS.values(), ids=TRANSLATORS)
OURS = (b'"korproxy:', b'"a29ycHJveHk6')  # seals that KorProxy has marked as another vendor's


def anybody(seal: chat.Seal) -> bool:
    del seal
    return True


def requests() -> list[Any]:
    """Return each request of the corpus, with the translator of its format."""
    found = [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*.json"))]
    return [
        pytest.param(TRANSLATORS[name], path.read_bytes(), id=f"{name}-{path.stem}")
        for name, path in found
        if name in TRANSLATORS
    ]


@pytest.mark.parametrize(("translator", "body"), requests())
def test_what_is_all_the_providers_own_is_the_same_object(translator: Translator, body: bytes) -> None:
    report = chat.Report()
    if any(tag in body for tag in OURS):
        assert translator.without_foreign_reasoning(body, anybody, report) is not body
        return

    assert translator.without_foreign_reasoning(body, anybody, report) is body
    assert report.notes == []


@pytest.mark.parametrize(("translator", "body"), requests())
def test_what_is_nobodys_is_gone_after_one_time_and_everything_else_is_there(translator: Translator, body: bytes) -> None:
    report = chat.Report()
    once = translator.without_foreign_reasoning(body, chat.nobody, report)
    asked: list[chat.Seal] = []
    again = translator.without_foreign_reasoning(once, lambda seal: not asked.append(seal), chat.Report())  # type: ignore[func-returns-value]

    assert again is once
    assert [each for each in asked if each.data and each.family != "unknown"] == []
    assert json.loads(once).keys() == json.loads(body).keys()
    if not report.notes:
        assert once is body


BROKEN = [b'{"signature":"x","thoughtSignature":"x","encrypted_content":"x","thought_signature":"x"', b"[]", b""]


@every_format
@settings(max_examples=20)
@given(body=bodies().map(lambda each: each[0]) | st.binary(max_size=60) | st.sampled_from(BROKEN))
@pytest.mark.parametrize("own", [anybody, chat.nobody])
def test_any_bytes_are_looked_through_and_nothing_breaks(translator: Translator, own: Any, body: bytes) -> None:
    found = translator.without_foreign_reasoning(body, own, chat.Report())

    assert found is body or json.loads(found).keys() == json.loads(body).keys()
