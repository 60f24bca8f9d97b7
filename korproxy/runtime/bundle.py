"""The debug bundle: all that helps to find out whose fault something is, in one JSON document without secrets.

``bundle_schema`` says what is in it. A part that cannot be had says so in its place, and costs no other part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import trio

from korproxy.config.exchange import exported
from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from korproxy.gateway.why import Story
from korproxy.models.clock import timestamp
from korproxy.models.searching import WantedRequests
from korproxy.plugins.report import data
from korproxy.runtime.compose import Composition
from korproxy.runtime.fitting import fitted, shortened
from korproxy.runtime.lately import failures, of_accounts, with_accounts
from korproxy.runtime.supervise import described
from korproxy.version import VERSION

FORMAT, FORMAT_VERSION = "korproxy-debug-bundle", 1
PATIENCE = 8.0  # seconds for each part, all at once; collectors have 5 of their own
TIMES = ("oldest_request", "metrics_since", "tidied")  # of the store
LINES, ROWS, DAY = 100, 20, 86400.0
ABOUT = (
    "Made by KorProxy for whoever looks for a fault. It holds no prompts and no answers, and everything that looks like a"
    " secret was replaced by ***REDACTED***. Nothing was sent anywhere. Look through it before you share it."
)
# Bytes that each part may take as JSON; together they stay below 2 MB.
ROOM: Mapping[str, int] = {
    "korproxy": 60_000,
    "system": 20_000,
    "configuration": 250_000,
    "plugins": 60_000,
    "providers": 200_000,
    "log": 300_000,
    "metrics": 150_000,
    "failures": 250_000,
    "supervision": 50_000,
    "store": 20_000,
    "sections": 200_000,
    "repro": 350_000,
}
SECTION = 50_000  # and each section of "sections"

Part: TypeAlias = Callable[[], Awaitable[Any]]


@attrs.frozen(kw_only=True)
class Known:
    """What a bundle is made of. Each mapping may be ``{"error": ...}`` in place of what it should say.

    Attributes:
        asked: Who says it: the ``daemon``, or only the ``files`` of its home.
        korproxy: The process itself.
        providers: As ``Health.providers`` tells them.
        stories, rows: The last requests, the newest first.
        repro: The shape of a request that failed; None: none was asked for.
        remarks: What whoever reads it should know.
    """

    asked: str
    korproxy: Mapping[str, Any]
    configuration: Mapping[str, Any]
    plugins: Sequence[Mapping[str, Any]]
    providers: Sequence[Mapping[str, Any]]
    log: Mapping[str, Any]
    metrics: Mapping[str, Any]
    supervision: Mapping[str, Any] | None
    store: Mapping[str, Any]
    sections: Mapping[str, Any]
    stories: Sequence[Story] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    repro: Mapping[str, Any] | None = None
    remarks: Sequence[str] = ()


def bundle_of(known: Known, redactor: Redactor, *, now: float) -> dict[str, Any]:
    """Return the bundle: redacted, in JSON's own types, below 2 MB. Takes its time: not for the Trio thread.

    Args:
        now: Seconds since the epoch.
    """
    sections = dict(known.sections)
    parts: dict[str, Any] = {
        "korproxy": known.korproxy,
        "system": sections.pop("system", {}),
        "configuration": known.configuration,
        "plugins": known.plugins,
        "providers": with_accounts(known.providers, of_accounts(known.stories, known.rows)),
        "log": known.log,
        "metrics": known.metrics,
        "failures": failures(known.stories, known.rows),
        "supervision": known.supervision,
        "store": known.store,
        "sections": sections,
        "repro": known.repro,
    }
    cut: list[str] = []
    for name, each in sections.items():  # so that one that tells too much costs the others nothing
        sections[name], left_out = _fitted(each, f"sections.{name}", SECTION, redactor)
        cut += left_out
    for name, part in parts.items():
        parts[name], left_out = _fitted(part, name, ROOM[name], redactor)
        cut += left_out
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "about": ABOUT,
        "version": VERSION,
        "made_at": timestamp(now),
        "asked": known.asked,
        "remarks": [redactor.redact(each) for each in known.remarks],
        **parts,
        "cut": [redactor.redact(each) for each in shortened(cut, 50)],
    }


def _fitted(part: Any, name: str, room: int, redactor: Redactor) -> tuple[Any, list[str]]:
    try:
        found, cut = fitted(clean(part, redactor), room, name)
    except Exception as exc:  # noqa: BLE001 -- a plugin's section may be anything, even something that holds itself
        found, cut = None, [f"{name}: all of it left out: {described(exc)}"]
    if found is None and part is not None:
        return ([] if isinstance(part, list | tuple) else {"error": "left out"}), cut
    return found, cut


async def gathered(parts: Mapping[str, Part], patience: float = PATIENCE) -> dict[str, Any]:
    """Ask for all *parts* at once; one that fails, or takes longer than *patience* seconds, is ``{"error": ...}``."""
    found: dict[str, Any] = {}
    async with trio.open_nursery() as nursery:
        for name, ask in parts.items():
            nursery.start_soon(_gather, name, ask, patience, found)
    return found


async def _gather(name: str, ask: Part, patience: float, found: dict[str, Any]) -> None:
    found[name] = {"error": f"no answer within {patience:g} s"}
    try:
        with trio.move_on_after(patience):
            found[name] = await ask()
    except (Exception, SystemExit) as exc:  # noqa: BLE001 -- the worse things stand, the more a bundle is needed
        found[name] = {"error": described(exc)}


async def recent(parts: Composition, ask: Callable[[WantedRequests], Awaitable[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the last rows of each provider: one that is hardly used has its last success long before the last row of all."""
    found = [await ask(WantedRequests(provider=each.id, most=ROWS)) for each in parts.providers]
    return {"requests": rows_of(*found)}


def configured(parts: Composition) -> dict[str, Any]:
    """Return the configuration in force: secrets masked, references as they are. It reads TOML: not for the Trio thread."""
    return {
        "files": exported(parts.loaded),
        "source": dict(parts.loaded.source),
        "problems": [attrs.asdict(each) for each in (*parts.loaded.problems, *parts.problems)],
        "warnings": [attrs.asdict(each) for each in parts.warnings],
    }


def plugins(parts: Composition) -> list[Mapping[str, Any]]:
    """Return what became of each plugin."""
    listed: Any = data(parts.host.states)["plugins"]
    return list(listed)


def with_times(store: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the *store* says of itself with times that people can read."""
    told = {name: each for name in TIMES if isinstance(each := store.get(name), int | float)}
    return {**store, **{name: timestamp(each) for name, each in told.items()}}


def rows_of(*answers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows in *answers* of the history, each once, the newest first."""
    rows = {str(row.get("id")): row for each in answers for row in _listed(each.get("requests"))}
    return sorted(rows.values(), key=lambda row: -float(row.get("at") or 0.0))


def _listed(found: object) -> Iterable[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list | tuple) else []
