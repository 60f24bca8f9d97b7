"""What happened lately: to each account, and to requests that failed. From what is remembered, when somebody asks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from korproxy.gateway.why import Story, told
from korproxy.models.clock import timestamp
from korproxy.models.history import shown
from korproxy.models.outcome import Finished

MOST_FAILURES = 20
BAD = ("refused", "failed")  # how requests end that somebody will ask about
_ITS_OWN = {"answered", "refused", "limited", "failed", "rejected"}  # attempts that say something about an account


def of_accounts(stories: Iterable[Story], rows: Iterable[Mapping[str, Any]] = ()) -> dict[str, dict[str, Any]]:
    """Return for each ``PROVIDER/ACCOUNT`` its ``last_success`` and its ``last_error``; None where nobody remembers one.

    Args:
        stories: The newest first.
        rows: Of the history, the newest first: for what was before the stories.
    """
    found: dict[str, dict[str, Any]] = {}
    for who, name, entry in (*_in_stories(stories), *_in_rows(rows)):
        known = found.setdefault(who, {"last_success": None, "last_error": None})
        if known[name] is None or known[name]["at"] < entry["at"]:
            known[name] = entry
    return found


def failures(
    stories: Iterable[Story], rows: Iterable[Mapping[str, Any]] = (), most: int = MOST_FAILURES
) -> list[dict[str, Any]]:
    """Return the last requests that failed, the newest first, each with its ``why``; None where nobody remembers that.

    Args:
        stories, rows: As above.
    """
    found: dict[str, dict[str, Any]] = {}
    for story in stories:
        finished = story[0]
        if finished.outcome in BAD and len(found) < most:
            found[finished.id] = {**_row(finished), "why": told(story).to_dict()}
    for row in rows:
        if row.get("outcome") in BAD and row.get("id") not in found:
            found[str(row.get("id"))] = {**row, "why": None}
    return sorted(found.values(), key=_at, reverse=True)[:most]


def _row(finished: Finished) -> dict[str, Any]:
    """Return *finished* as the history would show it."""
    known = msgspec.structs.asdict(finished)
    usage = msgspec.structs.asdict(known.pop("usage"))
    return shown({**known, **usage, "request_id": finished.id})


def _at(row: Mapping[str, Any]) -> float:
    at = row.get("at")
    return at if isinstance(at, int | float) else 0.0


def _in_stories(stories: Iterable[Story]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for story in stories:
        finished, why = story[0], told(story)
        for number, each in enumerate(why.attempts):
            if each.outcome not in _ITS_OWN:
                continue
            broke = number == len(why.attempts) - 1 and finished.outcome in BAD
            good = each.outcome == "answered" and not broke
            entry = {
                "at": timestamp(why.wall + each.at + each.seconds),
                "model": each.model,
                "status": each.status,
                "code": each.code or (finished.code or "" if broke else ""),
                "request": finished.id,
            }
            yield f"{each.provider}/{each.account}", _name(good=good), entry


def _in_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for row in rows:
        if not row.get("provider") or row.get("outcome") not in ("ok", *BAD):
            continue
        entry = {
            "at": timestamp(_at(row)),
            "model": row.get("upstream_model") or "",
            "status": row.get("status"),
            "code": row.get("code") or "",
            "request": row.get("id"),
        }
        yield f"{row['provider']}/{row.get('account')}", _name(good=row["outcome"] == "ok"), entry


def _name(*, good: bool) -> str:
    return "last_success" if good else "last_error"


def with_accounts(providers: Sequence[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return *providers*, as ``Health.providers`` tells them, with the state of their accounts and what happened to them."""
    nothing = {"last_success": None, "last_error": None}
    return [
        {
            **each,
            "accounts": [
                {"name": name, "state": _state(each, name), **known.get(f"{each.get('id')}/{name}", nothing)}
                for name in each["accounts"]
            ],
        }
        for each in providers
    ]


def _state(provider: Mapping[str, Any], account: str) -> str:
    """Return how *account* does as a whole; ``partly`` where that is so only for some models."""
    for state, names in (("disabled", provider.get("disabled")), ("no key", provider.get("no_key"))):
        if account in (names or ()):
            return state
    if "health" not in provider:
        return "unknown"
    held = [each for each in provider["health"] if each.get("account") == account and each.get("state") != "available"]
    whole = [each for each in held if not each.get("model")]
    return str((whole or held)[0]["state"]) + ("" if whole else ", partly") if held else "available"
