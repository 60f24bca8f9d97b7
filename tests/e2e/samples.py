"""What the programs here send: tools they offer, a picture, texts that are hard on bytes."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

# A picture of one pixel (PNG specification; made with Python's zlib).
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")
PNG_SEEN = f"I see 1 image(s): image/png {len(PNG)} bytes sha256:{sha256(PNG).hexdigest()}"  # the mock looks at what it gets

# Characters of 2, 3 and 4 bytes in UTF-8, joined and combining ones, and the line separator that is none in an event stream.
HARD_TEXT = "größer été зета 日本語 🙂 👩\u200d👩\u200d👧 e\u0301\u2028\u0627\u0644\u0644\u0647"

_CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
_ZONE = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"], "additionalProperties": False}

OPENAI_TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "get_weather", "parameters": _CITY, "strict": True}},
    {"type": "function", "function": {"name": "get_time", "parameters": _ZONE, "strict": True}},
]
ANTHROPIC_TOOLS: list[Any] = [
    {"name": "get_weather", "description": "The weather of a city.", "input_schema": _CITY},
    {"name": "get_time", "description": "The time in a zone.", "input_schema": _ZONE},
]

# Makes the mock call both tools at once.
BOTH_TOOLS = """{{mock: tool=get_weather args='{"city":"Köln"}' tool=get_time args='{"zone":"CET"}'}}"""
