"""What would be sent to a provider for a request, and what becomes of each value in it. Nothing is sent: no network, no daemon.

Requests are read, routed and written by the same functions as the daemon's. Accounts are left out: no secret is looked up.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from msgspec import structs

from korproxy.chat.conversation import Conversation
from korproxy.chat.report import Report
from korproxy.chat.wire import Written
from korproxy.config.checks import Mistake
from korproxy.config.home import Home
from korproxy.config.reading import read_all
from korproxy.config.settings import AccountSettings, ProviderTable, RootSettings
from korproxy.config.shown import place
from korproxy.config.texts import provider_id
from korproxy.contracts import Dialect, Explanation, Provider
from korproxy.errors.exceptions import BadRequest, ConfigError, NoProvider
from korproxy.gateway.crossing import no_way, read, translators, write
from korproxy.gateway.embedding import cross, embedders
from korproxy.gateway.lossy import lossy_header
from korproxy.gateway.routing import Candidate, Snapshot, candidates, unaliased
from korproxy.kit.shortening import shortened
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Outgoing
from korproxy.models.routing import Routing
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.fates import fates
from korproxy.runtime.format_guess import guess_format

NOT_JSON, NO_FORMAT, NO_PROVIDER = "KP-SYS-509", "KP-PROV-113", "KP-PROV-105"
NOBODY = "none"  # the name of the account that every provider has here
SHOWN = 5  # names of models in a remark
STAND_IN = "ThisStandsForTheImageThatKorProxyFetchesWhenItSendsTheRequest+++"  # valid base64, since writers may look into it


def explain(
    home: Home,
    body: bytes,
    *,
    to: str,
    client: str | None = None,
    plugin_dirs: Iterable[Path] = (),
    no_plugins: bool = False,
) -> Explanation:
    """Return what would be sent for *body*; ``Cli.explain`` says what the arguments mean.

    Raises:
        BadRequest: *body* is no request (KP-SYS-5xx), or the provider's format has no place for it (KP-PROV-115).
        NoProvider: There is no such provider (KP-PROV-105) or format (KP-PROV-113), or its service has ended (KP-PROV-106).
        ConfigError: korproxy.toml is wrong, or what it says of this provider.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    document = _object(body)
    name, _, model = to.partition("/")
    loaded = read_all(home)
    root = loaded.root
    without = _without_accounts(root, name)
    parts = compose(home, plugin_dirs=plugin_dirs, no_plugins=no_plugins, root=without, loaded=loaded)
    provider = _provider(parts, name, configured=name in root.providers)
    snapshot = parts.snapshot()
    dialect = _client_dialect(snapshot, client or guess_format(document))
    call = _call(dialect, body, model)
    candidate = _candidate(call, snapshot, provider, model or _own_model(call.peek.model, snapshot))
    remarks = []
    if client is None:
        remarks.append(f"The request looks like {dialect.name}; --from says otherwise.")
    if name not in root.providers:
        remarks.append(f"No provider {name!r} is configured: shown with the defaults of the type.")
    return _explained(call, candidate, snapshot, document, [*remarks, *_about_model(candidate)])


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body.decode())
    except UnicodeDecodeError as exc:
        raise BadRequest(NOT_JSON, f"The request is not UTF-8: byte {exc.start} cannot be read.") from None
    except ValueError as exc:
        raise BadRequest(NOT_JSON, f"The request is not JSON: {exc}") from None
    except RecursionError:
        raise BadRequest(NOT_JSON, "The request is not read: it is nested too deeply.") from None
    if not isinstance(document, dict):
        raise BadRequest(NOT_JSON, "The request is JSON, but not an object in braces.")
    return document


def _without_accounts(root: RootSettings, name: str) -> RootSettings:
    """Return *root* with one account without a secret everywhere, and a provider *name* of the type that is called so.

    No secret is needed to write a request; one that is not looked up can neither be missing nor be shown.
    """
    nobody = (AccountSettings(name=NOBODY),)
    tables = {each: attrs.evolve(table, accounts=nobody) for each, table in root.providers.items()}
    try:
        provider_id(name)
    except Mistake:
        return attrs.evolve(root, providers=tables)
    return attrs.evolve(root, providers={name: ProviderTable(type=name, accounts=nobody), **tables})


def _provider(parts: Composition, name: str, *, configured: bool) -> Provider:
    for each in parts.providers:
        if each.id == name:
            return each
    at = place((name, "type"), "$.providers")
    problems = [each for each in parts.problems if each.path == at]
    if configured and problems:
        raise ConfigError.of(problems)
    there = ", ".join(each.id for each in parts.providers) or "none"
    types = "".join(f" As a type: {each.message}." for each in problems)
    raise NoProvider(NO_PROVIDER, f"No provider {shortened(name, 100)!r} is configured. Configured: {there}.{types}")


