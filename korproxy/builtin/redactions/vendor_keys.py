r"""Keys and tokens that are told by their own form: as the vendors write them, and KorProxy's own.

Facts: the forms in the vendors' documentation and in their tools.

Each pattern begins with letters, or with one set of them, because ``re`` finds those fast; what has to stand before them is
looked up only then. What repeats is bounded and possessive, so that time grows with the text and with nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from korproxy.api import Redaction, RegexRedaction, Settings, hookimpl


def _key(begin: str, rest: str) -> str:
    r"""Return a pattern for keys that begin with *begin* (no longer than 12, a literal).

    A key begins where no word goes on. But ``\n``, ``%20`` and ``\u0022`` in escaped text end in letters and digits, too.
    """
    escapes = "|".join(rf"(?<={before}{begin})" for before in (r"\\[nrtbf]", "%[0-9A-Fa-f]{2}", r"\\u[0-9A-Fa-f]{4}"))
    return rf"{begin}(?:(?<![A-Za-z0-9]{begin})|{escapes}){rest}"


_RUN = 16  # letters and digits in a row, in all keys that have nothing else after what they begin with

_FORMS: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    # name, pattern, clues, run; see ``RegexRedaction``. The fewer clues there are in all, the less it costs to look for them:
    # none is looked for where the run is long.
    # A key may have been cut: so less of it is enough where what it begins with stands nowhere else.
    # OpenAI, Anthropic, Model Studio, DeepSeek, OpenRouter and many more
    ("sk-key", _key("sk-", r"[A-Za-z0-9_-]{12,4000}+"), ("sk-",), 0),
    ("korproxy-key", _key("kp-", r"(?:client|manage)-[A-Za-z0-9_-]{8,4000}+"), ("kp-client-", "kp-manage-"), 0),
    ("google-key", _key("AIza", r"[A-Za-z0-9_-]{8,100}+"), ("aiza",), 0),
    ("google-auth-key", _key(r"AQ\.", r"[A-Za-z0-9_-]{12,200}+"), ("aq.",), 0),
    ("google-token", _key(r"ya29\.", r"[A-Za-z0-9_.-]{8,4000}+"), ("ya29.",), 0),
    ("google-refresh-token", _key("1//0", r"[A-Za-z0-9_-]{10,500}+"), ("//0",), 0),
    ("google-code", _key("4/0", r"[A-Za-z0-9_-]{10,500}+"), ("4/0",), 0),
    ("google-client-secret", _key("GOCSPX-", r"[A-Za-z0-9_-]{6,100}+"), ("gocspx-",), 0),
    ("xai-key", _key("xai-", r"[A-Za-z0-9_-]{8,500}+"), ("xai-",), 0),
    ("nvidia-key", _key("nvapi-", r"[A-Za-z0-9_-]{8,500}+"), ("nvapi-",), 0),
    ("openai-session", _key("sess-", r"[A-Za-z0-9]{16,500}+"), ("sess-",), _RUN),
    ("groq-key", _key("gsk_", r"[A-Za-z0-9]{16,500}+"), ("gsk_",), _RUN),
    ("hugging-face-token", _key("hf_", r"[A-Za-z0-9]{16,500}+"), ("hf_",), _RUN),
    ("perplexity-key", _key("pplx-", r"[A-Za-z0-9]{16,500}+"), ("pplx-",), _RUN),
    ("cerebras-key", _key("csk-", r"[A-Za-z0-9]{16,500}+"), ("csk-",), _RUN),
    ("fireworks-key", _key("fw_", r"[A-Za-z0-9]{16,500}+"), ("fw_",), _RUN),
    ("replicate-key", _key("r8_", r"[A-Za-z0-9]{16,500}+"), ("r8_",), _RUN),
    ("amazon-key-id", _key("A", r"(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])"), ("akia", "asia"), _RUN),
    ("bedrock-key", _key("ABSK", r"[A-Za-z0-9]{16}[A-Za-z0-9+/]{24,4000}+={0,2}"), ("absk",), _RUN),
    ("github-token", _key("gh", r"[oprsu]_[A-Za-z0-9]{20,500}+"), ("gho_", "ghp_", "ghr_", "ghs_", "ghu_"), _RUN),
    ("github-fine-token", _key("github_pat_", r"[A-Za-z0-9]{16}[A-Za-z0-9_]{4,500}+"), ("github_pat_",), _RUN),
    (
        "json-web-token",
        _key("eyJ", r"[A-Za-z0-9_-]{12,1500}+(?:\.[A-Za-z0-9_-]{0,4000}+){0,4}"),
        ("eyj",),
        0,
    ),
)


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule per form."""
    del settings
    for order, (name, pattern, clues, run) in enumerate(_FORMS):
        made = re.compile(pattern, re.IGNORECASE)  # a key that somebody has put into lower case is half of the way back
        yield RegexRedaction(name=name, pattern=made, order=40 + order, longest=16_384, clues=clues, run=run)
