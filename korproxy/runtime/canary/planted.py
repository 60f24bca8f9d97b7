"""A plugin that lets out all the secrets it knows, in every way in which a plugin can. It is copied into the canary's home."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import trio

from korproxy.api import (
    Account,
    Collector,
    Dialect,
    Fault,
    Headers,
    OpenAICompatible,
    Outgoing,
    Peek,
    Provider,
    Service,
    Settings,
    UpstreamRequest,
    hookimpl,
)

log = logging.getLogger("planted")


def _texts(place: str) -> list[str]:
    """Return what is to be let out at *place*; nothing where nobody has written it down beside this file."""
    file = Path(__file__).with_suffix(".json")
    found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found.get(place, [])


def _by_number(place: str) -> dict[str, str]:
    return dict(each.split(" ", 1) for each in _texts(place))


class Leak(Exception):
    """Says more than it should."""


def _fail(text: str) -> None:
    raise Leak(text)


@attrs.define
class Talker:
    """Writes everything into the log once."""

    name: str = "planted-talker"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Log all there is, a few at a time."""
        task_status.started()
        for text in _texts("log line of a plugin"):
            log.warning(text)
            await trio.lowlevel.checkpoint()
        for text in _texts("arguments of a log line"):
            log.warning("got %r and %s", {"note": text}, [text])
            await trio.lowlevel.checkpoint()
        for text in _texts("traceback"):
            try:
                _fail(text)
            except Leak:
                log.exception("it failed")
            await trio.lowlevel.checkpoint()
        await trio.sleep_forever()


@attrs.define
class Crasher:
    """Crashes once, with its text."""

    name: str
    text: str
    crashed: bool = False

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Crash; do nothing when started again."""
        task_status.started()
        if not self.crashed:
            self.crashed = True
            _fail(self.text)
        await trio.sleep_forever()


@attrs.frozen
class Teller:
    """A section of the diagnostics that says too much."""

    name: str = "planted-teller"

    async def collect(self) -> Mapping[str, object]:
        """Return everything: as texts, as keys and nested."""
        texts = _texts("section of a collector")
        return {"texts": texts, "keys": dict.fromkeys(texts, 1), "nested": [{"deep": {"text": each}} for each in texts]}


@attrs.frozen
class Failer:
    """A section that fails."""

    name: str
    text: str

    async def collect(self) -> Mapping[str, object]:
        """Raise."""
        await trio.lowlevel.checkpoint()
        raise Leak(self.text)


@attrs.frozen(kw_only=True)
class Planted(OpenAICompatible):
    """A provider that fails when it is to build a request."""

    texts: Mapping[str, str] = attrs.field(factory=dict)

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        """Raise what belongs to the model."""
        _fail(self.texts.get(request.model, "no text"))
        return super().prepare(request, account)


def _never(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


class Format:
    """A format that fails at whatever it reads: the body is the number of what it says then."""

    name = "planted"
    paths = ("/planted",)
    translator = None
    kind = "chat"
    listed = frozenset[str]()

    set_model = reader = late_error = model_list = model_entry = _never

    def wants_array(self, query: bytes) -> bool:
        """Say no."""
        del query
        return False

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Say no."""
        del path, query, headers
        return False

    def error(self, fault: Fault) -> bytes:
        """Return just the words."""
        return fault.message.encode()

    def peek(self, path: str, body: bytes) -> Peek:
        """Raise."""
        del path
        _fail(_by_number("fault in a format").get(body.decode(), "no text"))
        return Peek(model="", stream=False)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format, and log while plugins are loaded."""
    del settings
    for text in _texts("log line while plugins are loaded"):
        log.warning("%s", text)
    yield cast("Dialect", Format())


@hookimpl
def korproxy_services(settings: Settings) -> Iterable[Service]:
    """Offer what talks and what crashes."""
    del settings
    yield Talker()
    texts = [*_texts("crash of a service"), *_texts("crash of a service, cut off")]
    for number, text in enumerate(texts):
        yield Crasher(f"planted-{number}", text)


@hookimpl
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Offer what tells and what fails."""
    del settings
    yield Teller()
    for number, text in enumerate(_texts("failure of a collector")):
        yield Failer(f"planted-failer-{number}", text)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer the provider; its models are numbers of plants."""
    del settings
    texts = {f"say-{number}": text for number, text in _by_number("failure of a provider's plugin").items()}
    account = Account(name="only")
    yield Planted(id="planted", base_url="http://127.0.0.1:1/v1", accounts=(account,), texts=texts, patterns=("say-*",))
