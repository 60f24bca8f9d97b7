"""Fetch images that a request only links to, for models that take none by link. Only where ``fetch_images = true``.

A caller who may name addresses for us to open could reach what only this machine reaches: its own network, a cloud's metadata
service. So every name is resolved here, each of its addresses has to be a public one, and the connection goes to the address
that was checked. Redirects are not followed.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import attrs
import trio

from korproxy.chat.conversation import Conversation, Turn
from korproxy.chat.media import sniffed
from korproxy.chat.parts import Blob, Image, Part, ToolResult
from korproxy.chat.report import Report
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.public_addresses import is_public
from korproxy.models.calls import Headers
from korproxy.net.address import target_of
from korproxy.net.client import Answer, Client
from korproxy.net.connect import Connector
from korproxy.net.errors import NetError
from korproxy.net.pool import Pool

CANNOT_FETCH = "KP-NET-313"
MOST_BYTES = 20 * 1024**2  # of all images of one request together: what Gemini takes
MOST_IMAGES = 16  # of one request, each counted once
_KINDS = frozenset(f"image/{each}" for each in ("png", "jpeg", "gif", "webp", "heic", "heif", "avif", "bmp"))
SECONDS = 10.0  # for one image, from its name to its last byte
_WANTED = ((b"accept", b"image/*"), (b"accept-encoding", b"identity"))
KEPT_IMAGES = 32
KEPT_BYTES = 64 * 1024**2  # of base64, as it lies in memory
KEPT_SECONDS = 3600.0


@attrs.define
class Kept:
    """Images that came lately, by their link: what was not used for longest goes first.

    A conversation brings its links again with every turn. Its images have to be there at once then, and with the same bytes:
    a provider's prompt cache ends where they differ.
    """

    _found: dict[str, tuple[Blob, float]] = attrs.field(factory=dict, init=False, repr=False)  # least recently used first

    def get(self, url: str, now: float) -> Blob | None:
        """Return the image that came from *url* less than an hour before *now* (Trio time)."""
        blob, until = self._found.pop(url, (None, now))
        if blob is None or until <= now:
            return None
        self._found[url] = blob, until
        return blob

    def put(self, url: str, blob: Blob, now: float) -> None:
        """Keep *blob*, and drop what is too old or too much."""
        self._found.pop(url, None)
        self._found = {each: (kept, until) for each, (kept, until) in self._found.items() if until > now}
        self._found[url] = blob, now + KEPT_SECONDS
        while len(self._found) > KEPT_IMAGES or sum(len(kept.data or "") for kept, _ in self._found.values()) > KEPT_BYTES:
            del self._found[next(iter(self._found))]


@attrs.define
class ImageFetcher:
    """Opens the links of requests.

    Attributes:
        allowed: Which addresses may be connected to.
    """

    allowed: Callable[[IPv4Address | IPv6Address], bool] = is_public
    _kept: Kept = attrs.field(factory=Kept, init=False, repr=False)

    async def inline(self, conversation: Conversation, report: Report) -> Conversation:
        """Return *conversation* with the bytes of every linked image in place of its link; reported as mapped.

        Raises:
            BadRequest: One of them cannot be had (KP-NET-313).
        """
        links = [part for turn in conversation.turns for part in _images(turn)]
        if not links:
            return conversation
        count = len({each.blob.url for each in links})
        if count > MOST_IMAGES:
            raise BadRequest(CANNOT_FETCH, f"The request links to {count} images, and {MOST_IMAGES} are fetched at most.")
        found: dict[str, Blob] = {}
        room = MOST_BYTES
        for image in links:
            url = image.blob.url or ""
            if url not in found:
                found[url] = await self._had(url, image.at, room)
                room -= _size(found[url])
            report.mapped(image.at, "fetched, and sent along")
        return attrs.evolve(conversation, turns=tuple(_with(turn, found) for turn in conversation.turns))

    async def _had(self, url: str, at: str, room: int) -> Blob:
        blob = self._kept.get(url, trio.current_time())
        if blob is None:
            blob = await self.fetch(url, at, room)
            self._kept.put(url, blob, trio.current_time())
        elif _size(blob) > room:
            raise _cannot(url, at, _too_much())
        return blob

    async def fetch(self, url: str, at: str = "", room: int | None = None) -> Blob:
        """Open *url* and return the image there, of *room* bytes at most; *at* is where the link stands, for the error."""
        with trio.move_on_after(SECONDS):
            try:
                parts = urlsplit(url)
                return await _get(parts, await self._address(parts), MOST_BYTES if room is None else room)
            except (_Not, OSError, ValueError, NetError) as exc:
                why = str(exc) if isinstance(exc, _Not) else f"it cannot be reached ({type(exc).__name__})"
                raise _cannot(url, at, why) from None
        raise _cannot(url, at, f"it was not there after {SECONDS:g} s")

    async def _address(self, url: SplitResult) -> str:
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
            raise _Not("only plain http and https addresses are opened")
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await trio.socket.getaddrinfo(url.hostname, port, type=trio.socket.SOCK_STREAM)
        addresses = [str(each[4][0]).partition("%")[0] for each in found]
        if not addresses or not all(self.allowed(ip_address(each)) for each in addresses):
            raise _Not("its address is not on the open internet")
        return addresses[0]


class _Not(Exception):
    """Why it is not fetched."""


async def _get(url: SplitResult, address: str, room: int) -> Blob:
    target = attrs.evolve(target_of(url._replace(fragment="").geturl()), host=address)
    secure = url.scheme == "https"
    trust = await trio.to_thread.run_sync(_trust) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the first: 20 ms
    pool = Pool(Connector(trust))
    try:
        answer = await Client(pool).ask("GET", target, _WANTED, length=False)
        if answer.status != 200:
            raise _Not(f"its server answered {answer.status}")
        fields = Headers(answer.fields)
        if fields.text(b"content-encoding").lower() not in ("", "identity"):
            raise _Not("it is no image")  # but a coded one, though none was asked for
        kind = fields.text(b"content-type").partition(";")[0].strip().lower()
        data = await _bounded(answer, room)
    finally:
        pool.close()
    text = (await trio.to_thread.run_sync(base64.b64encode, data)).decode()
    kind = sniffed(kind, text)
    if kind not in _KINDS or not data:
        raise _Not("it is no image")
    return Blob(media_type=kind, data=text)


async def _bounded(answer: Answer, room: int) -> bytes:
    data = bytearray()
    while chunk := await answer.receive():
        data += chunk
        if len(data) > room:
            raise _Not(_too_much())
    return bytes(data)


def _size(blob: Blob) -> int:
    data = blob.data or ""
    return len(data) // 4 * 3 - data[-2:].count("=")


def _too_much() -> str:
    return f"all images together have more than {MOST_BYTES} bytes"


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cannot(url: str, at: str, why: str) -> BadRequest:
    where = f" ({at})" if at else ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if not host.isprintable():  # half a surrogate pair could not even be said
        host = ""
    return BadRequest(CANNOT_FETCH, f"The image at {host or 'that address'}{where} was not fetched: {why}.")


def _images(turn: Turn) -> list[Image]:
    found: list[Image] = []
    for part in turn.parts:
        inner = part.parts if isinstance(part, ToolResult) else (part,)
        found += [each for each in inner if isinstance(each, Image) and each.blob.url is not None]
    return found


def _with(turn: Turn, found: dict[str, Blob]) -> Turn:
    return attrs.evolve(turn, parts=tuple(_replaced(part, found) for part in turn.parts)) if _images(turn) else turn


def _replaced(part: Part, found: dict[str, Blob]) -> Part:
    match part:
        case Image(blob=Blob(url=str(url))):
            return attrs.evolve(part, blob=found[url])
        case ToolResult():
            inner = tuple(
                attrs.evolve(each, blob=found[each.blob.url]) if isinstance(each, Image) and each.blob.url else each
                for each in part.parts
            )
            return attrs.evolve(part, parts=inner)
        case _:
            return part
