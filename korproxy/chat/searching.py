"""A web search that the vendor runs itself: its settings in no format's words, and who is sent one."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import attrs

from korproxy.chat.conversation import Conversation, HostedTool
from korproxy.chat.fields import Fields
from korproxy.chat.report import Report
from korproxy.models.abilities import Abilities, SearchForm

WEB_SEARCH = "web_search"
_PLACES = ("city", "region", "country", "timezone")


@attrs.define
class SearchSettings:
    """Collects the settings of a web search in the words of ``HostedTool.settings``, and where each stood."""

    _found: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)
    _pointers: dict[str, str] = attrs.field(factory=dict, init=False)

    def uses(self, fields: Fields, key: str) -> None:
        """Take how often may be searched."""
        self._take("max_uses", fields, key, fields.integer(key))

    def size(self, fields: Fields, key: str) -> None:
        """Take how much of what is found the model reads."""
        self._take("search_context_size", fields, key, fields.text(key))

    def domains(self, name: str, fields: Fields, key: str) -> None:
        """Take a list of domains as the setting *name*. An empty one says nothing."""
        value = fields.get(key)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            self._take(name, fields, key, value or None)
        else:
            fields.lost(key, "is no list of domains")

    def location(self, fields: Fields, key: str, place: Fields | None) -> None:
        """Take where the user is: at *key* of *fields* all of it, in *place* the texts."""
        if place is None:
            return
        kind = place.text("type")
        if kind is not None and kind != "approximate":
            place.report.lost(place.pointer("type"), "is a kind of location that KorProxy does not know")
        found = {name: text for name in _PLACES if (text := place.text(name)) is not None}
        place.close()
        self._take("user_location", fields, key, found)

    def made(self, at: str) -> HostedTool:
        """Return the search, which stands at *at*."""
        return HostedTool(kind=WEB_SEARCH, settings=self._found, at=at, pointers=self._pointers)

    def _take(self, name: str, fields: Fields, key: str, value: object) -> None:
        if value is not None:
            self._found[name], self._pointers[name] = value, fields.pointer(key)


def offered_search(
    conversation: Conversation, forms: Container[SearchForm], abilities: Abilities, report: Report, *, beside: bool
) -> HostedTool | None:
    """Return the web search that a model of these *abilities* is sent; None: none is. Whatever is not sent is noted as lost.

    Args:
        forms: How the target's format can ask for one.
        beside: Other tools are sent. They go first where the model takes either.
    """
    searches = [each for each in conversation.tools if isinstance(each, HostedTool) and each.kind == WEB_SEARCH]
    choice = conversation.choice
    why = None
    if abilities.search not in forms:
        why = "the model has no web search here that KorProxy knows of"
    elif choice is not None and choice.mode == "none":
        why = "no tool may be called"
    elif choice is not None and choice.names:
        why = "is not among the tools that may be called"
    elif abilities.search == "alone" and beside:
        why = "the model searches the web only where there are no other tools"
    for number, each in enumerate(searches):
        if number or why:
            report.lost(each.at, why or "there is a web search already")
    return None if why or not searches else searches[0]


def carried_settings(search: HostedTool, names: Container[str], report: Report) -> dict[str, Any]:
    """Return the settings of *search* that the target knows, which are those of *names*; others are noted as lost."""
    for name in search.settings:
        if name not in names:
            report.lost(search.pointers.get(name, search.at), "the provider's web search has no such setting")
    return {name: value for name, value in search.settings.items() if name in names}
