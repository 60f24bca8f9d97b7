"""Python 3.11.2, which Debian 12 has, is wrong about possessive groups: half of what stands in one counts as all of it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{{1,2}[0-9,]+\}{1,2})\+")
# Whose every turn begins with a character that nothing else begins with and takes what follows whatever it is: half of one is
# none. Before a pattern is put here, its tests have to pass with Python 3.11.2.
HARMLESS = {
    "korproxy/kit/json_edit.py": 2,
    "korproxy/kit/json_raw.py": 1,
    "korproxy/chat/arguments.py": 1,
    "korproxy/builtin/commands/explain.py": 1,
}


def test_no_group_in_a_pattern_is_possessive() -> None:
    found = {}
    for path in sorted((ROOT / "korproxy").rglob("*.py")):
        lines = [each for each in path.read_text("utf-8").splitlines() if not each.lstrip().startswith("#")]
        count = sum(1 for each in lines if re.search(r'\brb?["\x27]', each) and POSSESSIVE_GROUP.search(each))
        if count:
            found[str(path.relative_to(ROOT))] = count

    assert found == HARMLESS
