"""The ten cases, each made of steps."""

from __future__ import annotations

from korproxy_conformance.cases import calling, failing, leaving, reasoning, seeing, talking
from korproxy_conformance.cases.step import Step

STEPS: tuple[Step, ...] = (
    *talking.STEPS,
    *calling.STEPS,
    *seeing.STEPS,
    *reasoning.STEPS,
    *failing.STEPS,
    *leaving.STEPS,
)
