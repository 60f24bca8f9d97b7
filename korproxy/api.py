"""The one door for plugins. Everything here is stable by promise; nothing else is."""

import importlib
import typing

from korproxy.contracts import AnswerKeeper as AnswerKeeper
from korproxy.contracts import AnswerReader as AnswerReader
from korproxy.contracts import Applied as Applied
from korproxy.contracts import Checked as Checked
from korproxy.contracts import Cli as Cli
from korproxy.contracts import Collector as Collector
from korproxy.contracts import Command as Command
from korproxy.contracts import Configuration as Configuration
from korproxy.contracts import Dialect as Dialect
from korproxy.contracts import Embedder as Embedder
from korproxy.contracts import Events as Events
from korproxy.contracts import Explanation as Explanation
from korproxy.contracts import Insight as Insight
from korproxy.contracts import KnownAccount as KnownAccount
from korproxy.contracts import PluginTable as PluginTable
from korproxy.contracts import Provider as Provider
from korproxy.contracts import Redaction as Redaction
from korproxy.contracts import RoutingStrategy as RoutingStrategy
from korproxy.contracts import Service as Service
from korproxy.contracts import Settings as Settings
from korproxy.contracts import Sink as Sink
from korproxy.contracts import StreamReader as StreamReader
from korproxy.contracts import StreamWriter as StreamWriter
from korproxy.contracts import Translator as Translator
from korproxy.errors.codes import ErrorCode as ErrorCode
from korproxy.errors.codes import Registry as Registry
from korproxy.errors.codes import Severity as Severity
from korproxy.errors.codes import check_code as check_code
from korproxy.errors.exceptions import BadRequest as BadRequest
from korproxy.errors.exceptions import CommandFailed as CommandFailed
from korproxy.errors.exceptions import ConfigError as ConfigError
from korproxy.errors.exceptions import KorproxyError as KorproxyError
from korproxy.errors.exceptions import NoProvider as NoProvider
from korproxy.errors.exceptions import Problem as Problem
from korproxy.hookspecs import hookimpl as hookimpl

if typing.TYPE_CHECKING:
    from korproxy import chat as chat
    from korproxy.kit.everything import *  # noqa: F403 -- one list of names, there
    from korproxy.models.abilities import Abilities as Abilities
    from korproxy.models.accounts import Account as Account
    from korproxy.models.accounts import Secret as Secret
    from korproxy.models.calls import Features as Features
    from korproxy.models.calls import Headers as Headers
    from korproxy.models.calls import Kind as Kind
    from korproxy.models.calls import Outgoing as Outgoing
    from korproxy.models.calls import Peek as Peek
    from korproxy.models.calls import Span as Span
    from korproxy.models.calls import UpstreamRequest as UpstreamRequest
    from korproxy.models.decisions import Able as Able
    from korproxy.models.decisions import RoutedCall as RoutedCall
    from korproxy.models.outcome import Fault as Fault
    from korproxy.models.outcome import Finished as Finished
    from korproxy.models.outcome import Refusal as Refusal
    from korproxy.models.outcome import Usage as Usage
    from korproxy.models.providers import ConfiguredProvider as ConfiguredProvider
    from korproxy.models.providers import Deadlines as Deadlines
    from korproxy.models.providers import Limits as Limits
    from korproxy.models.providers import Model as Model
    from korproxy.models.routing import Group as Group
    from korproxy.models.routing import Member as Member
    from korproxy.models.routing import Profile as Profile
    from korproxy.models.routing import Routing as Routing
    from korproxy.models.routing import Rule as Rule
    from korproxy.models.routing import SafeMode as SafeMode
    from korproxy.models.routing import When as When
    from korproxy.models.searching import LEVELS as LEVELS
    from korproxy.models.searching import WantedLines as WantedLines
    from korproxy.models.searching import WantedRequests as WantedRequests
    from korproxy.models.times import moment as moment
    from korproxy.models.times import span as span


_ROOMS = {  # room -> what of it plugins may use; imported when it is asked for: commands are listed without most of them
    "abilities": ("Abilities",),
    "accounts": ("Account", "Secret"),
    "calls": ("Features", "Headers", "Kind", "Outgoing", "Peek", "Span", "UpstreamRequest"),
    "decisions": ("Able", "RoutedCall"),
    "outcome": ("Fault", "Finished", "Refusal", "Usage"),
    "providers": ("ConfiguredProvider", "Deadlines", "Limits", "Model"),
    "routing": ("Group", "Member", "Profile", "Routing", "Rule", "SafeMode", "When"),
    "searching": ("LEVELS", "WantedLines", "WantedRequests"),
    "times": ("moment", "span"),
}
_MODELS = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Import what not every plugin needs when it is asked for: the neutral conversation takes 40 ms, models and kit 20 each."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "chat":
        from korproxy import chat

        return chat
    if name in _MODELS:
        return getattr(importlib.import_module(f"korproxy.models.{_MODELS[name]}"), name)
    from korproxy.kit import everything

    try:
        return getattr(everything, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
