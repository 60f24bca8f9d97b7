from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.config.home import Home
from korproxy.config.last_good import Kept
from korproxy.config.one_file import ROOT, ROUTING, Found, read
from korproxy.config.routing_file import dump
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Routing
from tests.unit.config.routings import FULL

HOME = Home(path=Path("/home/of/korproxy"))
GOOD = b"[server]\nport = 1234\n"


def kept(**files: bytes) -> Kept:
    return Kept(files={f"{name}.toml": data for name, data in files.items()}, path=Path("/kept"))


def settings(now: bytes | None, before: bytes | None = None, *, fall_back: bool = True) -> Found[RootSettings]:
    return read(ROOT, HOME, now, None if before is None else kept(korproxy=before), fall_back=fall_back)


def test_a_file_that_is_right_is_used() -> None:
    found = settings(GOOD)

    assert (found.value.server.port, found.source, found.raw, found.problems, found.notices) == (1234, "file", GOOD, (), ())


def test_an_absent_file_is_absent_even_if_there_was_one() -> None:
    found = settings(None, GOOD)

    assert (found.value, found.source, found.raw) == (RootSettings(), "absent", None)


@pytest.mark.code("KP-CONF-221")
@pytest.mark.parametrize("bad", [b"[server", b"[server]\nport = 'x'\n", b"version = 9\n", b"\xff\n"])
def test_in_place_of_a_bad_file_the_last_good_one_is_used_and_that_is_told(bad: bytes) -> None:
    found = settings(bad, GOOD)

    assert (found.value.server.port, found.source, found.raw) == (1234, "last good", GOOD)
    assert len(found.problems) == 1
    assert [(each.code, each.path) for each in found.notices] == [("KP-CONF-221", "/home/of/korproxy/korproxy.toml")]
    assert "last good one is used, /kept/korproxy.toml" in found.notices[0].message
    assert str(found.problems[0]) in found.notices[0].message


@pytest.mark.parametrize("before", [None, b"[server"])
def test_without_a_last_good_one_the_users_file_has_to_be_right(before: bytes | None) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(b"[server]\nport = 'x'\n", before)

    assert [each.path for each in caught.value.problems] == ["$.server.port"]


@pytest.mark.code("KP-CONF-221")
def test_without_a_last_good_one_what_korproxy_wrote_counts_as_absent() -> None:
    found = read(ROUTING, HOME, b"version = 'x'\n", None, fall_back=True)

    assert (found.value, found.source, found.raw) == (Routing(), "defaults", None)
    assert [each.code for each in found.notices] == ["KP-CONF-221"]
    assert "treated as absent" in found.notices[0].message


def test_strictly_nothing_stands_in_for_a_bad_file() -> None:
    found = settings(b"[server]\nport = 'x'\n", GOOD, fall_back=False)

    assert [each.path for each in found.problems] == ["$.server.port"]
    assert found.notices == ()


@pytest.mark.code("KP-CONF-201")
@pytest.mark.parametrize("length", [0, 1, len(b"[server]"), len(GOOD) - 1])
def test_a_users_file_that_ends_within_a_line_of_the_last_good_one_was_cut_off(length: int) -> None:
    found = settings(GOOD[:length], GOOD)

    assert (found.value.server.port, found.source) == (1234, "last good")
    assert [each.code for each in found.problems] == ["KP-CONF-201"]


@pytest.mark.parametrize("now", [b"[server]\n", b"[server]\nport = 12\n", b"# nothing", GOOD])
def test_a_users_file_that_was_made_shorter_on_purpose_is_used(now: bytes) -> None:
    assert settings(now, GOOD).source == "file"


def test_an_empty_file_is_one_where_it_never_was_another() -> None:
    assert settings(b"").source == settings(b"", b"").source == "file"


@pytest.mark.code("KP-CONF-230")
def test_an_older_file_works_and_is_told() -> None:
    found = settings(b"NEW_ERROR_CODES = false\n")
    ours = read(ROUTING, HOME, b"active_profile = 'default'\n", None, fall_back=False)

    assert (found.value.features.new_error_codes, found.source) == (False, "file")
    assert [each.code for each in (*found.notices, *ours.notices)] == ["KP-CONF-230", "KP-CONF-230"]
    assert "stays as it is" in found.notices[0].message
    assert "keeps the old one as routing.toml.v0" in ours.notices[0].message


def test_of_what_korproxy_writes_no_part_is_ever_used() -> None:
    raw, last = dump(FULL).encode(), kept(routing=dump(Routing(profile="default")).encode())
    sources = {read(ROUTING, HOME, raw[:length], last, fall_back=True).source for length in range(len(raw) - 1)}

    assert sources == {"last good"}
    assert read(ROUTING, HOME, raw, last, fall_back=True).value == FULL
