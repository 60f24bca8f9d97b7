"""routing.toml: text into ``Routing`` and back. Pure.

KorProxy writes it whole and durably; that nothing is missing at its end is told from its last line all the same, for whatever
copies, syncs or restores it. Without that line a rule that is cut away would just not be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from korproxy.config.documents import document, unreadable
from korproxy.config.migrations import NEWEST, Migrated, migrated
from korproxy.config.shown import key, place
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.models.routing import DEFAULT, Group, Member, Profile, Routing, Rule, SafeMode, When

NAME = "routing.toml"
ROOT = f"{NAME}:$"
LEADS_NOWHERE = "KP-CONF-220"
OURS = "# KorProxy writes this file"  # how a file begins that has such a last line
HEAD = f"{OURS}: `korproxy profile`, `korproxy route`. Edit it if you like, but leave its last line.\n"
END = "# end of file"


def parse(text: str, *, path: str = NAME) -> Routing:
    """Return what the *text* of a routing.toml says. *path* is only for messages.

    Raises:
        ConfigError: KP-CONF-201: no TOML, or something is missing at its end; KP-CONF-211: for a newer KorProxy; else every
            mistake at once, KP-CONF-220 for names of groups and profiles that lead nowhere.
    """
    return structured(current(text, path=path))


def current(text: str, *, path: str = NAME) -> Migrated:
    """Return the document in *text* as this KorProxy has it; errors as of ``parse``, what is in the tables is not looked at."""
    return migrated("routing", whole_document(text, path), path, root=ROOT)


def structured(document: Migrated) -> Routing:
    """Return what *document* says; errors as of ``parse``."""
    from korproxy.config.routing_tables import RoutingTables
    from korproxy.config.strict import structure

    routing = structure(document.document, RoutingTables, path=ROOT).routing
    if problems := list(leads_nowhere(routing)):
        raise ConfigError.of(problems)
    return routing


def whole_document(text: str, path: str) -> dict[str, object]:
    """Return *text*, a file that KorProxy writes, as TOML reads it; KP-CONF-201 also if it was cut off."""
    if text.startswith(OURS) and text.rstrip().rpartition("\n")[2] != END:
        raise unreadable(path, f'is cut off: its last line, "{END}", is missing')
    found = document(text, path)
    if not found:
        raise unreadable(path, "is empty, which KorProxy never writes; delete it if you do not need it")
    return found


def leads_nowhere(routing: Routing) -> Iterator[Problem]:
    """Yield a problem for each name of a group or profile that there is none of."""
    places: list[tuple[tuple[str | int, ...], str, str]] = [
        ((("profiles", profile.name, field)), "group", getattr(profile, field))
        for profile in routing.profiles.values()
        for field in ("default", "chat", "completion", "embedding", "other")
    ]
    for at, rule in enumerate(routing.rules):
        places.append((("rules", at, "group"), "group", rule.group))
        places.append((("rules", at, "when", "profile"), "profile", rule.when.profile))
    places.append((("profile",), "profile", routing.profile))
    known: Mapping[str, set[str]] = {"group": {*routing.groups}, "profile": {DEFAULT, *routing.profiles}}
    for steps, kind, name in places:
        if name and name not in known[kind]:
            there = ", ".join(sorted(map(key, known[kind]))) or "none"
            yield Problem(
                code=LEADS_NOWHERE, path=place(steps, ROOT), message=f"there is no {kind} {key(name)}; there are: {there}"
            )


def dump(routing: Routing) -> str:
    """Return *routing* as the text of a routing.toml; ``parse`` gives it back."""
    import tomli_w

    return f"{HEAD}{tomli_w.dumps(to_document(routing))}{END}\n"


def to_document(routing: Routing) -> dict[str, Any]:
    """Return *routing* as a TOML document; what has its default is left out, but for the version and the profile."""
    written: dict[str, Any] = {"version": NEWEST["routing"], "profile": routing.profile}
    if routing.disabled:
        written["disabled"] = sorted(routing.disabled)
    parts = {
        "aliases": dict(routing.aliases),
        "safe_mode": _said(routing.safe_mode, SafeMode()),
        "profiles": {name: _said(each, Profile(name=each.name)) for name, each in routing.profiles.items()},
        "groups": {name: _group(each) for name, each in routing.groups.items()},
        "rules": [_rule(each) for each in routing.rules],
    }
    return written | {name: part for name, part in parts.items() if part}


def _group(group: Group) -> dict[str, Any]:
    members = [_said(each, Member(provider="")) for each in group.members]
    return {"strategy": group.strategy, **({"members": members} if members else {})}


def _rule(rule: Rule) -> dict[str, Any]:
    written = _said(rule, Rule(name=""))
    when = _said(rule.when, When())
    return {**written, "when": when} if when else written


def _said(value: attrs.AttrsInstance, default: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the fields of *value* that differ from *default*'s."""
    plain, usual = (attrs.asdict(each, recurse=False) for each in (value, default))
    found = {name: each for name, each in plain.items() if each != usual[name]}
    return {name: list(each) if isinstance(each, tuple) else each for name, each in found.items()}
