"""Readers of what providers received, by format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from korproxy_conformance.arrivals import anthropic_messages, gemini, openai_chat, openai_responses
from korproxy_conformance.arrivals.story import Arrival
from korproxy_conformance.names import CHAT, GEMINI, MESSAGES, RESPONSES
from korproxy_conformance.place import Place

READERS: Mapping[str, Callable[[Place, str], Arrival]] = {
    CHAT: openai_chat.read,
    RESPONSES: openai_responses.read,
    MESSAGES: anthropic_messages.read,
    GEMINI: gemini.read,
}
