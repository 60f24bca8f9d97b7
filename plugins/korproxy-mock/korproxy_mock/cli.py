"""The command line of the mock alone. Kept to the standard library: KorProxy need not be installed."""

import argparse
import json
import signal
import socket
import sys
from collections.abc import Callable, Sequence

import trio

from korproxy_mock.replies import Rules
from korproxy_mock.server import MockServer, bind

_EXAMPLES = """\
examples:
  python -m korproxy_mock serve --port 9000
  python -m korproxy_mock serve --json | head -1        # {"url": "http://127.0.0.1:41234"}
  curl -s http://127.0.0.1:9000/_mock/state
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse *arguments* (the process's own by default) and serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="korproxy_mock",
        description="Imitate AI providers on this machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve = parser.add_subparsers(required=True, metavar="COMMAND").add_parser("serve", help="Serve until Ctrl-C.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    serve.add_argument("--key", action="append", metavar="KEY", help="accept only this key; may be repeated")
    serve.add_argument("--strict", action="store_true", help="refuse also what only the vendor itself refuses")
    serve.add_argument("--json", action="store_true", help="print the address as JSON")
    given = parser.parse_args(arguments)

    def announce(url: str) -> None:
        sys.stdout.write(json.dumps({"url": url}) + "\n" if given.json else f"{url}\n")

    return run(given.host, given.port, announce, keys=given.key or (), strict=given.strict)


def run(host: str, port: int, announce: Callable[[str], None], *, keys: Sequence[str] = (), strict: bool = False) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit code. *announce* gets the address as soon as it answers."""
    rules = Rules(accept_keys=frozenset(keys) or None, strict=strict)
    try:
        sock = bind(host, port)
    except OSError as exc:
        sys.stderr.write(f"cannot listen on {host}:{port}: {exc.strerror}\n")
        return 1
    trio.run(_serve, MockServer(rules=rules), sock, announce)
    return 0


async def _serve(mock: MockServer, sock: socket.socket, announce: Callable[[str], None]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(mock.serve, sock)
            announce(mock.url)
            sys.stdout.flush()  # whoever started this waits for the address
            async for _ in signals:
                nursery.cancel_scope.cancel()
