"""What plugins hand to the core: Protocols, all of them small.

Providers, dialects and redactions are pure: they open no sockets and wait for nothing. Sinks, services and collectors run as
supervised tasks of their own, away from the request path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import attrs

if TYPE_CHECKING:
    import click
    import trio

    from korproxy.chat.answer import Answer, ProviderError
    from korproxy.chat.conversation import Asked, Conversation
    from korproxy.chat.embedding import EmbeddingAnswer, EmbeddingAsked, EmbeddingRequest
    from korproxy.chat.events import Event
    from korproxy.chat.parts import Seal
    from korproxy.chat.report import Note, Report
    from korproxy.chat.wire import Target, Written
    from korproxy.errors.codes import Registry
    from korproxy.errors.exceptions import Problem
    from korproxy.models.abilities import Abilities
    from korproxy.models.accounts import Account
    from korproxy.models.calls import Features, Headers, Kind, Outgoing, Peek, Span, UpstreamRequest
    from korproxy.models.decisions import Able, RoutedCall
    from korproxy.models.outcome import Fault, Finished, Refusal, Usage
    from korproxy.models.providers import ConfiguredProvider, Deadlines, Limits, Model
    from korproxy.models.routing import Member, Profile, Routing, Rule
    from korproxy.models.searching import WantedLines, WantedRequests

T = TypeVar("T")


class Settings(Protocol):
    """The part of the configuration that a plugin may read."""

    @property
    def demo(self) -> bool:
        """Whether this is ``korproxy run --demo``."""

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- the key in korproxy.toml
        """Return the ``[providers.ID]`` tables of *type*. Asking makes the type known: others are reported as mistakes."""

    def plugin(self, name: str, table: type[T]) -> T:
        """Return ``[plugin.NAME]`` as *table*, the class that ``korproxy_settings`` gave for it; defaults where absent."""


class Provider(Protocol):
    """One upstream service. Pure: it builds requests and reads refusals.

    What it says of itself and of a model does not change: it is asked once, and that counts until the next start or reload.
    """

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def accounts(self) -> Sequence[Account]: ...
    @property
    def deadlines(self) -> Deadlines: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def vendor_headers(self) -> tuple[bytes, ...]:
        """Prefixes (lower case) of the header names that travel between this vendor's clients and it, both ways."""

    @property
    def fetch_images(self) -> bool:
        """Whether KorProxy fetches images that a request only links to, for models that take none by link."""

    @property
    def test_model(self) -> str:
        """The cheapest model that shows whether it works; empty where none is known."""

    def offers(self, model: str) -> bool: ...
    def models(self) -> Sequence[Model]: ...
    def real_name(self, model: str) -> str:
        """Return the provider's own name for *model*, which may be an alias of its catalogue; mostly *model* itself."""

    def abilities(self, model: str) -> Abilities:
        """Return what *model*, by its own name, can do; what the provider assumes where nobody knows it."""

    def dialect_for(self, model: str, features: Features) -> str:
        """Return the format to send in: ``features.dialect`` itself where it is spoken here, so that bytes can pass.

        Empty where nothing that is spoken here can serve ``features.kind``.
        """

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        """Return what goes over the wire. The only place where a secret is revealed.

        Raises:
            KorproxyError: It cannot be sent: no credential, an ended service.
        """

    def refusal(self, status: int, headers: Headers, body: bytes) -> Refusal:
        """Say what an answer of *status* 400 or more means; *body* may be cut at 64 KiB."""


class Checked(Protocol):
    """What a ``Provider`` may have besides, so that its health can be checked: an optional member ``check`` of it. Pure."""

    def check(self, account: Account) -> UpstreamRequest | None:
        """Return a request that costs nothing, such as for the list of models; it is sent every minute.

        Any answer shows that the provider is there. None: a connection is enough, for there is nothing that could be asked.

        Raises:
            KorproxyError: It cannot be asked, and a request could not be sent either.
        """


class AnswerReader(Protocol):
    """Looks at one passing answer without touching it. Per-answer state."""

    @property
    def usage(self) -> Usage: ...
    @property
    def ended(self) -> bool:
        """Whether the format's own end was seen; a stream that stops before it was cut."""

    @property
    def final(self) -> bool:
        """Whether the very last event of a stream was seen, so that nothing can follow; False of a plain answer."""

    @property
    def failed(self) -> bool:
        """Whether the provider's own error was seen in a stream; False of a plain answer."""

    @property
    def seals(self) -> Sequence[Seal]:
        """The seals of reasoning and of calls that were seen so far, in their order; ``()`` where the format has none."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes: of a stream whole events, of a plain answer any cut."""

    def finish(self) -> None:
        """Take note that no more bytes will come."""


