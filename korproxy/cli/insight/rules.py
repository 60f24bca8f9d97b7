"""The rules that hide secrets, for commands that show what is on the disk. Only plugins with such rules are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from korproxy.config.held_secrets import familiar_words, held_secrets
from korproxy.config.loading import load
from korproxy.config.settings import RootSettings
from korproxy.config.view import SettingsView
from korproxy.errors.exceptions import ConfigError
from korproxy.gateway.hiding import rules_in_force
from korproxy.gateway.redact import Redactor
from korproxy.plugins import asking
from korproxy.plugins.finding import find_all
from korproxy.plugins.host import SIGN_OF_REDACTIONS, PluginHost

if TYPE_CHECKING:
    from korproxy.cli.context import Context


@attrs.frozen
class Rules:
    """What is needed to show a text of this home.

    Attributes:
        settings: What korproxy.toml says; the defaults where it cannot be read, which keeps nobody from looking.
    """

    settings: RootSettings
    redactor: Redactor


def rules(cli: Context) -> Rules:
    """Return those of the home of *cli*.

    Raises:
        ConfigError: A plugin that hides secrets is broken.
    """
    try:
        settings = load(cli.files)
    except ConfigError:  # `korproxy check` says what is wrong
        settings = RootSettings()
    host, chosen = PluginHost(), cli.chosen
    found = find_all(() if chosen.no_plugins else chosen.plugin_dirs, installed=not chosen.no_plugins)
    host.load([each for each in found if not each.never_mentions(SIGN_OF_REDACTIONS)])
    tables = {each.item.name: each.item.table for each in asking.settings(host)}
    view = SettingsView.of(settings, cli.files, demo=False, tables=tables)
    hidden = rules_in_force(
        [each.item for each in asking.redactions(host, view)],
        emails=settings.redaction.emails,
        secrets=held_secrets(settings, cli.files),
        words=familiar_words(settings),
    )
    return Rules(settings, Redactor(hidden))
