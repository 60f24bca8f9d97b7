"""What was posted to a management route."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from korproxy.errors.exceptions import BadRequest

NO_JSON = "KP-SYS-509"


async def posted_object() -> Mapping[str, Any]:
    """Return the JSON object that was posted."""
    from quart import request

    try:
        posted = json.loads(await request.get_data() or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest(NO_JSON, "The body is no JSON.") from None
    if not isinstance(posted, dict):
        raise BadRequest(NO_JSON, "The body is JSON, but no object.")
    return posted
