"""``korproxy why``: the story of one request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from korproxy.api import Cli
from korproxy.builtin.commands.look.row import facts, rest
from korproxy.builtin.commands.steer.decision import decision_lines
from korproxy.builtin.commands.steer.told import listed

OUTCOMES = {
    "answered": "answered",
    "refused": "refused the request",
    "limited": "rate limited",
    "failed": "failed",
    "rejected": "refused the key",
    "busy": "had no free place",
    "overtaken": "began to rest while the request waited for a place",
    "unfit": "cannot be given this request",
    "left": "the client went away",
}

ENDS = {
    "ok": "answered",
    "refused": "the provider's own error was passed on",
    "failed": "failed",
    "client left": "the client went away",
    "": "still under way",
}


@click.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def why(cli: Cli, /, *, id_: str) -> None:
    """Say why a request went where it went, and what came of it.

    ID is what an answer has in its header X-KorProxy-Request, or the correlation id in X-Correlation-ID; the latter may
    belong to several requests, and all of them are shown, the newest first. The running daemon remembers the last thousand
    requests; of older ones, and without a daemon, there is what the history says.

    \b
    Examples:
      korproxy why 0b6f4a44-3a1c-4f07-9c8e-0d9a4a7a2f11
      korproxy why my-own-correlation-id --json
    """  # noqa: D301 -- click wants the character itself
    said = cli.insight.why(id_)
    stories = listed(said.get("requests"))
    cli.show("\n\n".join("\n".join(story_lines(each)) for each in stories), said)


def story_lines(story: Mapping[str, Any]) -> list[str]:
    """Return the whole *story*: the decision, each candidate that was asked, and how it ended."""
    outcome = str(story.get("outcome") or "")
    code = f" [{story['code']}]" if story.get("code") else ""
    head = [f"request {story.get('id')}, correlation id {story.get('correlation_id')}"]
    if isinstance(story.get("wall"), int | float):
        head.append(f"{_when(story['wall'])}: {ENDS.get(outcome, outcome)}{code}")
    decision = story.get("decision")
    if isinstance(row := story.get("row"), dict) and not decision:
        return [*head, *facts(row), rest(row)]
    asked = listed(story.get("attempts"))
    attempts = [_attempt(number, each) for number, each in enumerate(asked, 1)]
    if outcome == "failed" and asked and asked[-1].get("outcome") == "answered":
        attempts.append(f"   but that answer did not come to a good end{code}")
    return [
        *head,
        *(decision_lines(decision) if isinstance(decision, dict) else []),
        *(["what happened", *(f"  {each}" for each in attempts)] if attempts else ["what happened: nobody was asked"]),
    ]


def _when(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def _attempt(number: int, attempt: Mapping[str, Any]) -> str:
    who = f"{attempt.get('provider')}/{attempt.get('account')} with {attempt.get('model')}"
    outcome = str(attempt.get("outcome"))
    code = f" [{attempt['code']}]" if attempt.get("code") else ""
    back = f", retry after {attempt['retry_after']:g} s" if isinstance(attempt.get("retry_after"), int | float) else ""
    facts = [
        f"status {attempt['status']}" if attempt.get("status") else "",
        f"asked after {_ms(attempt.get('at'))}",
        f"took {_ms(attempt.get('seconds'))}",
        "to find out whether it is well again" if attempt.get("probe") else "",
    ]
    then = attempt.get("next")
    last = f" -> {then}" if then and then != "done" else ""
    return f"{number}. {who}: {OUTCOMES.get(outcome, outcome)}{code}{back} ({', '.join(filter(None, facts))}){last}"


def _ms(seconds: object) -> str:
    return f"{seconds * 1000:.0f} ms" if isinstance(seconds, int | float) else "?"
