from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good
from korproxy.config.reading import read_all
from korproxy.errors.exceptions import ConfigError
from korproxy.runtime.daemon import Options
from korproxy.runtime.starting import Start, first_configuration
from korproxy.runtime.watched import differing, files_of, seen_now
from tests.fakes.plugin_files import plugin_text, write_plugins
from tests.fakes.reloading import account, written

NOBODYS = '[providers.x]\ntype = "nobodys"\n'


def start(home: Path, *, careful: bool = False, plugins: tuple[Path, ...] = ()) -> Start:
    return first_configuration(Options(home=Home(path=home), port=4711, plugin_dirs=plugins), careful=careful)


def kept(home: Path, settings: str) -> None:
    """Keep *settings* as what worked last."""
    files = written(home, settings)
    keep_last_good(files, read_all(files).files)


def ids(found: Start) -> list[str]:
    return [each.id for each in found.parts.providers]


def codes(found: Start) -> list[str]:
    return [each.code for each in found.parts.loaded.notices]


def test_the_configuration_of_the_files_is_taken_with_what_the_command_line_says(home: Path) -> None:
    written(home, account())
    found = start(home)

    assert (ids(found), codes(found), found.parts.settings.server.port) == (["one"], [], 4711)
    assert differing(found.seen, seen_now(files_of(found.parts.home, found.parts.loaded.root))) == []


@pytest.mark.code("KP-CONF-221")
@pytest.mark.parametrize("bad", ["[server", NOBODYS])
def test_what_cannot_be_used_is_replaced_by_what_worked_last_and_that_is_told(home: Path, bad: str) -> None:
    kept(home, account())
    written(home, bad)
    found = start(home)

    assert (ids(found), codes(found), found.parts.settings.server.port) == (["one"], ["KP-CONF-221"], 4711)
    [notice] = found.parts.loaded.notices
    assert notice.path == str(home / "korproxy.toml")
    assert ("KP-CONF-201" if bad == "[server" else "KP-CONF-203") in notice.message
    assert found.parts.loaded.problems  # so it is not kept as if it was what the files say


@pytest.mark.code("KP-CONF-203")
@pytest.mark.parametrize("before", ["", NOBODYS])
def test_where_nothing_worked_before_it_does_not_start(home: Path, before: str) -> None:
    if before:
        kept(home, before)
    written(home, NOBODYS)
    with pytest.raises(ConfigError) as caught:
        start(home)

    assert caught.value.code == "KP-CONF-203"


def test_the_demo_takes_nothing_from_before(home: Path) -> None:
    kept(home, account())
    written(home, "[server")
    demo = Options(home=Home(path=home), demo=True)
    assert [each.id for each in first_configuration(demo).parts.providers] == ["mock"]


@pytest.mark.code("KP-SYS-525")
@pytest.mark.parametrize("before", [True, False])
def test_a_careful_start_takes_what_worked_last_and_no_plugins_of_others(home: Path, before: bool) -> None:
    if before:
        kept(home, account("old"))
    written(home, account("new") + NOBODYS)
    plain = "from korproxy.api import hookimpl\n@hookimpl\ndef korproxy_sinks(settings):\n    return []\n"
    found = start(home, careful=True, plugins=(write_plugins(home, {"alpha": plain}),))

    assert (ids(found), codes(found)) == (["old"] if before else ["new"], ["KP-SYS-525"])
    assert (found.parts.careful, "alpha" in found.parts.left_out) == (True, True)
    others = {each.name for each in found.parts.host.states if each.origin != "builtin"}
    assert others <= {"redact-names"}  # which hides something, where it is installed
    words = found.parts.loaded.notices[0].message
    assert "alpha" in words
    assert ("the last good configuration is used" in words) == before


def test_what_a_careful_start_has_left_out_stays_out_when_the_configuration_is_read_again(home: Path) -> None:
    from korproxy.runtime.compose import recompose

    written(home, account() + NOBODYS)
    found = start(home, careful=True, plugins=(write_plugins(home, {"alpha": plugin_text("alpha", ["korproxy_sinks"])}),))
    again = recompose(found.parts, attrs.evolve(found.parts.loaded, notices=()))

    assert ([each.id for each in again.providers], again.problems, again.careful) == (["one"], (), True)
