r"""Keys and tokens as the vendors write them, and KorProxy's own.

Facts: the forms in the vendors' documentation and in their tools.

Each pattern begins with letters, or with one set of them, because ``re`` finds those fast; what has to stand before them is
looked up only then. What repeats is bounded and possessive, so that time grows with the text and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from korproxy.api import Redaction, RegexRedaction, Settings, hookimpl

# What stands between a field's name and its value: in a header, in JSON, in a Python mapping, in a shell.
_IS = r"""\\{0,3}["']?\s{0,8}[:=,]\s{0,8}b?\\{0,3}["']?"""
_VALUE = r"""(?P<secret>[^\s"'\\,;&<>]{6,4096}+)"""


def _key(begin: str, rest: str) -> str:
    r"""Return a pattern for keys that begin with *begin* (no longer than 12, a literal).

    A key begins where no word goes on. But ``\n``, ``%20`` and ``\u0022`` in escaped text end in letters and digits, too.
    """
    escapes = "|".join(rf"(?<={before}{begin})" for before in (r"\\[nrtbf]", "%[0-9A-Fa-f]{2}", r"\\u[0-9A-Fa-f]{4}"))
    return rf"{begin}(?:(?<![A-Za-z0-9]{begin})|{escapes}){rest}"


_FORMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # name, pattern, clues: what is in lower case in every text in which the pattern finds anything. The fewer there are in
    # all, the less it costs to look for them.
    ("authorization-header", r"[Aa](?i:uthorization)" + _IS + r"(?i:bearer|basic|token)\s{1,8}" + _VALUE, ("authorization",)),
    ("bearer-token", r"[Bb](?i:earer)\s{1,8}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096}+)", ("bearer",)),
    ("key-header", r"[Xx]-(?i:api-key|goog-api-key|korproxy-key|management-key)" + _IS + _VALUE, ("key",)),
    ("key-field", r"[Aa](?i:pi[_-]?key)" + _IS + _VALUE, ("key",)),
    ("key-in-address", r"""[?&](?i:key|api_?key|access_token|token)=(?P<secret>[^\s"'\\&#<>]{6,4096}+)""", ("key", "token=")),
    # OpenAI, Anthropic, Model Studio, DeepSeek, OpenRouter and many more
    ("sk-key", _key("sk-", r"[A-Za-z0-9_-]{12,4000}+"), ("sk-",)),
    ("korproxy-key", _key("kp-", r"(?:client|manage)-[A-Za-z0-9_-]{8,4000}+"), ("kp-client-", "kp-manage-")),
    ("google-key", _key("AIza", r"[A-Za-z0-9_-]{30,100}+"), ("aiza",)),
    ("google-token", _key(r"ya29\.", r"[A-Za-z0-9_.-]{20,4000}+"), ("ya29.",)),
    ("groq-key", _key("gsk_", r"[A-Za-z0-9]{16,500}+"), ("gsk_",)),
    ("xai-key", _key("xai-", r"[A-Za-z0-9_-]{16,500}+"), ("xai-",)),
    ("hugging-face-token", _key("hf_", r"[A-Za-z0-9]{16,500}+"), ("hf_",)),
    ("perplexity-key", _key("pplx-", r"[A-Za-z0-9]{16,500}+"), ("pplx-",)),
    ("nvidia-key", _key("nvapi-", r"[A-Za-z0-9_-]{16,500}+"), ("nvapi-",)),
    ("github-token", _key("gh", r"[opsu]_[A-Za-z0-9]{20,500}+"), ("gho_", "ghp_", "ghs_", "ghu_")),
    (
        "json-web-token",
        _key("eyJ", r"[A-Za-z0-9_-]{8,500}+\.[A-Za-z0-9_-]{4,4000}+(?:\.[A-Za-z0-9_-]{0,2000}+)?"),
        ("eyj",),
    ),
)


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule per form."""
    del settings
    for order, (name, pattern, clues) in enumerate(_FORMS):
        yield RegexRedaction(name=name, pattern=re.compile(pattern), order=10 + order, longest=8192, clues=clues)
