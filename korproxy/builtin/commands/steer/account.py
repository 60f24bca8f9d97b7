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
    """Add, remove, disable and wake accounts.

    An account is written PROVIDER/ACCOUNT: the id of its provider in korproxy.toml, and its own name. Accounts that you add
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
    """List all accounts, where their keys are, and their state.

    Only the running daemon knows their state; without one, the list shows what the files say.

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
@click.option("--client-credential", is_flag=True, help="It has no key of its own: the caller's credential is passed on.")
@click.option("--no-key", is_flag=True, help="Its server needs no key.")
@click.option("--type", "type_", metavar="TYPE", default="", help="The provider's type, if it is not in korproxy.toml.")
@click.pass_obj
def add(cli: Cli, /, *, account: tuple[str, str], key: str | None, client_credential: bool, no_key: bool, type_: str) -> None:
    """Add an account.

    Unless an option says otherwise, you are asked for its key, or it is read from stdin; it is kept in a file of its own under
    secrets/ that only you can read. Keys do not belong on command lines: other users see them, and shells remember them.

    \b
    Examples:
      korproxy account add claude/home --key env:CLAUDE_HOME_KEY
      korproxy account add claude/home                 asks for the key
      korproxy account add claude/home < key.txt
      korproxy account add claude/mine --client-credential
      korproxy account add gemini/work --type gemini --key file:secrets/gemini
    """  # noqa: D301 -- click wants the character itself
    if (key is not None) + client_credential + no_key > 1:
        raise click.UsageError("Use only one of --key, --client-credential and --no-key.")
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

    This works for accounts added with `korproxy account add`; the account is taken out of all groups, too. The file with its
    key is removed if that command made it; a key kept elsewhere stays. To remove an account that is in korproxy.toml, edit that
    file, or stop using the account with `korproxy account disable`.

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
    """Send an account no more requests. Running ones finish.

    \b
    Examples:
      korproxy account disable claude/work
    """  # noqa: D301 -- click wants the character itself
    _switch(cli, account, on=False)


@account.command()
@click.argument("account", callback=account_of, metavar="PROVIDER/ACCOUNT")
@click.pass_obj
def enable(cli: Cli, /, *, account: tuple[str, str]) -> None:
    """Send a disabled account requests again.

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

    If it is rate limited, erroring or refused, the next request may try it again at once. Needs a running daemon: only that
    knows which accounts are waiting.

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
        raise click.UsageError(f"This is not a key: stdin has more than {MOST // 1024} KiB.")
    return raw.decode(errors="replace").strip()


def _tell_key(cli: Cli, provider: str, name: str) -> None:
    """Say where the key of a new account cannot be found, as far as can be told from here."""
    added = [each for each in cli.configuration.accounts() if (each.provider, each.name) == (provider, name)]
    tell([each.problem for each in added if each.problem is not None])


def _live(cli: Cli) -> Mapping[str, Mapping[str, Any]] | None:
    """Return what the daemon says of each provider, by id; None where it says nothing."""
    running = cli.running()
    if running is None or running.get("demo"):
        why = "No daemon is running with this home" if running is None else "The running daemon is a demo and has none of them"
        click.echo(f"{why}, so the accounts' state is not known.", err=True)
        return None
    try:
        said = cli.ask(PROVIDERS)
    except CommandFailed as exc:
        click.echo(f"The state of the accounts is not known: {exc.code}: {exc}", err=True)
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
        return ["No accounts yet: add one with `korproxy account add` or in korproxy.toml."]
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
