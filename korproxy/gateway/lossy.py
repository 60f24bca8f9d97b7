"""The header that tells a client what of its request was lost. Pure."""

from __future__ import annotations

from korproxy.chat.report import Report


def lossy_header(report: Report, *, longest: int = 1024) -> bytes:
    """Return ``X-KorProxy-Lossy``: pointers with a comma between them, at most *longest* bytes, then ``;+N`` for the rest.

    What stands higher in the request comes first: a lost wish about the whole answer weighs more than a detail of each tool,
    and has to be seen where there is no room for all. A comma inside a pointer, ``%``, control and non-ASCII characters are
    percent-encoded. Empty: nothing was lost.
    """
    shown: list[str] = []
    room = longest
    losses = sorted(report.losses, key=lambda each: each.count("/"))
    for pointer in losses:
        text = "".join(each if "!" <= each <= "~" and each not in ",;%" else _percent(each) for each in pointer)
        if len(text) + 1 > room:
            return f"{','.join(shown)};+{len(losses) - len(shown)}".encode()
        room -= len(text) + 1
        shown.append(text)
    return ",".join(shown).encode()


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
