"""A provider that is reached by HTTP and an API key: most of what a provider plugin needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeVar

import attrs

from korproxy.errors.exceptions import NoProvider
from korproxy.kit.patterns import fits
from korproxy.kit.refusals import read_refusal
from korproxy.models.abilities import BY_EFFORT, Abilities
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import SERVED_BY, Features, Headers, Kind, Outgoing, UpstreamRequest
from korproxy.models.outcome import Refusal
from korproxy.models.providers import ConfiguredProvider, Deadlines, Limits, Model
from korproxy.version import VERSION

USER_AGENT = f"korproxy/{VERSION}".encode()

# A client's own value of these would compete with ours, or belongs to its connection and not to the message (RFC 9110, 7.6.1).
NEVER_PASSED = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"api-key",
        b"authorization",
        b"connection",
        b"content-length",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"user-agent",
        b"x-api-key",
        b"x-correlation-id",
        b"x-goog-api-key",
    }
)

_FOR_ANSWERS = (
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
    (b"user-agent", USER_AGENT),
)
_FOR_STREAMS = (_FOR_ANSWERS[0], (b"accept", b"text/event-stream"), *_FOR_ANSWERS[2:])

PLAIN_EFFORTS = ("low", "medium", "high")  # which everybody has who has any

P = TypeVar("P", bound="HttpProvider")


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where and how a provider speaks one format.

    Attributes:
        path: Appended to the base URL; a ``/v1`` that both have is used once.
        key_header: Which header carries the credential; in ``authorization`` it is a bearer token.
        defaults: Headers the format demands, where the client sent none of that name.
        kind: What is asked for in this format.
    """

    path: str
    kind: Kind = "chat"
    key_header: bytes = b"authorization"
    defaults: tuple[tuple[bytes, bytes], ...] = ()

    def url(self, base_url: str, request: Outgoing) -> str:
        """Return the address of this format under *base_url* for *request*, without the client's query."""
        del request
        return _joined(base_url, self.path)

    def list_url(self, base_url: str) -> str:
        """Return where the models are listed: asking for that costs nothing."""
        return _joined(base_url, "/v1/models" if self.path.startswith("/v1/") else "/models")

    def credential(self, secret: Secret) -> tuple[bytes, bytes]:
        """Return the header that carries *secret*."""
        value = secret.reveal().encode("utf-8", "surrogateescape")  # as it came from the environment, whatever that was
        return self.key_header, b"Bearer " + value if self.key_header == b"authorization" else value


@lru_cache(maxsize=256)
def _joined(base_url: str, path: str) -> str:
    base = base_url.rstrip("/")
    if path.startswith("/v1/") and base.endswith("/v1"):
        base = base.removesuffix("/v1")
    return base + path


OPENAI_CHAT = Endpoint(path="/chat/completions")
OPENAI_RESPONSES = Endpoint(path="/responses")
RESPONSES_COUNT = Endpoint(path="/responses/input_tokens", kind="count")
RESPONSES_COMPACT = Endpoint(path="/responses/compact", kind="other")
OPENAI_COMPLETIONS = Endpoint(path="/completions", kind="completion")
OPENAI_EMBEDDINGS = Endpoint(path="/embeddings", kind="embedding")
ANTHROPIC_MESSAGES = Endpoint(path="/v1/messages", key_header=b"x-api-key", defaults=((b"anthropic-version", b"2023-06-01"),))
ANTHROPIC_COUNT = attrs.evolve(ANTHROPIC_MESSAGES, path="/v1/messages/count_tokens", kind="count")


