"""One exception class per reaction, not per cause: the code says the cause.

A function that catches one of these knows what to do next without looking at the code; a user who reads the code knows why.
One that adds no field to ``KorproxyError`` inherits what attrs made for that: to make it again takes every command 0.4 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs


@attrs.define(eq=False)
class KorproxyError(Exception):
    """Something went wrong in a way that KorProxy foresaw.

    Attributes:
        code: A code of the registry.
        detail: What exactly, with names and numbers. It is shown to users and logged: never a secret, never prompt text.
        decision: Of a request that goes nowhere: what was found out on the way to that; a ``models.decisions.Decision``.
        put_down: A ``Finished`` tells of it already, so whoever answers with it has nothing to count.
    """

    code: str
    detail: str
    decision: object = attrs.field(default=None, kw_only=True, repr=False)
    put_down: bool = attrs.field(default=False, init=False, repr=False)

    def __str__(self) -> str:
        return self.detail


class CallerRefused(KorproxyError):
    """Whoever calls may not: no key, a wrong key, a wrong Host or Origin. Answer and forget."""

    __slots__ = ()


class BadRequest(KorproxyError):
    """The request can never succeed as it is. The caller has to change it."""

    __slots__ = ()


class NoProvider(KorproxyError):
    """Nothing that is configured can serve this call. The user has to change the configuration or the model name."""

    __slots__ = ()


@attrs.define(eq=False, kw_only=True)
class RuleRefused(KorproxyError):
    """A rule of the user's says that this request is refused. Nobody is asked."""

    rule: str


@attrs.define(eq=False, kw_only=True)
class AccountRefused(KorproxyError):
    """A provider does not accept OUR credential. Other accounts may still work; this one will not by itself."""

    provider: str
    account: str
    upstream_status: int


@attrs.define(eq=False, kw_only=True)
class ProviderRefused(KorproxyError):
    """A provider said no, and its own words did not arrive: the client gets its status, and ours.

    ``retry_after`` is in seconds; None: the provider did not say.
    """

    provider: str
    upstream_status: int
    retry_after: float | None = None


@attrs.define(eq=False, kw_only=True)
class ProviderLost(KorproxyError):
    """A provider could not be reached, fell silent, or did not speak its own format.

    Attributes:
        untouched: True where nothing of the request can have reached the provider, so another one may be tried.
    """

    provider: str
    untouched: bool = False


@attrs.define(eq=False, kw_only=True)
class Busy(KorproxyError):
    """KorProxy itself has no room now. The same request will do later; ``retry_after`` is in seconds."""

    retry_after: float = 1.0


class Stopping(KorproxyError):
    """KorProxy is being shut down."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class Problem:
    """One mistake in the configuration: its code, its place (``$.server.port``) and what is wrong there."""

    code: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.path}: {self.message}"


@attrs.define(eq=False)
class ConfigError(KorproxyError):
    """The configuration is wrong. Every problem is listed, not only the first."""

    problems: Sequence[Problem] = ()

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ConfigError:
        """Return one error for all *problems* (at least one); its code is the first one's."""
        return cls(problems[0].code, "; ".join(map(str, problems)), tuple(problems))


@attrs.define(eq=False, kw_only=True)
class PluginBroken(KorproxyError):
    """A plugin could not be imported, validated or asked. It is left out."""

    plugin: str


class CannotStart(KorproxyError):
    """The daemon cannot run on this machine as it is now: a taken port, a taken home, a missing right."""

    __slots__ = ()


class CommandFailed(KorproxyError):
    """A command could not do what it was asked. Printed as one line, exit code 1."""

    __slots__ = ()


class InternalError(KorproxyError):
    """A fault of KorProxy's own. The traceback is in the log, never in an answer."""

    __slots__ = ()
