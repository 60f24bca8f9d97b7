"""A stream of ``chat.completion.chunk`` objects.

The rules: data events without a name; one id, one time, one model in all chunks; the role in the first delta and nowhere else;
calls numbered 0, 1, 2 as they begin, each with id, type and name in its first fragment, id and name only there; one finish
reason, after which nothing is said; the usage behind it; ``[DONE]`` last, and once.
"""

from __future__ import annotations

from typing import Any

import attrs

from korproxy_conformance.clients.openai_chat_answer import FINISHES, check_finish, read_calls, read_seals, read_usage
from korproxy_conformance.clients.openai_errors import read_failure
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Failure, Usage
from korproxy_conformance.sse import Event
from korproxy_conformance.wrong import Words, Wrong, same

_DONE = b"[DONE]"
_THOUGHTS = ("reasoning_content", "reasoning")


@attrs.define
class ChatStream:
    """See ``StreamReader``."""

    _head: dict[str, Any] = attrs.field(factory=dict)
    _begun: bool = False
    _pieces: list[str] = attrs.field(factory=list)
    _thoughts: list[str] = attrs.field(factory=list)
    _refusal: list[str] = attrs.field(factory=list)
    _calls: list[dict[str, Any]] = attrs.field(factory=list)
    _kept: dict[str, Any] = attrs.field(factory=dict)  # what this format does not know and a program gives back
    _finish: str = ""
    _finish_at: str = ""
    _usage: Usage | None = None
    _usage_is_last: bool = False
    _failure: Failure | None = None
    _closed: bool = False

    def take(self, event: Event) -> None:
        """See ``StreamReader``."""
        if self._closed:
            raise Wrong(Words("nothing after [DONE]"), Words(repr(event.data[:80])), event.at)
        same(event.name, "", f"{event.at}, its name")
        self._usage_is_last &= event.data == _DONE
        if event.data == _DONE:
            self._closed = True
            return
        chunk = event.json()
        if self._failure is not None:
            raise Wrong(Words("nothing but [DONE] after an error"), chunk.value, chunk.at)
        if chunk.some("error") is not None:
            self._failure = read_failure(chunk)
            return
        self._chunk(chunk)

    def answer(self) -> Answer:
        """See ``StreamReader``."""
        text = "".join(self._pieces)
        message: dict[str, Any] = {"role": "assistant", "content": text or None, **self._kept}
        message |= {"tool_calls": self._calls} if self._calls else {}
        message |= {"reasoning_content": "".join(self._thoughts)} if self._thoughts else {}
        over = bool(self._finish and self._failure is None)
        calls = read_calls(Place(message, "the stream /")) if over else ()
        if over:
            check_finish(self._finish, calls, self._finish_at)
        return Answer(
            id=self._head.get("id", ""),
            model=self._head.get("model", ""),
            pieces=tuple(self._pieces),
            thoughts="".join(self._thoughts),
            seals=read_seals(message),
            calls=calls,
            refusal="".join(self._refusal),
            finish=self._finish,
            closed=self._closed,
            usage=self._usage,
            usage_is_last=self._usage_is_last,
            back=[{name: value for name, value in message.items() if value is not None or name == "content"}],
            failure=self._failure,
        )

    def _chunk(self, chunk: Place) -> None:
        chunk["object"].equals("chat.completion.chunk")
        chunk["created"].count()
        for name in ("id", "created", "model"):
            same(chunk[name].value, self._head.setdefault(name, chunk[name].value), chunk[name].at)
        chunk["id"].word()
        chunk["model"].word()
        usage = chunk.some("usage")
        choices = chunk["choices"].items()
        if usage is not None:
            self._count(usage)
        elif not choices:
            chunk["choices"].wrong(Words("a choice, where there is no usage"))
        if choices:
            self._choice(chunk["choices"].only())

    def _count(self, usage: Place) -> None:
        if self._usage is not None:
            usage.wrong(Words("the usage once"))
        self._usage = read_usage(usage)
        self._usage_is_last = True

    def _choice(self, choice: Place) -> None:
        choice["index"].equals(0)
        delta = choice["delta"]
        if self._finish and any(delta.members().values()):
            delta.wrong(Words("nothing more to be said after the finish reason"))
        self._role(delta)
        for name, pieces in (("content", self._pieces), *((each, self._thoughts) for each in _THOUGHTS)):
            piece = delta.some(name)
            if piece is not None and piece.text():
                pieces.append(piece.text())
        refusal = delta.some("refusal")
        self._refusal += [refusal.text()] if refusal else []
        details = delta.some("reasoning_details")
        if details is not None:
            self._kept.setdefault("reasoning_details", []).extend(each.members() for each in details.items())
        calls = delta.some("tool_calls")
        for each in calls.items() if calls else ():
            self._fragment(each)
        self._finished(choice)

    def _role(self, delta: Place) -> None:
        role = delta.some("role")
        if not self._begun:
            self._begun = True
            delta["role"].equals("assistant")
        elif role is not None:
            role.wrong(Words("the role in the first delta only: the SDK joins texts"))

    def _fragment(self, fragment: Place) -> None:
        index = fragment["index"].count()
        function = fragment["function"]
        if index > len(self._calls):
            fragment["index"].wrong(Words(f"{len(self._calls)}, the next number"))
        if index == len(self._calls):
            fragment["type"].equals("function")
            fragment["id"].word()
            self._calls.append({"id": fragment["id"].word(), "type": "function", "function": {"name": "", "arguments": ""}})
            self._calls[index]["function"]["name"] = function["name"].word()
        else:
            for again in (fragment.some("id"), function.some("name")):
                if again is not None:
                    again.wrong(Words("id and name in the first fragment only: the SDK joins texts"))
        extra = fragment.some("extra_content")
        if extra is not None:
            self._calls[index]["extra_content"] = extra.value
        arguments = function.some("arguments")
        self._calls[index]["function"]["arguments"] += arguments.text() if arguments else ""

    def _finished(self, choice: Place) -> None:
        finish = choice.some("finish_reason")
        if finish is not None:
            if self._finish:
                finish.wrong(Words("one finish reason"))
            self._finish, self._finish_at = finish.one_of(FINISHES), finish.at
