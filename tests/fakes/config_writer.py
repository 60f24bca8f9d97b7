"""Somebody who changes a configuration again and again, and is killed over it: ``python -m tests.fakes.config_writer HOME``.

Each line on stdin is one life of a writer, in a process of its own that is forked from here, so that nothing has to be imported
again: ``random`` changes things until it is killed from outside; a number is how many calls of the system it makes before it
kills itself, in the midst of a write where that is one. What it is about to do, and what it has done, is on stdout.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from korproxy.config.accounts_file import AddedAccounts, AddedTable
from korproxy.config.changing import Editable, update, update_routing
from korproxy.config.exchange import Documents, import_into
from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good
from korproxy.config.reading import Loaded, read_all
from korproxy.config.settings import AccountSettings
from korproxy.models.routing import Group, Member, Routing

CALLS = ("open", "write", "fsync", "replace", "rename", "unlink", "mkdir", "rmdir")
Mark = tuple[int, int, int]  # which change korproxy.toml, accounts.toml and routing.toml are of


def mark_of(loaded: Loaded) -> Mark:
    """Return which changes *loaded* is of. That a file is whole is seen from its beginning and its end saying the same."""
    accounts = [int(each.name) for each in loaded.added.providers["local"].accounts]
    groups = [int(name) for name in loaded.routing.groups]
    settings = [loaded.root.server.max_running, int(loaded.root.aliases["last"])]
    assert settings[0] == settings[1]
    assert accounts == [accounts[0], -accounts[0]]
    assert groups == [groups[0], -groups[0]]
    return settings[0], accounts[0], groups[0]


def settings_of(number: int) -> dict[str, Any]:
    """Return the document of a korproxy.toml of change *number*."""
    return {
        "version": 1,
        "server": {"max_running": number},
        "providers": {"local": {"type": "compatible", "base_url": "http://127.0.0.1:9/v1", "models": ["m"]}},
        "aliases": {"first": "local/m", "last": str(number)},
    }


def added_of(number: int) -> AddedAccounts:
    """Return the accounts of change *number*."""
    accounts = tuple(AccountSettings(name=str(each)) for each in (number, -number))
    return AddedAccounts(providers={"local": AddedTable(accounts=accounts)})


def routing_of(number: int) -> Routing:
    """Return the routing of change *number*."""
    members = tuple(Member(provider="local", weight=weight, account=str(weight)) for weight in range(1, 7))
    names = (str(number), str(-number))
    return Routing(groups={name: Group(name=name, members=members) for name in names})


def begin(home: Home) -> None:
    """Make the configuration of change 1."""
    put_all(home, 1)
    keep_last_good(home, read_all(home).files)


def put_all(home: Home, number: int) -> None:
    """Change all three files in one step."""
    from korproxy.config.accounts_file import to_document as accounts_document
    from korproxy.config.routing_file import to_document as routing_document

    documents: Documents = {
        "settings": settings_of(number),
        "accounts": accounts_document(added_of(number)),
        "routing": routing_document(routing_of(number)),
    }
    import_into(home, documents)


def _put_own(home: Home, number: int) -> None:
    def edit(now: Editable) -> Editable:
        return attrs.evolve(now, added=added_of(number), routing=routing_of(number))

    update(home, edit)


def live(home: Home, say: Callable[[str, Mark], None], cycles: int) -> None:
    """Change the configuration of *home* in all ways there are, and say each before and after."""
    settings, accounts, routing = mark_of(read_all(home))
    for _ in range(cycles):
        number = max(settings, accounts, routing) + 1
        say("begin", (number, number, number))
        put_all(home, number)
        say("done", (number, number, number))
        say("begin", (number, number + 1, number + 1))
        _put_own(home, number + 1)
        say("done", (number, number + 1, number + 1))
        settings, accounts, routing = number, number + 1, number + 2
        say("begin", (settings, accounts, routing))
        update_routing(home, lambda _, number=number: routing_of(number + 2))  # type: ignore[misc]
        say("done", (settings, accounts, routing))
        keep_last_good(home, read_all(home).files)


def _killed_after(calls: int) -> None:
    """Let this process kill itself at the call of the system with this number, counted from 0."""
    counted = itertools.count()
    write = os.write

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if next(counted) == calls:
                if name == "write":
                    write(args[0], bytes(args[1])[: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more)

        return call

    for name in CALLS:
        # What it left to the system is not lost to a killed process, so it need not wait for the disk hundreds of times.
        real = (lambda _: None) if name == "fsync" else getattr(os, name)
        setattr(os, name, counting(name, real))


def main() -> None:
    """Fork one writer per line."""
    home = Home(path=Path(sys.argv[1]))
    out, write = sys.stdout.fileno(), os.write

    def say(what: str, mark: object) -> None:
        write(out, f"{json.dumps([what, mark])}\n".encode())  # in one piece, and not counted

    read_all(home)  # what reading needs is imported and made once
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            if line.strip() != "random":
                _killed_after(int(line))
            live(home, say, 1 if line.strip() != "random" else 10**9)
            os._exit(0)
        say("child", child)
        _, status = os.waitpid(child, 0)
        say("ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
