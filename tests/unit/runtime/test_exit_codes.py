from __future__ import annotations

import os
import subprocess
import sys

import pytest

from korproxy.runtime.exit_codes import Exit


def test_the_codes_are_those_that_the_documentation_promises() -> None:
    assert {each.name: int(each) for each in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "INTERNAL": 70,
        "STUCK": 75,
        "CONFIG": 78,
    }


@pytest.mark.skipif(not hasattr(os, "EX_CONFIG"), reason="Windows has no such names")
def test_where_the_system_has_names_for_them_they_are_the_same() -> None:
    assert (Exit.INTERNAL, Exit.STUCK, Exit.CONFIG) == (os.EX_SOFTWARE, os.EX_TEMPFAIL, os.EX_CONFIG)


def test_python_ends_with_them() -> None:
    script = "import sys; from korproxy.runtime.exit_codes import Exit; sys.exit(Exit.CONFIG)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 78
