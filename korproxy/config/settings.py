"""The tables of korproxy.toml, frozen and checked: durations in seconds, sizes in bytes. See docs/reference/settings.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import attrs

from korproxy.config.checks import Distinct, Each, Entries, Mistake, OneStep, seconds, text, up_to, whole
from korproxy.config.texts import (
    account_name,
    address,
    alias,
    base_url,
    log_level,
    log_name,
    model_name,
    not_empty,
    origin,
    provider_id,
)
from korproxy.models.abilities import ReasoningForm, SearchForm
from korproxy.models.providers import Deadlines, Limits

ACCOUNTS, BASE_URL = "KP-CONF-212", "KP-CONF-213"
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]  # rising
CODE = "code"  # a field's metadata: the code of all mistakes in it, where it is not KP-CONF-202


@attrs.frozen(kw_only=True)
class ServerSettings:
    """The ``[server]`` table.

    Attributes:
        port: 0 means any free one.
        max_body: The largest request body that is read.
        grace: How long running answers get to end at shutdown.
        allowed_hosts: Names beyond this machine's own that a ``Host`` header may have; without port.
        lane: Serve the client API by the fast road; off: by plain ASGI.
        public_reads: Reading the management API needs no key on a loopback address.
        max_running: Requests that are worked on at once.
        read_deadline: How long an upload may be silent.
        write_deadline: How long a client may refuse to read.
        keep_alive: After how much silence a client that waits for a translated stream gets a sign of life.
    """

    host: tuple[str, ...] = attrs.field(default=("127.0.0.1", "::1"), validator=Each(address, least=1))
    port: int = attrs.field(default=1337, validator=whole(0, 65535))
    max_body: int = attrs.field(default=64 * 1024**2, validator=whole(1))
    grace: float = attrs.field(default=5.0, validator=seconds)
    allowed_hosts: tuple[str, ...] = attrs.field(default=(), validator=Each(address))
    allowed_origins: tuple[str, ...] = attrs.field(default=(), validator=Each(origin))
    lane: bool = True
    public_reads: bool = True
    max_running: int = attrs.field(default=1000, validator=whole(1))
    read_deadline: float = attrs.field(default=60.0, validator=seconds)
    write_deadline: float = attrs.field(default=120.0, validator=seconds)
    keep_alive: float = attrs.field(default=15.0, validator=seconds)


@attrs.frozen(kw_only=True)
class FeatureSettings:
    """The ``[features]`` table. Off means the old behaviour, or 404."""

    correlation_ids: bool = True
    new_error_codes: bool = True
    admin_dashboard: bool = True
    safe_mode: bool = True


@attrs.frozen(kw_only=True)
class LogSettings:
    """The ``[log]`` table.

    Attributes:
        levels: For parts of KorProxy: ``gateway = "debug"``.
        file: Keep log files, as JSON lines, in ``logs/`` of the home.
        max_size: The largest one, in bytes; after 24 hours there is a new one in any case.
        keep: How many of them there are at most, the one that is written included.
    """

    level: str = attrs.field(default="info", validator=text(log_level))
    levels: Mapping[str, str] = attrs.field(factory=dict, validator=Entries(log_name, log_level))
    file: bool = True
    max_size: int = attrs.field(default=20 * 1024**2, validator=whole(64 * 1024))
    keep: int = attrs.field(default=7, validator=whole(1, 1000))


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The ``[store]`` table: what is kept of requests. No content.

    Attributes:
        url: A reference to a secret (``env:NAME``, ``file:PATH``) that holds ``postgresql://...``; None: SQLite in the home.
        history: Keep a row for each request.
        metrics: Count.
        days: How long both are kept.
        most_requests: How many rows there are at most; the oldest go first.
        flush: Seconds between two writes: what a crash may lose.
    """

    url: str | None = attrs.field(default=None, repr=False)
    history: bool = True
    metrics: bool = True
    days: int = attrs.field(default=7, validator=whole(1, 3650))
    most_requests: int = attrs.field(default=1_000_000, validator=whole(0))
    flush: float = attrs.field(default=2.0, validator=[seconds, up_to(60)])


@attrs.frozen(kw_only=True)
class DeadlineOverrides:
    """A ``deadlines`` table: what it does not say stays as it is."""

    connect: float | None = attrs.field(default=None, validator=seconds)
    first_byte: float | None = attrs.field(default=None, validator=seconds)
    idle: float | None = attrs.field(default=None, validator=seconds)
    total: float | None = attrs.field(default=None, validator=seconds)

    def over(self, base: Deadlines) -> Deadlines:
        """Return *base* with what this table says in its place."""
        return attrs.evolve(base, **{name: value for name, value in attrs.asdict(self).items() if value is not None})


@attrs.frozen(kw_only=True)
class RetrySettings:
    """The ``[retry]`` table. ``max_wait``: how long KorProxy itself waits for a limited account before the client has to."""

    max_wait: float = attrs.field(default=5.0, validator=up_to(60))


