"""Hides secrets in what plugins say while they are loaded, by the built-in rules: all others are not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from korproxy.contracts import Redaction
from korproxy.kit.encoded_secrets import EncodedSecrets
from korproxy.kit.redacting import UNCHECKED, replaced
from korproxy.models.providers import ConfiguredProvider

T = TypeVar("T")


class NoSettings:
    """Settings that say nothing: for rules that need none, and are asked for before there are any."""

    demo = False

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- the key in korproxy.toml
        """Return none."""
        del type
        return ()

    def plugin(self, name: str, table: type[T]) -> T:
        """Return the defaults of *table*."""
        del name
        return table()


def hidden(text: str, rules: Callable[[], Iterable[Redaction]]) -> str:
    """Return *text* with what *rules* find replaced; none of it where one fails."""
    try:
        known = tuple(rules())
        for rule in (EncodedSecrets(rules=known, harmless=lambda _: False), *known):
            text = replaced(text, rule)
    except Exception:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
        return UNCHECKED
    return text
