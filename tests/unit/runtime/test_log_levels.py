from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from korproxy.errors.exceptions import BadRequest
from korproxy.runtime.log_levels import MOST, UNTIL, levels_now, set_levels
from korproxy.runtime.logs import logging_to

gateway, relay, server = (logging.getLogger(f"korproxy.{part}") for part in ("gateway", "gateway.relay", "server"))


@pytest.fixture(autouse=True)
def stream() -> Iterator[io.StringIO]:
    """A log at info, and at error for the server; all levels are as before afterwards."""
    written = io.StringIO()
    with logging_to(written, level="info", levels={"server": "error"}, redact=str):
        yield written


def test_the_levels_that_hold_are_told_with_the_parts_that_there_are() -> None:
    told = levels_now()

    assert (told["level"], told["levels"]) == ("info", {"server": "error"})
    assert {"gateway", "gateway.relay", "server"} <= set(told["parts"])


def test_a_level_for_all_leaves_those_of_parts_as_they_are() -> None:
    told = set_levels({"level": "debug"})

    assert (told["level"], told["levels"], told["until"]) == ("debug", {"server": "error"}, UNTIL)
    assert [each.isEnabledFor(logging.DEBUG) for each in (gateway, server)] == [True, False]


def test_a_level_for_a_part_leaves_all_others_as_they_are() -> None:
    told = set_levels({"levels": {"gateway.relay": "DEBUG", "korproxy.server": "warning"}})

    assert (told["level"], told["levels"]) == ("info", {"gateway.relay": "debug", "server": "warning"})
    assert [each.getEffectiveLevel() for each in (gateway, relay, server)] == [logging.INFO, logging.DEBUG, logging.WARNING]
    assert told["unknown"] == []


def test_the_change_is_in_the_log_itself(stream: io.StringIO) -> None:
    with logging_to(stream, level="info", levels={}, redact=str) as book:
        set_levels({"level": "debug", "levels": {"gateway": "error"}})
        assert book.flush()

    assert "[-] log levels were changed: level debug, gateway error\n" in stream.getvalue()


def test_a_part_that_there_is_not_is_told() -> None:
    told = set_levels({"levels": {"gatway": "debug", "gateway": "debug"}})

    assert told["unknown"] == ["gatway"]
    assert "gatway" not in told["parts"]
    again = set_levels({"levels": {"gatway": "debug", "gatway.relay": "debug"}})
    assert (again["unknown"], levels_now()["levels"]["gatway"]) == (["gatway", "gatway.relay"], "debug")
    assert {"gatway", "gatway.relay"}.isdisjoint(levels_now()["parts"])


WRONG = {
    "nothing": ({}, 'Say which: {"level": "debug"}, or {"levels": {"gateway": "debug"}}.'),
    "other key": ({"levle": "debug"}, 'There may be "level" and "levels", not \'levle\'.'),
    "no level": ({"level": "loud"}, "level: 'loud' is no level. Levels are debug, info, warning, error."),
    "no text": ({"level": 3}, "level: '3' is no level. Levels are debug, info, warning, error."),
    "no level of a part": ({"levels": {"gateway": None}}, "levels.gateway: 'None' is no level. Levels are"),
    "no object": ({"levels": ["gateway"]}, '"levels" is an object of parts and their levels, such as {"gateway": "debug"}.'),
    "no name": ({"levels": {"a b": "info"}}, "levels: 'a b' must be the name of a part of KorProxy"),
    "long name": ({"levels": {"x" * 101: "info"}}, "levels: no part has such a long name as 'xxx"),
    "too many": ({"levels": {f"part{number}": "info" for number in range(MOST)}}, "No more than 100 parts can have"),
}


@pytest.mark.code("KP-SYS-537")
@pytest.mark.parametrize(("posted", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_set_is_refused_and_nothing_is_changed(posted: dict[str, Any], said: str) -> None:
    before = levels_now()
    with pytest.raises(BadRequest) as caught:
        set_levels(posted)

    assert (caught.value.code, caught.value.detail[: len(said)]) == ("KP-SYS-537", said)
    assert levels_now() == before
