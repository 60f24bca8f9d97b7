"""A section of the diagnostics: the graphics cards of this machine. An example of a collector, to copy from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Collector, PluginTable, Settings, hookimpl

if TYPE_CHECKING:
    import trio

PATIENCE = 4.0  # seconds; KorProxy gives a collector 5
MOST = 16  # cards
AMD = "0x1002"
ASKED = {  # nvidia-smi's name -> ours; none that would tell one card from all others, as a serial number does
    "name": "name",
    "driver_version": "driver",
    "memory.total": "memory_mib",
    "memory.used": "memory_used_mib",
    "utilization.gpu": "busy_percent",
    "temperature.gpu": "celsius",
}


@attrs.frozen(kw_only=True)
class Table:
    """The ``[plugin.gpu]`` table of korproxy.toml.

    Attributes:
        nvidia_smi: The program that knows NVIDIA's cards.
        drm: The folder in which Linux describes AMD's.
    """

    nvidia_smi: str = "nvidia-smi"
    drm: str = "/sys/class/drm"


@attrs.frozen(slots=False)  # for the limiter
class Gpu:
    """The section ``gpu``."""

    table: Table = attrs.field(factory=Table)
    name: str = "gpu"

    async def collect(self) -> Mapping[str, object]:
        """Return what the cards are and do, and in words what could not be found out."""
        import trio  # not at the top: commands that only list plugins import this module, too

        # In a thread that can be left behind: where a driver hangs, the program that asks it cannot even be killed.
        return await trio.to_thread.run_sync(self.look, abandon_on_cancel=True, limiter=self._one_at_a_time)

    @cached_property
    def _one_at_a_time(self) -> trio.CapacityLimiter:
        """However often somebody asks: no more than one thread hangs."""
        import trio

        return trio.CapacityLimiter(1)

    def look(self) -> dict[str, object]:
        """Do what ``collect`` promises. Blocks."""
        notes: list[str] = []
        cards = [*_nvidia(self.table.nvidia_smi, notes), *_amd(Path(self.table.drm))]
        return {"cards": cards[:MOST], "notes": notes}


def _nvidia(program: str, notes: list[str]) -> Iterator[dict[str, object]]:
    import shutil  # as above: nobody needs them before somebody asks
    import subprocess

    found = shutil.which(program)
    if found is None:
        notes.append(f"There is no {program}, so nothing is known of NVIDIA's cards.")
        return
    command = [found, f"--query-gpu={','.join(ASKED)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as exc:
        notes.append(f"{program} could not be asked: {type(exc).__name__}.")
        return
    if done.returncode:
        notes.append(f"{program} failed: {(done.stdout or done.stderr).strip()[:200]}")
        return
    for line in done.stdout.splitlines():
        cells = [each.strip() for each in line.split(",")]
        if len(cells) == len(ASKED):
            yield {"vendor": "nvidia", **dict(zip(ASKED.values(), map(_value, cells), strict=True))}


def _value(cell: str) -> object:
    """Return a number where it is one; None for what the card does not say."""
    if cell.startswith("["):  # [N/A], [Not Supported]
        return None
    return int(cell) if cell.isdecimal() else cell


def _amd(drm: Path) -> Iterator[dict[str, object]]:
    for folder in sorted(drm.glob("card[0-9]*/device")):
        if _read(folder / "vendor") != AMD:
            continue
        total, used, busy = (_read(folder / each) for each in ("mem_info_vram_total", "mem_info_vram_used", "gpu_busy_percent"))
        yield {
            "vendor": "amd",
            "name": _read(folder / "device"),
            "memory_mib": _mib(total),
            "memory_used_mib": _mib(used),
            "busy_percent": int(busy) if busy.isdecimal() else None,
        }


def _read(file: Path) -> str:
    with suppress(OSError, ValueError):
        return file.read_text().strip()[:100]
    return ""


def _mib(size: str) -> int | None:
    return int(size) // 1024**2 if size.isdecimal() else None


@hookimpl
def korproxy_settings() -> Iterable[PluginTable]:
    """Describe ``[plugin.gpu]``."""
    yield PluginTable("gpu", Table)


@hookimpl
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Offer the section."""
    yield Gpu(settings.plugin("gpu", Table))
