"""What docs/howto/route-requests.md shows is what KorProxy takes, and does what the page says of it."""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest

from korproxy.cli.context import Context
from korproxy.cli.main import korproxy
from korproxy.config.routing_file import parse
from korproxy.errors.exceptions import RuleRefused
from korproxy.gateway.deciding import Situation, decide
from korproxy.gateway.health import Health
from korproxy.gateway.routing import Snapshot
from korproxy.models.decisions import Decision
from tests.fakes import offered
from tests.fakes.routed import a_request, provider, snapshot

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "route-requests.md").read_text(encoding="utf-8")
TABLES = "\n".join(re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
STRATEGIES = offered.strategies()
NIGHT = datetime(2026, 3, 2, 23, 0).astimezone().timestamp()  # a Monday, here
DAY = NIGHT - 12 * 3600
IMAGE = b'{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}'


def now(profile: str) -> Snapshot:
    providers = [
        provider("claude", "claude-opus-5", "claude-sonnet-5", "shared", accounts=("home", "work")),
        provider("qwen", "qwen3-coder", "shared", accounts=("a",)),
        provider("spare", "qwen3-coder", "shared", accounts=("b",)),
    ]
    routing = parse(f'profile = "{profile}"\n{TABLES}')
    return snapshot(*providers, routing=routing, strategies=list(STRATEGIES.values()))


def decided(model: str, profile: str = "day", wall: float = DAY, turn: int = 0, **request: Any) -> Decision:
    return decide(a_request(model, **request), now(profile), Situation(wall=wall, turn=turn)).decision


def names(made: Decision) -> list[str]:
    return [f"{each.provider}/{each.account}" for each in made.order]


def test_the_page_tells_of_every_strategy_and_of_every_condition() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE))

    assert set(STRATEGIES) <= told
    assert {"model", "types", "key", "headers", "tools", "profile", "hours", "days"} <= set(re.findall(r"`(\w+)`", PAGE))


def test_every_command_on_the_page_is_one() -> None:
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
    commands = [*lines, *re.findall(r"`(korproxy [^`]+ [^`]+)`", PAGE)]

    assert len(commands) >= 10
    assert [each for each in commands if not is_taken(each.replace("request.json", "-"))] == []


def is_taken(line: str) -> bool:
    """Whether the command line takes *line*: its commands, options and arguments are there."""
    try:
        context = korproxy.make_context("korproxy", shlex.split(line)[1:], obj=Context())
        while isinstance(context.command, click.Group):
            name, command, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
            assert command is not None
            context = command.make_context(name, rest, parent=context)
    except click.UsageError:
        return False
    return True


def test_a_group_says_who_and_in_which_order() -> None:
    assert names(decided("shared")) == ["claude/work", "claude/home", "spare/b"]


def test_the_next_one_is_asked_where_the_first_may_not_be() -> None:
    resting = Health(state="rate_limited", until=10.0)
    situation = Situation(standing=lambda _, account, __: resting if account == "work" else Health())

    assert names(decide(a_request("shared"), now("day"), situation).decision) == ["claude/home", "spare/b"]


def test_weights_come_out_even() -> None:
    firsts = [names(decided("shared", "night", turn=turn))[0] for turn in range(4)]

    assert sorted(firsts) == ["qwen/a", "qwen/a", "qwen/a", "spare/b"]


def test_a_profile_decides_only_between_those_who_offer_the_model() -> None:
    assert names(decided("claude-opus-5", "night")) == ["claude/home", "claude/work"]
    assert names(decided("claude/shared", "night")) == ["claude/home", "claude/work"]
    asked = {"X-KorProxy-Profile": "night"}
    assert decided("shared", headers=asked).group == "cheap"
    assert decided("shared", headers=asked | {"X-KorProxy-Request-Type": "embedding"}).group == "mine"


def test_aliases_lead_where_the_page_says() -> None:
    assert [(each.provider, each.model) for each in decided("fast").order] == [("qwen", "qwen3-coder")]
    assert decided("claude-haiku-4-5").model == "qwen3-coder"


def test_the_rules_do_what_the_page_says() -> None:
    pictures = decided("qwen3-coder", body=IMAGE)
    assert (pictures.rule, pictures.model) == ("pictures", "claude-sonnet-5")
    batch = decided("claude-opus-5", key_name="batch-1", wall=NIGHT)
    assert (batch.rule, batch.group, batch.model) == ("batch job", "cheap", "qwen3-coder")
    large = decided("shared", "night", body=b"x" * 400_000, headers={"User-Agent": "openai-codex/1"})
    assert (large.rule, large.group) == ("nothing large on the spare", "mine")
    assert [each.name for each in large.rules] == ["pictures", "batch job", "no batch by day", "nothing large on the spare"]


@pytest.mark.code("KP-PROV-124")
def test_the_rule_that_refuses_says_so_in_the_users_words() -> None:
    with pytest.raises(RuleRefused, match=r"'no batch by day'.*: batch keys may be used from 22:00 on$") as caught:
        decided("claude-opus-5", key_name="batch-1")
    assert caught.value.code == "KP-PROV-124"
