"""What a provider of Responses received."""

from __future__ import annotations

from korproxy_conformance.arrivals.story import Arrival, Story, blocks, from_url
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words

_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal", "summary_text": "text"}


def read(body: Place, path: str) -> Arrival:  # noqa: ARG001 -- all is in the body
    """Read the request."""
    story = Story()
    given = body["input"]
    if isinstance(given.value, str):
        story.told.append(("user", "text", given.value))
    else:
        for item in given.items():
            _item(story, item)
    story.settled(given.at)
    tools = body.some("tools")
    text = body.some("text")
    form = text.some("format") if text else None
    return Arrival(
        model=body["model"].word(),
        streamed=bool(body.some("stream") and body["stream"].value),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["name"].word(): each["parameters"].value for each in (tools.items() if tools else ())},
        schema=form["schema"].value if form and form["type"].value == "json_schema" else None,
    )


def _item(story: Story, item: Place) -> None:
    kind = item.some("type")
    match kind.text() if kind else "message":
        case "message":
            story.settled(item.at)
            _message(story, item)
        case "function_call":
            story.call(item["call_id"].word(), item["name"].word(), item["arguments"].arguments())
        case "function_call_output":
            _output(story, item)
        case "reasoning":
            texts = [each["text"].text() for each in item["summary"].items()]
            story.told += [("model", "thought", "".join(texts))] if texts else []
            sealed = item.some("encrypted_content")
            story.seals += [sealed.word()] if sealed else []
        case _:
            item["type"].wrong(Words("message, function_call, function_call_output or reasoning"))


def _message(story: Story, item: Place) -> None:
    who = {"user": "user", "assistant": "model"}.get(item["role"].text(), "system")
    for part in blocks(item["content"]):
        kind = part["type"].text()
        if kind == "input_image":
            story.told.append((who, "image", from_url(part["image_url"])))
        elif text := part[_TEXTS.get(kind, "text")].text():
            story.told.append((who, "text", text))


def _output(story: Story, item: Place) -> None:
    parts = blocks(item["output"])
    text = "".join(each["text"].text() for each in parts if each["type"].text() != "input_image")
    number = story.result(item["call_id"].word(), text, item.at)
    shown = [each for each in parts if each["type"].text() == "input_image"]
    story.told += [("user", "result image", number, from_url(each["image_url"])) for each in shown]
