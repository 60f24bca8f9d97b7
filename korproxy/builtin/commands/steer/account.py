"""``korproxy account``: which accounts there are, how they are, and what they get."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import click

from korproxy.api import Cli, CommandFailed, KnownAccount
from korproxy.builtin.commands.steer.health import account_state
from korproxy.builtin.commands.steer.named import account_of
from korproxy.builtin.commands.steer.told import finish, listed, table, tell

PROVIDERS, WAKE = "/v1/providers", "/v1/accounts/wake"
MOST = 64 * 1024  # bytes of a secret that are read


@click.group()
def account() -> None:
    """Add, remove, rest and wake accounts.

    An account is written PROVIDER/ACCOUNT: the id of its provider in korproxy.toml, and its own name. Those that you add
    here are kept in accounts.toml; your korproxy.toml is never changed.

    \b
    Examples:
      korproxy account list
      korproxy account add claude/home --key env:CLAUDE_HOME_KEY
      korproxy account disable claude/work
      korproxy account wake claude/work
    """  # noqa: D301 -- click wants the character itself


@account.command("list")
@click.pass_obj
def list_accounts(cli: Cli) -> None:
    """List all accounts: where their keys are, and how they are.

    How they are, only the running daemon knows; without one, what the files say is listed.

    \b
    Examples:
      korproxy account list
      korproxy account list --json
    """  # noqa: D301 -- click wants the character itself
    known = [*cli.configuration.accounts()]
    live = _live(cli)
    known += _only_there(known, live or {})
    data = [_data(each, live) for each in known]
    cli.show("\n".join(_lines(known, live)), {"daemon": live is not None, "accounts": data})
    if live is None:
        tell([each.problem for each in known if each.problem is not None])


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.option("--key", metavar="REFERENCE", help="Where its key is: env:NAME or file:PATH. Never the key itself.")
@click.option("--client-credential", is_flag=True, help="It has no key of its own: the credential of the caller is passed on.")
@click.option("--no-key", is_flag=True, help="Its server wants no key.")
@click.option("--type", "type_", metavar="TYPE", default="", help="What the provider is, if korproxy.toml does not have it.")
@click.pass_obj
def add(cli: Cli, /, *, account: tuple[str, str], key: str | None, client_credential: bool, no_key: bool, type_: str) -> None:
    """Add an account.

    Without an option that says otherwise, its key is asked for, or read from stdin, and kept in a file of its own under
    secrets/ that only you can read. Keys do not belong on command lines: other users see those, and shells keep them.

    \b
    Examples:
      korproxy account add claude/home --key env:CLAUDE_HOME_KEY
      korproxy account add claude/home                 asks for the key
      korproxy account add claude/home < key.txt
      korproxy account add claude/mine --client-credential
      korproxy account add gemini/work --type gemini --key file:secrets/gemini
    """  # noqa: D301 -- click wants the character itself
    if (key is not None) + client_credential + no_key > 1:
        raise click.UsageError("Only one of --key, --client-credential and --no-key can be so.")
    secret = None if key is not None or client_credential or no_key else _secret(account)
    provider, name = account
    done = cli.configuration.add_account(provider, name, key=key, secret=secret, forwards=client_credential, type=type_)
    here = f" Its key is in {cli.home}/secrets." if secret is not None else ""
    finish(cli, done, f"The account {provider}/{name} is added.{here}", provider=provider, account=name)
    if done.daemon == "none":  # it looks where it is started, and has told already
        _tell_key(cli, provider, name)


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.pass_obj
def remove(cli: Cli, /, *, account: tuple[str, str]) -> None:
    """Remove an account.

    It has to be one that was added with `korproxy account add`; it is taken out of all groups, too. The file with its key
    is removed if that command made it; a key that is elsewhere stays. An account in korproxy.toml is taken out there, by
    you; `korproxy account disable` gives it no requests.

    \b
    Examples:
      korproxy account remove claude/home
    """  # noqa: D301 -- click wants the character itself
    provider, name = account
    done = cli.configuration.remove_account(provider, name)
    finish(cli, done, f"The account {provider}/{name} is removed.", provider=provider, account=name)


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.pass_obj
def disable(cli: Cli, /, *, account: tuple[str, str]) -> None:
    """Give an account no requests from now on. Those that run go on.

    \b
    Examples:
      korproxy account disable claude/work
    """  # noqa: D301 -- click wants the character itself
    _switch(cli, account, on=False)


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.pass_obj
def enable(cli: Cli, /, *, account: tuple[str, str]) -> None:
    """Give a disabled account requests again.

    \b
    Examples:
      korproxy account enable claude/work
    """  # noqa: D301 -- click wants the character itself
    _switch(cli, account, on=True)


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.pass_obj
def wake(cli: Cli, /, *, account: tuple[str, str]) -> None:
    """End the wait of an account.

    Where it is limited, erroring or refused, the next request may try it again at once. Only a running daemon has accounts
    that wait.

    \b
    Examples:
      korproxy account wake claude/work
    """  # noqa: D301 -- click wants the character itself
    provider, name = account
    said = cli.post(WAKE, {"provider": provider, "account": name})
    text = "may be asked again at once" if said.get("woken") else "was not waiting"
    cli.show(f"{provider}/{name} {text}.", said)


def _switch(cli: Cli, account: tuple[str, str], *, on: bool) -> None:
    provider, name = account
    done = cli.configuration.enable_account(provider, name, on=on)
    word = "enabled" if on else "disabled"
    text = f"The account {provider}/{name} is {word}."
    finish(cli, done, text, f"The account {provider}/{name} was {word} already.", provider=provider, account=name)


def _secret(account: tuple[str, str]) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(f"Key of {'/'.join(account)}", hide_input=True, err=True)).strip()
    raw = sys.stdin.buffer.read(MOST + 1)
    if len(raw) > MOST:
        raise click.UsageError(f"What stdin gives is no key: it has more than {MOST // 1024} KiB.")
    return raw.decode(errors="replace").strip()


def _tell_key(cli: Cli, provider: str, name: str) -> None:
    """Say where the key of a new account cannot be found, as far as can be told from here."""
    added = [each for each in cli.configuration.accounts() if (each.provider, each.name) == (provider, name)]
    tell([each.problem for each in added if each.problem is not None])


def _live(cli: Cli) -> Mapping[str, Mapping[str, Any]] | None:
    """Return what the daemon says of each provider, by id; None where it says nothing."""
    running = cli.running()
    if running is None or running.get("demo"):
        why = "No daemon runs with this home" if running is None else "The running daemon is a demo, which knows none of them"
        click.echo(f"{why}, so how accounts are is not known.", err=True)
        return None
    try:
        said = cli.ask(PROVIDERS)
    except CommandFailed as exc:
        click.echo(f"How accounts are is not known: {exc.code}: {exc}", err=True)
        return None
    return {str(each.get("id")): each for each in listed(said.get("providers"))}


def _only_there(known: Sequence[KnownAccount], live: Mapping[str, Mapping[str, Any]]) -> list[KnownAccount]:
    """Return the accounts that the daemon has and the files do not: a plugin's own, or one whose removal was refused."""
    names = {(each.provider, each.name) for each in known}
    return [
        KnownAccount(provider=id_, type=str(each.get("type", "")), name=str(name))
        for id_, each in live.items()
        for name in each.get("accounts") or ()
        if (id_, name) not in names
    ]


