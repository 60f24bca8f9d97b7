"""Answers of the management API as Quart sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from korproxy.errors.exceptions import BadRequest, KorproxyError
from korproxy.kit.shortening import shortened
from korproxy.kit.writing import json_bytes
from korproxy.server.faults import FaultWriter, plain_error

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response


def said(data: Mapping[str, Any], status: int = 200) -> Response:
    """Return *data* as JSON."""
    from quart import Response

    return Response(json_bytes(data), status, content_type="application/json")


def refused(error: KorproxyError, faults: FaultWriter) -> Response:
    """Return *error* as everybody reads errors whose format is not known."""
    from quart import Response, request

    fault = faults.fault(error, f"http://{request.host}")
    headers = {name.decode(): value.decode() for name, value in faults.headers(error, fault)}
    return Response(plain_error(fault), fault.status, headers)


def unknown_code(code: str, faults: FaultWriter) -> Response:
    """Return the error for a *code* that there is not."""
    return refused(BadRequest("KP-SYS-506", f"There is no error code {shortened(code, 60)!r}."), faults)
