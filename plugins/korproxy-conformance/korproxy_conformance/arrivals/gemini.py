"""What a provider of generateContent received."""

from __future__ import annotations

import re

from korproxy_conformance.arrivals.story import Arrival, Story, from_base64
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words, Wrong

_PATH = re.compile(r".*/models/([^/:]+):(generateContent|streamGenerateContent)")
_WRAPPERS = ("result", "output")  # a tool's plain text has to be wrapped in an object


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


def _tools(body: Place) -> dict[str, object]:
    tools = body.some("tools")
    declared = [each for tool in (tools.items() if tools else ()) for each in tool["functionDeclarations"].items()]
    found = {}
    for each in declared:
        schema = each.some("parameters") or each.some("parametersJsonSchema")
        found[each["name"].word()] = schema.value if schema else None
    return found


def _schema(body: Place) -> object:
    config = body.some("generationConfig")
    if config is None or config.some("responseMimeType") is None:
        return None
    schema = config.some("responseJsonSchema") or config.some("responseSchema")
    return schema.value if schema else None


def _part(story: Story, who: str, part: Place) -> None:
    sealed = part.some("thoughtSignature")
    if sealed is not None:
        story.seals.append(sealed.word())
    if part.find("functionCall") is not None:
        call = part["functionCall"]
        args = call.some("args")
        story.call(_id(call), call["name"].word(), args.members() if args else {})
    elif part.find("functionResponse") is not None:
        _response(story, part["functionResponse"])
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
    wrapped = response["response"]
    name = next((each for each in _WRAPPERS if wrapped.find(each)), None)
    text = wrapped[name].text() if name else str(wrapped.members())
    number = story.result(_id(response), text, response.at, response["name"].word())
    parts = response.some("parts")
    story.told += [("user", "result image", number, _image(each)) for each in (parts.items() if parts else ())]


def _id(part: Place) -> object:
    found = part.some("id")
    return found.value if found else None


def _image(part: Place) -> str:
    blob = part["inlineData"]
    return from_base64(blob["data"], blob["mimeType"].text())