@attrs.frozen(kw_only=True)
class HttpProvider:
    """One upstream service over HTTP. Frozen: everything is known once the configuration is.

    Attributes:
        speaks: Its formats, the preferred one first.
        catalogue: The models that ``GET /v1/models`` lists.
        patterns: Models it takes beyond its catalogue; ``*`` stands for anything.
        families: Names or patterns, in lower case, of models beyond its catalogue -> what they can do; the first that fits.
        assumed: What models can do that nobody knows.
        test_model: The cheapest model that shows whether it works.
        fetch_images: Images that a request only links to are fetched by KorProxy, where a model takes none by link.
    """

    id: str
    type: str = "compatible"
    base_url: str
    accounts: Sequence[Account] = ()
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    limits: Limits = attrs.field(factory=Limits)
    speaks: Mapping[str, Endpoint]
    catalogue: Sequence[Model] = ()
    patterns: tuple[str, ...] = ()
    vendor_headers: tuple[bytes, ...] = ()
    families: tuple[tuple[str, Abilities], ...] = ()
    assumed: Abilities = attrs.field(factory=Abilities)
    test_model: str = ""
    fetch_images: bool = False
    _by_name: Mapping[str, Model] = attrs.field(init=False, repr=False, eq=False)

    @_by_name.default
    def _index(self) -> Mapping[str, Model]:
        aliases = {alias: each for each in self.catalogue for alias in each.aliases}
        return {**aliases, **{each.id: each for each in self.catalogue}}

    def offers(self, model: str) -> bool:
        """Whether *model*, without a provider prefix, is served here."""
        return model in self._by_name or any(fits(model, each) for each in self.patterns)

    def models(self) -> Sequence[Model]:
        """Return what ``GET /v1/models`` lists."""
        return self.catalogue

    def known(self, model: str) -> Model | None:
        """Return the entry of the catalogue that has *model* as its name or as an alias."""
        return self._by_name.get(model)

    def real_name(self, model: str) -> str:
        """Return the name in the catalogue for which *model* is an alias, else *model* itself."""
        found = self.known(model)
        return model if found is None else found.id

    def abilities(self, model: str) -> Abilities:
        """Return what the catalogue says of *model*, else its family, else what is assumed."""
        found = self.known(model)
        if found is not None and found.abilities is not None:
            return found.abilities
        name = model.lower()
        return next((abilities for pattern, abilities in self.families if fits(name, pattern)), self.assumed)

    def dialect_for(self, model: str, features: Features) -> str:
        """Return the client's own format where it is spoken here, else the preferred one that serves the kind; else nothing."""
        del model
        if features.dialect in self.speaks:
            return features.dialect
        serving = SERVED_BY[features.kind]
        return next((name for name, endpoint in self.speaks.items() if endpoint.kind in serving), "")

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        """Return the request with the format's headers, the vendor's own ones, and the credential."""
        endpoint = self.speaks[request.dialect]
        headers = [*(_FOR_STREAMS if request.stream else _FOR_ANSWERS)]
        if request.headers:
            headers += [each for each in request.headers if each[0] not in NEVER_PASSED]
        if endpoint.defaults:
            given = {name for name, _ in headers}
            headers += [each for each in endpoint.defaults if each[0] not in given]
        if request.correlation_id:
            headers.append((b"x-correlation-id", request.correlation_id.encode()))
        plain = account.missing is None and not account.forwards  # as nearly all are: then nothing else is asked
        secret = account.secret if plain else self._secret(request, account)
        if secret is not None:
            headers.append(endpoint.credential(secret))
        url = endpoint.url(self.base_url, request) + request.tail
        if request.query:
            url += ("&" if "?" in url else "?") + request.query.decode("latin-1")
        return UpstreamRequest(request.method, url, headers, request.body)

    def check(self, account: Account) -> UpstreamRequest | None:
        """Return a question for the list of models; see ``contracts.Checked``."""
        if account.forwards or account.missing is not None or not self.speaks:
            return None
        endpoint = next(iter(self.speaks.values()))
        headers = [*_FOR_ANSWERS[1:], *endpoint.defaults]
        if account.secret is not None:
            headers.append(endpoint.credential(account.secret))
        return UpstreamRequest("GET", endpoint.list_url(self.base_url), headers)

    def refusal(self, status: int, headers: Headers, body: bytes) -> Refusal:
        """Read an error answer in the shape of the two big vendors."""
        return read_refusal(status, headers, body)

    def _secret(self, request: Outgoing, account: Account) -> Secret | None:
        if account.missing is not None:
            raise attrs.evolve(account.missing)  # a fresh one: raised again, the same would collect every request's frames
        if not account.forwards:
            return account.secret
        if request.credential is None:
            raise NoProvider(
                "KP-AUTH-009",
                f"Account {account.name!r} of {self.id!r} forwards the caller's own credential, and this request has none."
                " Send KorProxy's key in X-KorProxy-Key and your provider's key where your tool always puts it.",
            )
        return request.credential


def from_settings(table: ConfiguredProvider, provider: P) -> P:
    """Return *provider*, which holds the defaults of its type, with everything that its ``[providers.ID]`` *table* says."""
    provider = attrs.evolve(
        provider,
        id=table.id,
        type=table.type,
        accounts=table.accounts,
        deadlines=table.deadlines,
        limits=table.limits,
        fetch_images=table.fetch_images,
    )
    if table.base_url is not None:
        provider = attrs.evolve(provider, base_url=table.base_url)
    provider = _able(provider, table.abilities)
    return _limited(provider, table) if table.models else provider


def _limited(provider: P, table: ConfiguredProvider) -> P:
    """Return *provider* with the models of *table* for its own; what it knows of others stays known."""
    plain = [provider.known(each) or Model(id=each, owner=table.id) for each in table.models if "*" not in each]
    return attrs.evolve(
        provider,
        catalogue=tuple({each.id: each for each in plain}.values()),
        patterns=tuple(each for each in table.models if "*" in each),
        families=(
            *((each.id.lower(), each.abilities) for each in provider.catalogue if each.abilities is not None),
            *provider.families,
        ),
    )


def _able(provider: P, said: Mapping[str, object]) -> P:
    """Return *provider* with what the user *said* of the abilities of all its models in place of what was known."""
    if not said:
        return provider
    changed = partial(_changed, said)
    return attrs.evolve(
        provider,
        assumed=changed(provider.assumed),
        families=tuple((pattern, changed(each)) for pattern, each in provider.families),
        catalogue=tuple(
            each if each.abilities is None else attrs.evolve(each, abilities=changed(each.abilities))
            for each in provider.catalogue
        ),
    )


def _changed(said: Mapping[str, Any], abilities: Abilities) -> Abilities:
    changed = attrs.evolve(abilities, **said)
    if (changed.reasoning in BY_EFFORT) == bool(changed.efforts):
        return changed
    return attrs.evolve(changed, efforts=() if changed.efforts else PLAIN_EFFORTS)  # another form than before
