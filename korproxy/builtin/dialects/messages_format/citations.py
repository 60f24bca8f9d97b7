"""Citations of text blocks, read. They are about the whole block: Anthropic cuts the text into blocks for that.

Facts: ``TextCitation`` of Anthropic's Python SDK 2.12. None is written: what Anthropic demands of one of a web page
(``encrypted_index``) only Anthropic can make, and takes back only as its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from korproxy.api import chat


def read_citations(said: object) -> Iterator[chat.Citation]:
    """Yield the web pages in *said*, a list of citations. Those of documents have no address, and say nothing to others."""
    for each in said if isinstance(said, list) else ():
        url = each.get("url") if isinstance(each, dict) else None
        if isinstance(url, str) and url:
            yield chat.Citation(url=url, title=_text(each.get("title")), quote=_text(each.get("cited_text")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
