"""Pictures and files in a request for OpenAI's formats: ``data:`` URLs, which may be megabytes long.

Such a URL is never put together. It is written piece by piece, so that a request takes no more memory than the picture that it
was read into, and its own bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from secrets import token_hex
from typing import Any

import msgspec

from korproxy.api import chat, json_bytes

LONG = 64 * 1024  # characters: what is shorter is not worth it
_PIECE = 64 * 1024  # characters written at a time
_MARK = token_hex(16)  # stands for a URL until all else is written; nobody knows it who could write it into a request


class LongUrl:
    """A ``data:`` URL that ``request_bytes`` writes.

    Attributes:
        head: What stands in front of *data*.
        data: Base64, or whatever a client has sent as such.
    """

    def __init__(self, head: str, data: str) -> None:
        self.head = head
        self.data = data


def data_url(blob: chat.Blob) -> str | LongUrl:
    """Return *blob* as a value for ``request_bytes``; ``chat.data_url`` says of which that cannot be done."""
    if blob.data is None or blob.url is not None or len(blob.data) < LONG:
        return chat.data_url(blob)
    return LongUrl(chat.data_url(chat.Blob(media_type=blob.media_type, data="")), blob.data)


def request_bytes(value: object) -> bytes:
    """Return *value* as ``json_bytes`` does, long URLs in it included."""
    urls: list[LongUrl] = []

    def marked(found: Any) -> str:
        if not isinstance(found, LongUrl):
            raise TypeError(f"{type(found).__name__} is no JSON")
        urls.append(found)
        return _MARK

    try:
        text = msgspec.json.encode(value, enc_hook=marked)
        return _filled(text, urls) if urls else text
    except UnicodeEncodeError:
        return json_bytes(_put_together(value))


def _filled(text: bytes, urls: list[LongUrl]) -> bytes:
    """Return *text* with *urls* in the places of their marks, which are in their order."""
    mark, rest, done = _MARK.encode(), memoryview(text), BytesIO()
    at = 0
    for url in urls:
        found = text.index(mark, at)
        done.write(rest[at:found])
        for piece in _written(url):
            done.write(piece)
        at = found + len(mark)
    done.write(rest[at:])
    return done.getvalue()


def _written(url: LongUrl) -> Iterator[memoryview]:
    for text in (url.head, url.data):
        for at in range(0, len(text), _PIECE):
            yield memoryview(msgspec.json.encode(text[at : at + _PIECE]))[1:-1]  # without its quotes


def _put_together(value: Any) -> Any:
    if isinstance(value, LongUrl):
        return value.head + value.data
    if isinstance(value, dict):
        return {key: _put_together(each) for key, each in value.items()}
    return [_put_together(each) for each in value] if isinstance(value, (list, tuple)) else value
