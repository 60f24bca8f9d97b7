"""Paths and credentials, as the formats share them. Pure."""

from urllib.parse import parse_qs, unquote

from korproxy_mock.formats import Route
from korproxy_mock.record import Received


def split_path(received: Received, *, chat: str, versioned: bool) -> Route | None:
    """Match the end of a path; what stands in front of it is the provider.

    Args:
        received: The request.
        chat: The path of a conversation, without ``/v1``; longer paths below it are not matched.
        versioned: ``/v1`` must stand in front; else it may be missing.
    """
    path = received.path.rstrip("/")
    if received.method == "POST" and path.endswith(chat):
        return _placed(path.removesuffix(chat), action="chat", versioned=versioned)
    if received.method != "GET":
        return None
    if path.endswith("/models"):
        return _placed(path.removesuffix("/models"), action="models", versioned=versioned)
    front, found, model = path.partition("/models/")  # a model's name may hold slashes
    if found and model:
        return _placed(front, action="model", versioned=versioned, model=unquote(model))
    return None


def _placed(front: str, *, action: str, versioned: bool, model: str | None = None) -> Route | None:
    if versioned and not front.endswith("/v1"):
        return None
    return Route(action=action, provider=front.removesuffix("/v1").strip("/"), model=model)


def bearer(received: Received) -> str | None:
    """Return the token of ``Authorization: Bearer``."""
    scheme, _, token = (received.header("authorization") or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def masked(key: str) -> str:
    """Show a key like vendors do: its ends only."""
    ends = 8
    return key if len(key) <= ends else f"{key[:4]}{'*' * (len(key) - ends)}{key[-4:]}"


def query(received: Received, name: str) -> str | None:
    """Return the first value of a parameter of the query."""
    return next(iter(parse_qs(received.query).get(name, ())), None)
