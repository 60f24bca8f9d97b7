"""Reading a provider's answer on its way never fails, and what is read does not depend on how the network cut it."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import strategies as st

from fuzz.target import Target, words
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.contracts import AnswerReader
from korproxy.gateway.frames import FrameCutter
from korproxy.models.outcome import Usage

Answer = tuple[bytes, list[int]]
DIALECTS = (OpenAIChat(), AnthropicMessages())

_odd: st.SearchStrategy[object] = st.sampled_from([None, True, -1, 0, 7, 7.0, 1e300, 10**30, "7", [], {}, {"type": "error"}])
_names = words(
    "usage choices finish_reason error type message delta prompt_tokens completion_tokens prompt_tokens_details cached_tokens"
    " input_tokens output_tokens cache_read_input_tokens cache_creation_input_tokens message_stop"
)
_types = words("message_start message_delta message_stop error ping x")
_values = st.recursive(
    st.one_of(_odd, _types),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_names, inner, max_size=5)),
    max_leaves=8,
)
_documents = st.one_of(
    _values.map(json.dumps).map(str.encode), st.binary(max_size=12), st.sampled_from([b"[DONE]", b'{"usage":', b"[" * 5000])
)
_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
_events = st.builds(
    lambda name, data, end: b"event: " + name + end + b"data: " + data + end + end, _types.map(str.encode), _documents, _ends
)
_wires = st.one_of(_documents, st.lists(st.one_of(_events, st.binary(max_size=8)), max_size=6).map(b"".join))
_cut_wires = _wires.flatmap(lambda wire: st.tuples(st.just(wire), st.lists(st.integers(0, len(wire)), max_size=8).map(sorted)))


def check(answer: Answer) -> None:
    """Read the wire as a stream and as a plain answer of every dialect, whole and in pieces."""
    wire, cuts = answer
    for dialect in DIALECTS:
        for stream in (False, True):
            whole = _read(dialect.reader(stream=stream), wire, [], stream=stream)
            pieces = _read(dialect.reader(stream=stream), wire, cuts, stream=stream)
            assert whole == pieces, f"{dialect.name}, stream={stream}: the cuts changed what was read"
            usage = whole[0]
            counts = (usage.tokens_in, usage.tokens_out, usage.cache_read, usage.cache_write)
            assert all(count is None or (type(count) is int and count >= 0) for count in counts), f"{dialect.name}: {usage}"


def _read(reader: AnswerReader, wire: bytes, cuts: list[int], *, stream: bool) -> tuple[Usage, bool]:
    cutter = FrameCutter()
    for start, end in pairwise([0, *cuts, len(wire)]):
        piece = cutter.feed(wire[start:end]) if stream else wire[start:end]
        if piece:
            reader.feed(piece)
    if cutter.tail:
        reader.feed(cutter.tail)
    reader.finish()
    return reader.usage, reader.ended


def read(wire: bytes) -> Answer:
    """Cut the wire after every byte."""
    return wire, list(range(len(wire)))


ANSWERS = Target(name="answers", inputs=_cut_wires, read=read, check=check)
