"""Whatever a client sends in place of a field: it is read and written, or refused in words, by every reader and writer."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.api import BadRequest, chat
from tests.fakes.crossing import Goal, goals, requests
from tests.fakes.passing import CLIENTS, DIALECTS, translator
from tests.fakes.pointers import at, leaves, matches, replaced

Case = tuple[str, Any]

_ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [None, True, False, 0, -1, 7, 1.5, 1e300, 10**30, "", " ", "x", "user", "assistant", "text", "tool_use", [], {}]
    ),
    st.sampled_from(
        [[[]], [{}], [None], ["x"], {"type": "text"}, {"type": []}, {"type": "x"}, {"role": "user"}, {"": {"": []}}]
    ),
    st.text(max_size=3),
    st.text("\ud800\udc00a", max_size=2),
)
_BODIES = [(client, body) for client in CLIENTS for body in requests(client).values()]


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    """A request of the corpus in which up to three values are something else, or gone."""
    client, body = draw(st.sampled_from(_BODIES))
    for _ in range(draw(st.integers(1, 3))):
        pointer = draw(st.sampled_from(_nodes(body)))
        body = _without(body, pointer) if draw(st.integers(0, 3)) == 0 else replaced(body, pointer, draw(_ODD))
    return client, body


def _nodes(body: Any) -> list[str]:
    """Return the pointers to all values in *body*."""
    steps = (pointer.split("/") for pointer, _ in leaves(body))
    return sorted({"/".join(each[:length]) for each in steps for length in range(1, len(each) + 1)})


def _without(body: Any, pointer: str) -> Any:
    if not pointer:
        return None
    outer, _, key = pointer.rpartition("/")
    held = at(body, outer)
    rest = {name: each for name, each in held.items() if name != key} if isinstance(held, dict) else held[:-1]
    return replaced(body, outer, rest)


def check(case: Case) -> None:
    """Read the request, and write it for every kind of model."""
    client, body = case
    report = chat.Report()
    wire = json.dumps(body).encode()
    try:
        conversation, asked = translator(client).read_request(DIALECTS[client].paths[0], wire, report)
    except (BadRequest, chat.CannotCarry):
        return
    for goal in goals(client):
        _write(conversation, asked, goal, chat.Report(list(report.notes)))


def _write(conversation: chat.Conversation, asked: chat.Asked, goal: Goal, report: chat.Report) -> None:
    target = chat.Target(model=goal.name, stream=asked.stream, abilities=goal.abilities)
    try:
        written = translator(goal.format).write_request(conversation, target, report)
    except chat.CannotCarry:
        return
    assert isinstance(json.loads(written.body), dict), f"{goal}: the body is no object"
    assert all(each.pointer for each in report.notes), f"{goal}: a note without a place: {report.notes}"


def _read(body: bytes) -> Case:
    """A corpus file is a request; one with ``max_tokens`` is taken for one of Messages."""
    value = json.loads(body)
    return "anthropic-messages" if matches(value, "/max_tokens") else "openai-chat", value


DAMAGED_REQUESTS = Target(name="damaged_requests", inputs=_cases(), read=_read, check=check)
