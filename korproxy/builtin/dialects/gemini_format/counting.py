"""A request as the question how many tokens it has.

Facts: ai.google.dev/api/tokens. ``contents`` alone can be counted, or as ``generateContentRequest`` a whole request, which has
to name its model once more.
"""

from __future__ import annotations

import msgspec

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.gemini_format.addresses import full_name
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.request_reader import read_fields, read_object

_WHOLE = "generateContentRequest"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_question(path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
    """Read a client's question, of either kind; as ``read_request`` does."""
    value, text = read_object(body)
    top = chat.Fields(value, "", report)
    key = spelled(top, _WHOLE)
    inner = top.table(key)
    if inner is None:
        return read_fields(path, top, text)
    inner.value.pop("model", None)  # the address names it
    top.close(f"{key} says it all")
    return read_fields(path, inner, bytes(_members.decode(text)[key]))


def ask(body: bytes, target: chat.Target) -> bytes:
    """Return the question about *body*, a request for an answer."""
    return json_bytes({_WHOLE: {"model": full_name(target.model), **_members.decode(body)}})