class StreamReader(Protocol):
    """Reads a provider's stream into events. Per-answer state."""

    def feed(self, events: bytes) -> Sequence[Event]:
        """Take whole server-sent events, return what they say. Anything behind the stream's own end says nothing.

        Raises:
            Unreadable: This is not the format.
        """

    def finish(self) -> Sequence[Event]:
        """Take note that no more bytes will come; return what was held back. No ``Ended``: the stream was cut."""


class StreamWriter(Protocol):
    """Writes events as a client's stream. Per-answer state. What it gets has passed ``StreamGuard``."""

    def write(self, event: Event) -> bytes:
        """Return the bytes for *event*, whole server-sent events; empty where it has to wait for another one."""

    def keep_alive(self) -> bytes:
        """Return bytes that say nothing, to be sent at any time while the provider is silent, also as the very first."""


class Translator(Protocol):
    """One wire format, read and written: what lets its clients reach other providers, and other clients its providers. Pure.

    A reader reports by ``report`` what it cannot read into the neutral model, a writer what its format has no place for. Where
    the request would mean something else without it, it is not sent (``CannotCarry``).
    """

    def load(self) -> None:
        """Import what translating needs. Called off the request path once at start, where something will be translated."""

    def read_request(self, path: str, body: bytes, report: Report) -> tuple[Conversation, Asked]:
        """Read a client's request.

        Raises:
            BadRequest: The body is no request of this format.
            CannotCarry: It asks for something that only this format has, and without which it would mean something else.
        """

    def write_request(self, conversation: Conversation, target: Target, report: Report) -> Written:
        """Write a request to a provider.

        Raises:
            CannotCarry: As above.
        """

    def without_foreign_reasoning(self, body: bytes, own: Callable[[Seal], bool], report: Report) -> bytes:
        """Return *body*, a request that passes to a provider of this format, mostly the same object.

        Only sealed reasoning that is not the provider's own goes, and what KorProxy itself has put into earlier answers as the
        reasoning of another vendor; it is reported as lost, and what has to be said differently without it as mapped.

        Args:
            own: Whether the provider is sent a seal. Asked with a seal that has no data: whether it takes reasoning back that
                nobody sealed. ``chat.nobody``: the provider has refused the seals, or misses some; then what this format
                demands of them is said without.
        """

    def read_answer(self, body: bytes) -> Answer:
        """Read a provider's whole answer.

        Raises:
            Unreadable: It is none.
            AnswerIsError: It is the provider's own error, sent with a good status.
        """

    def write_answer(self, answer: Answer, asked: Asked) -> bytes:
        """Write a whole answer to a client."""

    def stream_reader(self) -> StreamReader: ...
    def stream_writer(self, asked: Asked) -> StreamWriter: ...
    def read_error(self, status: int, headers: Headers, body: bytes) -> ProviderError:
        """Read a provider's error of *status* 400 or more. Never raises: of no JSON the status and some words are left."""

    def write_error(self, error: ProviderError) -> tuple[int, bytes]:
        """Write a provider's error to a client: status and body in the client's words, message and code the provider's own."""


class Embedder(Protocol):
    """One wire format of embeddings, read and written: an optional member ``embedder`` of a dialect of that kind. Pure.

    It reports as a ``Translator`` does. There are no streams, and a request is for texts only.
    """

    def load(self) -> None:
        """See ``Translator``."""

    def read_request(self, path: str, body: bytes, report: Report) -> tuple[EmbeddingRequest, EmbeddingAsked]:
        """Read a client's request.

        Raises:
            BadRequest: The body is no request of this format.
            CannotCarry: It asks for something that only this format has, and without which it would mean something else.
        """

    def write_request(self, request: EmbeddingRequest, model: str, report: Report) -> bytes:
        """Write a request to a provider for its *model*.

        Raises:
            CannotCarry: As above.
        """

    def read_answer(self, body: bytes) -> EmbeddingAnswer:
        """Read a provider's answer: the vectors in the order of the texts.

        Raises:
            Unreadable: It is none.
            AnswerIsError: It is the provider's own error, sent with a good status.
        """

    def write_answer(self, answer: EmbeddingAnswer, asked: EmbeddingAsked) -> bytes:
        """Write an answer to a client."""

    def read_error(self, status: int, headers: Headers, body: bytes) -> ProviderError:
        """See ``Translator``."""

    def write_error(self, error: ProviderError) -> tuple[int, bytes]:
        """See ``Translator``."""


