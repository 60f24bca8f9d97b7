from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.cli.first_run import write_settings
from korproxy.config import durable
from korproxy.config.template import TEMPLATE
from korproxy.errors.exceptions import CannotStart, CommandFailed


def test_the_settings_are_the_template_for_their_owner_only(tmp_path: Path) -> None:
    write_settings(tmp_path / "korproxy.toml", force=False)

    assert (tmp_path / "korproxy.toml").read_text() == TEMPLATE
    assert (tmp_path / "korproxy.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.code("KP-CONF-216")
def test_settings_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "korproxy.toml").write_text("mine")
    with pytest.raises(CommandFailed) as caught:
        write_settings(tmp_path / "korproxy.toml", force=False)

    assert caught.value.code == "KP-CONF-216"
    assert (tmp_path / "korproxy.toml").read_text() == "mine"


def test_forced_settings_leave_the_old_ones_beside_them(tmp_path: Path) -> None:
    (tmp_path / "korproxy.toml").write_text("mine")
    write_settings(tmp_path / "korproxy.toml", force=True)

    assert (tmp_path / "korproxy.toml").read_text() == TEMPLATE
    assert (tmp_path / "korproxy.toml.old").read_text() == "mine"


def test_at_no_moment_are_there_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "korproxy.toml"
    path.write_text("mine")
    seen = []
    write = durable.write

    def watched(to: Path, data: bytes) -> None:
        seen.append((to.name, path.read_text()))
        write(to, data)
        seen.append((to.name, path.read_text()))

    monkeypatch.setattr(durable, "write", watched)
    write_settings(path, force=True)

    assert seen == [
        ("korproxy.toml.old", "mine"),
        ("korproxy.toml.old", "mine"),
        ("korproxy.toml", "mine"),
        ("korproxy.toml", TEMPLATE),
    ]


def test_force_needs_no_old_settings(tmp_path: Path) -> None:
    write_settings(tmp_path / "korproxy.toml", force=True)

    assert [each.name for each in tmp_path.iterdir()] == ["korproxy.toml"]


def test_forced_settings_take_the_place_of_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "korproxy.toml").symlink_to(tmp_path / "gone")
    write_settings(tmp_path / "korproxy.toml", force=True)

    assert (tmp_path / "korproxy.toml").read_text() == TEMPLATE
    assert not (tmp_path / "gone").exists()


@pytest.mark.code("KP-SYS-504")
def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        write_settings(tmp_path / "gone" / "korproxy.toml", force=False)

    assert caught.value.code == "KP-SYS-504"
