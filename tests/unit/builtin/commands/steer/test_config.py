from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.daemon import answering_each
from tests.fakes.steered import GOES_BY_IT, NEXT_START, RELOADED, SETTINGS, furnished, now, run, said

MASK = "***REDACTED***"


def test_what_is_exported_is_json_without_secrets(home: Path) -> None:
    furnished(home, SETTINGS.replace("env:KEY_OF_ONE", "sk-ant-of-this-test"))
    done = run("config", "export")
    data = json.loads(done.stdout)

    assert (done.exit_code, done.stderr) == (0, "")
    assert data["settings"]["providers"]["one"]["accounts"] == [{"name": "work", "key": MASK}]
    assert "of-this-test" not in done.stdout
    assert said("config", "export") == (0, data)


def test_an_export_into_a_file_is_the_user_s_own(home: Path, tmp_path: Path) -> None:
    furnished(home)
    path = tmp_path / "mine.json"
    path.write_text("older, for everybody, and longer than what comes" * 99)
    path.chmod(0o644)
    done = run("config", "export", "--output", path)

    assert (done.exit_code, done.stdout) == (0, f"Wrote {path}; secrets in it are masked.\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == json.loads(run("config", "export").stdout)


@pytest.mark.code("KP-CONF-229")
def test_a_file_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    furnished(home)
    done = run("config", "export", "--output", tmp_path / "no" / "mine.json")

    assert (done.exit_code, done.stderr.split(":")[0]) == (1, "error KP-CONF-229")


def test_what_was_exported_is_imported(home: Path, tmp_path: Path) -> None:
    furnished(home)
    run("group", "set", "g", "--member", "one")
    path = tmp_path / "mine.json"
    run("config", "export", "--output", path)
    (home / "routing.toml").unlink()
    with answering_each(home, RELOADED):
        done, again = run("config", "import", path), run("config", "import", path)

    assert done.stdout.splitlines() == [f"Imported: routing.toml in {home}.", GOES_BY_IT]
    assert again.stdout.splitlines() == ["Nothing to import: it is all there already.", GOES_BY_IT]
    assert list(now(home).routing.groups) == ["g"]


def test_an_import_keeps_what_was_there_and_can_go_on_top_of_it(home: Path, tmp_path: Path) -> None:
    furnished(home, routing="[groups.g]\n")
    more = tmp_path / "routing.toml"
    more.write_text("version = 1\n[groups.h]\n")
    done = run("config", "import", more, "--merge")

    assert done.stdout.splitlines() == [
        f"Imported: routing.toml in {home}.",
        NEXT_START,
        f"The old version is kept: {home}/routing.toml.before-import",
    ]
    assert sorted(now(home).routing.groups) == ["g", "h"]


REFUSED = [
    pytest.param(b"{}", "KP-CONF-225", marks=pytest.mark.code("KP-CONF-225")),
    pytest.param(b"nonsense", "KP-CONF-201", marks=pytest.mark.code("KP-CONF-201")),
    pytest.param(b"\xff", "KP-CONF-201", marks=pytest.mark.code("KP-CONF-201")),
    pytest.param(SETTINGS.replace("base_url", "base_ulr").encode(), "KP-CONF-202", marks=pytest.mark.code("KP-CONF-202")),
    pytest.param(SETTINGS.replace('"compatible"', '"clod"').encode(), "KP-CONF-203", marks=pytest.mark.code("KP-CONF-203")),
]


@pytest.mark.parametrize(("sent", "code"), REFUSED)
def test_what_cannot_be_is_neither_right_nor_imported(home: Path, sent: bytes, code: str) -> None:
    furnished(home)
    imported, validated = run("config", "import", "-", stdin=sent), run("config", "validate", "-", stdin=sent)

    assert (imported.exit_code, imported.stdout, imported.stderr.split(":")[0]) == (1, "", f"error {code}")
    assert (validated.exit_code, validated.stderr.split(":")[0]) == (1, f"error {code}")
    assert (home / "korproxy.toml").read_text() == SETTINGS


@pytest.mark.code("KP-CONF-224")
def test_a_mask_with_nothing_behind_it_is_right_and_not_imported(home: Path) -> None:
    furnished(home)
    masked = SETTINGS.replace('name = "home"', f'name = "new"\nkey = "{MASK}"')
    imported, validated = run("config", "import", "-", stdin=masked), run("config", "validate", "-", stdin=masked)

    assert (imported.exit_code, imported.stderr.split(":")[0]) == (1, "error KP-CONF-224")
    assert (validated.exit_code, validated.stdout) == (0, "stdin is right.\n")


@pytest.mark.parametrize("args", [("import",), ("import", "no-such-file"), ("validate", "no-such-file")])
def test_a_wrong_command_line_is_exit_code_2(args: tuple[str, ...]) -> None:
    assert run("config", *args).exit_code == 2


def test_what_is_there_is_validated(home: Path) -> None:
    furnished(home)

    assert run("config", "validate").stdout == f"The configuration in {home} is right.\n"
    assert said("config", "validate") == (0, {"ok": True, "problems": []})


@pytest.mark.code("KP-CONF-202")
@pytest.mark.code("KP-CONF-220")
def test_every_mistake_in_what_is_there_is_told(home: Path) -> None:
    furnished(home, SETTINGS + "[server]\nprot = 1\n", routing='profile = "nowhere"\n')
    done = run("config", "validate")
    code, data = said("config", "validate")

    assert done.exit_code == code == 1
    assert done.stdout == "2 mistakes found.\n"
    assert [(each["code"], each["path"]) for each in data["problems"]] == [
        ("KP-CONF-202", "$.server.prot"),
        ("KP-CONF-220", "routing.toml:$.profile"),
    ]


def test_what_is_no_configuration_by_its_size_is_a_wrong_command_line(home: Path) -> None:
    assert run("config", "validate", "-", stdin=b"#" * (16 * 1024**2 + 1)).exit_code == 2
