"""Whatever a provider sends in place of a stream: its reader raises ``Unreadable`` at most, and the client's stream is good."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from fuzz.target import Target, words
from fuzz.targets.translated_cuts import FORMATS, Case, read_case, streamed
from tests.fakes.passing import CLIENTS, carried, faults, read
from tests.fakes.streams import good_streams

_NAMES = words(
    "type index id delta message content_block text thinking signature partial_json input name stop_reason stop_sequence"
    " choices content role tool_calls function custom arguments finish_reason reasoning_content reasoning reasoning_details"
    " candidates parts functionCall args thought thoughtSignature finishReason inlineData usageMetadata promptFeedback error"
    " usage prompt_tokens input_tokens output_tokens data status code refusal response item item_id output_index content_index"
    " summary_index part output summary call_id namespace encrypted_content incomplete_details sequence_number"
)
_TYPES = words(
    "message_start content_block_start content_block_delta content_block_stop message_delta message_stop error ping"
    " text thinking redacted_thinking tool_use text_delta input_json_delta thinking_delta signature_delta function custom"
    " stop tool_calls length end_turn max_tokens refusal STOP MAX_TOKENS SAFETY response.created response.completed"
    " response.incomplete response.failed response.output_item.added response.output_item.done response.output_text.delta"
    " response.output_text.done response.function_call_arguments.delta response.function_call_arguments.done"
    " response.reasoning_summary_text.delta response.refusal.delta reasoning output_text summary_text function_call"
    " custom_tool_call completed incomplete failed max_output_tokens content_filter"
)
_ODD: st.SearchStrategy[object] = st.sampled_from([None, True, -1, 0, 1, 7.0, 1e300, 10**30, "", "7", "{", '{"a":1}', [], {}])
_VALUES = st.recursive(
    st.one_of(_ODD, _TYPES),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_NAMES, inner, max_size=5)),
    max_leaves=10,
)
DOCUMENTS = st.one_of(
    st.dictionaries(_NAMES, _VALUES, max_size=6).map(json.dumps).map(str.encode),
    _VALUES.map(json.dumps).map(str.encode),
    st.binary(max_size=12),
    st.sampled_from([b"[DONE]", b'{"choices":', b"[" * 5000, b'{"a":"\xff"}', b"\xef\xbb\xbf{}"]),
)
_EVENTS = st.builds(lambda name, data: b"event: " + name.encode() + b"\ndata: " + data + b"\n\n", _TYPES, DOCUMENTS)
_BORDER = re.compile(rb"(?<=\n\n)")


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    """Garbage alone, or a good stream in which some events are garbage, missing, twice or at another place."""
    format = draw(st.sampled_from(FORMATS))  # noqa: A001
    events = _BORDER.split(streamed(format, draw(good_streams()))) if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(events)))
        how = draw(st.sampled_from(["insert", "leave out", "move", "damage"]))
        if how == "insert" or at == len(events):
            events.insert(at, draw(st.one_of(_EVENTS, _EVENTS, st.binary(max_size=8))))
        elif how == "damage":
            events[at] = draw(damaged(events[at]))
        else:
            event = events.pop(at)
            if how == "move":
                events.insert(draw(st.integers(0, len(events))), event)
    wire = b"".join(events)
    return format, wire, sorted(draw(st.lists(st.integers(0, len(wire)), max_size=3)))


@st.composite
def damaged(draw: st.DrawFn, event: bytes) -> bytes:
    """Return *event* with another value in the place of one of its own."""
    values = list(re.finditer(rb'(?<=":)("(?:[^"\\]|\\.)*"|-?\d+|null|true|false)', event))
    if not values:
        return event
    at = draw(st.sampled_from(values))
    return event[: at.start()] + json.dumps(draw(_VALUES)).encode() + event[at.end() :]


def check(case: Case) -> None:
    """Read it; then see what clients of both formats get."""
    format, wire, cuts = case  # noqa: A001
    read(format, wire, cuts)
    for client in CLIENTS:
        stream = carried(format, client, wire, cuts)
        found = faults(client, stream) if stream else []
        assert found == [], f"{format} to {client}: {found}"


PROVIDER_GARBAGE = Target(name="provider_garbage", inputs=_cases(), read=read_case, check=check)
