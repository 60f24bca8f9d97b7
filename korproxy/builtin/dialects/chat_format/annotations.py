"""``url_citation`` among the annotations of OpenAI's formats: what a text rests on.

Facts: ``AnnotationURLCitation`` of Chat Completions and of Responses in OpenAI's Python SDK 3.57; all four members are
required. Chat has them in an object of their own, Responses beside the type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.json_text import inner_object, some_text

_KIND = "url_citation"


def read_annotations(said: object) -> Iterator[chat.Citation]:
    """Yield the pages in *said*, a list of annotations; those of files, and whatever has no address, say nothing to others."""
    for each in said if isinstance(said, list) else ():
        citation = read_annotation(each)
        if citation is not None:
            yield citation


def read_annotation(said: object) -> chat.Citation | None:
    """Return the page that *said* is about, if it is about one."""
    if not isinstance(said, dict) or said.get("type") != _KIND:
        return None
    members = inner_object(said, _KIND) or said
    url = some_text(members.get("url"))
    if not url:
        return None
    title = some_text(members.get("title"))
    return chat.Citation(url=url, title=title, start=_place(members.get("start_index")), end=_place(members.get("end_index")))


def cite(parts: Sequence[chat.Part], citations: Sequence[chat.Citation]) -> tuple[chat.Part, ...]:
    """Return *parts* with *citations*, whose places count in all of the text, at the texts that they are about."""
    done, before = list(parts), 0
    texts = [number for number, each in enumerate(parts) if isinstance(each, chat.Text)]
    waiting = list(citations)
    for number in texts:
        part = done[number]
        if not isinstance(part, chat.Text):
            continue
        end, is_last = before + len(part.text), number == texts[-1]
        own = [each for each in waiting if is_last or (each.start is not None and each.start < end)]
        waiting = [each for each in waiting if each not in own]
        if own:
            done[number] = attrs.evolve(part, citations=tuple(moved(each, -before) for each in own))
        before = end
    return tuple(done)


def moved(citation: chat.Citation, by: int) -> chat.Citation:
    """Return *citation* with its place *by* so many characters further on."""
    if citation.start is None or citation.end is None or not by:
        return citation
    return attrs.evolve(citation, start=citation.start + by, end=citation.end + by)


def write_members(citation: chat.Citation, span: tuple[int, int]) -> dict[str, Any]:
    """Return the members of an annotation; *span* is where it counts."""
    return {"start_index": span[0], "end_index": span[1], "title": citation.title, "url": citation.url}


def write_annotation(citation: chat.Citation, span: tuple[int, int]) -> dict[str, Any]:
    """Return an annotation of Chat Completions; *span* is where in all of the text it counts."""
    return {"type": _KIND, _KIND: write_members(citation, span)}


def _place(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None
