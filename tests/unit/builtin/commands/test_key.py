from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy


def show(*args: str) -> Result:
    return CliRunner().invoke(korproxy, ["key", "show", *args])


@pytest.mark.parametrize("kind", ["client", "management"])
def test_the_key_stands_alone_so_that_scripts_can_use_it(home: Path, kind: str) -> None:
    done = show(kind)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (home / "secrets" / f"{kind}.key").read_text()
    assert len(done.stdout.strip()) > 40


def test_it_is_the_same_every_time() -> None:
    assert show("client").stdout == show("client").stdout


def test_json_has_the_key_too() -> None:
    key = show("client").stdout.strip()

    assert json.loads(show("client", "--json").stdout) == {"kind": "client", "key": key}


@pytest.mark.code("KP-CONF-206")
def test_a_key_that_others_can_read_is_not_shown(home: Path) -> None:
    key = show("client").stdout.strip()
    (home / "secrets" / "client.key").chmod(0o644)
    done = show("client")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error KP-CONF-206: ")
    assert key not in done.stderr


def test_there_are_two_kinds_of_key() -> None:
    done = show("other")

    assert (done.exit_code, done.stdout) == (2, "")
