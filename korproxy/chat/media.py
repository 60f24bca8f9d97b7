"""Data URLs, and what the first bytes of an image say that it is."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from korproxy.chat.parts import Blob

_STANDARD = bytes.maketrans(b"-_", b"+/")
_STRAY = bytes(set(range(256)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/-_"))
_BASE64 = re.compile(r";\s*base64\s*(?:;|\Z)", re.IGNORECASE)
_IN_ORDER = re.compile(r"[A-Za-z0-9+/]*+={0,2}")
_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,127}/[A-Za-z0-9.+-]{1,127}")
_PIECE = 16 * 1024  # characters with escapes that are read at once: that takes eighty times their memory
_LONGEST_TYPE = 255  # RFC 6838: 127 characters on each side of the slash
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def blob_of_url(url: str) -> Blob:
    """Return what *url* holds (a ``data:`` URL, with or without type and parameters) or the address itself.

    Text in a data URL that is not base64 is made base64. URL-safe base64 becomes the standard one; spaces, line ends and all
    else that is not of its alphabet go. The type is put right with ``sniffed``: Messages refuses an image whose label is wrong.
    It may be megabytes long, and takes memory for a few copies of it.
    """
    if url[:5].lower() != "data:":
        return Blob(url=url)
    comma = url.find(",", 5)
    comma = len(url) if comma < 0 else comma
    head = url[5:comma]
    media_type = head.partition(";")[0][:_LONGEST_TYPE].strip().lower()
    start = comma + 1
    data = _standard(url, start) if _BASE64.search(head) else base64.b64encode(_unescaped(url[start:])).decode()
    return Blob(media_type=sniffed(media_type, data), data=data)


def blob_of_base64(media_type: str, data: str) -> Blob:
    """Return the blob of this type that *data* is the base64 of, in the standard alphabet and put right as above."""
    if media_type.isascii() and _TYPE.fullmatch(media_type):
        found = _standard(data, 0)
        return Blob(media_type=sniffed(media_type.lower(), found), data=found)
    return blob_of_url(f"data:{media_type};base64,{data}")


def data_url(blob: Blob) -> str:
    """Return *blob*'s address, or a ``data:`` URL with its bytes.

    Raises:
        ValueError: It is neither: an id in a vendor's own store means nothing elsewhere, and the caller has to say so.
    """
    if blob.url is not None:
        return blob.url
    if blob.data is None:
        raise ValueError("a file id has no address")
    return f"data:{blob.media_type};base64,{blob.data}"


def sniffed(media_type: str, data: str) -> str:
    """Return the type that the first bytes of base64 *data* show (PNG, JPEG, GIF, WebP, PDF), else *media_type*."""
    first = data[:16]
    try:
        begin = base64.b64decode(first + "=" * (-len(first) % 4))
    except (binascii.Error, ValueError):
        return media_type
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if begin.startswith(magic)), media_type)


def _standard(text: str, start: int) -> str:
    """Return the base64 that *text* is behind *start* in the standard alphabet, padded, without escapes and space.

    Mostly it is so already, and then there is no copy of it.
    """
    if (len(text) - start) % 4 == 0 and _IN_ORDER.fullmatch(text, start):
        return text[start:]
    bare = _unescaped(text[start:]).translate(_STANDARD, _STRAY)
    return (bare + b"=" * (-len(bare) % 4)).decode()


def _unescaped(content: str) -> bytes | bytearray:
    if "%" not in content:
        return content.encode("utf-8", "replace")
    found = bytearray()
    for piece in _pieces(content):
        found += unquote_to_bytes(piece.encode("utf-8", "replace"))
    return found


def _pieces(content: str) -> Iterator[str]:
    """Yield *content* in pieces that end between escapes, never in one."""
    begin = 0
    while begin < len(content):
        end = begin + _PIECE
        escape = content.find("%", end - 2, end) if end < len(content) else -1
        end = end if escape == -1 else escape
        yield content[begin:end]
        begin = end
