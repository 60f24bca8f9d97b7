"""Requests for an answer that was given before: ``GET`` and ``DELETE`` of ``/v1/responses/ID``, and what is below."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import attrs

from korproxy.contracts import AnswerKeeper, Dialect
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.keeping import keeper_of
from korproxy.gateway.kept_answers import Kept
from korproxy.kit.shortening import shortened

UNKNOWN = "KP-SYS-521"
_YES = frozenset({"true", "1"})


@attrs.frozen(kw_only=True)
class Question:
    """Which answer is meant, and what of it: ``tail`` is empty, or one of ``keeper.below``."""

    dialect: Dialect
    keeper: AnswerKeeper
    id: str
    tail: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be done with it."""
        return (self.keeper.below[self.tail],) if self.tail else ("GET", "DELETE")

    def answer(self, method: str, kept: Kept | None, query: bytes = b"") -> bytes:
        """Return what is said of *kept*, which nobody but KorProxy has; *query* stood behind the path's ``?``.

        Raises:
            BadRequest: It is not there (KP-SYS-521), or over: so it cannot be cancelled (KP-SYS-522), and is not streamed again
                (KP-SYS-524).
        """
        if kept is None:
            raise BadRequest(UNKNOWN, f"Response with id {shortened(self.id, 100)!r} not found.")
        if method == "POST":
            raise BadRequest("KP-SYS-522", "Only a response that is made in the background can be cancelled.")
        if method == "DELETE":
            return self.keeper.deleted(self.id)
        if self.tail:
            return self.keeper.listed(kept.items, query)
        if dict(parse_qsl(query.decode("latin-1"))).get("stream", "").lower() in _YES:
            raise BadRequest("KP-SYS-524", f"Response {shortened(self.id, 100)!r} is complete: ask for it without `stream`.")
        return kept.answer


def kept_question(path: str, dialects: Mapping[str, Dialect]) -> Question | None:
    """Return what *path* asks of an earlier answer; None where it asks for something else."""
    for dialect in dialects.values():
        keeper = keeper_of(dialect)
        if keeper is None or not path.startswith(keeper.path + "/"):
            continue
        name, slash, rest = path[len(keeper.path) + 1 :].partition("/")
        tail = slash + rest
        if name and (not tail or tail in keeper.below):
            return Question(dialect=dialect, keeper=keeper, id=name, tail=tail)
    return None
