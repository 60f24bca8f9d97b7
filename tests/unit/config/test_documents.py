"""How files become documents; tests/unit/config/test_loading.py has the places of what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from korproxy.config.documents import content, decoded, document
from korproxy.errors.exceptions import ConfigError


def test_an_absent_file_is_no_mistake(tmp_path: Path) -> None:
    assert content(tmp_path / "absent.toml") is None


@pytest.mark.code("KP-CONF-201")
@pytest.mark.parametrize("name", ["folder", "a\0b"])
def test_what_is_no_file_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError) as caught:
        content(tmp_path / name)

    assert caught.value.code == "KP-CONF-201"


def test_a_byte_order_mark_of_an_editor_does_no_harm() -> None:
    assert document(decoded(b"\xef\xbb\xbfa = 1\n", "a.toml"), "a.toml") == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "place"),
    [(b"a = 1\nb = \xff", "a.toml:2:5"), (b"a = 1\nb = = 2\n", "a.toml:2:5"), (b"a = [" + b"[" * 5000, "a.toml")],
)
def test_what_cannot_be_read_is_told_with_its_place(raw: bytes, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        document(decoded(raw, "a.toml"), "a.toml")

    assert [each.path for each in caught.value.problems] == [place]
