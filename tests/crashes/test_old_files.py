"""Files of version 0 on a real KorProxy: read as they are, and written anew when a user wants it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from korproxy.config.home import Home
from korproxy.config.reading import read_all
from tests.fakes.process import daemon, korproxy

OLD = Path(__file__).parents[1] / "corpora" / "old_configurations"
FILES = {"korproxy.toml": "settings", "accounts.toml": "accounts", "routing.toml": "routing"}


@pytest.fixture
def before(home: Path) -> dict[str, bytes]:
    """A home with an old file of every kind; their contents."""
    home.mkdir()
    found = {name: (OLD / f"{kind}-v0.toml").read_bytes() for name, kind in FILES.items()}
    for name, content in found.items():
        (home / name).write_bytes(content)
    return found


@pytest.mark.code("KP-CONF-230")
def test_the_daemon_starts_says_so_and_changes_nothing(home: Path, before: dict[str, bytes]) -> None:
    with daemon(home) as running:
        assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200
        running.ask_to_stop()
        assert running.wait() == 0

    assert sum("KP-CONF-230" in line for line in running.log) == 3
    assert {name: (home / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize(
    ("options", "written"),
    [((), ["accounts.toml", "routing.toml"]), (("--settings",), ["korproxy.toml", "accounts.toml", "routing.toml"])],
)
def test_a_command_writes_them_anew_and_keeps_the_old(
    home: Path, before: dict[str, bytes], options: tuple[str, ...], written: list[str]
) -> None:
    said = read_all(Home(path=home))

    done = json.loads(korproxy("config", "migrate", *options, "--json", home=home).stdout)

    assert done["files"] == [str(home / name) for name in written]
    assert done["kept"] == [str(home / f"{name}.v0") for name in written]
    assert {name: (home / f"{name}.v0").read_bytes() for name in written} == {name: before[name] for name in written}
    after = read_all(Home(path=home), fall_back=True)
    assert (after.root, after.added, after.routing) == (said.root, said.added, said.routing)
    assert [each.path for each in after.notices if each.code == "KP-CONF-230"] == [
        str(home / name) for name in FILES if name not in written
    ]
    again = korproxy("config", "migrate", *options, home=home)
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "There was nothing to rewrite.")
