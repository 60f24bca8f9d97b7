"""There and back is the identity on what formats can say: no request is changed by being written and read again."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.api import chat
from tests.fakes.passing import CLIENTS, DIALECTS, translator
from tests.fakes.sayable import MODELS, sayable

Case = tuple[tuple[str, ...], chat.Conversation]

# Formats side by side: the more there are, the less all of them can say.
_TOGETHER = (("openai-chat", "anthropic-messages"), ("openai-chat", "anthropic-messages", "openai-responses"), CLIENTS)
_SHOWN = {"/thinking/display", "/shown"}  # Chat has no wish to see thoughts
_OPEN = "/additionalProperties"  # which Messages demands of a form of answers, and Gemini does not know


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    formats = draw(st.sampled_from(_TOGETHER))
    return formats, draw(sayable(formats))


def there_and_back(conversation: chat.Conversation, format: str) -> chat.Conversation:  # noqa: A002 -- the word for it
    """Return *conversation* after it was written in *format* and read back."""
    report = chat.Report()
    goal = chat.Target(model="a-model", stream=False, abilities=MODELS[format])
    written = translator(format).write_request(conversation, goal, report)
    path = DIALECTS[format].paths[0].replace("{model}", goal.model)
    again, asked = translator(format).read_request(path, written.body, report)
    lost = [each for each in report.losses if each not in _SHOWN and not (format == "gemini" and each.endswith(_OPEN))]
    assert lost == [], f"lost in {format}: {report.notes}"
    assert asked.model == goal.model
    return again


def check(case: Case) -> None:
    """Take it to each format and back, and from each to the others."""
    formats, conversation = case
    said = _said(conversation)
    for one in formats:
        again = there_and_back(conversation, one)
        assert _said(again) == said, f"changed by {one}"
        for other in formats:
            assert _said(there_and_back(again, other)) == said, f"changed between {one} and {other}"


def _said(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* without what only some of the formats can say.

    Chat and Responses have a message for each result of a tool, so neighbours are merged; Chat has no word for ``shown``; Chat
    and Responses demand a name for a schema, for which Messages and Gemini have no place but its title. Gemini says the names
    of tools with their results. Responses demands a word on whether a tool is strict, and others take none for no.
    """
    options = conversation.options
    thinking, output = options.thinking, options.output
    if thinking is not None:
        thinking = attrs.evolve(thinking, shown=None)
    if output is not None and output.schema is not None:
        schema = {key: value for key, value in output.schema.items() if key not in {"title", "additionalProperties"}}
        output = attrs.evolve(output, schema=schema, name=None)
    options = attrs.evolve(options, thinking=thinking, output=output)
    tools = tuple(attrs.evolve(each, strict=each.strict or None) for each in conversation.functions)
    turns = tuple(attrs.evolve(each, parts=tuple(map(_nameless, each.parts))) for each in chat.merge(conversation.turns))
    return attrs.evolve(conversation, turns=turns, tools=tools, options=options)


def _nameless(part: chat.Part) -> chat.Part:
    return attrs.evolve(part, name="") if isinstance(part, chat.ToolResult) else part


def _read(body: bytes) -> Case:
    """A corpus file is a request of Chat, and says what Chat and Messages can say."""
    return _TOGETHER[0], translator("openai-chat").read_request(DIALECTS["openai-chat"].paths[0], body, chat.Report())[0]


THERE_AND_BACK = Target(name="there_and_back", inputs=_cases(), read=_read, check=check)
