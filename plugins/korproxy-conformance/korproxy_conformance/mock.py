"""The mock that stands behind the gateway: what it received, and what it does now. Steered by its pages under ``/_mock``."""

from __future__ import annotations

import json
from typing import Any

import attrs

from korproxy_conformance.arrivals import READERS
from korproxy_conformance.arrivals.story import Arrival
from korproxy_conformance.place import parsed
from korproxy_conformance.wire import Line
from korproxy_conformance.wrong import Words, Wrong


@attrs.frozen
class Mock:
    """A running ``korproxy_mock``."""

    line: Line

    def forget(self) -> None:
        """Drop what was received so far."""
        self.line.json("DELETE", "/_mock/requests")

    def open_streams(self) -> int:
        """Count the streams that are not over."""
        return int(self.line.json("GET", "/_mock/state")["open_streams"])

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests for an answer, oldest first, as the mock tells them."""
        return [each for each in self.line.json("GET", "/_mock/requests") if each["format"] and each["method"] == "POST"]

    def arrivals(self, provider: str) -> list[Arrival]:
        """Read the requests since ``forget``; ``Wrong`` if one is not in the format *provider*."""
        return [_read(each, provider, number) for number, each in enumerate(self.requests(), 1)]


def _read(about: dict[str, Any], provider: str, number: int) -> Arrival:
    at = f"request {number} to the provider"
    if about["format"] != provider:
        raise Wrong(Words(f"a request in the format {provider}"), Words(f"{about['format']} ({about['path']})"), at)
    if "body" not in about:
        raise Wrong(Words("text as its body"), Words("bytes that are no UTF-8"), at)
    body = about["body"].encode()
    return attrs.evolve(READERS[provider](parsed(body, f"{at} /"), about["path"]), body=body)


def is_mock(line: Line) -> bool:
    """Tell whether a mock answers at *line*."""
    try:
        return "open_streams" in line.json("GET", "/_mock/state")
    except (json.JSONDecodeError, TypeError):
        return False
