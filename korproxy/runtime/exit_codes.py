"""How ``korproxy`` ends, as other programs see it. Our own enum: Windows has no ``os.EX_*``."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """Exit codes. Only ``run`` uses the last three."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INTERNAL = 70  # a fault of KorProxy's own
    STUCK = 75  # it would not stop by itself
    CONFIG = 78  # it cannot start as it is configured
