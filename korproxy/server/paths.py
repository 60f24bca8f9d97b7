"""Which path belongs to whom, and what to tell somebody who missed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from korproxy.errors.exceptions import BadRequest
from korproxy.kit.shortening import shortened

open_paths = frozenset({"/", "/healthz", "/api/hello"})  # answered to anybody: probes of tools and supervisors
MODELS = "/v1/models"
MODEL_LISTS = (MODELS, "/v1beta/models")  # OpenAI's, Anthropic's and Codex' clients ask the first, Google's either
_MANAGEMENT = (
    *("/v1/diagnostics", "/v1/errors", "/v1/providers", "/v1/routing", "/v1/reload", "/v1/accounts", "/v1/requests"),
    *("/errors", "/metrics", "/v1/metrics", "/v1/logs"),
)
_ALWAYS_LOCKED = ("/v1/diagnostics/bundle", "/v1/requests", "/v1/logs", "/v1/keys", "/v1/settings")


NO_PROXY = (
    "KorProxy is no forward proxy: give the tool its address as the base URL, and take it out of HTTP_PROXY and HTTPS_PROXY."
)


def is_for_a_proxy(target: str) -> bool:
    """Whether a request for *target* was meant for a forward proxy: it names a whole URL, or with CONNECT a host."""
    return not target.startswith("/") and target != "*"


def _under(path: str, prefixes: Sequence[str]) -> bool:
    return any(path == each or path.startswith(each + "/") for each in prefixes)


def is_management(path: str) -> bool:
    """Whether *path* is answered by the management application."""
    return _under(path, _MANAGEMENT)


def needs_key(method: str, path: str) -> bool:
    """Whether a management route asks for a key even where reads are open: all writes, and what tells of requests."""
    return method not in ("GET", "HEAD") or _under(path, _ALWAYS_LOCKED)


def fits(path: str, pattern: str) -> bool:
    """Whether *path* is what a format calls *pattern*: the same, but that ``{model}`` is the name of a model."""
    return path == pattern or ("{" in pattern and _compiled(pattern).fullmatch(path) is not None)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\{model\}", r".+"), re.DOTALL)


def model_question(path: str) -> tuple[str, str] | None:
    """Return which list of models *path* asks for, and for which one of them: all, where that is empty; None: for neither."""
    for models in MODEL_LISTS:
        if path == models:
            return models, ""
        if path.startswith(models + "/") and len(path) > len(models) + 1:
            return models, path[len(models) + 1 :]
    return None


def methods_at(path: str, calls: Collection[str]) -> tuple[str, ...]:
    """Return the methods that *path* takes outside the management API, none where nothing is.

    Args:
        calls: The paths of the formats that clients speak.
    """
    if path in open_paths:
        return ("GET", "HEAD")
    if any(fits(path, each) for each in calls):
        return ("POST",)
    return ("GET", "HEAD") if model_question(path) else ()


def wrong_path(path: str, known: Sequence[str]) -> BadRequest:
    """Return the error for a path nobody serves. Most such calls come from a base URL with a ``/v1`` too many or too few."""
    shown = shortened(path, 200)
    if is_for_a_proxy(path):
        return BadRequest("KP-SYS-506", f"Nothing is at {shown!r}. {NO_PROXY}")
    served = (*known, *MODEL_LISTS)
    if right := _fitting(path.rstrip("/"), served):
        return BadRequest("KP-SYS-506", f"Nothing is at {shown!r}; {right} is, without the slash at its end.")
    for other, advice in ((path.removeprefix("/v1"), "one /v1 less"), ("/v1" + path, "/v1 at its end")):
        if other != path and (right := _fitting(other, served)):
            return BadRequest("KP-SYS-506", f"Nothing is at {shown!r}; {right} is. The tool's base URL needs {advice}.")
    return BadRequest("KP-SYS-506", f"Nothing is at {shown!r}. Served are: {', '.join(sorted(served))}.")


def _fitting(path: str, served: Sequence[str]) -> str | None:
    return next((each for each in served if fits(path, each)), None)
