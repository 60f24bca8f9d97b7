"""``korproxy status``: what the daemon does now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli, Command, hookimpl
from korproxy.builtin.commands.steer.health import duration, short, until
from korproxy.builtin.commands.steer.told import listed

HEALTH = "/v1/diagnostics/health"
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
MOST = 10  # findings that are told of each provider


@hookimpl
def korproxy_commands() -> Iterable[Command]:
    """Offer ``status``."""
    return [Command("status", "Say whether the daemon runs, where, and what it does.", lambda: status)]


@click.command()
@click.pass_obj
def status(cli: Cli) -> None:
    """Say whether the daemon runs, where, and what it does.

    Exit code 0 if it runs, 1 if it does not.

    \b
    Examples:
      korproxy status
      korproxy status --json
      korproxy status > /dev/null && echo runs
    """  # noqa: D301 -- click wants the character itself
    health: Mapping[str, Any] = cli.ask(HEALTH)
    cli.show(describe(health), health)


def describe(health: Mapping[str, Any]) -> str:
    """Put the daemon's own report into lines; what an older or newer daemon leaves out is left out here, too."""
    requests, plugins = health.get("requests") or {}, health.get("plugins") or {}
    demo = " (demo: answers come from the mock provider)" if health.get("demo") else ""
    facts = {
        "daemon": f"KorProxy {health.get('version', '?')}, pid {health.get('pid', '?')}{demo}",
        "addresses": ", ".join(health.get("urls") or ()),
        "running for": duration(health["uptime_seconds"]) if "uptime_seconds" in health else "",
        "home": health.get("home", ""),
        "requests": f"{requests.get('running', 0)} running, {requests.get('total', 0)} since the start",
        "plugins": f"{plugins.get('loaded', 0)} loaded, {plugins.get('broken', 0)} broken",
        "settings": _configuration(health),
        "store": _store(health),
        "lost": _lost(health),
        "safe mode": "on: everything goes to the safe model" if health.get("safe_mode") else "",
    }
    lines = [f"{name:12} {value}" for name, value in facts.items() if value]
    lines += _section("notices", list(health.get("notices") or ()), "") if health.get("notices") else []
    providers = [line for each in health.get("providers") or () for line in _provider(each)]
    lines += _section("providers", providers, "none configured")
    lines += _section("services", [_service(each) for each in health.get("services") or ()], "none")
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str], empty: str) -> list[str]:
    return [f"{title:12} {empty}"] if not lines else [title, *(f"  {line}" for line in lines)]


def _configuration(health: Mapping[str, Any]) -> str:
    """Say which configuration is in force, and what came of the last reload."""
    last = health.get("reload")
    number = health.get("generation")
    if not last:
        return "as at the start" if number == 0 else ""
    if not last.get("ok"):
        problems = "; ".join(f"[{each.get('code')}] {each.get('path')}: {each.get('message')}" for each in last["problems"])
        return f"NOT reloaded at {last.get('at')} ({last.get('reason')}), number {number} is in force: {problems}"
    waiting = f"; a restart is needed for {', '.join(last['restart'])}" if last.get("restart") else ""
    return f"number {number}, reloaded at {last.get('at')} ({last.get('reason')}){waiting}"


def _store(health: Mapping[str, Any]) -> str:
    """Say what is written down of requests, and whether that works."""
    store = health.get("store") or {}
    if not store:
        return ""
    kinds = [name for name in ("history", "metrics") if store.get(name)]
    what = f"{KINDS.get(str(store.get('kind')), 'unknown')}: {' and '.join(kinds)}" if kinds else "switched off"
    down = store.get("down")
    if not isinstance(down, Mapping):
        return what
    waiting = f"; {store.get('waiting') or 0} requests wait in memory"
    return f"{what}; NOT WRITTEN [{down.get('code')}]: {str(down.get('message')).rstrip('.')}{waiting}"


def _lost(health: Mapping[str, Any]) -> str:
    """Say what is missing in the books since the start."""
    store = health.get("store") or {}
    dropped = [
        f"{each.get('count')} requests for {each.get('sink')} ({each.get('reason')})" for each in listed(store.get("dropped"))
    ]
    lines = store.get("log_lines_lost") or {}
    return "; ".join([*dropped, *(f"{count} log lines ({where})" for where, count in lines.items())])


def _provider(provider: Mapping[str, Any]) -> Iterator[str]:
    accounts = ", ".join(provider.get("accounts") or ()) or "none"
    work = f"{provider.get('running', 0)} running, {provider.get('waiting', 0)} waiting"
    yield f"{provider.get('id')} ({provider.get('type')}): accounts {accounts}; {work}"
    yield from (f"  {name}: no key; see `korproxy check`" for name in provider.get("no_key") or ())
    yield from (f"  {name}: disabled" for name in provider.get("disabled") or ())
    for check in provider.get("checks") or ():
        if not check.get("reached"):
            yield f"  {check.get('account')}: not reached at {check.get('at')} [{check.get('code')}]"
    held = [each for each in provider.get("health") or () if each.get("state") != "available"]
    if len(held) > MOST:  # in an outage clients ask for any number of models; what is about whole accounts is told first
        held.sort(key=lambda each: bool(each.get("model")) and each.get("state") != "refused")
    yield from (f"  {_trouble(each)}" for each in held[:MOST])
    if len(held) > MOST:
        yield f"  and {len(held) - MOST} more; `korproxy status --json` has all"


def _trouble(entry: Mapping[str, Any]) -> str:
    """Say what is held against an account, and until when."""
    model = f", {short(entry['model'])}" if entry.get("model") else ""
    state = str(entry.get("state")).replace("_", " ")
    return f"{entry.get('account')}{model}: {state} [{entry.get('code')}]{until(entry)}"


def _service(service: Mapping[str, Any]) -> str:
    error = f"; last error: {service['last_error']}" if service.get("last_error") else ""
    return f"{service.get('name')}: {service.get('state')}, restarts: {service.get('restarts') or 0}{error}"
