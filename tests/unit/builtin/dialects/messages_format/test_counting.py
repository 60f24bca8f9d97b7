"""A request of Anthropic's as a question for its tokens."""

from __future__ import annotations

import json
import typing

from anthropic.types.message_count_tokens_params import MessageCountTokensParams

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.counting import _TAKEN, ask

TARGET = chat.Target(model="m", stream=False, abilities=Abilities())


def test_only_what_is_counted_is_asked() -> None:
    kept = {"model": "m", "system": [], "tools": [], "tool_choice": {}, "thinking": {}, "output_config": {}, "messages": []}
    dropped = {
        "max_tokens": 1,
        "stream": False,
        "temperature": 1.0,
        "stop_sequences": [],
        "metadata": {},
        "service_tier": "auto",
    }

    assert json.loads(ask(json.dumps({**dropped, **kept}).encode(), TARGET)) == kept


def test_numbers_stay_as_they_were_written() -> None:
    assert ask(b'{"tools":[{"input_schema":{"minimum":1.10}}],"top_p":0.5}', TARGET) == (
        b'{"tools":[{"input_schema":{"minimum":1.10}}]}'
    )


def test_the_vendors_sdk_knows_the_same_members() -> None:
    assert typing.get_type_hints(MessageCountTokensParams).keys() >= _TAKEN