class AnswerKeeper(Protocol):
    """What a format says of answers that its clients may come back to by their ids: an optional member ``keeper`` of it. Pure.

    Which answer a request goes on from, and whether its own is to be kept, is in the ``Peek`` of the format.
    Bodies and answers are JSON of the format; what cannot be read says nothing, because it is somebody else's to refuse.
    """

    @property
    def path(self) -> str:
        """Where answers are asked for: ``PATH/ID``."""

    @property
    def below(self) -> Mapping[str, str]:
        """What is below ``PATH/ID`` -> the method for it: ``/input_items`` -> ``GET``."""

    def repeated(self, previous: str) -> Mapping[str, str]:
        """Return what the answer to a request that goes on from *previous* repeats of that."""

    def items(self, body: bytes) -> bytes:
        """Return what a request says, as a JSON array of items."""

    def expanded(self, body: bytes, turns: Sequence[tuple[bytes, bytes]]) -> bytes:
        """Return a request that says by itself what it went on from: *turns* are the items and the answers before it."""

    def whole_answer(self, events: bytes) -> bytes | None:
        """Return the answer that one of *events*, whole ones of a stream, holds; only the last one does."""

    def id_of(self, answer: bytes) -> str | None:
        """Return the id of an *answer*; None where it did not come to a good end."""

    def begun(self, events: bytes) -> bytes | None:
        """Return the answer that one of *events* holds which says that it is now made in the background, if one does."""

    def pending(self, answer: bytes) -> str | None:
        """Return the id of an *answer* that its provider has stored and is still making; None where it is no such."""

    def is_stored(self, answer: bytes) -> bool:
        """Whether the provider whose *answer* it is has stored it."""

    def listed(self, kept: bytes, query: bytes) -> bytes:
        """Return the answer to ``PATH/ID/input_items``, where *kept* are the items, and *query* says which page of them."""

    def deleted(self, id: str) -> bytes:  # noqa: A002 -- the word for it
        """Return the answer to ``DELETE PATH/ID``."""


