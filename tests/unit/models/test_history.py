from __future__ import annotations

import json

from korproxy.models.history import shown
from korproxy.models.outcome import Finished, Usage

ROW = {
    "id": 7,
    "request_id": "r-1",
    "at": 1_780_000_000.25,
    "model": "m",
    "user": None,
    "tokens_in": 5,
    "cache_read": None,
    "cache_write": 2,
    "tokens_out": 9,
    "reasoning": 0,
    "bytes_in": 10,
    "bytes_out": 20,
}


def test_a_row_is_shown_by_the_id_of_its_request_and_not_by_its_number() -> None:
    assert shown(ROW) == {
        "id": "r-1",
        "time": "2026-05-28T20:26:40.250Z",
        "at": 1_780_000_000.25,
        "model": "m",
        "user": None,
        "tokens": {"in": 5, "out": 9, "cache_read": None, "cache_write": 2, "reasoning": 0},
        "bytes": {"in": 10, "out": 20},
    }


def test_all_that_is_known_of_a_request_is_in_it() -> None:
    columns = {*Finished.__struct_fields__, *Usage.__struct_fields__} - {"id", "usage"}
    row = dict.fromkeys(columns, 1) | {"id": 1, "request_id": "r"}
    found = shown(row)

    assert len(found) + len(found["tokens"]) + len(found["bytes"]) == len(columns) + 1 + 3
    assert json.loads(json.dumps(found)) == found
