"""Vectors as OpenAI writes them: lists of numbers, or base64 of 32-bit floats with the lowest byte first.

Fact: OpenAI's SDKs ask for base64 where the caller did not say, and read either (``openai/resources/embeddings.py``, 3.57).
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from korproxy.api import chat


def read_vector(said: Any) -> Sequence[float]:
    """Return the numbers of *said*, in either form.

    Raises:
        Unreadable: It has none, or something else among them.
    """
    vector = _decoded(said) if isinstance(said, str) else said
    if not isinstance(vector, list) or not vector:
        raise chat.Unreadable("a vector has no numbers")
    if not all(type(each) in {float, int} and math.isfinite(each) for each in vector):
        raise chat.Unreadable("a vector has something in it that is no number")
    return vector


def as_base64(vector: Sequence[float]) -> str:
    """Return *vector* in 32 bits for each number: what does not fit is infinite, as everywhere with such floats."""
    return base64.b64encode(_little(array("f", vector)).tobytes()).decode()


def _decoded(text: str) -> list[float]:
    try:
        numbers = array("f", base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise chat.Unreadable("a vector is no base64 of floats") from None
    return _little(numbers).tolist()


def _little(numbers: array[float]) -> array[float]:
    """Return *numbers* with the other order of bytes where this machine's is not the wire's."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
