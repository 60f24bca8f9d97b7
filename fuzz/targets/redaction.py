"""No secret is left of any text, however it is encoded, whatever stands around it and wherever the text is cut."""

from __future__ import annotations

import html
import json
from itertools import pairwise

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.builtin.redactions import fields, personal, vendor_keys
from korproxy.gateway.hiding import rules_in_force
from korproxy.gateway.outgoing import without_secrets
from korproxy.gateway.redact import UNCHECKED, Redactor
from korproxy.gateway.redact_stream import StreamRedactor
from korproxy.plugins.early_rules import NoSettings
from korproxy.runtime.canary.encodings import ENCODINGS as PLANTED

Cut = tuple[str, list[int]]
# Each ends in the same letters, so that it is easy to see whether anything is left of one.
END = "QxZw73QxZw91"
KNOWN = f"Tr0ub4dor&3 {END}"
SECRETS = [
    *(f"sk-ant-api03-{END}", f"kp-client-{END}", f"AIzaSy{END}{END}", f"gsk_{END}{END}", f"ghp_{END}{END}", f"xai-{END}{END}"),
    *(f"eyJ{END}.{END}.{END}", f"Authorization: Bearer {END}", f'"api_key": "{END}"', f"(b'x-api-key', b'{END}')"),
    *(f"Cookie: a={END}", f"password={END}", f"https://u:{END}@host/", f"?key={END}", f"{END}@example.org", f"/home/{END}/x"),
    *(f"-----BEGIN PRIVATE KEY-----\n{END}\n-----END PRIVATE KEY-----", KNOWN),
]
_OFFERED = [rule for each in (fields, vendor_keys, personal) for rule in each.korproxy_redactions(NoSettings())]
RULES = rules_in_force(_OFFERED, emails=True, secrets=[KNOWN])


def _hex(text: str) -> str:
    return text.encode().hex()


ENCODINGS = [*PLANTED.values(), json.dumps, repr, html.escape, _hex]

_secrets = st.builds(
    lambda secret, first, then: then(first(secret)),
    st.sampled_from(SECRETS),
    st.sampled_from(ENCODINGS),
    st.sampled_from(ENCODINGS),
)
_marks = st.text(st.sampled_from("\"'\\%&=:,;/?@. \n\té"), min_size=1, max_size=3)
_around = st.one_of(
    _marks, st.sampled_from([" and ", " = ", "\\n", "%20", " sk-", " key: ", " Bearer ", "\n-----BEGIN ", " \\u00"])
)
_texts = st.lists(st.one_of(_secrets, st.builds(" {} ".format, _around)), max_size=7).map(" ".join)
_cuts = _texts.flatmap(lambda text: st.tuples(st.just(text), st.lists(st.integers(0, len(text)), max_size=5).map(sorted)))


def check(cut: Cut) -> None:
    """Redact the text whole, in pieces, once more, and as a part of a request."""
    text, cuts = cut
    redactor = Redactor(RULES)
    whole = redactor.redact(text)

    assert whole != UNCHECKED
    assert not any(encode(END) in whole for encode in ENCODINGS), "a secret is left"
    assert redactor.redact(whole) == whole, "what is redacted is not left as it is"
    assert not redactor.harmless(text) or whole == text, "what is harmless was changed"
    stream = StreamRedactor(RULES)
    pieces = [stream.feed(text[start:end]) for start, end in pairwise([0, *cuts, len(text)])]
    assert "".join([*pieces, stream.finish()]) == whole, "the cuts changed what was found"
    body = json.dumps({"a": text, "b": [1.50, text]})
    assert json.loads(without_secrets(body.encode(), RULES)) == {"a": whole, "b": [1.5, whole]}


def read(data: bytes) -> Cut:
    """Return the text, to be cut in its middle."""
    text = data.decode()
    return text, [len(text) // 2]


REDACTION = Target(name="redaction", inputs=_cuts, read=read, check=check)
