"""The table: every case with both SDKs and every type of provider."""

from __future__ import annotations

import pytest

from tests.e2e.cases import Run, runs
from tests.e2e.sdk import unfinished_generators
from tests.e2e.stage import Stage

# One more provider of each type, whose key was withdrawn.
PROVIDERS_TOO = "".join(
    f"""
[providers.refused-{type_}]
type = "{type_}"
base_url = "MOCK/refused{path}"
accounts = [{{ name = "old", key = "env:BAD_KEY" }}]
"""
    for type_, path in (("claude", ""), ("codex", "/v1"), ("gemini", "/v1beta"), ("qwen", "/v1"), ("iflow", "/v1"))
)

pytestmark = unfinished_generators


@pytest.mark.parametrize("run", runs(), ids=str)
async def test_crossing(stage: Stage, run: Run) -> None:
    await run.play(stage)
