"""What the gateway has learnt and keeps in memory: a reload leaves all of it as it is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from korproxy.gateway.attempts import Learnt
from korproxy.gateway.budget import RetryBudget
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.kept_answers import KeptAnswers
from korproxy.gateway.patience import Announced
from korproxy.gateway.provenance import Provenance
from korproxy.gateway.router import Router
from korproxy.gateway.shapes import Shapes
from korproxy.gateway.why import Stories

if TYPE_CHECKING:  # what only translating needs is imported where that begins: the daemon starts 50 ms sooner
    from korproxy.chat.memory import ReasoningMemory
    from korproxy.gateway.images import ImageFetcher


@attrs.define(slots=False)  # there is one, and with slots ``cached_property`` makes it 3 ms dearer to start
class Lasting:
    """There is one for as long as the daemon runs; the gates of all generations share it.

    Attributes:
        board: How each account does.
        router: Whose turn it is.
        stories: Why the last requests went where they went.
        shapes: What the last ones that failed looked like.
        budget: How much may be repeated.
        announced: Which waits were told.
    """

    board: HealthBoard = attrs.field(factory=HealthBoard)
    router: Router = attrs.field(init=False)
    stories: Stories = attrs.field(factory=Stories)
    shapes: Shapes = attrs.field(factory=Shapes)
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    announced: Announced = attrs.field(factory=Announced)
    provenance: Provenance = attrs.field(factory=Provenance)
    learnt: Learnt = attrs.field(factory=Learnt)
    kept: KeptAnswers = attrs.field(factory=KeptAnswers)

    def __attrs_post_init__(self) -> None:
        self.router = Router(board=self.board)

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