class Dialect(Protocol):
    """One wire format, as clients speak it. Pure."""

    @property
    def name(self) -> str: ...
    @property
    def paths(self) -> Sequence[str]:
        """The POST paths of the format, e.g. ``/v1/chat/completions``; none where clients do not speak it.

        ``{model}`` in one stands for the name of a model, which may hold slashes.
        """

    @property
    def kind(self) -> Kind:
        """What its requests ask for."""

    @property
    def translator(self) -> Translator | None:
        """How it is translated; None: its bytes can only pass to providers that speak it too."""

    def peek(self, path: str, body: bytes) -> Peek:
        """Read model and stream; ``BadRequest`` if they are not there."""

    def wants_array(self, query: bytes) -> bool:
        """Whether a stream is wanted as one JSON array, and not as events; *query* stood behind the path's ``?``."""

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* with the bytes at *span* replaced by *model*; every other byte stays."""

    def reader(self, *, stream: bool) -> AnswerReader: ...
    def error(self, fault: Fault) -> bytes:
        """Return the body of an error answer."""

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return the event that ends a stream which cannot go on.

        Args:
            behind: The beginning of what the client got, and its last events.
        """

    @property
    def listed(self) -> frozenset[Kind]:
        """Which kinds of models stand in its list."""

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Whether a GET of the list of models, or of one, comes from a client of this format.

        Args:
            path: ``/v1/models`` or ``/v1beta/models``.
        """

    def model_list(self, models: Sequence[Model]) -> bytes: ...
    def model_entry(self, model: Model) -> bytes:
        """Return the answer to a question for one model."""


class Redaction(Protocol):
    """Finds one kind of secret in text that is about to be written down. Pure.

    ``longest`` is the length in characters of the longest secret it finds; ``order``: lower runs first.
    """

    @property
    def name(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def longest(self) -> int: ...
    @property
    def replacement(self) -> str: ...
    def find(self, text: str) -> Sequence[Span]: ...


class RoutingStrategy(Protocol):
    """Says who of a group goes first. Pure: the same arguments, the same order."""

    @property
    def name(self) -> str:
        """What ``strategy`` in routing.toml calls it."""

    def rank(self, call: RoutedCall, able: Sequence[Able], *, turn: int, seed: int) -> Sequence[Able]:
        """Return all of *able*, the first to be tried first.

        Args:
            call: The request.
            able: Who may be tried now, in the order of the group; at least one. Nobody who waits, is disabled or refused.
            turn: Counts the requests that this group has had, from 0.
            seed: 64 random bits, new for each request.
        """


class Events(Protocol):
    """The events for one sink, the oldest first: ``async for event in events`` until KorProxy stops.

    Where many are there, up to 64 are handed out in a row without a pause.
    """

    async def receive(self) -> Finished:
        """Return the next event, and wait for one where there is none.

        Raises:
            trio.EndOfChannel: There will be none any more.
        """

    async def receive_many(self, most: int) -> Sequence[Finished]:
        """Return the next events, at least one and at most *most*: what a sink takes that writes many at once.

        Raises:
            trio.EndOfChannel: There will be none any more.
        """

    def receive_nowait(self) -> Finished:
        """Return the next event, if it is here already.

        Raises:
            trio.WouldBlock: There is none yet.
            trio.EndOfChannel: There will be none any more.
        """

    def __aiter__(self) -> AsyncIterator[Finished]: ...


class Sink(Protocol):
    """A consumer of ``Finished`` events, in its own supervised task."""

    @property
    def name(self) -> str: ...
    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None: ...


class Service(Protocol):
    """Something that runs beside the server as long as it does. Started means: useful."""

    @property
    def name(self) -> str: ...
    async def run(self, *, task_status: trio.TaskStatus[None]) -> None: ...


class Collector(Protocol):
    """One section of the diagnostics. It gets 5 seconds; what it returns is redacted before anybody sees it."""

    @property
    def name(self) -> str: ...
    async def collect(self) -> Mapping[str, object]: ...


class Cli(Protocol):
    """What a command gets as ``click``'s context object (``@click.pass_obj``)."""

    @property
    def home(self) -> Path:
        """The directory that holds configuration, keys and state (``--home``, ``KORPROXY_HOME``, else the system's place)."""

    @property
    def verbose(self) -> bool: ...
    @property
    def as_json(self) -> bool: ...
    def codes(self) -> Registry:
        """Return all error codes, those of plugins included."""

    def show(self, plain: str, data: object) -> None:
        """Print *plain* for people, or *data* as JSON where ``--json`` was given. Colours only on a terminal."""

    def running(self) -> Mapping[str, object] | None:
        """Return what ``daemon.json`` says of the running daemon, or None where none runs."""

    def ask(self, path: str) -> Mapping[str, object]:
        """GET *path* (``/v1/...``) from the running daemon with the management key.

        Raises:
            CommandFailed: None runs, or none answers; or it says what is wrong with the question, then with its own code.
        """

    def post(self, path: str, data: Mapping[str, object]) -> Mapping[str, object]:
        """POST *data* as JSON to *path* of the running daemon; the rest as ``ask``."""

    @property
    def configuration(self) -> Configuration:
        """The files of the configuration, to look at and to change."""

    @property
    def insight(self) -> Insight:
        """What is known of past requests: logs, history, metrics, diagnostics."""

    def foresee(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Say where a request would go now, and why; nothing is sent.

        The running daemon is asked with ``POST /v1/routing/test``. Where none runs, the files say it, as if all accounts were
        well. ``asked`` in the answer is ``daemon`` or ``files``.

        Args:
            request: What that address takes: ``body``, ``headers``, ``without`` and so on.

        Raises:
            KorproxyError: It is no request, or the configuration cannot be used.
        """

    def init_home(self, *, force: bool) -> Mapping[str, str]:
        """Make the home, its keys and a commented korproxy.toml; return their paths by what they are.

        Raises:
            CommandFailed: There is a korproxy.toml already, and not *force*.
        """

    def key(self, kind: str) -> str:
        """Return the ``client`` or the ``management`` key of the home; it is made if there is none yet."""

    def stop_daemon(self, timeout: float) -> Mapping[str, object]:
        """Ask the running daemon to end, wait up to *timeout* seconds, and return what its ``daemon.json`` said.

        Raises:
            CommandFailed: None runs, or it still runs after that time.
        """

    def explain(self, body: bytes, *, to: str, client: str | None = None) -> Explanation:
        """Say what would be sent to a provider for the request *body*. Nothing is sent, and no daemon is asked.

        Args:
            to: ``PROVIDER`` or ``PROVIDER/MODEL``: a configured provider, else a type, which is taken with its defaults.
            client: The format of *body*; None: guessed.

        Raises:
            KorproxyError: It would be refused, *body* is no request, or there is no such provider or format.
        """


class Insight(Protocol):
    """What is known of past requests. Without a daemon it is read from the disk, and ``asked`` in each answer is ``files``.

    All texts are redacted. Answers are in JSON's own types, as the management API gives them.
    """

    def metrics(self, *, since: float) -> Mapping[str, object]:
        """Return what ``GET /v1/metrics`` does for the last *since* seconds."""

    def requests(self, wanted: WantedRequests) -> Mapping[str, object]:
        """Return what ``GET /v1/requests`` does."""

    def why(self, id: str) -> Mapping[str, object]:  # noqa: A002 -- the word for it
        """Return what ``GET /v1/requests/ID/why`` does.

        Raises:
            CommandFailed: KP-SYS-526: nothing is known of a request with this own or correlation id.
        """

    def logs(self, wanted: WantedLines) -> Mapping[str, object]:
        """Return what ``GET /v1/logs`` does."""

    def follow(self, wanted: WantedLines) -> Iterator[Mapping[str, object]]:
        """Yield the lines that ``logs`` would return, and each further one once it is written, for ever."""

    def log_levels(self, level: str | None = None, levels: Mapping[str, str] | None = None) -> Mapping[str, object]:
        """Have other levels hold in the running daemon, until its configuration is read again; return those that do."""

    def bundle(self, *, repro: str = "") -> Mapping[str, object]:
        """Return the debug bundle.

        Args:
            repro: The id of a failed request whose shape is to be in it.
        """

    def canary(self, *, redaction: bool = True) -> Mapping[str, object]:
        """Plant secrets in a KorProxy of its own, let everything happen to them, and look for them in all that it wrote.

        Args:
            redaction: False: without any rule, to see that they would be found.
        """


class Configuration(Protocol):
    """The files of the configuration, for commands that show and change them.

    A change is checked before anything is written, durable, and never half done. Where a daemon runs, it is asked to read its
    files again; what came of that is in what is returned.

    Raises:
        CommandFailed: Of every change: there is nothing of that name (KP-CONF-226), or something already (KP-CONF-227), or
            something needs it (KP-CONF-228); somebody else is changing the files (KP-CONF-223); one cannot be written
            (KP-CONF-229).
        ConfigError: What would be written cannot be, or what is there cannot be used.
    """

    def routing(self) -> Routing:
        """Return what routing.toml says."""

    def accounts(self) -> Sequence[KnownAccount]:
        """Return all accounts, those of a provider behind each other."""

    def strategies(self) -> Sequence[str]:
        """Return the names of all routing strategies."""

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
        """Add an account to accounts.toml. With no *key*, no *secret* and not *forwards* it sends none.

        Args:
            key: A reference to its secret, as in korproxy.toml.
            secret: The secret itself; it is kept in a file of its own that only the user can read.
            forwards: The caller's own credential is forwarded.
            type: What the provider is, where korproxy.toml does not have it.
        """

    def remove_account(self, provider: str, name: str) -> Applied:
        """Take an account out of accounts.toml and of all groups; the file with its secret goes, too, if KorProxy made it."""

    def enable_account(self, provider: str, name: str, *, on: bool) -> Applied:
        """Give an account requests, or none."""

    def create_profile(self, profile: Profile, *, copy_from: str = "") -> Applied:
        """Add *profile*; what it does not say, it has from the profile *copy_from*."""

    def set_profile(self, name: str, groups: Mapping[str, str]) -> Applied:
        """Change which groups the profile *name* has: for ``default``, ``chat`` and so on; an empty name is none."""

    def switch_profile(self, name: str) -> Applied:
        """Put the profile *name* in force."""

    def delete_profile(self, name: str) -> Applied:
        """Take the profile *name* out."""

    def set_group(
        self,
        name: str,
        *,
        strategy: str | None = None,
        members: Sequence[Member] | None = None,
        add: Sequence[Member] = (),
        remove: Sequence[Member] = (),
    ) -> Applied:
        """Make the group *name*, or change it; None: as it is.

        Args:
            members: All there are from now on.
            add: Put at the end, or in the place of the one for the same account.
            remove: Taken out.
        """

    def delete_group(self, name: str) -> Applied:
        """Take the group *name* out."""

    def add_rule(self, rule: Rule, *, position: int | None = None) -> Applied:
        """Add *rule* at *position*, counted from 1; None: as the last one."""

    def move_rule(self, name: str, position: int) -> Applied:
        """Move the rule *name* to *position*, counted from 1."""

    def enable_rule(self, name: str, *, on: bool) -> Applied:
        """Make the rule *name* count, or not."""

    def delete_rule(self, name: str) -> Applied:
        """Take the rule *name* out."""

    def set_safe_mode(self, *, on: bool, model: str = "") -> Applied:
        """Switch safe mode; an empty *model* is the one there is.

        Raises:
            CommandFailed: KP-CONF-231: ``features.safe_mode`` is off.
        """

    def reload(self) -> Applied:
        """Have the running daemon read its files again.

        Raises:
            CommandFailed: KP-SYS-505: none runs.
        """

    def export(self) -> Mapping[str, object]:
        """Return all files as one document in JSON's own types: secrets masked, references as they are."""

    def restore(self, raw: bytes, *, path: str, merge: bool = False) -> Applied:
        """Put what ``export`` returned, or one of the files, in the place of what is there; with *merge* on top of it.

        Args:
            path: Where *raw* is from, for messages; the name of one of the three files says that it is that one.
        """

    def migrate(self, *, settings: bool = False) -> Applied:
        """Write files of an older version anew, and keep them as they were.

        Args:
            settings: Also korproxy.toml, whose comments are then only in the one that is kept.
        """

    def problems(self, raw: bytes | None = None, *, path: str = "") -> Sequence[Problem]:
        """Return every mistake in *raw*, as for ``restore``; None: in the files of the home."""


@attrs.frozen(kw_only=True)
class KnownAccount:
    """An account as the files have it.

    Attributes:
        type: Its provider's.
        key: The reference to its secret; None: it has none. What is no reference is not shown.
        file: Where it stands: ``korproxy.toml`` or ``accounts.toml``.
        disabled: It gets no requests.
        problem: Why its secret cannot be had from here; None: it can.
    """

    provider: str
    type: str
    name: str
    key: str | None = None
    forwards: bool = False
    file: str = ""
    disabled: bool = False
    problem: Problem | None = None


@attrs.frozen(kw_only=True)
class Applied:
    """What came of a change of the configuration.

    Attributes:
        files: Those that were written; none: all was like that already.
        kept: Where files are now that had to make room.
        removed: Files that are gone.
        daemon: ``in force``: the running daemon goes by the files; ``refused``: it goes by what it had before; ``silent``: it
            did not say; ``demo``: it goes by no files; ``none``: none runs.
        generation: Which configuration of the daemon is in force; None: it did not say.
        problems: Why it was refused, or what is not known.
        warnings: What leads nowhere by this change, and what the daemon warns of.
        restart: Settings that only a restart of the daemon changes.
    """

    files: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    daemon: str = "none"
    generation: int | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    restart: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Explanation:
    """The request that would be sent to a provider, and what becomes of each value of the client's request.

    Attributes:
        client: The format of the client's request.
        dialect: The format of what is sent. The same: the bytes pass, and only the model's name may change.
        model: The provider's own name for the model.
        body: What is sent to ``url``. No credential is in either.
        names: The provider's name of each tool that had to be renamed -> the client's name.
        fates: JSON pointer of each value that holds no other -> the note about it, or about something that it is in.
        lossy: What the answer would have in ``X-KorProxy-Lossy``.
        remarks: Sentences for people: what was assumed.
    """

    client: str
    dialect: str
    provider: str
    model: str
    url: str
    body: bytes = attrs.field(repr=False)
    names: Mapping[str, str] = attrs.field(factory=dict)
    fates: Mapping[str, Note] = attrs.field(factory=dict, repr=False)
    lossy: str = ""
    remarks: tuple[str, ...] = ()


@attrs.frozen
class Command:
    """A command of ``korproxy``. ``load`` imports it, and is called only when it is run.

    Every command gets ``--home``, ``--verbose`` and ``--json`` from the core: it declares none of them, and prints with
    ``Cli.show``.

    ``help`` is one line; it is what ``korproxy --help`` shows.
    """

    name: str
    help: str
    load: Callable[[], click.Command]


@attrs.frozen
class PluginTable:
    """Says which attrs class describes a plugin's own ``[plugin.NAME]`` table."""

    name: str
    table: type
