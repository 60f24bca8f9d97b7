"""A request that is only thought of: to see where it would go. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from korproxy.contracts import Dialect
from korproxy.errors.exceptions import BadRequest, NoProvider
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Call, Headers
from korproxy.runtime.format_guess import guess_format
from korproxy.server.routes import Routes

NO_REQUEST, NO_MODEL, NO_FORMAT = "KP-SYS-509", "KP-SYS-519", "KP-PROV-113"
KEY = "client"


def trial(posted: Mapping[str, Any], dialects: Mapping[str, Dialect]) -> tuple[Call, frozenset[str]]:
    """Return the call that *posted* describes, and who is not to be asked.

    ``body`` is the request's body, as text or as an object, and all that is needed. ``path`` is where it would be sent to, else
    ``format`` says what it is written in, else that is guessed. ``headers`` are its headers, ``key`` is the name of the
    client's key, ``model`` the model where the body says none, ``without`` a list of ``provider`` and ``provider/account``.

    Raises:
        BadRequest: Something of it cannot be read (KP-SYS-509), or says no model (KP-SYS-519).
        NoProvider: There is no such format (KP-PROV-113).
    """
    body, document = _body(posted)
    dialect, path = _where(posted, document, dialects)
    given = posted.get("headers", {})
    if not isinstance(given, Mapping):
        raise BadRequest(NO_REQUEST, '"headers" has to be an object: names and values.')
    headers = Headers(tuple((str(name).lower().encode(), str(value).encode()) for name, value in given.items()))
    call = Call(
        id="",
        correlation_id="",
        dialect=dialect.name,
        path=path,
        peek=dialect.peek(path, body),
        body=body,
        headers=headers,
        key_name=_text(posted, "key") or KEY,
    )
    without = posted.get("without", [])
    if not isinstance(without, list) or not all(isinstance(each, str) for each in without):
        raise BadRequest(NO_REQUEST, '"without" has to be a list of accounts: "provider/account".')
    return call, frozenset(without)


def _body(posted: Mapping[str, Any]) -> tuple[bytes, Mapping[str, Any]]:
    given = posted.get("body")
    try:
        document = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        raise BadRequest(NO_REQUEST, "The request is not JSON.") from None
    if not isinstance(document, dict):
        raise BadRequest(NO_REQUEST, '"body" has to be the request: a JSON object, or the text of one.')
    return (given if isinstance(given, str) else json.dumps(given)).encode(), document


def _where(posted: Mapping[str, Any], document: Mapping[str, Any], dialects: Mapping[str, Dialect]) -> tuple[Dialect, str]:
    path, model = _text(posted, "path"), _text(posted, "model")
    if path:
        found = Routes(dialects).dialect(path)
        if found is None:
            raise NoProvider(NO_FORMAT, f"No format has the path {shortened(path, 100)!r}.")
        return found, path
    name = _text(posted, "format") or guess_format(document)
    spoken = {each.name: each for each in dialects.values() if each.paths}
    if name not in spoken:
        raise NoProvider(
            NO_FORMAT, f"KorProxy reads no requests in the format {shortened(name, 100)!r}. It reads: {', '.join(spoken)}."
        )
    path = spoken[name].paths[0]
    if "{model}" in path and not model:
        raise BadRequest(NO_MODEL, f'A request in the format {name} does not say the model itself: "model" has to.')
    return spoken[name], path.replace("{model}", model)


def _text(posted: Mapping[str, Any], name: str) -> str:
    found = posted.get(name, "")
    if not isinstance(found, str):
        raise BadRequest(NO_REQUEST, f'"{name}" has to be a text.')
    return found
