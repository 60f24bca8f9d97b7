"""What every command gets (``@click.pass_obj``): ``contracts.Cli``, and the little more that the core's own commands need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from korproxy.cli.options import Chosen

if TYPE_CHECKING:  # `korproxy --version` makes a Context, too, and pays for none of these
    from korproxy.cli.commands import PluginCommands
    from korproxy.config.home import Home
    from korproxy.config.keys import Keys
    from korproxy.contracts import Configuration, Explanation, Insight
    from korproxy.errors.codes import Registry


class Context:
    """One command line: what it asked for, and the ways to do it. Nothing is imported or read before it is needed.

    Attributes:
        chosen: What the global options say; complete when a command's function runs, not before.
        core: The names of commands that no plugin can have.
    """

    def __init__(self, core: Collection[str] = ()) -> None:
        self.chosen = Chosen()
        self.core = core

    @cached_property
    def files(self) -> Home:
        """The names of the files in the home."""
        from korproxy.config.home import find_home

        return find_home(self.chosen.home)

    @property
    def home(self) -> Path:
        """The directory that holds configuration, keys and state."""
        return self.files.path

    @property
    def verbose(self) -> bool:
        """Whether ``--verbose`` was given."""
        return self.chosen.verbose

    @property
    def as_json(self) -> bool:
        """Whether ``--json`` was given."""
        return self.chosen.as_json

    @cached_property
    def plugins(self) -> PluginCommands:
        """The commands of plugins, and the plugins themselves."""
        from korproxy.cli.commands import PluginCommands

        return PluginCommands(self.chosen, self.core)

    def codes(self) -> Registry:
        """Return all error codes, those of plugins included."""
        return self.plugins.codes()

    def show(self, plain: str, data: object) -> None:
        """Print *plain* for people, or *data* as JSON where ``--json`` was given. Colours only on a terminal."""
        import click

        if not self.as_json:
            click.echo(plain, color=False if self.chosen.no_color else None)
            return
        import json

        click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))

    def running(self) -> Mapping[str, object] | None:
        """Return what ``daemon.json`` says of the running daemon, or None where none runs."""
        from korproxy.cli import daemon

        return daemon.read(self.files.daemon, self.files.lock)

    def ask(self, path: str) -> Mapping[str, object]:
        """GET *path* from the running daemon with the management key; ``CommandFailed`` if none runs, or it does not answer."""
        return self.talk("GET", path)

    def post(self, path: str, data: Mapping[str, object]) -> Mapping[str, object]:
        """POST *data* to *path* of the running daemon; the rest as ``ask``."""
        return self.talk("POST", path, data)

    def talk(self, method: str, path: str, data: Mapping[str, object] | None = None, **how: Any) -> Mapping[str, object]:
        """Ask the running daemon; *how* and errors as of ``daemon.talk``, or KP-SYS-505: none runs."""
        from korproxy.cli import daemon
        from korproxy.config.keys import read_keys

        urls = self.must_run().get("urls")
        if not isinstance(urls, list) or not urls:
            raise daemon.silent(str(self.files.daemon), "it says no address")
        keys = read_keys(self.files)
        if keys is None:
            raise daemon.silent(str(urls[0]), f"it cannot be asked without {self.files.management_key}")
        return daemon.talk(str(urls[0]), method, path, keys.management, data, **how)

    @cached_property
    def configuration(self) -> Configuration:
        """The files of the configuration, to look at and to change."""
        from korproxy.cli.configuration import Files

        return Files(self)

    @cached_property
    def insight(self) -> Insight:
        """What is known of past requests."""
        from korproxy.cli.insight.told import Told

        return Told(self)

    def foresee(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Say where a request would go now, and why: the daemon if one runs, else the files. Nothing is sent."""
        if self.running() is not None:
            return {"asked": "daemon", **self.post("/v1/routing/test", request)}
        from korproxy.cli.insight.disk import Disk
        from korproxy.runtime.foreseeing import foresee_from_files

        chosen = self.chosen
        found = foresee_from_files(self.files, request, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins)
        return Disk(self).clean(found)

    def init_home(self, *, force: bool) -> Mapping[str, str]:
        """Make the home, its keys and a commented korproxy.toml; return their paths. With *force* an old one is set aside."""
        from korproxy.cli.first_run import write_settings
        from korproxy.config.home import prepare

        files = self.files
        prepare(files)
        write_settings(files.toml, force=force)
        self._keys()
        return {
            "home": str(files.path),
            "settings": str(files.toml),
            "client_key": str(files.client_key),
            "management_key": str(files.management_key),
        }

    def key(self, kind: str) -> str:
        """Return the ``client`` or the ``management`` key of the home; it is made if there is none yet."""
        from korproxy.config.home import prepare

        prepare(self.files)
        keys = self._keys()
        return {"client": keys.client, "management": keys.management}[kind].reveal()

    def stop_daemon(self, timeout: float) -> Mapping[str, object]:
        """Ask the running daemon to end, wait up to *timeout* seconds, and return what its ``daemon.json`` said."""
        from korproxy.cli import daemon

        said = self.must_run()
        pid = said.get("pid")
        if not isinstance(pid, int) or pid <= 1:  # 0 and negative numbers signal whole process groups
            raise daemon.not_stopped(f"{self.files.daemon} does not say the daemon's process id")
        daemon.stop(pid, self.files.lock, timeout)
        return said

    def explain(self, body: bytes, *, to: str, client: str | None = None) -> Explanation:
        """Say what would be sent to a provider for the request *body*; nothing is sent."""
        from korproxy.runtime.explaining import explain

        chosen = self.chosen
        return explain(self.files, body, to=to, client=client, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins)

    def _keys(self) -> Keys:
        from korproxy.config.keys import ensure_keys

        return ensure_keys(self.files)

    def must_run(self) -> Mapping[str, object]:
        """Return what ``running`` does; ``CommandFailed`` KP-SYS-505 where none runs."""
        said = self.running()
        if said is None:
            from korproxy.errors.exceptions import CommandFailed

            raise CommandFailed("KP-SYS-505", f"No daemon runs with the home {self.home}; `korproxy run` starts one.")
        return said
