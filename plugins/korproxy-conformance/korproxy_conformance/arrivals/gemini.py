"""What a provider of generateContent received. Names may be written as proto3 writes them (``function_call``), too."""

from __future__ import annotations

import re

from korproxy_conformance.arrivals.story import Arrival, Story, from_base64
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words, Wrong

_PATH = re.compile(r".*/models/([^/:]+):(generateContent|streamGenerateContent)")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read(body: Place, path: str) -> Arrival:
    """Read the request; turns have to alternate, as a gateway's own do."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise Wrong(Words("…/models/MODEL:generateContent"), path, "the path")
    story = Story()
    before = ""
    for content in body["contents"].items():
        role = content["role"].one_of(("user", "model"))
        if role == before:
            content["role"].wrong(Words("user and model in turns"))
        before = role
        for part in content["parts"].items():
            _part(story, role, part)
        if role == "user":
            story.settled(content.at)
    return Arrival(
        model=found[1],
        streamed=found[2].startswith("stream"),
        story=story.told,
        seals=tuple(story.seals),
        tools=_tools(body),
        schema=_schema(body),
    )


def _some(place: Place, *names: str) -> Place | None:
    """Return the first of the members *names* that is there, in either spelling."""
    spellings = [each for name in names for each in (name, _HUMP.sub("_", name).lower())]
    return next((found for each in spellings if (found := place.some(each)) is not None), None)


def _tools(body: Place) -> dict[str, object]:
    tools = body.some("tools")
    found = {}
    for tool in tools.items() if tools else ():
        declared = _some(tool, "functionDeclarations")
        for each in declared.items() if declared else ():
            schema = _some(each, "parameters", "parametersJsonSchema")
            found[each["name"].word()] = schema.value if schema else None
    return found


def _schema(body: Place) -> object:
    config = _some(body, "generationConfig")
    if config is None or _some(config, "responseMimeType") is None:
        return None
    schema = _some(config, "responseJsonSchema", "responseSchema")
    return schema.value if schema else None


def _part(story: Story, who: str, part: Place) -> None:
    sealed = _some(part, "thoughtSignature")
    call = _some(part, "functionCall")
    response = _some(part, "functionResponse")
    if sealed is not None:
        story.seals.append(sealed.word())
    if call is not None:
        args = call.some("args")
        story.call(_id(call), call["name"].word(), args.members() if args else {})
    elif response is not None:
        _response(story, response)
    else:
        if who == "user":
            story.settled(part.at)
        _said(story, who, part)


def _said(story: Story, who: str, part: Place) -> None:
    text = part.find("text")
    if text is None:
        story.told.append((who, "image", _image(part)))
    elif text.text():
        thought = part.some("thought")
        story.told.append((who, "thought" if thought and thought.value else "text", text.text()))


def _response(story: Story, response: Place) -> None:
    wrapped = response["response"].members()
    only = next(iter(wrapped.values())) if len(wrapped) == 1 else None  # a plain text has to be wrapped, under whatever name
    text = only if isinstance(only, str) else str(wrapped)
    number = story.result(_id(response), text, response.at, response["name"].word())
    parts = response.some("parts")
    story.told += [("user", "result image", number, _image(each)) for each in (parts.items() if parts else ())]


def _id(part: Place) -> object:
    found = part.some("id")
    return found.value if found else None


def _image(part: Place) -> str:
    blob = _some(part, "inlineData") or part["inlineData"]
    media_type = _some(blob, "mimeType") or blob["mimeType"]
    return from_base64(blob["data"], media_type.text())