@attrs.frozen(kw_only=True)
class AccountSettings:
    """One ``[[providers.ID.accounts]]`` table. ``key`` is a reference to a secret, never the secret itself.

    With neither ``key`` nor ``credential`` nothing is sent: for servers that want no key.
    """

    name: str = attrs.field(validator=text(account_name), metadata={CODE: ACCOUNTS})
    key: str | None = attrs.field(default=None, repr=False)  # people type keys here, whatever the documentation says
    credential: Literal["client"] | None = None

    def __attrs_post_init__(self) -> None:
        if self.key is not None and self.credential is not None:
            raise Mistake('has both key and credential = "client": keep the one that is meant', code=ACCOUNTS)


@attrs.frozen(kw_only=True)
class AbilitySettings:
    """A provider's ``abilities`` table: what holds for all its models, whatever its type knows. ``Abilities`` explains each."""

    family: str | None = None
    window: int | None = attrs.field(default=None, validator=whole(1))
    output: int | None = attrs.field(default=None, validator=whole(1))
    tools: bool | None = None
    images: bool | None = None
    documents: bool | None = None
    audio: bool | None = None
    image_links: bool | None = None
    structured: bool | None = None
    sampling: Literal["all", "one", "none"] | None = None
    system_turns: bool | None = None
    prefill: bool | None = None
    reasoning: ReasoningForm | None = None
    efforts: tuple[Effort, ...] | None = attrs.field(default=None, validator=Each(not_empty))
    reasoning_off: bool | None = None
    summaries: bool | None = None
    reasoning_back: bool | None = None
    completion_tokens: bool | None = None
    forced_tools: Literal["always", "calm", "never"] | None = None
    tools_while_reasoning: bool | None = None
    search: SearchForm | None = None

    @property
    def said(self) -> Mapping[str, object]:
        """Only what the table says."""
        found = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        if self.efforts is not None:
            found["efforts"] = tuple(sorted(self.efforts, key=get_args(Effort).index))
        return found


@attrs.frozen(kw_only=True)
class ProviderTable:
    """One ``[providers.ID]`` table.

    Attributes:
        base_url: None: the type's own default.
        fetch_images: Fetch images that a request only links to, where the provider takes none by link.
        max_concurrency: Requests at this provider at once.
        max_queue: Requests that may wait for their turn.
        models: Names or patterns (``*``) of models it serves; empty: what the type knows.
        speaks: Formats it speaks, the preferred one first; empty: the type's own. The type says which names there are.
        abilities: What all its models can do, where the type does not know better.
    """

    type: str = attrs.field(validator=text(not_empty))
    base_url: str | None = attrs.field(default=None, validator=text(base_url), metadata={CODE: BASE_URL})
    deadlines: DeadlineOverrides = attrs.field(factory=DeadlineOverrides)
    fetch_images: bool = False
    max_concurrency: int = attrs.field(default=64, validator=whole(1))
    max_queue: int = attrs.field(default=256, validator=whole(0))
    models: tuple[str, ...] = attrs.field(default=(), validator=Each(not_empty))
    speaks: tuple[str, ...] = attrs.field(default=(), validator=Each(not_empty))
    abilities: AbilitySettings = attrs.field(factory=AbilitySettings)
    accounts: tuple[AccountSettings, ...] = attrs.field(default=(), validator=Distinct("name", ACCOUNTS))

    @property
    def limits(self) -> Limits:
        """How much it gets at once."""
        return Limits(max_concurrency=self.max_concurrency, max_queue=self.max_queue)


@attrs.frozen(kw_only=True)
class RedactionSettings:
    """The ``[redaction]`` table.

    Attributes:
        outgoing: Names of rules that also apply to what is sent to providers.
        emails: Hide e-mail addresses, too, in what KorProxy writes down.
    """

    outgoing: tuple[str, ...] = attrs.field(default=(), validator=Each(not_empty))
    emails: bool = False


@attrs.frozen(kw_only=True)
class RootSettings:
    """All of korproxy.toml.

    Attributes:
        required: Plugins without which KorProxy does not start.
        aliases: Names or patterns (``*``) of models -> ``provider/model`` or a model.
        plugin: The ``[plugin.NAME]`` tables as they are; each plugin has its own class for its table.
    """

    version: int = attrs.field(default=1, validator=whole(1, 1))
    required: tuple[str, ...] = attrs.field(default=(), validator=Each(not_empty))
    server: ServerSettings = attrs.field(factory=ServerSettings)
    features: FeatureSettings = attrs.field(factory=FeatureSettings)
    log: LogSettings = attrs.field(factory=LogSettings)
    store: StoreSettings = attrs.field(factory=StoreSettings)
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    retry: RetrySettings = attrs.field(factory=RetrySettings)
    providers: Mapping[str, ProviderTable] = attrs.field(factory=dict, validator=Entries(provider_id))
    aliases: Mapping[str, str] = attrs.field(factory=dict, validator=OneStep(alias, model_name))
    redaction: RedactionSettings = attrs.field(factory=RedactionSettings)
    plugin: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict, repr=False)
