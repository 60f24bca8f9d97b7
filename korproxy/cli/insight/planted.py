"""What ``contracts.Insight.canary`` says."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def canary(*, redaction: bool) -> Mapping[str, object]:
    """Plant secrets in a KorProxy of its own, and look for them; without *redaction* they have to be found."""
    from korproxy.runtime.canary.proof import prove

    module = "korproxy" if redaction else "korproxy.cli.insight.bare"
    return prove((sys.executable, "-m", module)).to_dict()
