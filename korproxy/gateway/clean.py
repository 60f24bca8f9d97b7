"""What is shown to anybody: JSON's own types, and no secrets. Whoever only wants this imports nothing that serves."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from korproxy.gateway.redact import Redactor

HIDDEN = "***REDACTED***"
# A name that says that its value is a secret; which ones do, the rules know that are told by what stands before.
_TELLING = re.compile(r"auth|cookie|credential|key|pass|secret|token", re.IGNORECASE)


def clean(value: object, redactor: Redactor) -> Any:
    """Return *value* in JSON's own types with every text in it redacted. JSON knows no NaN and no infinity.

    A text is also hidden where its name says what it is: ``{"password": "hunter2"}``.
    """
    return _Cleaner(redactor.redact).cleaned(value)


class _Cleaner:
    """Cleans one value. In a long list, names and many texts come again and again: each is looked at once."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._known: dict[str, str] = {}

    def cleaned(self, value: object) -> Any:
        if isinstance(value, Mapping):
            return {self._text(str(key)): self._named(str(key), each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.cleaned(each) for each in value]
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        return self._text(str(value))

    def _named(self, name: str, value: object) -> Any:
        if isinstance(value, str) and _TELLING.search(name):
            written = f'": "{value}"'
            if not self._text(f'"{name}{written}').endswith(written):
                plain = self._text(value)
                return HIDDEN if plain == value else plain  # where the text itself tells, not all of it is a secret
        return self.cleaned(value)

    def _text(self, text: str) -> str:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._redact(text)
        return found
