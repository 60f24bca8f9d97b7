"""The same request, configuration and situation lead to the same decision: what a decision says of itself is enough."""

from __future__ import annotations

from hypothesis import given, settings

from tests.fakes.routing_world import WORLDS, World, check


@settings(max_examples=300)
@given(WORLDS)
def test_every_decision_can_be_made_again_from_what_it_says(world: World) -> None:
    check(world)
