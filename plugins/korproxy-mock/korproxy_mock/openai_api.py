"""What all of OpenAI's endpoints share: the key, the headers, how errors are written. Pure."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from korproxy_mock import openai_errors
from korproxy_mock.formats import SSE, Call, Event, Framing, Headers, JsonObject, Problem, Refused
from korproxy_mock.paths import bearer, masked
from korproxy_mock.record import Received
from korproxy_mock.script import Script

T = TypeVar("T")
CREATED = 1_790_000_000  # plus the request's number: the same requests give the same bytes


class OpenAIApi:
    """The half of a format that is the same on every path of OpenAI's."""

    retry_in_body = False

    def credential(self, received: Received) -> str | None:
        """Take the bearer token."""
        return bearer(received)

    def check_key(self, received: Received, accepted: frozenset[str] | None) -> None:
        """Refuse a missing or wrong key with 401."""
        key = bearer(received)
        if not key:
            raise Refused(openai_errors.no_key())
        if key.startswith("bad") if accepted is None else key not in accepted:
            raise Refused(openai_errors.wrong_key(masked(key)))

    def problem(self, call: Call, script: Script) -> Problem:
        """Say a scripted error as OpenAI does."""
        return openai_errors.scripted(call.model, script)

    def unreadable(self, received: Received, why: str) -> Problem:  # noqa: ARG002 -- OpenAI does not tell why
        """Say that the body is no JSON object."""
        return openai_errors.no_json()

    def framing(self, call: Call) -> Framing:  # noqa: ARG002
        """Write server-sent events."""
        return SSE

    def error_body(self, call: Call, problem: Problem) -> str:  # noqa: ARG002 -- OpenAI has the request id in a header only
        """Write an ``error`` object, indented like OpenAI's."""
        return json.dumps(_error(problem), ensure_ascii=False, indent=4)

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:  # noqa: ARG002
        """Write an ``error`` object as a data event; the stream just ends after it."""
        return (Event(data=compact(_error(problem))),)

    def headers(self, call: Call) -> Headers:
        """Return OpenAI's headers."""
        return [
            ("x-request-id", call.request_id),
            ("openai-organization", "org-mock"),
            ("openai-processing-ms", "12"),
            ("openai-version", "2020-10-01"),
        ]

    def limit_headers(self, style: str | None, *, wait: float) -> Headers:
        """Return ``x-ratelimit-*``; durations are written like Go's."""
        left, reset = ("9999", "6ms") if style is None else ("0", f"{wait:g}s")
        return [
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-limit-tokens", "2000000"),
            ("x-ratelimit-remaining-requests", left),
            ("x-ratelimit-remaining-tokens", "1999000" if style is None else "0"),
            ("x-ratelimit-reset-requests", reset),
            ("x-ratelimit-reset-tokens", reset),
        ]


def thirds(text: str) -> list[str]:
    """Cut *text* into up to three parts."""
    size = max(1, -(-len(text) // 3))
    return [text[at : at + size] for at in range(0, len(text), size)]


def in_turn(each: Iterable[Iterable[T]]) -> Iterator[T]:
    """Take the first of *each*, then the second of *each*, until none has more."""
    left = [iter(one) for one in each]
    while left:
        for one in list(left):
            try:
                yield next(one)
            except StopIteration:
                left.remove(one)


def compact(value: object) -> str:
    """Write JSON as OpenAI's streams do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _error(problem: Problem) -> JsonObject:
    said: dict[str, Any] = {"message": problem.message, "type": problem.kind}
    return {"error": {**said, "param": problem.param, "code": problem.code}}
