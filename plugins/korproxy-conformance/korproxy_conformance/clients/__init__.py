"""The four clients."""

from __future__ import annotations

from collections.abc import Mapping

from korproxy_conformance.clients.anthropic_messages import MessagesClient
from korproxy_conformance.clients.client import Client
from korproxy_conformance.clients.gemini import GeminiClient
from korproxy_conformance.clients.openai_chat import ChatClient
from korproxy_conformance.clients.openai_responses import ResponsesClient

CLIENTS: Mapping[str, Client] = {
    each.name: each for each in (ChatClient(), ResponsesClient(), MessagesClient(), GeminiClient())
}
