"""In which form a candidate is asked, and whether its refusal is worth a second form. Pure."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from korproxy.chat.parts import Seal
from korproxy.chat.report import Report
from korproxy.chat.thinking import nobody
from korproxy.contracts import Provider
from korproxy.gateway.crossing import Crossing
from korproxy.gateway.embedding import EmbeddingCrossing
from korproxy.gateway.provenance import Origin, Owner, family_of
from korproxy.gateway.routing import Candidate
from korproxy.models.calls import Call, Features, UpstreamRequest
from korproxy.models.outcome import Refusal

MODELS = 1000  # of which a format is remembered


@attrs.frozen(kw_only=True)
class Form:
    """A call as one candidate gets it.

    Attributes:
        owner: Knows which seals are the candidate's.
        crossing: None where the client's own format is the candidate's.
    """

    candidate: Candidate
    owner: Owner
    crossing: Crossing | EmbeddingCrossing | None
    report: Report
    wanted: UpstreamRequest


@attrs.frozen
class Second:
    """How a candidate is asked once more: in its format, and whose seals it is sent."""

    candidate: Candidate
    own: Callable[[Seal], bool]


def origin_of(candidate: Candidate) -> Origin:
    """Return where the seals of *candidate*'s answers come from."""
    family = family_of(candidate.provider.abilities(candidate.model).family, candidate.model)
    return Origin(provider=candidate.provider.id, family=family, account=candidate.account.name)


def second(refusal: Refusal | None, form: Form, call: Call) -> Second | None:
    """Return the other form in which *call* may be taken by whoever refused it in *form*; None where there is none."""
    if refusal is None:
        return None
    if refusal.seals:
        return Second(form.candidate, nobody)
    if refusal.instead and _speaks(form.candidate.provider, form.candidate.model, refusal.instead, call):
        return Second(attrs.evolve(form.candidate, dialect=refusal.instead), form.owner)
    return None


def _speaks(provider: Provider, model: str, dialect: str, call: Call) -> bool:
    features = Features(dialect=dialect, stream=call.peek.stream, tools=call.peek.tools)
    return provider.dialect_for(model, features) == dialect


@attrs.define(kw_only=True)
class Learnt:
    """The formats that providers have asked for, by model, for requests with tools. Forgets the oldest beyond ``most``."""

    most: int = MODELS
    _formats: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)

    def note(self, candidate: Candidate) -> None:
        """Remember that *candidate*'s provider wants its model to be asked in this format."""
        self._formats[candidate.provider.id, candidate.model] = candidate.dialect
        while len(self._formats) > self.most:
            del self._formats[next(iter(self._formats))]

    def applied(self, candidate: Candidate, call: Call) -> Candidate:
        """Return *candidate* in the format that its provider asked for."""
        dialect = self._formats.get((candidate.provider.id, candidate.model)) if call.peek.tools else None
        return candidate if dialect in {None, candidate.dialect} else attrs.evolve(candidate, dialect=dialect)
