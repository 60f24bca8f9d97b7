"""The beginning of an answer: is it one at all, and what does a refusal mean?"""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType
from typing import NoReturn
from urllib.parse import urlsplit

import attrs
import msgspec
import trio

from korproxy.errors.exceptions import AccountRefused, KorproxyError, PluginBroken, ProviderLost, ProviderRefused
from korproxy.gateway.answer_headers import is_event_stream, kind_of
from korproxy.gateway.inflate import inflated
from korproxy.gateway.routing import Candidate
from korproxy.gateway.upstream import Reply
from korproxy.gateway.verdicts import remedy
from korproxy.models.outcome import Refusal

REFUSAL_LIMIT = 64 * 1024  # bytes of a provider's error that are read to understand it
REFUSAL_SECONDS = 5.0  # how long that may take


def blame(provider: str, exc: Exception) -> NoReturn:
    """Raise what it means that the code of *provider* has failed with *exc*: it costs this request, and the error says where.

    Not why: the words of an exception may repeat what is worked on. An error of ours is raised as it is.
    """
    if isinstance(exc, KorproxyError):
        raise exc
    text = f"The plugin behind provider {provider!r} failed: {type(exc).__name__} in {_place(exc)}."
    raise PluginBroken("KP-CONF-209", text, plugin=provider) from exc


@attrs.define
class Naming:
    """The code of *provider* runs; see ``blame``. On the way of every request stands a ``try`` instead, which costs nothing."""

    provider: str

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, KorproxyError):
            blame(self.provider, exc)


def _place(exc: Exception) -> str:
    """Return the line that raised *exc*, and its file without the directories that tell of the user."""
    at = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{'/'.join(Path(at.filename).parts[-2:])}:{at.lineno}"


class Begun(msgspec.Struct):
    """An answer whose first bytes are here.

    Attributes:
        refusal: What it means, if it is the provider's own error.
        is_stream: See ``is_event_stream``.
    """

    reply: Reply
    first: bytes
    refusal: Refusal | None = None
    is_stream: bool = False


async def begin(candidate: Candidate, reply: Reply) -> Begun:
    """Wait for the first bytes.

    Raises:
        AccountRefused: The provider does not accept OUR credential.
        ProviderRefused: It refused, and its words did not arrive.
        ProviderLost: What came is no answer.
    """
    if reply.status < 400:
        if reply.status >= 300:
            raise _redirected(candidate, reply)
        first = await reply.next_chunk()
        kind = kind_of(reply.headers)
        if not first or kind == "text":
            raise _no_answer(candidate, reply, first)
        return Begun(reply, first, None, kind == "events" and is_event_stream(reply.headers))
    words, whole = await _read_refusal(reply)
    refusal = _judge(candidate, reply, words)
    if not whole:
        name = candidate.provider.id
        text = f"{name} answered {reply.status}, and its explanation did not arrive whole."
        raise ProviderRefused(refusal.code, text, provider=name, upstream_status=reply.status, retry_after=refusal.retry_after)
    return Begun(reply=reply, first=words, refusal=refusal, is_stream=is_event_stream(reply.headers))


def _redirected(candidate: Candidate, reply: Reply) -> ProviderLost:
    name = candidate.provider.id
    where = _host_of(reply.headers.text(b"location"))
    text = f"{name} answered {reply.status} and points to {where}. KorProxy follows no redirects: correct its base_url."
    return ProviderLost("KP-PROV-111", text, provider=name)


def _host_of(location: str) -> str:
    """Return as much of a redirect's goal as helps: its path and query may hold a signature, its authority a password."""
    try:
        goal = urlsplit(location)
    except ValueError:
        return "nowhere"
    return f"{goal.scheme}://{goal.hostname}" if goal.scheme and goal.hostname else "another path of its own"


def _no_answer(candidate: Candidate, reply: Reply, first: bytes) -> ProviderLost:
    """Refuse what cannot be the provider's API speaking, lest it looks like success."""
    name = candidate.provider.id
    if not first:
        return ProviderLost("KP-PROV-108", f"{name} answered {reply.status} with nothing in it.", provider=name)
    kind = reply.headers.text(b"content-type")[:100]
    text = f"{name} answered {reply.status} with {kind} in place of JSON or events: something else stands at its base_url."
    return ProviderLost("KP-PROV-107", text, provider=name)


async def _read_refusal(reply: Reply) -> tuple[bytes, bool]:
    """Read until the error can be understood: all of it, or 64 KiB, after which the rest is relayed as it comes.

    Returns:
        The bytes, and False where it broke off or took more than 5 s: the status says enough to go on.
    """
    words = b""
    with trio.move_on_after(REFUSAL_SECONDS):
        try:
            while chunk := await reply.next_chunk():
                words += chunk
                if len(words) >= REFUSAL_LIMIT:
                    break
        except ProviderLost:
            return words, False
        return words, True
    return words, False


def _judge(candidate: Candidate, reply: Reply, body: bytes) -> Refusal:
    """Return what the provider's own error means.

    Raises:
        AccountRefused: The provider does not accept OUR credential. Its 401 would make the client ask its user for a new key
            for KorProxy, which is not what is wrong.
    """
    provider, account = candidate.provider, candidate.account
    with Naming(provider.id):
        words = inflated(reply.headers, body, longest=REFUSAL_LIMIT)
        refusal = provider.refusal(reply.status, reply.headers, words)
        if not isinstance(refusal, Refusal):
            raise TypeError(f"{type(refusal).__name__} in place of a Refusal")
    if not refusal.credential:
        return refusal
    if account.forwards:
        return Refusal(code="KP-AUTH-008", credential=True)
    what = f"wants a key, and account {account.name!r} has none"
    if account.secret is not None:
        what = f"does not accept the key of account {account.name!r}"
    raise AccountRefused(
        "KP-AUTH-007",
        f"{provider.id} answered {reply.status}: it {what}. {remedy(provider.id, account.name)}",
        provider=provider.id,
        account=account.name,
        upstream_status=reply.status,
    )
