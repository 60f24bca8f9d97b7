"""The same leads to the same, and nobody is asked who must not be: ``tests.fakes.routing_world`` says what holds."""

from __future__ import annotations

from fuzz.target import Target
from tests.fakes.routing_world import WORLDS, World, check

ROUTING = Target(name="routing", inputs=WORLDS, read=World.read, check=check)
