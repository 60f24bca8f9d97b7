"""What ``contracts.Insight.canary`` says."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


def canary(*, redaction: bool, plugin_dirs: Iterable[Path] = ()) -> Mapping[str, object]:
    """Plant secrets in a KorProxy of its own, and look for them; without *redaction* they have to be found.

    Args:
        plugin_dirs: Folders with plugins that are to be part of what is tested, beside those that are installed.
    """
    from korproxy.runtime.canary.proof import prove

    module = "korproxy" if redaction else "korproxy.cli.insight.bare"
    folders = [word for each in plugin_dirs for word in ("--plugins-dir", str(each.absolute()))]
    return prove((sys.executable, "-m", module, *folders)).to_dict()