def _client_dialect(snapshot: Snapshot, name: str) -> Dialect:
    spoken = {each.name: each for each in snapshot.dialects.values() if each.paths}
    if name not in spoken:
        known = ", ".join(spoken) or "none"
        raise NoProvider(NO_FORMAT, f"KorProxy reads no requests in the format {shortened(name, 100)!r}. It reads: {known}.")
    return spoken[name]


def _call(dialect: Dialect, body: bytes, model: str) -> Call:
    path = dialect.paths[0]
    if "{model}" in path:
        if not model:
            text = f"A request in the format {dialect.name} does not say the model itself: --to PROVIDER/MODEL has to."
            raise BadRequest("KP-SYS-519", text)
        path = path.replace("{model}", model)
    return Call(id="", correlation_id="", dialect=dialect.name, path=path, peek=dialect.peek(path, body), body=body)


def _own_model(wanted: str, snapshot: Snapshot) -> str:
    """Return the model that the request asks for, without the provider in front: who is asked is decided already."""
    meant = unaliased(wanted, snapshot)
    for name in (wanted, meant):
        first, _, rest = name.partition("/")
        if rest and any(each.id == first for each in snapshot.providers):
            return rest
    return meant


def _candidate(call: Call, snapshot: Snapshot, provider: Provider, model: str) -> Candidate:
    asked = structs.replace(call, peek=attrs.evolve(call.peek, model=f"{provider.id}/{model}"))
    return candidates(asked, attrs.evolve(snapshot, providers=(provider,), aliases={}, routing=Routing()))[0]


def _about_model(candidate: Candidate) -> Iterator[str]:
    """Say it where a model is not the provider's: most often the request's own, which another provider knows."""
    known = [each.id for each in candidate.provider.models()]
    if known and not candidate.provider.offers(candidate.model):
        some = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
        name = candidate.provider.id
        yield f"{name} lists no model {shortened(candidate.model, 100)!r}; --to {name}/MODEL names another: {some}."


def _explained(
    call: Call, candidate: Candidate, snapshot: Snapshot, document: Mapping[str, Any], remarks: Sequence[str]
) -> Explanation:
    report, written = Report(), _renamed(call, candidate, snapshot)
    if candidate.dialect != call.dialect:
        report, written = _crossed(call, candidate, snapshot)
    if candidate.model != call.peek.model and "model" in document:
        report.mapped("/model", f"sent as {candidate.model}")
    sent = candidate.provider.prepare(
        Outgoing(dialect=candidate.dialect, model=candidate.model, stream=call.peek.stream, body=written.body),
        Account(name=NOBODY),  # whatever a plugin's own accounts hold stays there
    )
    return Explanation(
        client=call.dialect,
        dialect=candidate.dialect,
        provider=candidate.provider.id,
        model=candidate.model,
        url=sent.url,
        body=sent.body,
        names=written.names,
        fates=dict(fates(document, report)),
        lossy=lossy_header(report).decode(),
        remarks=tuple(remarks),
    )


def _renamed(call: Call, candidate: Candidate, snapshot: Snapshot) -> Written:
    """Return the client's own bytes, which a provider of the same format gets: at most the model's name is another."""
    if candidate.model == call.peek.model or call.peek.span is None:
        return Written(body=call.body)
    return Written(body=snapshot.dialects[call.dialect].set_model(call.body, call.peek.span, candidate.model))


def _crossed(call: Call, candidate: Candidate, snapshot: Snapshot) -> tuple[Report, Written]:
    own_dialect, away_dialect = map(snapshot.dialects.get, (call.dialect, candidate.dialect))
    if (pair := embedders(own_dialect, away_dialect)) is not None:
        crossing = cross(call, candidate, *pair)
        return crossing.report, crossing.written
    both = translators(own_dialect, away_dialect)
    if both is None:
        raise no_way(call, candidate)
    client, away = both
    reading = read(call, client, created=0)
    provider = candidate.provider
    if provider.fetch_images and not provider.abilities(candidate.model).image_links:
        reading = attrs.evolve(reading, conversation=_with_stand_ins(reading.conversation, reading.report))
    return reading.report, write(reading, call, candidate, away)


def _with_stand_ins(conversation: Conversation, report: Report) -> Conversation:
    """Return *conversation* as if each image that it links to had been fetched: ``STAND_IN`` is in its place."""
    import trio

    from korproxy.chat.parts import Blob
    from korproxy.gateway.images import ImageFetcher

    class Pretender(ImageFetcher):
        async def fetch(self, url: str, at: str = "", room: int | None = None) -> Blob:
            del url, at, room
            return Blob(media_type="image/png", data=STAND_IN)

    return trio.run(Pretender().inline, conversation, report)
