"""OpenAI's Responses API, as a provider speaks it. Pure but for what clients store."""

import json
import re
from collections.abc import Iterable, Iterator

from korproxy_mock.answer import Answer
from korproxy_mock.formats import Call, Event, JsonObject, Problem, Refused, Route
from korproxy_mock.memory import Stored
from korproxy_mock.openai_api import OpenAIApi
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.responses_body import Outcome, begun, ended, failure, outcome, scripted, usage_of
from korproxy_mock.responses_checks import check
from korproxy_mock.responses_conversation import conversation, owner_of
from korproxy_mock.responses_events import numbered, stream
from korproxy_mock.responses_items import compaction, output_items
from korproxy_mock.responses_plain import check_exists, compacted, counted, stored, upgrade_refused
from korproxy_mock.responses_read import kind_of, read_prompt
from korproxy_mock.responses_tools import offered
from korproxy_mock.script import Script

_PATH = re.compile(r"(?P<front>.*?)(?:/v1)?/responses(?:/(?P<identity>[^/]+)(?:/(?P<part>input_items|cancel))?)?")
_POSTED = {None: "chat", "compact": "compact", "input_tokens": "count"}


class OpenAIResponses(OpenAIApi):
    """``POST /v1/responses`` and what stands below it, with or without the ``/v1``."""

    name = "openai-responses"

    def route(self, received: Received) -> Route | None:
        """Match by the end of the path; anything may stand in front."""
        found = _PATH.fullmatch(received.path.rstrip("/"))
        if not found:
            return None
        provider, identity, part = found["front"].strip("/"), found["identity"], found["part"]
        if received.method == "POST" and part is None and identity in _POSTED:
            return Route(action=_POSTED[identity], provider=provider)
        method = {"cancel": ("POST",), "input_items": ("GET",)}.get(part, ("GET", "DELETE"))
        if identity and received.method in method:
            return Route(action="stored", provider=provider, identity=identity, part=part or "", bodiless=True)
        upgrades = received.method == "GET" and (received.header("upgrade") or "").lower() == "websocket"
        return Route(action="socket", provider=provider) if upgrades else None

    def check(self, call: Call) -> None:
        """Refuse what OpenAI refuses."""
        check(call)
        check_exists(call)

    def read(self, call: Call) -> Prompt:
        """Read the conversation."""
        return read_prompt(call.body, conversation(call))

    def plain(self, call: Call) -> object:
        """Answer what is no conversation: count, compact, what is stored. Refuse WebSockets with 426."""
        if call.route.action == "socket":
            raise Refused(upgrade_refused())
        check_exists(call)
        return {"count": counted, "compact": compacted, "stored": stored}[call.route.action](call)

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a response, indented like OpenAI's."""
        return json.dumps(self._ended(call, answer, script), ensure_ascii=False, indent=2)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream the response; it ends with the event that says how it ended."""
        opening = begun(call, usage=usage_of(answer) if script.usage_in_every_chunk and not script.no_usage else None)
        return stream(self._ended(call, answer, script), opening, script.quirks)

    def problem(self, call: Call, script: Script) -> Problem:
        """Say a scripted error as OpenAI does."""
        return scripted(call, script)

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:
        """Write a flat ``error`` event, or with ``stop=failed`` a response that failed; the stream ends after it."""
        if script.stop == "failed":
            failed = ended(call, Outcome(status="failed", error=failure(problem)), [], None)
            return (numbered("response.failed", {"response": failed}, after),)
        said = {"code": problem.code, "message": problem.message, "param": problem.param}
        return (numbered("error", said, after),)

    def _ended(self, call: Call, answer: Answer, script: Script) -> JsonObject:
        """Write the response as it is at its end, and store it if the client does not say otherwise."""
        end, items = outcome(call, answer, script), conversation(call)
        if items and kind_of(items[-1]) == "compaction_trigger" and not script.speaks:
            output = [compaction(call, len(items) - 1)]
        else:
            output = output_items(call, answer, script, offered(call.body, items), end.item_status)
        usage = None if script.no_usage or end.error else usage_of(answer)
        response = ended(call, end, output, usage)
        if response["store"] and script.error_after is None:
            key = owner_of(call)
            before = call.memory.find(key, call.body.get("previous_response_id"))
            call.memory.keep(key, Stored(request=call.received.body, response=response, before=before))
        return response
