"""kill -9 while the configuration is written, and files that were cut off: KorProxy reads the old or the new, and starts.

What a machine loses with its power is not tested by killing: tests/unit/config/test_durable.py shows the order of the calls.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from korproxy.config.changing import update_routing
from korproxy.config.home import Home, prepare
from korproxy.config.reading import read_all, read_last_good
from korproxy.config.routing_edit import set_safe_mode
from tests.fakes.config_writer import Mark, begin, mark_of
from tests.fakes.process import daemon

ROOT = Path(__file__).parents[2]
FILES = ("korproxy.toml", "accounts.toml", "routing.toml")
ROUND = 4  # a writer is killed in one of its first changes
LONGEST = 0.03  # seconds of a change until it is killed: most take less

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nobody is killed like that there")


@attrs.define
class Writers:
    """Writers of one home, one after the other."""

    home: Home
    process: subprocess.Popen[str]
    kept: set[Mark] = attrs.field(factory=set)

    def life(self, order: str, kill: tuple[int, float] | None = None) -> tuple[Mark, Mark, int]:
        """Let a writer live; return what was there before its last change, that change, and how it ended.

        Args:
            kill: After that many changes, and then that many seconds, kill it.
        """
        assert self.process.stdin is not None
        before = begun = mark_of(read_all(self.home))
        self.kept.add(before)
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        child, changes = 0, 0
        for what, said in self._lines():
            match what:
                case "child":
                    child = said
                case "begin":
                    begun = tuple(said)
                    changes += 1
                    if kill and changes == kill[0]:
                        time.sleep(kill[1])  # what is tested: at any moment
                        os.kill(child, signal.SIGKILL)
                case "done":
                    before = begun
                    self.kept.add(before)
                case "ended":
                    return before, begun, said
        raise AssertionError("the writers are gone")

    def _lines(self) -> Iterator[tuple[str, Any]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            what, said = json.loads(line)
            yield what, said


@contextmanager
def writers(path: Path) -> Iterator[Writers]:
    """Make a configuration in the home *path*, and let writers change it for the block."""
    home = Home(path=path)
    begin(home)
    program = [sys.executable, "-m", "tests.fakes.config_writer", str(path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield Writers(home, process)
        finally:
            process.kill()


def look_at(home: Home, old: Mark, new: Mark, kept: set[Mark]) -> None:
    """Read what a killed writer left: *old* or *new*, strictly; what was kept is a whole set that there once was."""
    assert mark_of(read_all(home, fall_back=False)) in (old, new)
    last = read_last_good(home)
    assert last is not None
    assert mark_of(last) in kept


def test_a_writer_killed_at_any_call_of_the_system_leaves_the_old_or_the_new(home: Path) -> None:
    ends = []
    with writers(home) as several:
        for calls in range(1000):
            old, new, end = several.life(str(calls))
            look_at(several.home, old, new, several.kept | {new})
            ends.append(end)
            if end == 0:
                break

    assert set(ends[:-1]) == {-signal.SIGKILL}
    assert len(ends) > 100  # there are that many calls, and every one was the last of a writer


@pytest.mark.parametrize(
    ("lives", "starts"),
    [
        pytest.param(12, 1, id="a dozen"),
        pytest.param(200, 10, id="two hundred", marks=pytest.mark.slow),
    ],
)
def test_killed_at_random_moments_it_is_the_old_or_the_new_and_the_daemon_starts(home: Path, lives: int, starts: int) -> None:
    chance = random.Random(lives)
    left_over = 0
    with writers(home) as several:
        for number in range(lives):
            old, new, end = several.life("random", (chance.randint(1, ROUND), chance.uniform(0, LONGEST)))
            assert end == -signal.SIGKILL
            left_over += (home / "pending.json").exists() or any(home.glob(".*.draft"))
            look_at(several.home, old, new, several.kept)
            if number % (lives // starts) == 0:
                starts_with(home, {old, new})
    assert left_over > 0, "no one was killed in the midst of a write"

    update_routing(several.home, lambda now: set_safe_mode(now, on=True, since="now"))
    assert not [*home.glob(".*.draft"), *home.glob("pending.json")]


def starts_with(home: Path, expected: set[Mark]) -> None:
    """Start the daemon in *home*: it comes up, and what it then keeps as the last good configuration is what it found."""
    with daemon(home) as running:
        assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200
        running.ask_to_stop()
        assert running.wait() == 0
    assert mark_of(read_all(Home(path=home), fall_back=False)) in expected


@pytest.fixture
def sound(home: Path) -> Home:
    found = Home(path=home)
    prepare(found)
    begin(found)
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_at_any_byte_still_gives_a_configuration(sound: Home, name: str) -> None:
    whole, good = read_all(sound), {each: (sound.path / each).read_bytes() for each in FILES}
    kept_whole = 0
    for length in range(len(good[name])):
        (sound.path / name).write_bytes(good[name][:length])
        loaded = read_all(sound)
        assert {each: loaded.source[each] for each in FILES if each != name} == dict.fromkeys({*FILES} - {name}, "file")
        if loaded.source[name] == "last good":
            kept_whole += 1
            assert (loaded.root, loaded.added, loaded.routing) == (whole.root, whole.added, whole.routing)
            assert [each.code for each in loaded.notices if each.path.endswith(name)] == ["KP-CONF-221"]
        else:  # the user's own: whole lines of it may be all that is meant
            whole_lines = name == "korproxy.toml" and good[name][:length].endswith(b"\n")
            assert whole_lines or length == len(good[name]) - 1  # nothing is missing but the last line break

    assert kept_whole >= len(good[name]) - good[name].count(b"\n") - 1


@pytest.mark.parametrize("name", FILES)
def test_the_daemon_starts_with_a_file_that_was_cut(sound: Home, name: str) -> None:
    raw = (sound.path / name).read_bytes()
    (sound.path / name).write_bytes(raw[: len(raw) * 2 // 3])

    with daemon(sound.path) as running:
        assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200
        running.ask_to_stop()
        assert running.wait() == 0
