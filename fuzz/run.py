"""``python fuzz/run.py --seconds N`` from wherever it is called: the same as ``python -m fuzz``, which is run in this tree."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
