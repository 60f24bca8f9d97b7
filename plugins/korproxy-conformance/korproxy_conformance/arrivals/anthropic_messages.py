"""What a provider of Messages received."""

from __future__ import annotations

from korproxy_conformance.arrivals.story import Arrival, Story, blocks, from_base64
from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words


def read(body: Place, path: str) -> Arrival:  # noqa: ARG001 -- all is in the body
    """Read the request; turns have to alternate, as a gateway's own do."""
    story = Story()
    before = ""
    for turn in body["messages"].items():
        role = turn["role"].one_of(("user", "assistant"))
        if role == before:
            turn["role"].wrong(Words("user and assistant in turns"))
        before = role
        for block in blocks(turn["content"]):
            _block(story, "user" if role == "user" else "model", block)
        if role == "user":
            story.settled(turn.at)
    body["max_tokens"].count()
    tools = body.some("tools")
    output = body.some("output_config")
    form = output.some("format") if output else None
    return Arrival(
        model=body["model"].word(),
        streamed=bool(body.some("stream") and body["stream"].value),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["name"].word(): each["input_schema"].value for each in (tools.items() if tools else ())},
        schema=form["schema"].value if form else None,
    )


def _block(story: Story, who: str, block: Place) -> None:
    kind = block["type"].text()
    if who == "user" and kind != "tool_result":
        story.settled(block.at)
    match kind:
        case "text":
            story.told.append((who, "text", block["text"].word()))
        case "image":
            story.told.append((who, "image", _image(block)))
        case "thinking":
            story.told.append((who, "thought", block["thinking"].text()))
            story.seals.append(block["signature"].text())
        case "redacted_thinking":
            story.seals.append(block["data"].text())
        case "tool_use":
            block["input"].members()
            story.call(block["id"].word(), block["name"].word(), block["input"].value)
        case "tool_result":
            _result(story, block)
        case _:
            block["type"].wrong(Words("a block that the format has"))


def _result(story: Story, block: Place) -> None:
    inner = blocks(block.some("content"))
    text = "".join(each["text"].text() for each in inner if each["type"].text() == "text")
    number = story.result(block["tool_use_id"].word(), text, block.at)
    shown = [each for each in inner if each["type"].text() == "image"]
    story.told += [("user", "result image", number, _image(each)) for each in shown]


def _image(block: Place) -> str:
    source = block["source"]
    if source["type"].text() == "url":
        return source["url"].text()
    source["type"].equals("base64")
    return from_base64(source["data"], source["media_type"].text())
