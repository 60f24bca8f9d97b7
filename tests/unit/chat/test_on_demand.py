from __future__ import annotations

import subprocess
import sys

import pytest

from korproxy import chat
from korproxy.chat.on_demand import find

IN_A_NEW_PROCESS = """
import sys
import korproxy.chat.report
from korproxy import chat
before = "korproxy.chat.parts" in sys.modules
text = chat.Text
print(before, "korproxy.chat.parts" in sys.modules, vars(chat)["Text"] is text, vars(chat)["Report"] is chat.report.Report)
"""


def test_nothing_is_imported_before_a_name_is_asked_for_and_all_names_are_there_then() -> None:
    printed = subprocess.run([sys.executable, "-c", IN_A_NEW_PROCESS], capture_output=True, text=True, check=True).stdout

    assert printed.split() == ["False", "True", "True", "True"]


@pytest.mark.parametrize("name", ["Nothing", "__wrapped__"])
def test_a_name_that_nothing_has_is_an_attribute_error_as_of_every_module(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'korproxy.chat' has no attribute '{name}'$"):
        find(name)
    assert not hasattr(chat, name)
