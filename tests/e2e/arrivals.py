"""What reached a provider, read in the provider's own format, after its vendor's documents and not after KorProxy's code.

Each reader checks the form of what it reads, and returns the same plain story whatever the format, so that a case can say
once for all providers what has to arrive.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.e2e.arrivals_responses import read_responses
from tests.e2e.stage import Received
from tests.e2e.story import Arrival, Story, picture

ANTHROPIC_VERSION = "2023-06-01"  # of the format that KorProxy writes; a program of Anthropic's format says its own
_ANTHROPIC_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def read(received: Received, *, provider: str, form: str, key: str, crosses: bool) -> Arrival:
    """Read *received*, which has to be for *provider*, in the format *form*, with the API key *key* and no other.

    *crosses*: it is KorProxy who wrote it.
    """
    about = received.about
    front = {"gemini": "/gemini/v1beta", "claude": "/claude", "qwen": "/qwen/compatible-mode/v1"}.get(
        provider, f"/{provider}/v1"
    )
    keys = {name: received.all(name) for name in ("authorization", "x-api-key", "x-goog-api-key") if received.all(name)}
    assert (about["method"], received.header("content-type")) == ("POST", "application/json")
    if form == "anthropic-messages":
        assert (about["path"], about["query"]) == (f"{front}/v1/messages", "")
        version = received.header("anthropic-version")
        assert (keys, version == ANTHROPIC_VERSION if crosses else bool(version)) == ({"x-api-key": [key]}, True)
        return _messages(received.body)
    if form == "openai-chat":
        assert (about["path"], about["query"]) == (f"{front}/chat/completions", "")
        assert keys == {"authorization": [f"Bearer {key}"]}
        return _chat(received.body)
    if form == "openai-responses":
        assert (about["path"], about["query"]) == (f"{front}/responses", "")
        assert keys == {"authorization": [f"Bearer {key}"]}
        return read_responses(received.body)
    assert keys == {"x-goog-api-key": [key]}
    model, method = re.fullmatch(rf"{front}/models/([^/:]+):(\w+)", about["path"]).groups()  # type: ignore[union-attr]
    assert (method, about["query"]) in (("generateContent", ""), ("streamGenerateContent", "alt=sse"))
    return _gemini(received.body, model, streamed=method == "streamGenerateContent")


def _messages(body: Any) -> Arrival:
    story = Story()
    before = ""
    for turn in body["messages"]:
        assert turn["role"] in ("user", "assistant")
        assert turn["role"] != before, "turns of one role stand side by side"
        before = turn["role"]
        _messages_turn(story, turn["role"], _blocks(turn["content"]))
    assert isinstance(body["max_tokens"], int)
    return Arrival(
        model=body["model"],
        streamed=body.get("stream", False),
        system="\n".join(each["text"] for each in _blocks(body.get("system") or [])),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["name"]: each["input_schema"] for each in body.get("tools", ())},
        limit=body["max_tokens"],
        body=body,
    )


def _blocks(content: Any) -> list[Any]:
    """Return *content* as parts, which two of the formats have alike."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _messages_turn(story: Story, role: str, blocks: Sequence[Any]) -> None:
    who = "user" if role == "user" else "model"
    for block in blocks:
        kind = block["type"]
        if role == "user" and kind != "tool_result":
            story.settled()
        if kind == "text":
            assert block["text"], "Anthropic refuses empty texts"
            story.told.append((who, "text", block["text"]))
        elif kind == "image":
            story.told.append((who, "image", _messages_image(block)))
        elif kind == "thinking":
            story.told.append(("model", "thought", block["thinking"]))
            story.seals.append(block["signature"])
        elif kind == "redacted_thinking":
            story.seals.append(block["data"])
        elif kind == "tool_use":
            assert _ANTHROPIC_ID.fullmatch(block["id"])
            story.call(block["id"], block["name"], block["input"])
        else:
            assert kind == "tool_result"
            inner = _blocks(block.get("content") or [])
            number = story.result(block["tool_use_id"], "".join(each.get("text", "") for each in inner))
            shown = [each for each in inner if each["type"] == "image"]
            story.told += [("user", "result image", number, _messages_image(each)) for each in shown]
    if role == "user":
        story.settled()


def _messages_image(block: Any) -> str:
    source = block["source"]
    if source["type"] == "url":
        return str(source["url"])
    assert source["type"] == "base64"
    return picture(base64.b64decode(source["data"], validate=True), source["media_type"])


