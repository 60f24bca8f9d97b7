"""Lets KorProxy's own suite test this plugin where it is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("korproxy_redact_names") is None:
    sys.path.append(str(Path(__file__).parents[1]))
