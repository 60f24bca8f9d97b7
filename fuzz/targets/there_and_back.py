"""There and back is the identity on what both client formats can say: no request is changed by being written and read again."""

from __future__ import annotations

import attrs

from fuzz.target import Target
from korproxy.api import chat
from tests.fakes.passing import CLIENTS, DIALECTS, translator
from tests.fakes.sayable import EVERYTHING, sayable

_ONE_SIDED = {"/thinking/display"}
_GOAL = chat.Target(model="a-model", stream=False, abilities=EVERYTHING)


def there_and_back(conversation: chat.Conversation, format: str) -> chat.Conversation:  # noqa: A002 -- the word for it
    """Return *conversation* after it was written in *format* and read back."""
    report = chat.Report()
    written = translator(format).write_request(conversation, _GOAL, report)
    again, asked = translator(format).read_request(DIALECTS[format].paths[0], written.body, report)
    assert set(report.losses) <= _ONE_SIDED, f"lost in {format}: {report.notes}"
    assert asked.model == _GOAL.model
    return again


def check(conversation: chat.Conversation) -> None:
    """Take it to each format and back, and from each to the other."""
    said = _said(conversation)
    for one in CLIENTS:
        again = there_and_back(conversation, one)
        assert _said(again) == said, f"changed by {one}"
        for other in CLIENTS:
            assert _said(there_and_back(again, other)) == said, f"changed between {one} and {other}"


def _said(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* without what only one of the two can say.

    Chat has a message for each result of a tool, so neighbours are merged; it has no word for ``shown``; it demands a name for
    a schema, for which Messages has no place but its title.
    """
    options = conversation.options
    thinking, output = options.thinking, options.output
    if thinking is not None:
        thinking = attrs.evolve(thinking, shown=None)
    if output is not None and output.schema is not None:
        schema = {key: value for key, value in output.schema.items() if key != "title"}
        output = attrs.evolve(output, schema=schema, name=None)
    options = attrs.evolve(options, thinking=thinking, output=output)
    return attrs.evolve(conversation, turns=chat.merge(conversation.turns), options=options)


def _read(body: bytes) -> chat.Conversation:
    return translator("openai-chat").read_request(DIALECTS["openai-chat"].paths[0], body, chat.Report())[0]


THERE_AND_BACK = Target(name="there_and_back", inputs=sayable(), read=_read, check=check)
