"""In which form a candidate is asked, and whether its refusal is worth a second form. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import msgspec

from korproxy.chat.report import Report
from korproxy.contracts import Provider
from korproxy.gateway.provenance import Owner
from korproxy.gateway.routing import Candidate
from korproxy.models.calls import Call, Features, UpstreamRequest
from korproxy.models.outcome import Refusal

if TYPE_CHECKING:
    from korproxy.chat.parts import Seal
    from korproxy.gateway.crossing import Crossing
    from korproxy.gateway.embedding import EmbeddingCrossing

MODELS = 1000  # of which a format is remembered


class Form(msgspec.Struct):
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


def second(refusal: Refusal | None, form: Form, call: Call) -> Second | None:
    """Return the other form in which *call* may be taken by whoever refused it in *form*; None where there is none."""
    if refusal is None:
        return None
    if refusal.seals:
        from korproxy.chat.thinking import nobody

        return Second(form.candidate, nobody)
    if refusal.instead and _speaks(form.candidate.provider, form.candidate.model, refusal.instead, call):
        return Second(attrs.evolve(form.candidate, dialect=refusal.instead), form.owner)
    if refusal.summaries and form.crossing is not None:  # what passes has the client's own wish in it
        return Second(attrs.evolve(form.candidate, summaries=False), form.owner)
    return None


def _speaks(provider: Provider, model: str, dialect: str, call: Call) -> bool:
    features = Features(dialect=dialect, stream=call.peek.stream, tools=call.peek.tools)
    return provider.dialect_for(model, features) == dialect


@attrs.define(kw_only=True)
class Learnt:
    """What providers have asked for by refusing something else. Forgets the oldest beyond ``most``.

    That is the format of requests with tools, by model; and that an account is not asked for summaries of reasoning.

    Attributes:
        anything: Whether that is anything at all.
    """

    most: int = MODELS
    anything: bool = attrs.field(default=False, init=False)
    _formats: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)
    _unshown: dict[tuple[str, str], None] = attrs.field(factory=dict, init=False)

    def note(self, refused: Candidate, instead: Candidate) -> None:
        """Remember that a provider that *refused* to be asked in one form was asked as *instead* says."""
        if instead.dialect != refused.dialect:
            self._formats[instead.provider.id, instead.model] = instead.dialect
        if refused.summaries and not instead.summaries:
            self._unshown[instead.provider.id, instead.account.name] = None
        self.anything = bool(self._formats or self._unshown)
        for known in (self._formats, self._unshown):
            while len(known) > self.most:
                del known[next(iter(known))]

    def forget(self) -> None:
        """Forget everything: providers are not what they were."""
        self._formats.clear()
        self._unshown.clear()
        self.anything = False

    def applied(self, candidate: Candidate, call: Call) -> Candidate:
        """Return *candidate* as its provider has asked for."""
        if not self.anything:
            return candidate
        dialect = self._formats.get((candidate.provider.id, candidate.model)) if call.peek.tools else None
        shown = (candidate.provider.id, candidate.account.name) not in self._unshown
        if dialect in {None, candidate.dialect} and shown:
            return candidate
        return attrs.evolve(candidate, dialect=dialect or candidate.dialect, summaries=shown)
