"""The response object in each of its states."""

from __future__ import annotations

import attrs
from openai.types.responses import Response

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.response_object import ResponseObject
from korproxy.builtin.dialects.responses_format.written_items import Items
from tests.unit.builtin.dialects.responses_format.said import ASKED

ITEM = Items(ASKED, Ids.of(ASKED, "")).message(0, "output_text", "Hi")
MADE = ResponseObject(ASKED, Ids.of(ASKED, ""))


def test_the_sdk_finds_every_member_it_demands_in_every_state() -> None:
    error = chat.ProviderError(status=500, kind="server", message="Oh.")
    states = [
        MADE.begun(),
        MADE.ended([ITEM], Usage(), None),
        MADE.ended([ITEM], Usage(), "max_output_tokens"),
        MADE.failed([ITEM], error, Usage(tokens_out=1)),
    ]
    read = [Response.model_validate(each) for each in states]

    assert [each.status for each in read] == ["in_progress", "completed", "incomplete", "failed"]
    assert [each.output_text for each in read] == ["", "Hi", "Hi", "Hi"]
    assert [each.usage.output_tokens if each.usage else None for each in read] == [None, 0, 0, 1]
    assert [each.completed_at for each in read] == [None, 1790000000, None, None]


def test_a_failure_of_which_nobody_knows_the_cost_does_not_say_any() -> None:
    error = chat.ProviderError(status=500, kind="server", message="Oh.")
    failed = MADE.failed([], error, Usage())

    assert (failed["usage"], failed["error"]) == (None, {"code": "server_error", "message": "Oh."})


def test_what_was_asked_is_repeated_and_nothing_of_the_answer_is_taken_from_it() -> None:
    asked = attrs.evolve(ASKED, repeated={"tools": [{"type": "function", "name": "read"}], "truncation": None, "model": "x"})
    begun = ResponseObject(asked, Ids.of(asked, "")).begun()

    assert (begun["tools"], begun["truncation"], begun["model"]) == (
        [{"type": "function", "name": "read"}],
        "disabled",
        "gpt-x",
    )
