"""A loopback server that imitates AI providers.

``open_mock`` runs one inside a Trio program, ``python -m korproxy_mock serve`` runs one alone, and the pytest fixtures
``korproxy_mock`` and ``korproxy_mock_process`` do either. Prompts say how it behaves: ``{{mock: status=429}}``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from korproxy_mock.directives import DirectiveError, parse, parse_script
    from korproxy_mock.record import Received
    from korproxy_mock.script import Script
    from korproxy_mock.server import MockServer, bind, open_mock

__all__ = ["DirectiveError", "MockServer", "Received", "Script", "bind", "open_mock", "parse", "parse_script"]

_HOMES = {
    "DirectiveError": "directives", "parse": "directives", "parse_script": "directives", "Received": "record",
    "Script": "script", "MockServer": "server", "bind": "server", "open_mock": "server",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Import a name when it is first used: KorProxy loads the plugin at every start, and needs the server only in its demo."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
