"""``korproxy mock``. Imported only when it is run; ``--json`` and its like come from KorProxy."""

from typing import Protocol

import click

from korproxy_mock.cli import run


class Shows(Protocol):
    """What this command needs of KorProxy's own object."""

    def show(self, plain: str, data: object) -> None:
        """Print *plain*, or *data* as JSON."""


@click.group()
def mock() -> None:
    """Imitate AI providers on this machine, for tests and for writing plugins."""


@mock.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address.")
@click.option("--port", default=0, metavar="PORT", help="Listen on this port.  [default: a free one]")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="Accept only this key; may be repeated.")
@click.option("--strict", is_flag=True, help="Refuse also what only the vendor itself refuses.")
@click.pass_obj
def serve(cli: Shows, *, host: str, port: int, keys: tuple[str, ...], strict: bool) -> None:
    """Serve until Ctrl-C; the address is printed first.

    \b
    Examples:
      korproxy mock serve                       print the address and serve
      korproxy mock serve --port 9000
      korproxy mock serve --json                print the address as JSON
    """  # noqa: D301 -- click wants the backspace itself

    def announce(url: str) -> None:
        cli.show(url, {"url": url})

    raise SystemExit(run(host, port, announce, keys=keys, strict=strict))
