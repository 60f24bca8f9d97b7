from __future__ import annotations

import subprocess
import sys

from korproxy.builtin.commands.looking import korproxy_commands

NAMES = ["logs", "log-level", "requests", "metrics", "debug-bundle", "self-test"]


def test_each_command_is_the_one_that_its_name_says() -> None:
    offered = list(korproxy_commands())

    assert [each.name for each in offered] == NAMES
    assert [each.load().name for each in offered] == NAMES


def test_to_offer_them_imports_none_of_them() -> None:
    source = (
        "import sys\nfrom korproxy.builtin.commands.looking import korproxy_commands\nlist(korproxy_commands())\n"
        "print([name for name in sys.modules if 'commands.look.' in name or name == 'click'])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout == "[]\n"
