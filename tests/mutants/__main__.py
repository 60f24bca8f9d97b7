"""``python -m tests.mutants``: plant faults in the translators, one at a time, and see whether the tests notice.

Each mutant is a copy of KorProxy with one fault (``tests/mutants/mutating.py``) in a reader or writer of one format, chosen by
the seed, as many of each format. It is killed by the tests of the format itself, else by the conformance suite, else by the
tests of all formats together; what survives is printed with its code, to be explained. Figures are on the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import attrs

from tests.mutants.mutating import Mutant, Place, mutant, places

ROOT = Path(__file__).parents[2]
DIALECTS = Path("korproxy/builtin/dialects")
FORMATS = {"openai-chat": "chat_format", "anthropic-messages": "messages_format", "gemini": "gemini_format"}
FORMATS["openai-responses"] = "responses_format"
KILLERS = ("own tests", "conformance", "other tests", "survived")
LONGEST = 900.0  # seconds that a run may take; one that hangs is killed, too


@attrs.frozen(kw_only=True)
class Planted:
    """A mutant, and where it is planted."""

    format: str
    path: Path
    mutant: Mutant

    @property
    def name(self) -> str:
        """What it is, in one line."""
        return f"{self.path.relative_to(DIALECTS)} {self.mutant.name}"


def chosen(count: int, seed: int) -> list[Planted]:
    """Return *count* mutants, as many of each format as of any other, chosen by *seed*."""
    choice = random.Random(seed)
    found = []
    for number, (name, folder) in enumerate(sorted(FORMATS.items())):
        share = count // len(FORMATS) + (number < count % len(FORMATS))
        found += [_planted(name, path, place) for path, place in choice.sample(_all(folder), share)]
    return found


def _all(folder: str) -> list[tuple[Path, Place]]:
    paths = sorted((ROOT / DIALECTS / folder).glob("*.py"))
    return [(path, place) for path in paths for place in places(path.read_text(encoding="utf-8"))]


def _planted(name: str, path: Path, place: Place) -> Planted:
    return Planted(format=name, path=path.relative_to(ROOT), mutant=mutant(path.read_text(encoding="utf-8"), place))


def _copy(into: Path) -> None:
    into.mkdir()
    for name in ("korproxy", "tests", "plugins", "pyproject.toml", "fuzz", "docs", "README.md", "tox.ini", ".ci", ".github"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy(source, into / name)


def _run(command: Sequence[str], copy: Path) -> tuple[bool, str]:
    """Return whether *command* went well with the copy of KorProxy in *copy*, and the last line that it said."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "ci"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return False, "it did not end"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode == 0, lines[-1] if lines else ""


def _suites(planted: Planted, scratch: Path) -> list[tuple[str, list[str]]]:
    """Return who may kill *planted*, in order, and by which command."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--basetemp={scratch}"]
    own = f"tests/unit/builtin/dialects/{FORMATS[planted.format]}"
    return [
        ("own tests", [*pytest, own]),
        ("conformance", [sys.executable, "-m", "korproxy_conformance"]),
        ("other tests", [*pytest, "tests/unit/builtin/dialects", f"--ignore={own}", "tests/contract"]),
    ]


def _judge(planted: Planted, copy: Path) -> tuple[str, str]:
    """Return who kills *planted* (one of ``KILLERS``, the last of which is nobody), and what was said last."""
    target = copy / planted.path
    before = target.read_text(encoding="utf-8")
    target.write_text(planted.mutant.source, encoding="utf-8")
    try:
        for killer, command in _suites(planted, copy / "scratch"):
            well, said = _run(command, copy)
            if not well:
                return killer, said
        return "survived", ""
    finally:
        target.write_text(before, encoding="utf-8")


def _played(found: Sequence[Planted], jobs: int) -> Iterator[tuple[Planted, str, str, float]]:
    """Play *found* in as many copies as there are *jobs*; yield each with its killer, what that said, and seconds."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as workers:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(Path(folder, str(number)))
            _copy(Path(folder, str(number)))

        def play(planted: Planted) -> tuple[Planted, str, str, float]:
            copy, began = copies.get(), time.monotonic()
            try:
                return planted, *_judge(planted, copy), time.monotonic() - began
            finally:
                copies.put(copy)

        yield from workers.map(play, found)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Play all mutants; 1 where the suites fail without any."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many are played at once")
    parser.add_argument("--list", action="store_true", help="print the mutants, and play none")
    parser.add_argument("--json", type=Path, help="write what came of each to this file")
    said = parser.parse_args()
    found = chosen(said.count, said.seed)
    if said.list:
        _say("\n".join(each.name for each in found))
        return 0
    well, last = _run([sys.executable, "-m", "korproxy_conformance"], ROOT)
    if not well:
        _say(f"the suite fails without any mutant: {last}")
        return 1
    results = []
    for number, (each, killer, last, seconds) in enumerate(_played(found, said.jobs), 1):
        results.append({"mutant": each.name, "format": each.format, "killer": killer, "said": last})
        _say(f"{number:3} {killer:11} {seconds:5.0f} s  {each.name}  {last}")
    if said.json:
        said.json.write_text(json.dumps(results, indent=2))
    by = {killer: sum(each["killer"] == killer for each in results) for killer in KILLERS}
    killed = len(results) - by[KILLERS[-1]]
    _say(f"mutants: {killed} of {len(results)} killed; " + ", ".join(f"{killer} {count}" for killer, count in by.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
