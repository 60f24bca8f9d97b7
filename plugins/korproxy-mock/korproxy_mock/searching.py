"""A search of the web that the provider makes itself, and what its answer cites, in each vendor's words. Pure.

A vendor searches for who asks it to, so a script that searches for anybody else is misspelt.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from korproxy_mock.answer import Answer
from korproxy_mock.directives import DirectiveError
from korproxy_mock.formats import Call, JsonObject

_QUOTE = "This is what the page says."


def check_search(call: Call, answer: Answer) -> None:
    """Raise ``DirectiveError`` if *answer* searches and the request does not ask for it."""
    if answer.search is not None and not _asks(call):
        raise DirectiveError("mock: search=…: the request asks for no web search")


def title_of(url: str) -> str:
    """Return the title of a page: its host."""
    return urlsplit(url).hostname or url


def annotation(answer: Answer) -> JsonObject:
    """Return what OpenAI's text cites, flat as in Responses: all of it rests on the page."""
    url = answer.cite or ""
    return {"type": "url_citation", "start_index": 0, "end_index": len(answer.text), "title": title_of(url), "url": url}


def nested_annotation(answer: Answer) -> JsonObject:
    """Return the same as Chat Completions has it."""
    said = annotation(answer)
    return {"type": said.pop("type"), "url_citation": said}


def search_item(answer: Answer) -> JsonObject:
    """Return the item of a search in Responses."""
    action = {"type": "search", "query": answer.search, "queries": [answer.search]}
    return {"type": "web_search_call", "status": "completed", "action": action}


def search_blocks(call: Call, answer: Answer) -> tuple[JsonObject, JsonObject]:
    """Return the two blocks of a search in Messages: what was asked, and what was found."""
    identity = f"srvtoolu_mock{call.number:016d}"
    found = [] if answer.cite is None else [_result(answer.cite)]
    asked = {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {"query": answer.search}}
    return asked, {"type": "web_search_tool_result", "tool_use_id": identity, "content": found}


def citation(url: str) -> JsonObject:
    """Return a citation of Messages."""
    return {
        "type": "web_search_result_location",
        "cited_text": _QUOTE,
        "url": url,
        "title": title_of(url),
        "encrypted_index": "Eo8BCioIAhgBIiQ=",
    }


def grounding(answer: Answer) -> JsonObject:
    """Return what a candidate of Gemini has about it, which counts in bytes; nothing where neither was scripted."""
    if answer.search is None and answer.cite is None:
        return {}
    said: JsonObject = {}
    if answer.search is not None:
        said["webSearchQueries"] = [answer.search]
        said["searchEntryPoint"] = {"renderedContent": "<div></div>"}
    if answer.cite is not None:
        segment = {"endIndex": len(answer.text.encode()), "text": answer.text}
        said["groundingChunks"] = [{"web": {"uri": answer.cite, "title": title_of(answer.cite)}}]
        said["groundingSupports"] = [{"segment": segment, "groundingChunkIndices": [0]}] if answer.text else []
    return {"groundingMetadata": said}


def _result(url: str) -> JsonObject:
    return {"type": "web_search_result", "title": title_of(url), "url": url, "encrypted_content": "EqgfCioIARgBIiQ="}


def _asks(call: Call) -> bool:
    body = call.body
    tools = [each for each in body.get("tools") or () if isinstance(each, Mapping)]
    among = any(
        str(each.get("type")).startswith("web_search") or {"googleSearch", "google_search"} & each.keys() for each in tools
    )
    return among or body.get("web_search_options") is not None or "search" in call.model
