"""Each request of the corpus, written for every kind of model, is one that the vendor takes. The mock refuses as they do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from korproxy_mock.record import Received
from korproxy_mock.replies import Rules, reply_to
from korproxy_mock.server import FORMATS

from tests.fakes.crossing import Goal, goals, requests, translated
from tests.fakes.passing import CLIENTS

# Of servers that speak Anthropic's format for models of others nobody knows what they refuse.
CROSSINGS = [
    (client, goal)
    for client in CLIENTS
    for goal in goals(client)
    if goal.format != "anthropic-messages" or goal.abilities.family == "anthropic"
]
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/{model}:generateContent",
    "openai-responses": "/v1/responses",
}
KEYS = [("authorization", "Bearer k"), ("x-goog-api-key", "k"), ("anthropic-version", "2023-06-01")]
SEALED_ELSEWHERE = {"vendor-openrouter", "vendor-sealed", "thinking-of-others"}  # not by the mock


def refusal(body: bytes, goal: Goal) -> Any:
    """Return what the mock has against *body*, None if it answers."""
    model = goal.name.replace("*", "x")
    document = json.loads(body)
    if goal.format != "gemini":
        document["model"] = model
    path = PATHS[goal.format].format(model=model)
    received = Received(method="POST", path=path, headers=KEYS, body=json.dumps(document).encode())
    reply = reply_to(received, 1, FORMATS, Rules(), lambda *_: None)
    return None if reply.status == 200 else json.loads(reply.body)


@pytest.mark.parametrize(("client", "goal"), CROSSINGS, ids=str)
def test_what_is_written_is_what_the_vendor_takes(client: str, goal: Goal) -> None:
    written = {name: translated(client, body, goal) for name, body in requests(client).items() if name not in SEALED_ELSEWHERE}
    refused = {name: refusal(each.sent, goal) for name, each in written.items() if each.refused is None}

    assert {name: why for name, why in refused.items() if why is not None} == {}
