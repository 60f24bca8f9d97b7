"""What a provider of Chat Completions received."""

from __future__ import annotations

from korproxy_conformance.arrivals.story import Arrival, Story, blocks, from_url
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words


def read(body: Place, path: str) -> Arrival:  # noqa: ARG001 -- all is in the body
    """Read the request."""
    story = Story()
    for message in body["messages"].items():
        _message(story, message)
    story.settled(body["messages"].at)
    tools = body.some("tools")
    form = body.some("response_format")
    return Arrival(
        model=body["model"].word(),
        streamed=bool(body.some("stream") and body["stream"].value),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["function"]["name"].word(): _schema(each["function"]) for each in (tools.items() if tools else ())},
        schema=form["json_schema"]["schema"].value if form and form["type"].value == "json_schema" else None,
    )


def _schema(function: Place) -> object:
    found = function.some("parameters")
    return found.value if found else None


def _message(story: Story, message: Place) -> None:
    role = message["role"].text()
    content = message.some("content")
    match role:
        case "system" | "developer":
            story.told.append(("system", "text", "".join(each["text"].text() for each in blocks(content))))
        case "tool":
            text = "".join(each["text"].text() for each in blocks(content))
            story.result(message["tool_call_id"].word(), text, message.at)
        case "user" | "assistant":
            story.settled(message.at)
            _said(story, "user" if role == "user" else "model", message)
        case _:
            message["role"].wrong(Words("a role that the format has"))


def _said(story: Story, who: str, message: Place) -> None:
    thought = message.some("reasoning_content")
    if thought is not None and thought.text():
        story.told.append((who, "thought", thought.text()))
    for part in blocks(message.some("content")):
        if part["type"].one_of(("text", "image_url", "refusal")) == "image_url":
            story.told.append((who, "image", from_url(part["image_url"]["url"])))
        elif text := part[part["type"].text()].text():
            story.told.append((who, "text", text))
    calls = message.some("tool_calls")
    for call in calls.items() if calls else ():
        function = call["function"]
        story.call(call["id"].word(), function["name"].word(), function["arguments"].arguments())
