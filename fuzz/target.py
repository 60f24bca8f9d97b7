"""What a target is: a law, and the inputs it must hold for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import attrs
from hypothesis.strategies import SearchStrategy, sampled_from

T = TypeVar("T")
CORPUS = Path(__file__).parent / "corpus"


@attrs.frozen(kw_only=True)
class Target(Generic[T]):
    """One law.

    Attributes:
        name: Also the name of its folder in ``fuzz/corpus``.
        inputs: Where new inputs come from.
        read: Turns the bytes of a corpus file into an input.
        check: Raises (most often ``AssertionError``) where the law does not hold for an input.
    """

    name: str
    inputs: SearchStrategy[T]
    read: Callable[[bytes], T]
    check: Callable[[T], None]

    def seeds(self, corpus: Path = CORPUS) -> list[Path]:
        """Return the files that are tried first: inputs that are odd, or once broke something."""
        return sorted((corpus / self.name).glob("*"))


def words(text: str) -> SearchStrategy[str]:
    """Return a strategy that picks one of the words in *text*."""
    return sampled_from(text.split())
