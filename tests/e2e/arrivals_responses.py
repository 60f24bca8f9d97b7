"""Reads a request in the format of OpenAI's Responses, after OpenAI's documents; see ``arrivals``."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from tests.e2e.story import Arrival, Story, picture


def read_responses(body: Any) -> Arrival:
    """Return what *body* says."""
    story = Story()
    system = [body["instructions"]] if body.get("instructions") else []
    given = body["input"]
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        if item.get("role") in ("system", "developer") and not story.told:
            system.append("\n".join(_texts(item["content"])))
        else:
            _item(story, item)
    return Arrival(
        model=body["model"],
        streamed=body.get("stream", False),
        system="\n".join(system),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["name"]: each.get("parameters") for each in body.get("tools", ())},
        limit=body.get("max_output_tokens"),
        body=body,
    )


def _item(story: Story, item: Any) -> None:
    kind = item.get("type", "message")
    if kind == "reasoning":
        text = "\n\n".join(each["text"] for each in item["summary"]) or "".join(_texts(item.get("content") or []))
        story.told += [("model", "thought", text)] if text else []
        story.seals += [item["encrypted_content"]] if item.get("encrypted_content") else []
    elif kind == "function_call":
        story.call(item["call_id"], item["name"], json.loads(item["arguments"]))
    elif kind == "function_call_output":
        number = story.result(item["call_id"], "".join(_texts(item["output"])))
        story.told += [("user", "result image", number, each) for each in _pictures(item["output"])]
    else:
        assert kind == "message"
        story.settled()
        _message(story, item)


def _message(story: Story, item: Any) -> None:
    who = {"assistant": "model"}.get(item["role"], item["role"])
    content = item["content"]
    if isinstance(content, str):
        story.told.append((who, "text", content))
        return
    assert {each["type"] for each in content} <= (
        {"output_text", "refusal"} if who == "model" else {"input_text", "input_image"}
    )
    for part in content:
        if part["type"] == "input_image":
            story.told += [(who, "image", each) for each in _pictures([part])]
        else:
            story.told.append((who, "text", part.get("text") or part.get("refusal")))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [each["text"] for each in content if "text" in each]


def _pictures(content: Any) -> list[str]:
    if isinstance(content, str):
        return []
    return [_picture(each["image_url"]) for each in content if each["type"] == "input_image"]


def _picture(url: str) -> str:
    found = re.fullmatch(r"data:([\w/]+);base64,(.*)", url)
    return picture(base64.b64decode(found[2], validate=True), found[1]) if found else url
