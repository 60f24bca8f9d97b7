"""Google's Gemini API (generateContent), as a provider speaks it. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from korproxy_mock import gemini_errors, models
from korproxy_mock.answer import Answer
from korproxy_mock.formats import Call, Event, Framing, Headers, JsonObject, Problem, Refused, Route
from korproxy_mock.gemini_answer import chunks, whole
from korproxy_mock.gemini_checks import check
from korproxy_mock.gemini_errors import model_not_found
from korproxy_mock.gemini_plain import counted, described, embedded, listed
from korproxy_mock.gemini_read import read_prompt
from korproxy_mock.gemini_shape import canonical
from korproxy_mock.paths import bearer, query
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.script import Script

_PATH = re.compile(r"(?P<front>.*?)/(?P<version>v1|v1beta|v1alpha)/(?:models|tunedModels)(?:/(?P<model>.+))?")
_ACTIONS = {
    "generateContent": ("chat", False), "streamGenerateContent": ("chat", True), "countTokens": ("count", False),
    "embedContent": ("embed", False), "batchEmbedContents": ("embed", False),
}  # fmt: skip
_EVENTS = Framing(media_type="text/event-stream", crlf=True)
_ARRAY = Framing(media_type="application/json; charset=UTF-8", array=True)


class Gemini:
    """``POST …/v1beta/models/MODEL:generateContent`` and its relatives, and ``GET …/v1beta/models``."""

    name = "gemini"
    retry_in_body = True

    def route(self, received: Received) -> Route | None:
        """Match by the method behind the model's name; the lists of models by version or key: OpenAI has ``/v1/models``."""
        found = _PATH.fullmatch(unquote(received.path).rstrip("/"))
        if not found:
            return None
        provider, model = found["front"].strip("/"), found["model"]
        if received.method == "GET" and (found["version"] != "v1" or self._own_key(received)):
            return Route(action="model" if model else "models", provider=provider, model=_bare(model))
        name, _, method = (model or "").rpartition(":")
        if received.method != "POST" or method not in _ACTIONS or not name:
            return None
        action, stream = _ACTIONS[method]
        return Route(action=action, provider=provider, model=_bare(name), stream=stream)

    def credential(self, received: Received) -> str | None:
        """Take ``x-goog-api-key``, else ``?key=``, else the bearer token."""
        return self._own_key(received) or bearer(received)

    def check_key(self, received: Received, accepted: frozenset[str] | None) -> None:
        """Refuse a missing key with 403, a wrong one with 400, a wrong token with 401, as Google does."""
        key = self.credential(received)
        if not key:
            raise Refused(gemini_errors.no_key())
        if key.startswith("bad") if accepted is None else key not in accepted:
            raise Refused(gemini_errors.wrong_key() if self._own_key(received) else gemini_errors.wrong_token())

    def check(self, call: Call) -> None:
        """Refuse what Gemini refuses."""
        request = canonical("GenerateContentRequest", call.body)
        self._check_model(call, "streamGenerateContent" if call.stream else "generateContent")
        check(request, call.model)

    def read(self, call: Call) -> Prompt:
        """Read the conversation."""
        return read_prompt(canonical("GenerateContentRequest", call.body))

    def plain(self, call: Call) -> object:
        """List the models, describe one, count tokens, or embed."""
        if call.route.action == "models":
            return listed(call.received)
        if call.route.action == "count":
            self._check_model(call, "countTokens")
            return counted(call.body)
        if call.route.action == "embed":
            self._check_model(call, "embedContent")
            return embedded(call)
        self._check_model(call, "getModel")
        return described(call.model)

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write a ``GenerateContentResponse``."""
        return whole(call, answer, script)

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Stream ``GenerateContentResponse`` objects; the stream just ends after the last."""
        return chunks(call, answer, script)

    def problem(self, call: Call, script: Script) -> Problem:
        """Say a scripted error as Google does."""
        return gemini_errors.scripted(call.model, script)

    def unreadable(self, received: Received, why: str) -> Problem:  # noqa: ARG002
        """Say that the body is no JSON object."""
        return gemini_errors.problem(400, f"Invalid JSON payload received. {why}")

    def framing(self, call: Call) -> Framing:
        """Write server-sent events only if asked for; else one JSON array, element by element."""
        return _EVENTS if query(call.received, "alt") == "sse" else _ARRAY

    def error_body(self, call: Call, problem: Problem) -> str:
        """Write a ``google.rpc.Status``, indented like Google's; where an array was asked for, as its only element."""
        error = _error(problem)
        wrapped = call.route.stream and self.framing(call).array
        return json.dumps([error] if wrapped else error, ensure_ascii=False, indent=2) + "\n"

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:  # noqa: ARG002
        """Write the error as one more chunk; the stream ends after it."""
        return (Event(data=json.dumps(_error(problem), ensure_ascii=False, separators=(",", ":"))),)

    def headers(self, call: Call) -> Headers:  # noqa: ARG002
        """Return Google's headers."""
        return [("server", "scaffolding on HTTPServer2"), ("server-timing", "gfet4t7; dur=12"), ("vary", "Origin")]

    def limit_headers(self, style: str | None, *, wait: float) -> Headers:  # noqa: ARG002 -- Google says it in the body
        """Return no headers."""
        return []

    def _own_key(self, received: Received) -> str | None:
        return (received.header("x-goog-api-key") or "").strip() or query(received, "key")

    def _check_model(self, call: Call, method: str) -> None:
        if call.model == models.UNKNOWN:
            found = _PATH.fullmatch(unquote(call.received.path).rstrip("/"))
            raise Refused(model_not_found(call.model, found["version"] if found else "v1beta", method))


def _bare(model: str | None) -> str | None:
    return model.removeprefix("models/") if model else None


def _error(problem: Problem) -> JsonObject:
    said: JsonObject = {"code": problem.status, "message": problem.message, "status": problem.kind}
    return {"error": {**said, **({"details": list(problem.details)} if problem.details else {})}}
