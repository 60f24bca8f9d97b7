"""The tutorial shows the hello plugin as it is: whoever types it off has a plugin that works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HELLO = ROOT / "plugins" / "korproxy-hello"
PAGE = (ROOT / "docs" / "tutorial" / "first-plugin.md").read_text(encoding="utf-8")
SHOWN = ["pyproject.toml", "korproxy_hello.py", "tests/test_hello.py", "tests/server.py"]


def named_blocks(page: str) -> dict[str, str]:
    """Return the code blocks below a line that is nothing but a file name in bold."""
    return dict(re.findall(r"^\*\*`([^`\n]+)`\*\*\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


def test_the_tutorial_shows_these_files_in_the_order_in_which_they_are_written() -> None:
    assert list(named_blocks(PAGE)) == SHOWN


@pytest.mark.parametrize("name", SHOWN)
def test_a_file_in_the_tutorial_is_the_plugins_file(name: str) -> None:
    assert named_blocks(PAGE)[name] == (HELLO / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, (HELLO / "README.md").read_text(encoding="utf-8")], ids=["tutorial", "readme"])
def test_the_settings_that_are_shown_are_those_the_plugin_knows(page: str) -> None:
    [shown] = re.findall(r"```toml\n(\[plugin\.hello\]\n.*?)```", page, re.DOTALL)
    source = (HELLO / "korproxy_hello.py").read_text(encoding="utf-8")
    defaults = dict(re.findall(r'^    (\w+): str = "(.*)"$', source, re.MULTILINE))
    assert tomllib.loads(shown)["plugin"]["hello"] == {**defaults, "base_url": "http://127.0.0.1:1234/v1"}


def test_blocks_without_a_name_are_not_taken_for_files() -> None:
    assert named_blocks("```sh\nls\n```\n\n**`a.py`**\n\n```python\nx\n```\n\ntext\n") == {"a.py": "x\n"}
