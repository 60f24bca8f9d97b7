"""What tells who somebody is: the name in the path of a home folder; e-mail addresses, where the settings want that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from korproxy.api import Redaction, RegexRedaction, Settings, hookimpl

# Where a path begins, or one of the places in which systems have homes: /data/home/korproxy.toml tells nobody's name. What ends
# an escape is no part of a path.
_BEGINS = (
    r"(?:(?<![\w~+-]/)|(?<=\\[nrtbf]/)|(?<=\\u[0-9A-Fa-f]{4}/)|(?<=%[0-9A-Fa-f]{2}/)"
    r"|(?<=/export/)|(?<=/mnt/[a-z]/)|(?<=/Data/)|(?<=/var/))"
)

_FORMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # name, pattern, clues
    ("home-path", "/" + _BEGINS + r"""(?:home|Users)/(?P<secret>[^/\\\s"'<>|:;,()\[\]{}]{1,64}+)""", ("/home/", "/users/")),
    (
        "windows-home-path",
        r"""[A-Za-z]:\\{1,4}[Uu](?i:sers)\\{1,4}(?P<secret>[^\\/:*?"'<>|\r\n]{1,64}+(?=\\)|[^\\/:*?"'<>|\s]{1,64}+)""",
        (":\\",),
    ),
    # The core leaves this one out unless [redaction] emails wants it, or ``outgoing`` names it.
    (
        "email-address",
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,255}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}+",
        ("@",),
    ),
)


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule per form."""
    del settings
    for order, (name, pattern, clues) in enumerate(_FORMS):
        yield RegexRedaction(name=name, pattern=re.compile(pattern), order=80 + order, longest=1024, clues=clues)
