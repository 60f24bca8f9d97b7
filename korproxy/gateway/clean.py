"""What is shown to anybody: JSON's own types, and no secrets. Whoever only wants this imports nothing that serves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from korproxy.gateway.redact import Redactor


def clean(value: object, redactor: Redactor) -> Any:
    """Return *value* in JSON's own types with every text in it redacted. JSON knows no NaN and no infinity."""
    if isinstance(value, Mapping):
        return {redactor.redact(str(key)): clean(each, redactor) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(each, redactor) for each in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return redactor.redact(str(value))
