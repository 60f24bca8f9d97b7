"""The home of the canary's KorProxy, and the processes that live in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from shutil import copyfile

import attrs
import trio

from korproxy.config.environment import environment
from korproxy.config.home import Home, prepare
from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary import planted
from korproxy.runtime.canary.places import IMPORTED, PLUGIN_FAILS, TABLE, TYPED, WRONG
from korproxy.runtime.canary.planting import Plant

NOT_PROVEN = "KP-SYS-542"
BY_NUMBER = (PLUGIN_FAILS, "fault in a format")  # places whose plants the plugin finds by their numbers
VARIABLE = "PLANTED_KEY"
READY_SECONDS, STOP_SECONDS, COMMAND_SECONDS = 20.0, 10.0, 20.0
READY = b'{"ready"'  # begins the line that the daemon prints once it answers
POLL = 0.02
LONGEST = 500  # characters of what it says where it does not start
SETTINGS = """
[server]
port = 0
lane = {lane}
[log]
level = "debug"
[redaction]
emails = true
[providers.canary]
type = "compatible"
base_url = "{upstream}"
[[providers.canary.accounts]]
name = "work"
key = "env:{variable}"
[providers.refused]
type = "compatible"
base_url = "{upstream}"
[[providers.refused.accounts]]
name = "work"
key = "file:secrets/planted"
"""


@attrs.frozen(kw_only=True)
class House:
    """A home in *path*, and beside it what its processes say.

    Attributes:
        program: The command line of KorProxy, without arguments.
        key: The key that is configured, by a variable and by a file.
        lane: Whether clients are served by the lane, or by Hypercorn alone.
    """

    path: Path
    program: Sequence[str]
    key: str = attrs.field(repr=False)
    lane: bool = True

    @property
    def home(self) -> Home:
        """The home itself."""
        return Home(path=self.path / "home")

    @property
    def plugins(self) -> Path:
        """The folder of its plugin."""
        return self.path / "plugins"

    def command(self, *args: str) -> list[str]:
        """Return a command line of its KorProxy."""
        return [*self.program, "--home", str(self.home.path), "--plugins-dir", str(self.plugins), *args]

    @property
    def _surroundings(self) -> dict[str, str]:
        return environment(**{VARIABLE: self.key, "NO_COLOR": "1", "COLUMNS": "200"})

    def configuration(self, upstream: str, plants: Sequence[Plant]) -> str:
        """Return a korproxy.toml with the plants that are to be in one."""
        parts = [
            SETTINGS.format(upstream=upstream, variable=VARIABLE, lane=str(self.lane).lower()),
            '[providers.typed]\ntype = "compatible"',
        ]
        parts.append(f'base_url = "{upstream}"')
        parts += [
            f'[[providers.typed.accounts]]\nname = "{each.marker}"\nkey = {_quoted(each.text)}'
            for each in plants
            if each.place == TYPED
        ]
        parts.append("[plugin.nobody]")
        parts += [f"{each.marker}_key = {_quoted(each.text)}" for each in plants if each.place == TABLE]
        return "\n".join(parts) + "\n"

    def furnish(self, upstream: str, plants: Sequence[Plant]) -> None:
        """Write the configuration, the secret's file and the plugin with what it is to let out."""
        prepare(self.home)
        self.home.toml.write_text(self.configuration(upstream, plants), encoding="utf-8")
        secret = self.home.secrets / "planted"
        secret.touch(mode=0o600)
        secret.write_text(self.key, encoding="utf-8")
        self.plugins.mkdir()
        copyfile(planted.__file__, self.plugins / "planted.py")
        for each in plants:
            if each.place == IMPORTED:
                (self.plugins / f"broken_{each.number}.py").write_text(f"raise RuntimeError({each.text!r})\n", encoding="utf-8")
        (self.plugins / "planted.json").write_text(json.dumps(_by_place(plants)), encoding="utf-8")

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[int]:
        """Run its daemon for the block, and let it end in peace; yields its port.

        Raises:
            CommandFailed: It does not start.
        """
        out, err = self.path / "stdout", self.path / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            start = partial(
                trio.run_process,
                self.command("run", "--port", "0", "--json"),
                stdout=stdout,
                stderr=stderr,
                check=False,
                env=self._surroundings,
            )
            async with trio.open_nursery() as nursery:
                process: trio.Process = await nursery.start(start)
                try:
                    yield await _port(out, err, process)
                finally:
                    process.terminate()
                    with trio.move_on_after(STOP_SECONDS, shield=True):
                        await process.wait()
                    process.kill()  # which does nothing to one that has ended

    async def run(self, *args: str, fine: int = 0) -> bytes:
        """Run one command to its end; return what it said on both of its channels.

        Args:
            fine: The exit code that it has to have.

        Raises:
            CommandFailed: KP-SYS-542: it has another, or does not end.
        """
        with trio.move_on_after(COMMAND_SECONDS):
            done = await trio.run_process(
                self.command(*args), capture_stdout=True, stderr=subprocess.STDOUT, check=False, env=self._surroundings
            )
            said = bytes(done.stdout or b"")
            if done.returncode == fine:
                return said
            text = " ".join(said.decode("utf-8", "backslashreplace").split())
            raise CommandFailed(NOT_PROVEN, f"`korproxy {' '.join(args)}` ended with {done.returncode}: {text[:LONGEST]}")
        raise CommandFailed(NOT_PROVEN, f"`korproxy {' '.join(args)}` was not done within {COMMAND_SECONDS:g} s.")


def _by_place(plants: Sequence[Plant]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for each in plants:
        number = f"{each.number} " if each.place in BY_NUMBER else ""
        found.setdefault(each.place, []).append(number + each.text)
    return found


def mistaken(plants: Sequence[Plant]) -> str:
    """Return a korproxy.toml with the plants that are to be in mistakes, each in three."""
    parts = [
        f'[providers.{each.marker}]\ntype = "compatible"\nbase_url = {_quoted(each.text)}\nmax_queue = {_quoted(each.text)}\n'
        f"{_quoted(each.text)} = 1"
        for each in plants
        if each.place == WRONG
    ]
    return "\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text)  # which is a string in TOML, too


async def _port(out: Path, err: Path, process: trio.Process) -> int:
    """Wait for the daemon's first line, and return the port in it."""
    with trio.move_on_after(READY_SECONDS):
        while process.returncode is None:
            line, end, _ = (await trio.Path(out).read_bytes()).partition(b"\n")
            if end and line.startswith(READY):
                url: str = json.loads(line)["ready"]["urls"][0]
                return int(url.rpartition(":")[2])
            await trio.sleep(POLL)
    said = [await trio.Path(each).read_text(errors="backslashreplace") for each in (out, err)]
    text = " ".join(" ".join(said).split()) or "it says nothing"
    raise CommandFailed(NOT_PROVEN, f"The KorProxy of the self-test did not start: {text[-LONGEST:]}")
