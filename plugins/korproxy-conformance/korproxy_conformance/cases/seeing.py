"""The cases ``image`` and ``structured``: what is more than text on its way to the provider."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from korproxy_conformance.arrivals.story import picture
from korproxy_conformance.cases.calling import called, calling
from korproxy_conformance.cases.samples import PNG, SCHEMA, TOOLS
from korproxy_conformance.cases.step import Step
from korproxy_conformance.cell import Cell, in_order
from korproxy_conformance.names import IMAGE, STRUCTURED
from korproxy_conformance.place import Place, parsed
from korproxy_conformance.wrong import Words, Wrong, same

_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def in_a_turn(cell: Cell, streamed: bool) -> None:
    """A picture in a user's turn reaches the model, each byte of it, and the text behind it, too."""
    answer = cell.say(cell.user("What is this?", PNG), streamed=streamed)
    in_order(
        cell.arrival().story,
        [("user", "image", picture(PNG)), ("user", "text", "What is this?")],
        "what the provider was told",
    )
    _seen(answer.text)


def in_a_result(cell: Cell, streamed: bool) -> None:
    """A picture in a tool's result reaches the model as a picture."""
    turns = cell.user(f"{{{{mock: {calling('take_picture', {'place': 'Köln'})}}}}}")
    first = cell.say(turns, streamed=streamed, tools=TOOLS)
    called(first, cell, ("take_picture", {"place": "Köln"}))
    told = [*turns, *first.back, *cell.results(first.calls, ["Here it is."], PNG)]
    second = cell.say(told, streamed=streamed, tools=TOOLS)
    arrival = cell.arrival()
    same(arrival.pictures, [picture(PNG)], "the pictures that the provider received")
    texts = [str(each[3]) for each in arrival.story if each[1] == "result"]
    if len(texts) != 1 or not texts[0].startswith("Here it is."):  # a gateway may add where the picture is
        raise Wrong(Words("the result, with its text in front"), texts, "what the provider was told")
    _seen(second.text)


def _seen(text: str) -> None:
    """The mock says what it looked at."""
    if sha256(PNG).hexdigest() not in text:
        raise Wrong(Words(f"I see … sha256:{sha256(PNG).hexdigest()}"), text, "the answer's text")


def _shows(cell: Cell) -> str | None:
    return None if cell.client.shows_results else "Chat Completions has no pictures in results of tools"


def to_a_schema(cell: Cell, streamed: bool) -> None:
    """The schema reaches the provider in its own place, and the answer is JSON that fits."""
    answer = cell.say(cell.user("How will the weather be?"), streamed=streamed, schema=SCHEMA)
    received = cell.arrival().schema
    if received is None:
        raise Wrong(Words("the schema where the provider's format has it"), Words("none"), "the request to the provider")
    same(_bones(received), _bones(SCHEMA), "the schema that the provider received")
    _fits(parsed(answer.text.encode(), "the answer's text /"), SCHEMA)


def _bones(schema: Any) -> Any:
    """Return what every provider's dialect of JSON Schema can say: types, members, which of them are required."""
    kept: dict[str, Any] = {"type": str(schema.get("type")).lower()}
    if "properties" in schema:
        kept["properties"] = {name: _bones(each) for name, each in schema["properties"].items()}
        kept["required"] = sorted(map(str, schema.get("required", ())))
    if "items" in schema:
        kept["items"] = _bones(schema["items"])
    return kept


def _fits(place: Place, schema: Mapping[str, Any]) -> None:
    kind = _TYPES[schema["type"]]
    if not isinstance(place.value, kind) or (kind is int and isinstance(place.value, bool)):
        place.wrong(Words(f"a value of the type {schema['type']}"))
    if kind is dict:
        for name in schema["required"]:
            _fits(place[name], schema["properties"][name])
        same(sorted(place.members()), sorted(schema["properties"]), place.at)
    for each in place.items() if kind is list else ():
        _fits(each, schema["items"])


STEPS = (
    Step(case=IMAGE, name="in a user's turn", play=in_a_turn),
    Step(case=IMAGE, name="in a tool's result", play=in_a_result, unfit=_shows),
    Step(case=STRUCTURED, name="a JSON schema", play=to_a_schema),
)
