"""Data URLs, and what the first bytes of an image say that it is."""

from __future__ import annotations

from korproxy.chat.parts import Blob


def blob_of_url(url: str) -> Blob:
    """Return what *url* holds (a ``data:`` URL, with or without type and parameters) or the address itself.

    Text in a data URL that is not base64 is made base64. URL-safe base64 becomes the standard one; spaces and line ends go.
    The type is put right with ``sniffed``: Messages refuses an image whose label is wrong.
    """
    raise NotImplementedError


def data_url(blob: Blob) -> str:
    """Return *blob*'s address, or a ``data:`` URL with its bytes."""
    raise NotImplementedError


def sniffed(media_type: str, data: str) -> str:
    """Return the type that the first bytes of base64 *data* show (PNG, JPEG, GIF, WebP, PDF), else *media_type*."""
    raise NotImplementedError
