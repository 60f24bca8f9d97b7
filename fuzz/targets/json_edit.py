"""Changing a request's model changes its span and no other byte; the span is what a JSON parser takes for the model."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.errors.exceptions import BadRequest
from korproxy.kit.json_edit import peek_model, replace_text

_space = st.text(" \t\r\n", max_size=2)
_names = st.one_of(
    st.sampled_from(["model", "stream", "tools", "mod\\u0065l", "x"]),
    st.text(max_size=4).map(lambda text: json.dumps(text)[1:-1]),
)
_any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)
_values = st.one_of(
    st.builds(json.dumps, _any_json, ensure_ascii=st.booleans()), st.sampled_from(["1e999", "-0", "9" * 40, '"\\ud800"', "tru"])
)
_members = st.builds('{}"{}"{}:{}{}{}'.format, _space, _names, _space, _space, _values, _space)
_objects = st.builds("{}{{{}}}{}".format, _space, st.lists(_members, max_size=5).map(",".join), _space)
_bodies = st.one_of(_objects.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=30))


def check(body: bytes) -> None:
    """Peek, replace, and look with Python's own parser at what came out."""
    try:
        peek = peek_model(body)
    except BadRequest as exc:
        assert exc.code in {"KP-SYS-509", "KP-SYS-518", "KP-SYS-519"}
        return
    assert peek.span is not None
    start, end = peek.span
    assert json.loads(body[start:end]) == peek.model

    pairs = json.loads(body, object_pairs_hook=list)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), "a key that is there twice came through"
    assert peek.stream is (dict(pairs).get("stream") is True)

    edited = replace_text(body, peek.span, 'new "modèl"\n')
    assert edited[:start] == body[:start]
    assert edited[len(edited) - (len(body) - end) :] == body[end:]
    expected = [(name, 'new "modèl"\n' if name == "model" else value) for name, value in pairs]
    assert json.loads(edited, object_pairs_hook=list) == expected
    assert replace_text(edited, (start, len(edited) - (len(body) - end)), peek.model)[:start] == body[:start]


JSON_EDIT = Target(name="json_edit", inputs=_bodies, read=bytes, check=check)
