"""What the plugin finds, with programs and folders that stand in for the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

import attrs
import pytest
import trio
from korproxy_collect_gpu import ASKED, Gpu, Table, korproxy_collectors, korproxy_settings

from korproxy.api import ConfiguredProvider, PluginTable

FOLDER = Path(__file__).parents[1]
T = TypeVar("T")


@attrs.frozen
class Written:
    """Settings in which a user wrote just this ``[plugin.gpu]`` table."""

    gpu: Table
    demo: bool = False

    def plugin(self, name: str, table: type[T]) -> T:
        assert name == "gpu"
        assert isinstance(self.gpu, table)
        return self.gpu

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- as in the contract
        raise AssertionError(f"gpu reads no table of type {type}")


def nvidia_smi(folder: Path, does: str) -> str:
    """Make a program that stands in for NVIDIA's."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nimport sys\n{does}\n")
    program.chmod(0o755)
    return str(program)


async def test_nvidias_cards_are_told_as_their_program_tells_them(tmp_path: Path) -> None:
    wanted = f"--query-gpu={','.join(ASKED)}"
    lines = "RTX 4090, 550.54, 24564, 18230, 97, 71\nTesla K80, 470.1, 11441, [N/A], [Not Supported], 40\nnonsense\n"
    program = nvidia_smi(tmp_path, f"assert sys.argv[1] == {wanted!r}\nprint({lines!r})")
    found = await Gpu(Table(nvidia_smi=program, drm=str(tmp_path))).collect()

    assert found["notes"] == []
    assert found["cards"] == [
        {
            "vendor": "nvidia",
            "name": "RTX 4090",
            "driver": "550.54",
            "memory_mib": 24564,
            "memory_used_mib": 18230,
            "busy_percent": 97,
            "celsius": 71,
        },
        {
            "vendor": "nvidia",
            "name": "Tesla K80",
            "driver": "470.1",
            "memory_mib": 11441,
            "memory_used_mib": None,
            "busy_percent": None,
            "celsius": 40,
        },
    ]


async def test_amds_cards_are_read_from_where_linux_describes_them(tmp_path: Path) -> None:
    files = {"vendor": "0x1002\n", "device": "0x744c\n", "mem_info_vram_total": f"{24 * 1024**3}\n", "gpu_busy_percent": "12\n"}
    for card, vendor in (("card0", files), ("card1", {**files, "vendor": "0x8086\n"})):
        device = tmp_path / card / "device"
        device.mkdir(parents=True)
        for name, text in vendor.items():
            (device / name).write_text(text)
    found = await Gpu(Table(nvidia_smi="absent", drm=str(tmp_path))).collect()

    assert found == {
        "cards": [
            {"vendor": "amd", "name": "0x744c", "memory_mib": 24576, "memory_used_mib": None, "busy_percent": 12},
        ],
        "notes": ["There is no absent, so nothing is known of NVIDIA's cards."],
    }


async def test_a_program_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    program = nvidia_smi(tmp_path, "sys.exit('NVIDIA-SMI has failed because it could not talk to the driver')")
    found = await Gpu(Table(nvidia_smi=program, drm=str(tmp_path))).collect()

    assert found == {
        "cards": [],
        "notes": [f"{program} failed: NVIDIA-SMI has failed because it could not talk to the driver"],
    }


async def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy_collect_gpu.PATIENCE", 0.2)
    program = nvidia_smi(tmp_path, "import time\ntime.sleep(30)")
    found = await Gpu(Table(nvidia_smi=program, drm=str(tmp_path))).collect()

    assert found == {"cards": [], "notes": [f"{program} could not be asked: TimeoutExpired."]}


async def test_whoever_does_not_wait_for_it_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy_collect_gpu.PATIENCE", 0.2)
    collector = Gpu(Table(nvidia_smi=nvidia_smi(tmp_path, "import time\ntime.sleep(30)"), drm=str(tmp_path)))
    with trio.fail_after(10), trio.move_on_after(0.05) as scope:
        await collector.collect()
    await collector.collect()  # once the first one has given up, so that its thread is gone

    assert scope.cancelled_caught


def test_it_describes_its_table_and_offers_its_section() -> None:
    [collector] = korproxy_collectors(Written(Table()))

    assert list(korproxy_settings()) == [PluginTable("gpu", Table)]
    assert collector.name == "gpu"


def test_the_section_is_in_the_debug_bundle(tmp_path: Path) -> None:
    program = nvidia_smi(tmp_path, "print('RTX 4090, 550.54, 24564, 18230, 97, 71')")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "korproxy.toml").write_text(f"version = 1\n[plugin.gpu]\nnvidia_smi = {json.dumps(program)}\n")
    there = [] if entry_points(group="korproxy", name="gpu") else ["--plugins-dir", str(FOLDER)]
    command = [sys.executable, "-m", "korproxy", "debug-bundle", "--home", str(home), "--output", "-", *there]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, timeout=30, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sections"]["gpu"]["cards"][0]["name"] == "RTX 4090"
