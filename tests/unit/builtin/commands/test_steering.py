from __future__ import annotations

import subprocess
import sys

from korproxy.builtin.commands.steering import korproxy_commands

NAMES = ["account", "profile", "group", "route", "why", "safe-mode", "reload", "config"]


def test_each_command_is_the_one_that_its_name_says() -> None:
    offered = list(korproxy_commands())

    assert [each.name for each in offered] == NAMES
    assert [each.load().name for each in offered] == NAMES


def test_to_offer_them_imports_none_of_them() -> None:
    source = (
        "import sys\nfrom korproxy.builtin.commands.steering import korproxy_commands\nlist(korproxy_commands())\n"
        "print([name for name in sys.modules if 'commands.steer.' in name or name == 'click'])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout == "[]\n"
