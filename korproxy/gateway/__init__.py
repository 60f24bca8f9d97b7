"""One request, from the client's wish to the provider and back. Knows Trio; knows neither Quart nor click nor pluggy."""

import sys

# httpx imports its own command line where click and rich are installed: 40 ms and 6 MB for nothing. Here, because this runs
# before any module of this package can import httpx.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
