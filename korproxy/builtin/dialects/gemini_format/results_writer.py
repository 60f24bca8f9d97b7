"""Results of tools as ``functionResponse`` parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.media_writer import Json, lose_mark, media_parts

_objects = msgspec.json.Decoder(dict[str, Any])
# google.protobuf.Struct, which the answer of a tool becomes, has doubles for numbers, and takes a hundred levels.
_MAYBE_INEXACT = re.compile(r"\d{16}|\d[eE]")
_BRACKETS = 90


def result_parts(results: Sequence[chat.ToolResult], abilities: Abilities, report: chat.Report) -> list[Json]:
    """Return the parts for the *results* of a turn: the responses first, one for each, then what they have no place for."""
    responses: list[Json] = []
    behind: list[Json] = []
    inside = abilities.reasoning == "level"  # Gemini 3 and later take pictures inside a response
    for result in results:
        media = [part for each in _not_texts(result) for part in media_parts(each, abilities, report)]
        texts = [each.text for each in result.parts if isinstance(each, chat.Text) and each.text]
        texts += [each["text"] for each in media if "text" in each]
        blobs = [each for each in media if "text" not in each]
        responses.append(_response(result, _object("\n".join(texts), error=result.error), blobs if inside else []))
        if blobs and not inside:
            behind += [{"text": f"[what the tool {result.name} gave, {result.call_id}:]"}, *blobs]
            for each in _not_texts(result):
                report.mapped(each.at, "is sent behind the results: this model takes only text in them")
        for mark in (result.cache, *(each.cache for each in result.parts if isinstance(each, chat.Text))):
            if mark is not None:
                lose_mark(mark, report)
    return [*responses, *behind]


def _not_texts(result: chat.ToolResult) -> Iterator[chat.Image | chat.Document]:
    return (each for each in result.parts if not isinstance(each, chat.Text))


def _response(result: chat.ToolResult, response: Json | msgspec.Raw, blobs: list[Json]) -> Json:
    written: Json = {"id": result.call_id} if result.call_id else {}
    written |= {"name": result.name, "response": response}
    if blobs:
        written["parts"] = blobs
    return {"functionResponse": written}


def _object(text: str, *, error: bool) -> Json | msgspec.Raw:
    """Return the object that Gemini wants: *text* itself where it is one that Google keeps exactly."""
    if error:
        return {"error": text}
    if text.lstrip().startswith("{") and not _MAYBE_INEXACT.search(text) and text.count("{") + text.count("[") < _BRACKETS:
        try:
            _objects.decode(text)
        except (ValueError, RecursionError):
            return {"result": text}
        return msgspec.Raw(text.encode())
    return {"result": text}
