"""Keys and tokens as the vendors write them, and KorProxy's own.

Facts: the forms in the vendors' documentation and in their tools. Each rule begins with something rare and repeats one bounded,
possessive class, so that its time grows with the text and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from korproxy.api import Redaction, RegexRedaction, Settings, hookimpl

# A key begins where no word goes on; but "\n", "%20" and "\u0022" in escaped text end in letters and digits, too.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
# What stands between a field's name and its value: in a header, in JSON, in a Python mapping, in a shell.
_IS = r"""\\{0,3}["']?\s{0,8}[:=,]\s{0,8}b?\\{0,3}["']?"""
_VALUE = r"""(?P<secret>[^\s"'\\,;&<>]{6,4096}+)"""

_FORMS: tuple[tuple[str, str], ...] = (
    # name, pattern
    ("authorization-header", r"(?i:authorization)" + _IS + r"(?i:bearer|basic|token)\s{1,8}" + _VALUE),
    ("bearer-token", r"(?i:bearer)\s{1,8}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096}+)"),
    ("key-header", r"(?i:x-api-key|x-goog-api-key|x-korproxy-key|x-management-key|api[_-]?key)" + _IS + _VALUE),
    ("key-in-address", r"[?&](?i:key|api_?key|access_token|token)=(?P<secret>[^\s\"'\\&#<>]{6,4096}+)"),
    ("sk-key", _START + r"sk-[A-Za-z0-9_-]{12,4000}+"),  # OpenAI, Anthropic, Model Studio, DeepSeek, OpenRouter and many more
    ("korproxy-key", _START + r"kp-(?:client|manage)-[A-Za-z0-9_-]{8,4000}+"),
    ("google-key", _START + r"AIza[A-Za-z0-9_-]{30,100}+"),
    ("google-token", _START + r"ya29\.[A-Za-z0-9_.-]{20,4000}+"),
    ("other-vendor-key", _START + r"(?:gsk_|xai-|hf_|pplx-|r8_|csk-|fw_|nvapi-|gh[opsu]_)[A-Za-z0-9_-]{16,500}+"),
    ("json-web-token", _START + r"eyJ[A-Za-z0-9_-]{8,2000}+\.[A-Za-z0-9_-]{4,4000}+(?:\.[A-Za-z0-9_-]{0,2000}+)?"),
)


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule per form."""
    del settings
    for order, (name, pattern) in enumerate(_FORMS):
        yield RegexRedaction(name=name, pattern=re.compile(pattern), order=10 + order, longest=8192)
