"""The mock's own pages under ``/_mock``, so that a test can steer a mock in another process. Pure but for the state."""

import json
from typing import Protocol

from korproxy_mock.directives import DirectiveError
from korproxy_mock.record import Log, Received
from korproxy_mock.replies import Reply

_PREFIX = "/_mock/"


class Controlled(Protocol):
    """What these pages need of the server."""

    log: Log

    def script(self, directives: str) -> None:
        """Push a script."""

    def state(self) -> dict[str, int]:
        """Count what is going on."""

    def unscript(self) -> None:
        """Drop scripts."""

    def forget(self) -> None:
        """Drop records and scripts."""


def control(received: Received, server: Controlled) -> Reply | None:
    """Answer a request to the mock itself; None: it is for a provider."""
    if received.path == "/healthz":
        return _json(200, {"status": "ok"})
    if not received.path.startswith(_PREFIX):
        return None
    answer: object
    match received.method, received.path.removeprefix(_PREFIX):
        case "POST", "script":
            return _push(received, server)
        case "GET", "requests":
            answer = [each.as_json() for each in server.log]
        case "GET", "state":
            answer = server.state()
        case "DELETE", "requests":
            server.forget()
            answer = {}
        case "DELETE", "script":
            server.unscript()
            answer = {}
        case _:
            return _json(404, {"error": "GET or DELETE requests, GET state, POST or DELETE script"})
    return _json(200, answer)


def _push(received: Received, server: Controlled) -> Reply:
    body = received.json
    directives = body.get("directives") if isinstance(body, dict) else None
    if not isinstance(directives, str):
        return _json(400, {"error": 'expected {"directives": "status=429 retry-after=2"}'})
    try:
        server.script(directives)
    except DirectiveError as exc:
        return _json(400, {"error": str(exc)})
    return _json(200, {})


def _json(status: int, value: object) -> Reply:
    return Reply(status=status, headers=[("content-type", "application/json")], body=json.dumps(value).encode())
