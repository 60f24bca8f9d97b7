"""What the gateway has learnt and keeps in memory: a reload leaves all of it as it is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from korproxy.gateway.attempts import Learnt
from korproxy.gateway.kept_answers import KeptAnswers
from korproxy.gateway.provenance import Provenance

if TYPE_CHECKING:  # what only translating needs is imported where that begins: the daemon starts 50 ms sooner
    from korproxy.chat.memory import ReasoningMemory
    from korproxy.gateway.images import ImageFetcher


@attrs.define(slots=False)  # there is one, and with slots ``cached_property`` makes it 3 ms dearer to start
class Lasting:
    """There is one for as long as the daemon runs; the gates of all generations share it."""

    provenance: Provenance = attrs.field(factory=Provenance)
    learnt: Learnt = attrs.field(factory=Learnt)
    kept: KeptAnswers = attrs.field(factory=KeptAnswers)

    @cached_property
    def memory(self) -> ReasoningMemory:
        """What it remembers of sealed reasoning, for clients that do not send it back."""
        from korproxy.chat.memory import ReasoningMemory

        return ReasoningMemory()

    @cached_property
    def images(self) -> ImageFetcher:
        """What opens the links of requests."""
        from korproxy.gateway.images import ImageFetcher

        return ImageFetcher()
