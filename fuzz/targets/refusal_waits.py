"""Whatever an answer's status, fields and body: it has a meaning, and a wait that is none or between 0 and 30 minutes."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from fuzz.target import Target, words
from fuzz.targets.retry_after import NOW
from korproxy.kit.rate_limits import plan_reset, spent_until
from korproxy.kit.refusals import read_refusal
from korproxy.kit.retry_after import LONGEST
from korproxy.models.calls import Headers

Fields = list[tuple[bytes, str]]
Case = tuple[int, Fields, bytes]

_names = words(
    "retry-after retry-after-ms x-ratelimit-remaining-requests x-ratelimit-reset-requests x-ratelimit-limit-requests"
    " x-ratelimit-remaining-tokens x-ratelimit-reset-tokens x-ratelimit-limit-tokens anthropic-ratelimit-requests-remaining"
    " anthropic-ratelimit-requests-reset anthropic-ratelimit-requests-limit anthropic-ratelimit-input-tokens-remaining"
    " anthropic-ratelimit-input-tokens-reset anthropic-ratelimit-unified-status anthropic-ratelimit-unified-reset"
    " x-codex-primary-used-percent x-codex-primary-reset-at x-codex-secondary-used-percent x-codex-secondary-reset-at"
).map(str.encode)
_epochs = st.integers(-10, 10**5).map(lambda seconds: NOW + seconds)
_amounts = st.one_of(
    st.builds(
        "{}{}{}".format, st.integers(0, 10**6) | st.floats(0), words("ms s m h d seconds minutes hour x \u017f"), st.just("")
    ),
    st.builds("{}h{}m{}s".format, st.integers(0, 99), st.integers(0, 99), st.floats(0, 99)),
    _epochs.map("{:.0f}".format),
    words("0 0 0 rejected allowed 100 -1 1e400 nan 2026-03-01T12:00:30Z 2026-13-01T00:00:00Z 0001-01-01T00:00:00+23:59 99"),
    st.text(max_size=12),
)
_fields: st.SearchStrategy[Fields] = st.lists(st.tuples(_names, _amounts), max_size=5)
_messages = st.one_of(
    st.builds(
        "{} {} {}{}".format,
        words("retry reset resets again Retry") | st.sampled_from(["Please try again", "please wait"]),
        words("in after for at"),
        _amounts,
        words(". ! , |"),
    ),
    _amounts.map("Claude AI usage limit reached|{}".format),
    st.text(max_size=20),
)
_keys = words(
    "error message detail type code status param details retryDelay metadata quotaResetDelay quotaResetTimeStamp resets_at"
    " resets_in_seconds seconds violations quotaId reason"
)
_any: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | _amounts | _messages | _epochs | st.floats() | st.integers() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=8,
)
_bodies = st.one_of(
    st.fixed_dictionaries({"error": st.dictionaries(_keys, _any, max_size=6)}).map(json.dumps).map(str.encode),
    st.builds(lambda details: json.dumps({"error": {"details": details}}).encode(), st.lists(_any, max_size=3)),
    st.builds(lambda text: json.dumps({"error": {"message": text}}).encode(), _messages),
    _any.map(json.dumps).map(str.encode),
    st.binary(max_size=40),
)
CASES: st.SearchStrategy[Case] = st.tuples(st.sampled_from([400, 401, 402, 403, 429, 429, 500, 503, 529]), _fields, _bodies)


def check(case: Case) -> None:
    """Read it in all ways in which the gate does."""
    status, fields, body = case
    headers = Headers([(name, text.encode("latin-1", "replace")) for name, text in fields])
    refusal = read_refusal(status, headers, body, NOW)
    assert refusal.code.startswith("KP-")
    ahead, alone = spent_until(headers, 5000.0, NOW), plan_reset(headers, NOW)
    for wait in (refusal.retry_after, alone, None if ahead is None else ahead - 5000.0):
        assert wait is None or 0 <= wait <= LONGEST
    assert read_refusal(status, headers, body, NOW) == refusal


def read(text: bytes) -> Case:
    """Read the status, header lines, an empty line, the body."""
    head, _, body = text.partition(b"\n\n")
    status, *lines = head.decode("latin-1").splitlines()
    fields = [(name.encode(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return int(status), fields, body.rstrip(b"\n")


REFUSAL_WAITS = Target(name="refusal_waits", inputs=CASES, read=read, check=check)