def _lines(known: Sequence[KnownAccount], live: Mapping[str, Mapping[str, Any]] | None) -> list[str]:
    if not known:
        return ["No account is configured: `korproxy account add`, or korproxy.toml."]
    rows = [(f"{each.provider}/{each.name}", _key(each), each.file or "none", _state(each, live)) for each in known]
    return table([("ACCOUNT", "KEY", "FILE", "STATE"), *rows])


def _key(account: KnownAccount) -> str:
    return "the caller's" if account.forwards else account.key or "none"


def _state(account: KnownAccount, live: Mapping[str, Mapping[str, Any]] | None) -> str:
    if account.disabled:
        return "disabled"
    if live is None:
        return "no key" if account.problem is not None else "enabled"
    provider = live.get(account.provider, {})
    if account.name not in (provider.get("accounts") or ()):
        return "not in force"
    if account.name in (provider.get("no_key") or ()):
        return "no key"
    return account_state(_health(account, provider))


def _health(account: KnownAccount, provider: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in listed(provider.get("health")) if each.get("account") == account.name]


def _data(account: KnownAccount, live: Mapping[str, Mapping[str, Any]] | None) -> dict[str, object]:
    health = None if live is None else _health(account, live.get(account.provider, {}))
    return {**attrs.asdict(account), "health": health}
