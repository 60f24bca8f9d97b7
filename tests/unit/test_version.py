from __future__ import annotations

import re
import tomllib
from pathlib import Path

from korproxy.version import VERSION

ROOT = Path(__file__).parents[2]


def test_the_version_has_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?", VERSION)


def test_the_build_finds_the_same_version() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["version"]
    found = re.search(hatch["pattern"], (ROOT / hatch["path"]).read_text())

    assert found is not None
    assert found["version"] == VERSION
