"""What the running daemon makes of changed files: it is asked to read them again, and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from korproxy.contracts import Applied
from korproxy.errors.exceptions import CommandFailed, Problem

if TYPE_CHECKING:
    from korproxy.cli.context import Context

RELOAD = "/v1/reload"
PATIENCE = 60.0  # seconds: plugins are asked anew, and files may be far away
UNDONE = 409  # the status of a reload that was not done


def take_effect(cli: Context, *, about: str | None = None, **changed: Any) -> Applied:
    """Ask the daemon of *cli*'s home to reload, if one runs.

    Args:
        about: Of what the daemon warns of, only what is about places that begin so is passed on; None: nothing.
        changed: What ``Applied`` says of the files.
    """
    running = cli.running()
    if running is None:
        return Applied(**changed)
    if running.get("demo") is True:
        return Applied(daemon="demo", **changed)
    try:
        said = cli.talk("POST", RELOAD, {}, patience=PATIENCE, fine=(200, UNDONE))
    except CommandFailed as exc:
        return Applied(daemon="silent", problems=(Problem(code=exc.code, path=RELOAD, message=exc.detail),), **changed)
    return _applied(said, about, **changed)


def _applied(said: Mapping[str, Any], about: str | None, **changed: Any) -> Applied:
    known = changed.pop("warnings", ())
    warned = [] if about is None else [each for each in problems_of(said.get("warnings")) if each.path.startswith(about)]
    return Applied(
        daemon="in force" if said.get("ok") is True else "refused",
        generation=said["generation"] if isinstance(said.get("generation"), int) else None,
        problems=problems_of(said.get("problems")),
        warnings=tuple(dict.fromkeys([*known, *warned])),
        restart=tuple(each for each in said.get("restart") or () if isinstance(each, str)),
        **changed,
    )


def problems_of(said: Any) -> tuple[Problem, ...]:
    """Return the problems in an answer of the daemon; what is none is left out."""
    listed: Sequence[Any] = said if isinstance(said, list) else ()
    return tuple(
        Problem(code=each["code"], path=each["path"], message=each["message"])
        for each in listed
        if isinstance(each, dict) and all(isinstance(each.get(name), str) for name in ("code", "path", "message"))
    )
