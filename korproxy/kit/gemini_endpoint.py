"""Where and how a provider speaks Gemini's format: the model and whether to stream are in the address, not in the body.

Facts: the reference of ``generateContent`` (ai.google.dev), and what its SDK makes of a base URL.
"""

from __future__ import annotations

import re

import attrs

from korproxy.kit.http_provider import Endpoint
from korproxy.models.calls import Outgoing

_VERSION = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?(?=/|$)")
_COLLECTIONS = ("models/", "tunedModels/")


@attrs.frozen(kw_only=True)
class GeminiEndpoint(Endpoint):
    """An endpoint whose address ends in ``/models/NAME:METHOD``.

    Attributes:
        methods: What is asked for, whole and as a stream; a request that passes keeps its own.
    """

    methods: tuple[str, str] = ("generateContent", "streamGenerateContent?alt=sse")

    def url(self, base_url: str, request: Outgoing) -> str:
        """Return the address for the model of *request*.

        *base_url* may leave the version out, and a ``/v1`` at its end becomes ``/v1beta``: Google's ``v1`` knows neither tools
        nor system instructions, and a server of several formats has all but this one there.
        """
        from urllib.parse import quote

        base = _versioned(base_url)
        name = request.model
        collection = next((each for each in _COLLECTIONS if name.startswith(each)), "models/")
        method = request.path.rpartition(":")[2] or self.methods[request.stream]
        return f"{base}/{collection}{quote(name.removeprefix(collection), safe='')}:{method}"

    def list_url(self, base_url: str) -> str:
        """Return where the models are listed, and ask for one of them only."""
        return f"{_versioned(base_url)}/models?pageSize=1"


def _versioned(base_url: str) -> str:
    base = base_url.rstrip("/").removesuffix("/v1")
    return base if _VERSION.search(base) else base + "/v1beta"


GEMINI = GeminiEndpoint(path="/v1beta/models", key_header=b"x-goog-api-key")
GEMINI_COUNT = attrs.evolve(GEMINI, kind="count", methods=("countTokens", "countTokens"))
GEMINI_EMBEDDINGS = attrs.evolve(GEMINI, kind="embedding", methods=("batchEmbedContents", "batchEmbedContents"))
