from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest
import trio

from korproxy.config.loading import load
from korproxy.config.reading import read_all
from korproxy.errors.exceptions import CommandFailed, ConfigError
from korproxy.runtime.canary import house as houses
from korproxy.runtime.canary.house import House, mistaken
from korproxy.runtime.canary.places import IMPORTED, PLUGIN_FAILS, TABLE, TYPED, WRONG
from korproxy.runtime.canary.planting import Place, sow
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, named

KEY = CONFIGURED.make()
READY = 'print(\'{"ready": {"urls": ["http://127.0.0.1:4711"]}}\', flush=True); '
STUBBORN = f"""
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), file=sys.stderr, flush=True)
{READY}
while True:
    signal.pause()
"""


def house(path: Path, script: str) -> House:
    return House(path=path, program=(sys.executable, "-c", script), key=KEY.text)


def test_its_configuration_can_be_read_and_holds_the_key_by_reference_only(tmp_path: Path) -> None:
    where = house(tmp_path, "")
    plants = sow([Place(name="traceback"), Place(name=PLUGIN_FAILS), Place(name=IMPORTED)], [], configured=KEY)
    where.furnish("http://127.0.0.1:9/v1", plants)

    assert set(read_all(where.home).root.providers) == {"canary", "refused", "typed"}
    assert KEY.text not in where.home.toml.read_text()
    assert (where.plugins / "broken_2.py").read_text() == f"raise RuntimeError({plants[2].text!r})\n"
    assert ((where.home.secrets / "planted").read_text(), (where.home.secrets / "planted").stat().st_mode & 0o77) == (
        KEY.text,
        0,
    )
    assert json.loads((where.plugins / "planted.json").read_text()) == {
        "traceback": [plants[0].text],
        PLUGIN_FAILS: [f"1 {plants[1].text}"],
        IMPORTED: [plants[2].text],
    }
    assert (where.plugins / "planted.py").read_text().startswith('"""A plugin that')


def test_what_is_typed_into_a_configuration_is_in_it_as_it_is(tmp_path: Path) -> None:
    plants = sow([Place(name=TYPED, alone=True), Place(name=TABLE, alone=True)], named(["private-key"]), configured=KEY)
    said = tomllib.loads(house(tmp_path, "").configuration("http://127.0.0.1:9/v1", plants))

    typed, table = said["providers"]["typed"]["accounts"], said["plugin"]["nobody"]
    assert [(each["name"], each["key"]) for each in typed] == [(each.marker, each.text) for each in plants[:2]]
    assert said["server"]["lane"] is True
    assert table == {f"{each.marker}_key": each.text for each in plants[2:]}


def test_a_mistaken_configuration_can_be_parsed_and_not_used(tmp_path: Path) -> None:
    plants = sow([Place(name=WRONG, alone=True)], SHAPES, configured=KEY)
    said = tomllib.loads(mistaken(plants))
    where = house(tmp_path, "")
    where.furnish("http://127.0.0.1:9/v1", ())
    where.home.toml.write_text(mistaken(plants))

    assert set(said["providers"]) == {each.marker for each in plants}
    with pytest.raises(ConfigError) as caught:
        load(where.home)
    assert len(caught.value.problems) >= 2 * len(plants)


async def test_its_daemon_runs_for_the_block_and_is_asked_to_end(tmp_path: Path) -> None:
    where = house(tmp_path, READY + "import signal, os; print(os.environ['PLANTED_KEY']); signal.pause()")
    with trio.fail_after(10):
        async with where.daemon() as port:
            assert port == 4711

    assert (tmp_path / "stdout").read_text().splitlines()[1:] in ([KEY.text], [])


async def test_a_daemon_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(houses, "STOP_SECONDS", 0.1)
    where = house(tmp_path, STUBBORN)
    with trio.fail_after(10):
        async with where.daemon():
            pid = int((tmp_path / "stderr").read_text())

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("raise SystemExit('no port is free')", "did not start: no port is free"),
        ("print('{'); print('\"error\": 1}')", 'did not start: { "error": 1}'),
        ("", "did not start: it says nothing"),
    ],
)
@pytest.mark.code("KP-SYS-542")
async def test_a_daemon_that_does_not_start_says_why(tmp_path: Path, script: str, words: str) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(CommandFailed, check=lambda exc: words in str(exc) and exc.code == "KP-SYS-542")):
        async with house(tmp_path, script).daemon():
            raise AssertionError("it runs")


async def test_a_command_says_all_on_both_channels_and_ends_as_it_has_to(tmp_path: Path) -> None:
    where = house(tmp_path, "import sys; print(sys.argv[-1], flush=True); print('err', file=sys.stderr); sys.exit(3)")

    assert await where.run("status", fine=3) == b"status\nerr\n"
    with pytest.raises(CommandFailed, match="`korproxy status` ended with 3: status err"):
        await where.run("status")


async def test_a_command_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(houses, "COMMAND_SECONDS", 0.2)

    with pytest.raises(CommandFailed, match=r"`korproxy logs --follow` was not done within 0.2 s"):
        await house(tmp_path, "import time; time.sleep(60)").run("logs", "--follow")
