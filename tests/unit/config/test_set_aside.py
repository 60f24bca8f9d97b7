from __future__ import annotations

from pathlib import Path

from korproxy.config.set_aside import set_aside


def test_a_copy_is_kept_beside_the_file_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "routing.toml"
    path.write_bytes(b"one")

    assert set_aside(path, "v0") == tmp_path / "routing.toml.v0"
    assert (tmp_path / "routing.toml.v0").read_bytes() == path.read_bytes() == b"one"


def test_no_copy_is_ever_written_over_and_none_is_made_twice(tmp_path: Path) -> None:
    path = tmp_path / "routing.toml"
    (tmp_path / "routing.toml.v0").mkdir()
    for content in (b"one", b"two", b"one", b"two"):
        path.write_bytes(content)
        set_aside(path, "v0")

    copies = {each.name: each.read_bytes() for each in tmp_path.glob("*.v0.*")}
    assert copies == {"routing.toml.v0.2": b"one", "routing.toml.v0.3": b"two"}


def test_of_what_is_not_there_no_copy_is_made(tmp_path: Path) -> None:
    assert set_aside(tmp_path / "routing.toml", "v0") is None
    assert list(tmp_path.iterdir()) == []
