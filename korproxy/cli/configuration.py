"""``contracts.Configuration``: the files of a home, and the daemon that is told of each change of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from korproxy.cli.account_changes import added, removed, switched
from korproxy.cli.failures import problem_lines
from korproxy.cli.known_accounts import known_accounts
from korproxy.cli.taking_effect import take_effect
from korproxy.cli.whole_configuration import judged, problems_in, problems_now
from korproxy.config import accounts_file, changing, exchange, routing_edit
from korproxy.config.account_edit import discard_secret
from korproxy.config.home import Home
from korproxy.config.one_file import FELL_BACK, OLDER
from korproxy.config.reading import Loaded, read_all
from korproxy.config.settings import AccountSettings
from korproxy.config.shown import key as shown
from korproxy.contracts import Applied, KnownAccount
from korproxy.errors.exceptions import CommandFailed, ConfigError, Problem
from korproxy.models.clock import timestamp, wall_time
from korproxy.models.routing import Group, Member, Profile, Routing, Rule
from korproxy.runtime.compose import compose

if TYPE_CHECKING:
    from korproxy.cli.context import Context

NO_SAFE_MODE = "KP-CONF-231"


@attrs.frozen
class Files:
    """The configuration in the home of one command line."""

    _cli: Context

    def routing(self) -> Routing:
        """Return what routing.toml says."""
        return self._read().routing

    def accounts(self) -> Sequence[KnownAccount]:
        """Return all accounts, those of a provider behind each other."""
        return known_accounts(self._read(), self._cli.files)

    def strategies(self) -> Sequence[str]:
        """Return the names of all routing strategies. Plugins are loaded for it."""
        chosen = self._cli.chosen
        loaded = self._read()
        parts = compose(self._cli.files, root=loaded.root, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins)
        return sorted(each.item.name for each in parts.offered_strategies)

    def add_account(
        self,
        provider: str,
        name: str,
        *,
        key: str | None = None,
        secret: str | None = None,
        forwards: bool = False,
        type: str = "",  # noqa: A002 -- the key in accounts.toml
    ) -> Applied:
        """Add an account; ``contracts.Configuration`` says what the arguments mean."""
        edit = partial(added, self._cli, provider, name, key=key, secret=secret, forwards=forwards, type=type)
        return self._changed(edit, about=f"{accounts_file.ROOT}.providers.{provider}.")

    def remove_account(self, provider: str, name: str) -> Applied:
        """Take an account out of accounts.toml and of all groups, and its secret off the disk."""
        gone: list[AccountSettings] = []
        done = self._changed(partial(removed, provider, name, gone))
        paths = [discard_secret(self._cli.files, provider, each) for each in gone]
        return attrs.evolve(done, removed=_names([each for each in paths if each is not None]))

    def enable_account(self, provider: str, name: str, *, on: bool) -> Applied:
        """Give an account requests, or none."""
        return self._changed(partial(switched, provider, name, on=on))

    def create_profile(self, profile: Profile, *, copy_from: str = "") -> Applied:
        """Add *profile*."""
        return self._edited(lambda now: routing_edit.create_profile(now, profile, copy_from=copy_from))

    def set_profile(self, name: str, groups: Mapping[str, str]) -> Applied:
        """Change which groups the profile *name* has."""

        def edit(now: Routing) -> Routing:
            profile = attrs.evolve(routing_edit.profile_of(now, name), **groups)
            return routing_edit.set_profile(now, profile)

        return self._edited(edit)

    def switch_profile(self, name: str) -> Applied:
        """Put the profile *name* in force."""
        return self._edited(lambda now: routing_edit.switch_profile(now, name))

    def delete_profile(self, name: str) -> Applied:
        """Take the profile *name* out."""
        return self._edited(lambda now: routing_edit.delete_profile(now, name))

    def set_group(
        self,
        name: str,
        *,
        strategy: str | None = None,
        members: Sequence[Member] | None = None,
        add: Sequence[Member] = (),
        remove: Sequence[Member] = (),
    ) -> Applied:
        """Make the group *name*, or change it."""
        if strategy is not None:
            self._want_strategy(strategy)

        def edit(now: Routing) -> Routing:
            old = now.groups.get(name, Group(name=name))
            new = attrs.evolve(
                old,
                strategy=old.strategy if strategy is None else strategy,
                members=old.members if members is None else tuple(members),
            )
            now = routing_edit.set_group(now, new)
            for each in add:
                now = routing_edit.set_member(now, name, each)
            for each in remove:
                now = routing_edit.remove_member(now, name, each.provider, each.account)
            return now

        return self._edited(edit)

    def delete_group(self, name: str) -> Applied:
        """Take the group *name* out."""
        return self._edited(lambda now: routing_edit.delete_group(now, name))

    def add_rule(self, rule: Rule, *, position: int | None = None) -> Applied:
        """Add *rule* at *position*."""
        return self._edited(lambda now: routing_edit.add_rule(now, rule, position=position))

    def move_rule(self, name: str, position: int) -> Applied:
        """Move the rule *name* to *position*."""
        return self._edited(lambda now: routing_edit.move_rule(now, name, position))

    def enable_rule(self, name: str, *, on: bool) -> Applied:
        """Make the rule *name* count, or not."""
        return self._edited(lambda now: routing_edit.enable_rule(now, name, on=on))

    def delete_rule(self, name: str) -> Applied:
        """Take the rule *name* out."""
        return self._edited(lambda now: routing_edit.delete_rule(now, name))

    def set_safe_mode(self, *, on: bool, model: str = "") -> Applied:
        """Switch safe mode."""
        if on and not self._read().root.features.safe_mode:
            text = "Safe mode cannot be switched on: [features] safe_mode is false in korproxy.toml."
            raise CommandFailed(NO_SAFE_MODE, text)
        since = timestamp(wall_time())
        return self._edited(lambda now: routing_edit.set_safe_mode(now, on=on, model=model, since=since))

    def reload(self) -> Applied:
        """Have the running daemon read its files again."""
        self._cli.must_run()
        return take_effect(self._cli, about="")

    def export(self) -> Mapping[str, object]:
        """Return all files as one document."""
        self._read()
        return exchange.export(self._cli.files)

    def restore(self, raw: bytes, *, path: str, merge: bool = False) -> Applied:
        """Put *raw* in the place of what is there, or on top of it."""
        home = self._cli.files
        done = exchange.import_into(home, exchange.parse(raw, path=path), merge=merge, judge=partial(judged, self._cli))
        return take_effect(self._cli, about="", files=_names(done.files), kept=_names(done.kept))

    def migrate(self, *, settings: bool = False) -> Applied:
        """Write files of an older version anew."""
        home = self._cli.files
        done = changing.migrate_files(home, settings=settings)
        left = tuple(each for each in _notices(home) if each.code == OLDER)
        return take_effect(self._cli, about="", files=_names(done.files), kept=_names(done.kept), warnings=left)

    def problems(self, raw: bytes | None = None, *, path: str = "") -> Sequence[Problem]:
        """Return every mistake in *raw*, or in the files of the home."""
        return problems_now(self._cli) if raw is None else problems_in(self._cli, raw, path)

    def _edited(self, edit: Callable[[Routing], Routing]) -> Applied:
        return self._changed(lambda now: attrs.evolve(now, routing=edit(now.routing)))

    def _changed(self, edit: Callable[[changing.Editable], changing.Editable], *, about: str | None = None) -> Applied:
        """Let *edit* change the files, and have the daemon go by them; what leads nowhere only since then is told.

        So it is if that began from the last good configuration: what was changed since then is not in it.

        Args:
            about: See ``take_effect``.
        """
        home = self._cli.files
        before = _notices(home)
        done = changing.update(home, edit)
        after = _notices(home)
        from_older = [each for each in before if each.code == FELL_BACK and each not in after]
        new = (*from_older, *(each for each in after if each not in before))
        return take_effect(self._cli, files=_names(done.files), kept=_names(done.kept), warnings=new, about=about)

    def _read(self) -> Loaded:
        """Read the files. What is used in place of one that is damaged is told at once."""
        loaded = read_all(self._cli.files)
        if loaded.problems:
            color = False if self._cli.chosen.no_color else None
            lines = problem_lines([*loaded.problems, *loaded.notices], word="warning", color="yellow")
            click.echo("\n".join(lines), err=True, color=color)
        return loaded

    def _want_strategy(self, name: str) -> None:
        known = self.strategies()
        if name not in known:
            there = ", ".join(map(shown, known))
            raise CommandFailed(routing_edit.ABSENT, f"There is no strategy {shown(name)}. There are: {there}.")


def _notices(home: Home) -> Sequence[Problem]:
    try:
        return read_all(home).notices
    except ConfigError:  # the change itself says so
        return ()


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(map(str, paths))