def _chat(body: Any) -> Arrival:
    story = Story()
    system = []
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role in ("system", "developer"):
            assert not story.told
            system.append(content if isinstance(content, str) else "\n".join(each["text"] for each in content))
        elif role == "tool":
            story.result(message["tool_call_id"], "".join(_texts(content)))
        else:
            story.settled()
            _chat_message(story, "user" if role == "user" else "model", message)
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body]
    assert len(limits) < 2
    return Arrival(
        model=body["model"],
        streamed=body.get("stream", False),
        system="\n".join(system),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["function"]["name"]: each["function"].get("parameters") for each in body.get("tools", ())},
        limit=limits[0] if limits else None,
        body=body,
    )


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        assert part["type"] == "text"
        yield part["text"]


def _chat_message(story: Story, who: str, message: Any) -> None:
    if message.get("reasoning_content"):
        story.told.append(("model", "thought", message["reasoning_content"]))
    for part in _blocks(message.get("content") or []):
        if part["type"] == "text":
            story.told += [(who, "text", part["text"])] if part["text"] else []
        else:
            assert (who, part["type"]) == ("user", "image_url")
            story.told.append((who, "image", _chat_image(part["image_url"]["url"])))
    for call in message.get("tool_calls") or ():
        assert (who, call["type"]) == ("model", "function")
        story.call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))


def _chat_image(url: str) -> str:
    found = re.fullmatch(r"data:([\w/]+);base64,(.*)", url)
    return picture(base64.b64decode(found[2], validate=True), found[1]) if found else url


def _gemini(sent: Any, model: str, *, streamed: bool) -> Arrival:
    story = Story()
    body = _in_camels(sent)
    before = ""
    for content in body["contents"]:
        assert content["role"] in ("user", "model")
        assert content["role"] != before, "turns of one role stand side by side"
        before = content["role"]
        for part in content["parts"]:
            _gemini_part(story, before, part)
        if before == "user":
            story.settled()
    tools = [each for tool in body.get("tools", ()) for each in tool["functionDeclarations"]]
    return Arrival(
        model=model,
        streamed=streamed,
        system="\n".join(each["text"] for each in body.get("systemInstruction", {"parts": []})["parts"]),
        story=story.told,
        seals=tuple(story.seals),
        tools={each["name"]: each.get("parameters", each.get("parametersJsonSchema")) for each in tools},
        limit=body.get("generationConfig", {}).get("maxOutputTokens"),
        body=body,
    )


def _gemini_part(story: Story, who: str, part: Any) -> None:
    if "thoughtSignature" in part:
        assert who == "model"
        story.seals.append(part["thoughtSignature"])
    if "functionCall" in part:
        assert who == "model"
        story.call(part["functionCall"].get("id"), part["functionCall"]["name"], part["functionCall"].get("args", {}))
        return
    if "functionResponse" in part:
        assert who == "user"
        given = part["functionResponse"]
        number = story.result(given.get("id"), _gemini_said(given["response"]), given["name"])
        story.told += [("user", "result image", number, _gemini_image(each)) for each in given.get("parts", ())]
        return
    if who == "user":
        story.settled()
    if "text" in part:
        kind = "thought" if part.get("thought") else "text"
        story.told += [(who, kind, part["text"])] if part["text"] else []
    else:
        story.told.append((who, "image", _gemini_image(part)))


def _gemini_said(response: Mapping[str, Any]) -> str:
    """Return the text of a tool, which has to be wrapped in an object."""
    [(name, value)] = response.items()
    assert name == "result"
    return str(value)


def _gemini_image(part: Any) -> str:
    if "fileData" in part:
        return str(part["fileData"]["fileUri"])
    blob = part["inlineData"]
    return picture(base64.b64decode(blob["data"], altchars=b"-_" if set(blob["data"]) & set("-_") else None), blob["mimeType"])


# Whose names are somebody's own.
_OPAQUE = {"args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema"}


def _in_camels(value: Any) -> Any:
    """Return *value* with the names that Google writes; its API and its SDK know snake_case as well."""
    if isinstance(value, list):
        return [_in_camels(each) for each in value]
    if not isinstance(value, dict):
        return value
    names = {name: re.sub("_(.)", lambda found: found[1].upper(), name) for name in value}
    return {names[name]: inner if names[name] in _OPAQUE else _in_camels(inner) for name, inner in value.items()}
