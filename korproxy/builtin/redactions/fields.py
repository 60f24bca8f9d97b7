r"""Secrets that are told by what stands before them: headers, fields, cookies, addresses, private keys.

The value of a field ends where its quotes do, or at the first character that no credential has. Patterns take time in
proportion to the text; see ``vendor_keys``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from korproxy.api import Redaction, RegexRedaction, Settings, hookimpl

# What stands between a field's name and its value: in a header, in JSON, in a Python mapping, in a shell.
_IS = r"""\\{0,3}["']?\s{0,8}[:=,]\s{0,8}b?\\{0,3}(?P<quote>["'])?"""
# A reference to a secret is none, and neither are the values of a table.
_VALUE = r"""(?!env:|file:|[\[{(])(?P<secret>(?(quote)[^"'\\\r\n]{4,4096}+|[^\s"'\\,;&<>]{6,4096}+))"""
_NO_SCHEME = r"(?!(?i:bearer|basic|token|digest|negotiate)\b)"
_IN_HOST = r"""[^\s/?#"'<>@\\]"""  # before the next mark of an address
# Of a key file: up to the line that ends it. Not possessive: Python 3.11.2 takes half of what stands in such a group for all.
_BODY = r"(?:[^-]|-(?!----)){1,16000}"

_FORMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # name, pattern, clues: what is in lower case in every text in which the pattern finds anything. Those with a mark that
    # few texts have cost least.
    (
        "private-key",
        r"-----(?i:BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----(?P<secret>" + _BODY + ")",
        ("key",),
    ),
    (
        "cookie",
        r"""[Cc](?i:ookie)s?""" + _IS + r"""(?P<secret>[^\s"'\\=;:,{}\[\]]{1,256}+=[^\r\n"'\\]{1,7000}+)""",
        ("cookie",),
    ),
    ("authorization-header", r"[Aa](?i:uthorization)" + _IS + r"(?i:bearer|basic|token)\s{1,8}" + _VALUE, ("authorization",)),
    ("authorization-value", r"[Aa](?i:uthorization)" + _IS + _NO_SCHEME + _VALUE, ("authorization",)),
    ("bearer-token", r"[Bb](?i:earer)\s{1,8}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096}+)", ("bearer",)),
    (
        "basic-credentials",
        r"[Bb](?i:asic)\s{1,8}(?=[A-Za-z+/]{0,400}+[0-9=]|[a-z]{0,40}+[A-Z][a-z]{0,40}+[A-Z])(?P<secret>[A-Za-z0-9+/]{8,4096}+={0,2}+)",
        ("basic",),
    ),
    (
        "key-header",
        r"(?:[Xx]-(?i:api-key|goog-api-key|korproxy-key|management-key)|[Ss](?i:ubscription-key))" + _IS + _VALUE,
        ("key",),
    ),
    ("key-field", r"[Aa](?i:pi[_-]?key)" + _IS + _VALUE, ("key",)),
    ("password-field", r"[Pp](?i:ass(?:word|wd|phrase))" + _IS + _VALUE, ("pass",)),
    ("secret-field", r"[Ss](?i:ecret(?:[_-]?access)?(?:[_-]?key)?)" + _IS + _VALUE, ("secret",)),
    ("private-key-field", r"[Pp](?i:rivate[_-]?key(?:[_-]?id)?)" + _IS + _VALUE, ("key",)),
    (
        "token-field",
        r"""(?<![A-Za-z])[Tt](?i:oken)(?:\\{0,3}["'] {0,8}[:,] {0,8}b?|=)\\{0,3}(?P<quote>["'])?""" + _VALUE,
        ("token=", 'token"', "token'", "token\\"),
    ),
    (
        "named-token-field",
        r"""(?:[_-][Tt](?i:oken)|(?<=[a-z])T(?i:oken))"""
        r"""(?:\\{0,3}["'] {0,8}[:=,] {0,8}b?|[:=] {0,8}| = (?=\\{0,3}["']))\\{0,3}(?P<quote>["'])?""" + _VALUE,
        ("token=", "token:", 'token"', "token'", "token\\", 'token = "', "token = '", "token = \\"),
    ),
    (
        "secret-in-address",
        r"[?&][A-Za-z0-9_.-]{0,40}?(?i:key|token|secret|password|passwd|pwd|signature|sig|auth|code|credential|session|jwt)"
        r"""=(?P<secret>[^\s"'\\&#<>]{6,4096}+)""",
        ("?", "&"),
    ),
    (
        "password-in-address",
        # What comes after the colon is a port, or it is a password, of which the end may have been cut.
        rf"://[^\s/?#\"'<>@\\:\[]{{0,256}}+:(?!\d{{1,5}}(?![^\s/?#\"'<>\\,;.)\]]))"
        rf"(?P<secret>{_IN_HOST}{{1,256}}+(?:@(?={_IN_HOST}{{0,256}}+@){_IN_HOST}{{0,256}}+){{0,4}})",
        ("://",),
    ),
    ("user-in-address", r"://(?P<secret>[^\s/?#\"'<>@\\:]{16,256}+)@", ("://",)),
)
LONGEST = 16_384


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule per form."""
    del settings
    for order, (name, pattern, clues) in enumerate(_FORMS):
        yield RegexRedaction(name=name, pattern=re.compile(pattern), order=10 + order, longest=LONGEST, clues=clues)
