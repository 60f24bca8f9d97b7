"""What is sent in the cases."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from korproxy_conformance.said import Tool

# A picture of one pixel (PNG specification; made with Python's zlib).
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")

# Characters of 2, 3 and 4 bytes in UTF-8, joined and combining ones, and the line separator that is none in an event stream.
HARD = "größer été зета 日本語 🙂 👩\u200d👩\u200d👧 e\u0301\u2028\u0627\u0644\u0644\u0647"


def _object(**members: Any) -> dict[str, Any]:
    """Return the schema of an object as strict modes want it."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


SCHEMA: Mapping[str, Any] = _object(
    city={"type": "string"},
    degrees={"type": "integer"},
    hours={"type": "array", "items": _object(rain={"type": "boolean"})},
)


def _tool(name: str, **parameters: Any) -> Tool:
    schema = {"type": "object", "properties": parameters, "required": list(parameters)}
    return Tool(name=name, description=f"Does what {name} says.", schema=schema)


_TEXT = {"type": "string"}
WEATHER = _tool("get_weather", city=_TEXT)
TIME = _tool("get_time", zone=_TEXT)
STORE = _tool(
    "store",
    path=_TEXT,
    number={"type": "integer"},
    ratio={"type": "number"},
    flags={"type": "array", "items": {"type": "boolean"}},
    nested={"type": "object", "properties": {"deep": _TEXT}, "required": ["deep"]},
)
NOW = Tool(name="now", description="Tells the time.", schema={"type": "object", "properties": {}})
CAMERA = _tool("take_picture", place=_TEXT)
TOOLS = (WEATHER, TIME, STORE, NOW, CAMERA)

# A number beyond the reach of doubles, escapes of all kinds, an order of keys that is not the alphabet's.
STORED: Mapping[str, Any] = {
    "path": 'C:\\tmp\\"größer"\n\t日本 🙂 </script>',
    "number": 9007199254740993,
    "ratio": 0.1,
    "flags": [True, False],
    "nested": {"deep": "e\u0301 & <b>"},
}
