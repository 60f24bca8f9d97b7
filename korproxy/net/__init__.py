"""Sockets without detours, waited on at the least cost Trio allows; and HTTP/1.1 on them, as a client speaks it."""

import sys

# httpx imports its own command line where click and rich are installed: 40 ms and 6 MB for nothing. Here, because this runs
# before the one module that imports httpx.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
