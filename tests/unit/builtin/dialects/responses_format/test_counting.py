"""A request of Responses as a question for its tokens."""

from __future__ import annotations

import json
import typing

from openai.types.responses.input_token_count_params import InputTokenCountParams

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.counting import TAKEN, ask

TARGET = chat.Target(model="m", stream=False, abilities=Abilities())


def test_only_what_is_counted_is_asked() -> None:
    kept = {"model": "m", "instructions": "a", "input": [], "tools": [], "tool_choice": "auto", "reasoning": {}, "text": {}}
    dropped = {"max_output_tokens": 1, "stream": False, "temperature": 1.0, "include": [], "store": False, "metadata": {}}

    assert json.loads(ask(json.dumps({**dropped, **kept}).encode(), TARGET)) == kept


def test_the_vendors_sdk_knows_the_same_members() -> None:
    assert typing.get_type_hints(InputTokenCountParams).keys() - TAKEN == {"personality"}
    assert typing.get_type_hints(InputTokenCountParams).keys() >= TAKEN
