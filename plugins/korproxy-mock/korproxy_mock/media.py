"""Tell what an image is from its first bytes. Pure."""


def sniffed(data: bytes) -> str | None:
    """Return the media type of an image; None: it is none of those that every vendor takes."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data.startswith(b"RIFF") and data[8:12] == b"WEBP" else None
