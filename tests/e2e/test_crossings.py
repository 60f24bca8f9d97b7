"""The table: every case with every SDK and every type of provider.

The suite itself plays each case for each SDK with one provider of each format; the others are ``slow``.
"""

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
PROVIDERS_TOO += """
[providers.refused-answers]
type = "compatible"
base_url = "MOCK/refused/v1"
speaks = ["openai-responses"]
accounts = [{ name = "old", key = "env:BAD_KEY" }]
"""
RUNS = [pytest.param(each, marks=() if each.is_often else pytest.mark.slow) for each in runs()]

pytestmark = unfinished_generators


@pytest.mark.parametrize("run", RUNS, ids=str)
async def test_crossing(stage: Stage, run: Run) -> None:
    await run.play(stage)
