from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.redact import Redactor
from korproxy.runtime.bundle import ROOM, Known, bundle_of, configured, gathered, plugins, rows_of, with_times
from korproxy.runtime.bundle_schema import SCHEMA
from korproxy.runtime.fitting import size
from tests.fakes.reloading import account, started
from tests.unit.runtime.test_health import SECRET, Hider

NOW = 1.5e9
NOTHING = Known(
    asked="files",
    korproxy={},
    configuration={},
    plugins=[],
    providers=[],
    log={},
    metrics={},
    supervision=None,
    store={},
    sections={},
)


def made(**parts: Any) -> dict[str, Any]:
    known = Known(**{name: parts.get(name, getattr(NOTHING, name)) for name in attrs.fields_dict(Known)})
    found = bundle_of(known, Redactor.of([Hider()]), now=NOW)
    again: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    return found


def test_a_bundle_says_what_it_is_and_when_it_was_made() -> None:
    found = made()

    assert (found["format"], found["format_version"]) == ("korproxy-debug-bundle", 1)
    assert (found["made_at"], found["asked"], found["cut"]) == ("2017-07-14T02:40:00.000Z", "files", [])
    assert found.keys() == SCHEMA["properties"].keys()


def test_every_text_is_redacted_whatever_part_it_is_in() -> None:
    text = f"a {SECRET} b"
    parts = {name: {text: [text]} for name in ("korproxy", "configuration", "log", "metrics", "supervision", "store", "repro")}
    found = made(**parts, sections={"system": {"os": text}, "x": {text: text}}, remarks=[text], plugins=[{"reason": text}])

    assert SECRET not in json.dumps(found)
    assert json.dumps(found).count("a *** b") == 19
    assert (found["system"], found["sections"]) == ({"os": "a *** b"}, {"x": {"a *** b": "a *** b"}})


def test_a_bundle_stays_below_two_megabytes_and_says_what_was_cut() -> None:
    flood = {f"entry {n}": ["x" * 3000] * 10 for n in range(100)}
    found = made(
        **dict.fromkeys(("korproxy", "configuration", "log", "metrics", "supervision", "store", "sections", "repro"), flood),
        plugins=[flood],
        providers=[{**flood, "accounts": []}],
    )

    assert size(found) < 2_000_000
    assert sum(ROOM.values()) < 2_000_000
    assert "korproxy: 75 entries left out" in found["cut"]
    assert len(found["cut"]) == 51


def test_a_part_that_cannot_be_told_at_all_costs_only_itself() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    found = made(sections={"x": endless}, plugins=[endless], store={"files": 3})

    assert (found["sections"], found["plugins"], found["store"]) == ({"x": {"error": "left out"}}, [], {"files": 3})
    assert [each.partition(": ")[0] for each in found["cut"]] == ["sections.x", "plugins"]


def test_a_section_that_tells_too_much_costs_the_others_nothing() -> None:
    found = made(sections={"chatty": {"lines": ["x" * 5000] * 100}, "brief": {"lines": [*range(3000)], "text": "y" * 5000}})

    assert found["sections"]["chatty"]["lines"] == ["x" * 400 + "... (4600 characters more)"] * 100
    assert found["sections"]["brief"] == {"lines": [*range(3000)], "text": "y" * 5000}
    assert {each.partition(".l")[0] for each in found["cut"][:20]} == {"sections.chatty"}


async def test_parts_that_fail_or_take_too_long_say_so(autojump_clock: MockClock) -> None:
    async def gives(value: Mapping[str, Any], seconds: float = 0.0) -> Mapping[str, Any]:
        await trio.sleep(seconds)
        return value

    async def fails(exc: BaseException) -> Mapping[str, Any]:
        raise exc

    began = trio.current_time()
    found = await gathered(
        {
            "good": lambda: gives({"x": 1}, 7.9),
            "slow": lambda: gives({}, math.inf),
            "own": lambda: fails(BadRequest("KP-SYS-533", "No.")),
            "other": lambda: fails(ExceptionGroup("g", [OSError("disk")])),
            "exits": lambda: fails(SystemExit(1)),
        }
    )

    assert trio.current_time() - began == 8
    assert found == {
        "good": {"x": 1},
        "slow": {"error": "no answer within 8 s"},
        "own": {"error": "[KP-SYS-533] No."},
        "other": {"error": "OSError: disk"},
        "exits": {"error": "SystemExit: 1"},
    }


async def test_whoever_stops_waiting_is_not_kept(autojump_clock: MockClock) -> None:
    with trio.move_on_after(1) as scope:
        await gathered({"slow": trio.sleep_forever})

    assert scope.cancelled_caught


def test_the_configuration_is_told_with_its_secrets_masked_and_its_mistakes(home: Path) -> None:
    parts = started(home, account(key="sk-typed-where-it-must-not-be") + "[plugin.absent]\nx = 1\n")
    found = configured(parts)

    assert found["files"]["settings"]["providers"]["one"]["accounts"] == [{"name": "work", "key": "***REDACTED***"}]
    assert found["source"]["korproxy.toml"] == "file"
    assert {each["code"] for each in found["warnings"]} >= {"KP-CONF-204"}
    assert "typed" not in json.dumps(found)


def test_plugins_are_told_with_what_became_of_them(home: Path) -> None:
    found = {each["name"]: each["state"] for each in plugins(started(home))}

    assert found["collectors.system"] == "loaded"


def test_the_stores_times_can_be_read_by_people() -> None:
    store = {"bytes": 5, "oldest_request": 1.5e9, "metrics_since": 1_500_000_000, "tidied": None}

    assert with_times(store) == {
        "bytes": 5,
        "tidied": None,
        **dict.fromkeys(("oldest_request", "metrics_since"), "2017-07-14T02:40:00.000Z"),
    }


def test_rows_come_once_each_and_the_newest_first() -> None:
    one, two, three = ({"id": str(n), "at": float(n)} for n in (1, 2, 3))

    assert rows_of({"requests": [two, one]}, {"error": "no"}, {"requests": [three, two, "nonsense"]}) == [three, two, one]


@pytest.mark.parametrize("part", ["korproxy", "configuration", "log", "metrics", "supervision", "store", "sections", "repro"])
def test_where_a_part_is_missing_the_bundle_is_still_what_its_schema_says(part: str) -> None:
    errors = {each: {"error": "no"} for each in ("korproxy", "configuration", "log", "metrics", "sections")}
    validator = import_module("jsonschema").Draft202012Validator(SCHEMA)

    assert [each.message for each in validator.iter_errors(made(**{**errors, part: {"error": "x" * 10**6}}))] == []
