"""The response object around the items.

Facts: ``Response`` of OpenAI's Python SDK 3.57 and OpenAI's API reference, which says what is repeated of a request, and what
it is where the request does not say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.errors import failure
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.usage import write_usage
from korproxy.builtin.dialects.responses_format.written_items import Item

_REPEATED: Mapping[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


@attrs.frozen
class ResponseObject:
    """Makes the response object of one answer, in each of its states.

    It is dated by when it was asked for, its end too: nobody here has a clock.
    """

    asked: chat.Asked
    ids: Ids

    def begun(self) -> Mapping[str, Any]:
        """Return it before anything is there."""
        return self._object("in_progress")

    def ended(self, output: Sequence[Item], usage: Usage, incomplete: str | None) -> Mapping[str, Any]:
        """Return it with all of its *output*; *incomplete* says why it is not complete."""
        whole = {"output": output, "usage": write_usage(usage)}
        if incomplete is not None:
            return self._object("incomplete", incomplete_details={"reason": incomplete}, **whole)
        return self._object("completed", completed_at=self.asked.created, **whole)

    def failed(self, output: Sequence[Item], error: chat.ProviderError, usage: Usage) -> Mapping[str, Any]:
        """Return it with what was told of it before the *error*."""
        known = None if usage == Usage() else write_usage(usage)
        return self._object("failed", error=failure(error), output=output, usage=known)

    def _object(self, status: str, **more: Any) -> Mapping[str, Any]:
        said = {key: value for key, value in self.asked.repeated.items() if value is not None and key != "model"}
        return {
            "id": self.ids.response,
            "object": "response",
            "created_at": self.asked.created,
            "status": status,
            "model": self.asked.model,  # as the client wrote it: tools compare; in front of what may be long, for late errors
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "output": [],
            "usage": None,
            **_REPEATED,
            **said,
            **more,
        }
