"""Files of an older version, read as if they were written today: one step per version and kind of file, in a chain. Pure.

A file without ``version`` has version 0. Steps leave alone what they do not understand: the strict reading comes after them and
says what is wrong, with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import attrs

from korproxy.errors.exceptions import ConfigError, Problem

Kind: TypeAlias = Literal["settings", "accounts", "routing"]
Document: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[[Document], Document]

TOO_NEW = "KP-CONF-211"
NEWEST: Mapping[Kind, int] = {"settings": 1, "accounts": 1, "routing": 1}
FLAGS = {  # as the founding document calls them -> as they are called in [features]
    "CORRELATION_IDS_ENABLED": "correlation_ids",
    "NEW_ERROR_CODES": "new_error_codes",
    "ADMIN_DASHBOARD_ENABLED": "admin_dashboard",
    "SAFE_MODE_AVAILABLE": "safe_mode",
}
DROPPED = "E2E_TESTS_REQUIRED"  # about this project's tests; it never meant anything to a running KorProxy


@attrs.frozen
class Migrated:
    """A document as the newest version has it.

    Attributes:
        version: That it was written in.
        changed: Whether anything but ``version`` differs from what was written.
    """

    document: Document
    version: int
    changed: bool


def migrated(
    kind: Kind,
    written: Mapping[str, object],
    path: str,
    *,
    root: str = "$",
    newest: Mapping[Kind, int] = NEWEST,
    steps: Mapping[Kind, Mapping[int, Step]] | None = None,
) -> Migrated:
    """Return *written*, the document of the file *path*, as this KorProxy reads it. A version that never was is left to stand.

    Args:
        root: The place of the document, for messages.

    Raises:
        ConfigError: KP-CONF-211: it is written for a newer KorProxy.
        LookupError: There is no step from a version that once was: a fault of KorProxy's own.
    """
    version = written.get("version", 0)
    before = dict(written)
    if type(version) is int and version > newest[kind]:
        # Alone: what else is in such a file is right or wrong by rules that this KorProxy does not know.
        known = f"this one reads version {newest[kind]}. Update KorProxy or use an older file."
        message = f"{path} is written for a newer KorProxy: {known}"
        raise ConfigError.of([Problem(code=TOO_NEW, path=f"{root}.version", message=message)])
    if type(version) is not int or ("version" in written and version < 1):
        return Migrated(before, newest[kind], changed=False)
    chain = (STEPS if steps is None else steps)[kind]
    document = dict(before)
    for each in range(version, newest[kind]):
        document = {**chain[each](document), "version": each + 1}
    return Migrated(document, version, changed=_without_version(document) != _without_version(before))


def _without_version(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "version"}


def _settings_0(old: Document) -> Document:
    """Feature flags were called as in the founding document, at the top, in ``[feature_flags]`` or in ``[features]``."""
    flags = old.get("feature_flags")
    places = [old, flags if isinstance(flags, dict) else {}, old.get("features", {})]
    new = {name: value for name, value in old.items() if name not in FLAGS and name != DROPPED}
    if not isinstance(places[-1], dict):
        return old
    features: Document = {}
    for place in places:
        features |= {FLAGS[name]: value for name, value in place.items() if name in FLAGS}
    if isinstance(flags, dict):
        left = {name: value for name, value in flags.items() if name not in FLAGS and name != DROPPED}
        new |= {"feature_flags": left}
        if not left:
            del new["feature_flags"]
    features |= {name: value for name, value in places[-1].items() if name not in FLAGS and name != DROPPED}
    return {**new, "features": features} if features or "features" in old else new


def _accounts_0(old: Document) -> Document:
    """Accounts stood in one array, each with its ``provider``."""
    listed: Any = old.get("accounts")
    if not _tables(listed) or any(not isinstance(each.get("provider"), str) for each in listed):
        return old
    providers = dict(_table(old.get("providers")))
    for each in listed:
        account = {name: value for name, value in each.items() if name != "provider"}
        table = dict(_table(providers.get(each["provider"])))
        providers[each["provider"]] = {**table, "accounts": [*table.get("accounts", ()), account]}
    return {name: value for name, value in old.items() if name != "accounts"} | {"providers": providers}


def _routing_0(old: Document) -> Document:
    """Profiles and groups were arrays of tables with a ``name``, members strings, a rule's pattern its ``match``."""
    new = dict(old)
    for before, after in (("active_profile", "profile"), ("disabled_accounts", "disabled"), ("model_aliases", "aliases")):
        if before in new and after not in new:
            new[after] = new.pop(before)
    if isinstance(new.get("safe_mode"), bool):
        new["safe_mode"] = {"on": new["safe_mode"]}
    for name in ("profiles", "groups"):
        new |= {name: _by_name(new[name])} if name in new else {}
    if isinstance(new.get("groups"), dict):
        new["groups"] = {name: _group_0(each) for name, each in new["groups"].items()}
    if _tables(new.get("rules")):
        new["rules"] = [_rule_0(each) for each in new["rules"]]
    return new


def _by_name(listed: Any) -> Any:
    if not _tables(listed) or any(not isinstance(each.get("name"), str) for each in listed):
        return listed
    if len({each["name"] for each in listed}) < len(listed):
        return listed  # one of two would be lost: the strict reading says that an array cannot stand here
    return {each["name"]: {name: value for name, value in each.items() if name != "name"} for each in listed}


def _group_0(group: Any) -> Any:
    listed = group.get("accounts") if isinstance(group, dict) else None
    if not isinstance(listed, list) or "members" in group or any(not isinstance(each, str) for each in listed):
        return group
    members = []
    for each in listed:
        provider, _, account = each.partition("/")
        members.append({"provider": provider, "account": account} if account else {"provider": provider})
    return {name: value for name, value in group.items() if name != "accounts"} | {"members": members}


def _rule_0(rule: Document) -> Document:
    if "match" not in rule or "when" in rule:
        return rule
    return {name: value for name, value in rule.items() if name != "match"} | {"when": {"model": rule["match"]}}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


STEPS: Mapping[Kind, Mapping[int, Step]] = {
    "settings": {0: _settings_0},
    "accounts": {0: _accounts_0},
    "routing": {0: _routing_0},
}
