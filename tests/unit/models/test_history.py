from __future__ import annotations

import json

import attrs

from korproxy.models.decisions import Why
from korproxy.models.history import AWAY, shown, story, turned_away, with_rows
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


def test_what_is_left_of_a_story_has_its_fields_and_the_row() -> None:
    row = {"id": "r", "correlation_id": "c", "at": 9.0, "seconds": 2.0, "outcome": "ok", "code": None}
    left = story(row)

    assert left["row"] == row
    assert {*left} - {"row"} == {each.name for each in attrs.fields(Why)}
    assert (left["wall"], left["code"], left["decision"], left["attempts"]) == (7.0, "", None, [])


def test_a_row_whose_story_is_remembered_adds_nothing() -> None:
    row = {"id": "r", "correlation_id": "c", "at": 9.0, "seconds": 2.0, "outcome": "ok", "code": None}

    assert with_rows([{"id": "r"}], [row]) == [{"id": "r"}]
    assert with_rows([], [row]) == [story(row)]


def test_whoever_looks_for_a_call_that_is_in_no_row_is_told_where_it_is() -> None:
    assert turned_away({}) == []
    assert [note.split(" without")[0] for note in turned_away({"KP-AUTH-002": 1})] == ["1 call"]
    assert turned_away({"KP-AUTH-002": 3, "KP-SYS-506": 1}) == [AWAY.format("4 calls")]
