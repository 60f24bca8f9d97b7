"""One conversation that goes from provider to provider, with tools and reasoning, as users do who switch models in mid-session.

The imitated vendors refuse seals that they did not make themselves for this very account and family of models, ids and names
that they do not take, and calls and results that do not match.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import attrs
import httpx
import pytest

from tests.e2e.stage import Model, Stage, open_stage
from tests.e2e.talkers import TALKERS, turn

SWITCHES = 200
SEED = 20261128

ACCOUNTS = """
version = 1
[providers.claude]
type = "claude"
base_url = "MOCK/claude"
accounts = [{ name = "work", key = "env:CLAUDE_KEY" }]
[providers.claude2]
type = "claude"
base_url = "MOCK/claude"
accounts = [{ name = "home", key = "env:MINE_KEY" }]
[providers.codex]
type = "codex"
base_url = "MOCK/codex/v1"
accounts = [{ name = "work", key = "env:CODEX_KEY" }]
[providers.codex2]
type = "codex"
base_url = "MOCK/codex/v1"
accounts = [{ name = "home", key = "env:MINE_KEY" }]
[providers.gemini]
type = "gemini"
base_url = "MOCK/gemini/v1beta"
accounts = [{ name = "work", key = "env:GEMINI_KEY" }]
[providers.gemini2]
type = "gemini"
base_url = "MOCK/gemini/v1beta"
accounts = [{ name = "home", key = "env:MINE_KEY" }]
[providers.qwen]
type = "qwen"
base_url = "MOCK/qwen/compatible-mode/v1"
accounts = [{ name = "work", key = "env:QWEN_KEY" }]
[providers.dashscope]
type = "qwen"
base_url = "MOCK/dashscope/apps/anthropic"
accounts = [{ name = "work", key = "env:QWEN_KEY" }]
[providers.served]
type = "compatible"
base_url = "MOCK/served/v1"
speaks = ["openai-responses"]
accounts = [{ name = "work", key = "env:BOTH_KEY" }]
"""
MODELS = tuple(
    Model(asked=each, provider=each.partition("/")[0], upstream=each.partition("/")[2])
    for each in (
        "claude/claude-haiku-4-5",
        "claude/claude-opus-5",
        "claude2/claude-haiku-4-5",
        "claude2/claude-opus-5",
        "codex/gpt-6-sol",
        "codex/gpt-5.5",
        "codex/gpt-4.1",
        "codex2/gpt-6-sol",
        "gemini/gemini-3.5-flash",
        "gemini/gemini-2.5-flash",
        "gemini2/gemini-3.5-flash",
        "qwen/qwen3.8-flash",
        "dashscope/qwen3-coder-plus",
        "served/gpt-6-luna",
    )
)
# Speaks Anthropic's format without being Anthropic: nobody knows whether it takes reasoning that is not sealed, as others' is
# here. So it gets it, and once more without where it refuses.
LOOK_ALIKE = "dashscope"


@attrs.define
class Count:
    """What a conversation came to."""

    switches: int = 0
    calls: int = 0
    seals: int = 0
    retries: list[str] = attrs.field(factory=list)  # which model refused what it was sent first; LOOK_ALIKE is left out


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home: Path = tmp_path_factory.mktemp("switching")
    with open_stage(home, providers=ACCOUNTS) as opened:
        yield opened


async def converse(stage: Stage, format: str, switches: int) -> Count:  # noqa: A002 -- the word for it
    """Hold a conversation in *format* with *switches* random switches of the model; every answer is a good one."""
    choice, talker, count = random.Random(f"{SEED} {format}"), TALKERS[format](), Count()
    model = choice.choice(MODELS)
    headers = {"authorization": f"Bearer {stage.daemon.key}"}
    async with httpx.AsyncClient(base_url=stage.daemon.url, headers=headers, timeout=30, trust_env=False) as client:
        for number in range(switches):
            thought = f' thinking="thought {number}"' if choice.random() < 0.8 else ""
            tools = "".join(
                f' tool=get_weather args=\'{{"city": "c{each}"}}\'' for each in range(choice.choice((0, 1, 1, 1, 2)))
            )
            said = f'{{{{mock:{thought} text="said {number}"{tools}}}}} {{{{then:{thought} text="done {number}"}}}}'
            talker.say(said)
            calls: list[str] = [""]
            while calls:
                if number and calls != [""] and choice.random() < 0.3:  # in the middle of a turn, with a call that waits
                    model = choice.choice(MODELS)
                stage.mock.forget()
                _, calls = await turn(client, talker, model)
                sent = stage.mock.requests()
                count.retries += [f"{number} {model.asked}"] * (len(sent) - 1 if model.provider != LOOK_ALIKE else 0)
                count.seals += sum(json.dumps(each.body).count("ignature") for each in sent)
                count.calls += len(calls)
            assert f"done {number}" in talker.answers[-1] or f"said {number}" in talker.answers[-1]
            before, model = model, choice.choice([each for each in MODELS if each.provider != model.provider])
            count.switches += before.provider != model.provider
    return count


def _is_unseen(retry: str) -> bool:
    """Whether it may be what nobody can see beforehand.

    A model by budget wants thinking in front of a call that waits for its result, and another model has called without any:
    nothing in the request tells that from a client's mistake, which is the provider's to refuse.
    """
    return retry.endswith("claude-haiku-4-5")


@pytest.mark.parametrize("format", sorted(TALKERS))
async def test_a_conversation_survives_every_switch_of_provider(stage: Stage, format: str) -> None:  # noqa: A002
    count = await converse(stage, format, 50)

    assert (count.switches, [each for each in count.retries if not _is_unseen(each)]) == (50, [])
    assert count.calls > 25


@pytest.mark.slow
@pytest.mark.parametrize("format", sorted(TALKERS))
async def test_200_switches_in_one_conversation(stage: Stage, format: str) -> None:  # noqa: A002
    count = await converse(stage, format, SWITCHES)

    assert (count.switches, [each for each in count.retries if not _is_unseen(each)]) == (SWITCHES, [])
    assert len(count.retries) <= SWITCHES / 50
    assert count.calls > SWITCHES / 2
