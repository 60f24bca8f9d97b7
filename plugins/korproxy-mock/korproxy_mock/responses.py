"""OpenAI's Responses API, as a provider speaks it. Pure."""

import json
import re
from collections.abc import Iterable, Iterator

from korproxy_mock import models
from korproxy_mock.answer import Answer
from korproxy_mock.formats import Call, Event, JsonObject, Problem, Refused, Route
from korproxy_mock.openai_api import OpenAIApi
from korproxy_mock.openai_errors import model_not_found
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.responses_body import Outcome, begun, ended, outcome, usage_of
from korproxy_mock.responses_events import numbered, stream
from korproxy_mock.responses_items import output_items
from korproxy_mock.responses_read import items_of, read_prompt
from korproxy_mock.responses_tools import offered
from korproxy_mock.script import Script

_PATH = re.compile(r"(?P<front>.*?)(?:/v1)?/responses")


class OpenAIResponses(OpenAIApi):
    """``POST /v1/responses``, with or without the ``/v1``."""

    name = "openai-responses"

    def route(self, received: Received) -> Route | None:
        """Match by the end of the path; anything may stand in front."""
        found = _PATH.fullmatch(received.path.rstrip("/"))
        if not found or received.method != "POST":
            return None
        return Route(action="chat", provider=found["front"].strip("/"))

    def check(self, call: Call) -> None:
        """Refuse what OpenAI refuses."""
        if call.model == models.UNKNOWN:
            raise Refused(model_not_found(call.model))

    def read(self, call: Call) -> Prompt:
        """Read the conversation."""
        return read_prompt(call.body, items_of(call.body))

    def plain(self, call: Call) -> object:
        """Answer what is no conversation."""
        raise NotImplementedError

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a response, indented like OpenAI's."""
        return json.dumps(self._ended(call, answer, script), ensure_ascii=False, indent=2)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream the response; it ends with the event that says how it ended."""
        opening = begun(call, usage=usage_of(answer) if script.usage_in_every_chunk and not script.no_usage else None)
        return stream(self._ended(call, answer, script), opening, script.quirks)

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:
        """Write a flat ``error`` event, or with ``stop=failed`` a response that failed; the stream ends after it."""
        if script.stop == "failed":
            failed = ended(call, Outcome(status="failed", error=_said(problem)), [], None)
            return (numbered("response.failed", {"response": failed}, after),)
        said = {"code": problem.code, "message": problem.message, "param": problem.param}
        return (numbered("error", said, after),)

    def _ended(self, call: Call, answer: Answer, script: Script) -> JsonObject:
        end = outcome(call, answer, script)
        tools = offered(call.body, items_of(call.body))
        output = output_items(call, answer, script, tools, end.item_status)
        usage = None if script.no_usage or end.error else usage_of(answer)
        return ended(call, end, output, usage)


def _said(problem: Problem) -> JsonObject:
    return {"code": problem.code or "server_error", "message": problem.message}
