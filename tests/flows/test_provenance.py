"""Sealed reasoning over real sockets, with a mock that refuses what it did not seal: it goes back to whoever made it."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from korproxy_mock.gemini_signatures import call_signature
from korproxy_mock.responses_seals import seal_for
from korproxy_mock.server import MockServer

from korproxy.api import Account, Secret, with_catalogue
from korproxy.builtin.providers import claude, codex, gemini
from korproxy.kit.gemini_endpoint import GEMINI
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES, HttpProvider
from korproxy.models.routing import Routing
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import Gateway, open_gateway
from tests.fakes.process import daemon
from tests.fakes.waiting import until

HAIKU, FLASH, GPT = "claude-haiku-4-5", "gemini-3.5-flash", "gpt-5.5"
ANY_SIGNATURE = "skip_thought_signature_validator"
FORGED = "RXEgZm9yZ2Vk"
READ = {"name": "read", "description": "Read.", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}
MESSAGES: Mapping[str, Any] = {
    "max_tokens": 4000,
    "thinking": {"type": "enabled", "budget_tokens": 2048},
    "tools": [READ],
}


def accounts(*names: str) -> tuple[Account, ...]:
    return tuple(Account(name=each, secret=Secret(f"sk-{each}")) for each in names)


def claude_at(mock: MockServer, name: str = "claude", *owners: str) -> HttpProvider:
    made = HttpProvider(
        id=name,
        base_url=f"{mock.url}/{name}",
        speaks={"anthropic-messages": ANTHROPIC_MESSAGES},
        accounts=accounts(*(owners or ("work",))),
        vendor_headers=(b"anthropic-",),
    )
    return with_catalogue(made, claude.catalogue())


def gemini_at(mock: MockServer) -> HttpProvider:
    made = HttpProvider(id="gemini", base_url=f"{mock.url}/gemini", speaks={"gemini": GEMINI}, accounts=accounts("work"))
    return with_catalogue(made, gemini.catalogue())


def openai_at(mock: MockServer, name: str = "openai", *owners: str) -> HttpProvider:
    made = HttpProvider(
        id=name,
        base_url=f"{mock.url}/{name}/v1",
        speaks={"openai-chat": OPENAI_CHAT, "openai-responses": OPENAI_RESPONSES},
        accounts=accounts(*(owners or ("work",))),
    )
    return with_catalogue(made, codex.catalogue())


def told_to(prompt: str = "", *, thought: str = "", then: str = "") -> dict[str, Any]:
    """Return a user's turn that has the mock think *thought*, and read a file; then it says "Done."."""
    script = f"thinking={shlex.quote(thought)} " if thought else ""
    text = f"""{prompt}{{{{mock: {script}tool=read args='{{"path":"a"}}'}}}}{{{{then: {then or "text=Done."}}}}}"""
    return {"role": "user", "content": text}


def result_of(answer: Any) -> dict[str, Any]:
    """Return the user's turn that answers the calls of a message."""
    calls = [each for each in answer["content"] if each["type"] == "tool_use"]
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": each["id"], "content": "b"} for each in calls]}


@attrs.frozen
class Stage:
    """A gateway to *providers* of a mock, and a client that speaks Messages."""

    gateway: Gateway
    mock: MockServer
    client: httpx.AsyncClient

    async def post(self, path: str, body: Mapping[str, Any], status: int = 200) -> httpx.Response:
        response = await self.client.post(path, json=body)
        assert response.status_code == status, response.text
        return response

    async def say(self, model: str, *turns: Mapping[str, Any], status: int = 200, **more: Any) -> httpx.Response:
        """Ask *model* in Messages."""
        body = {"model": model, "messages": turns, **MESSAGES, **more}
        return await self.post("/v1/messages", body, status)

    async def chat(self, model: str, turns: Sequence[Any], wish: Mapping[str, Any]) -> httpx.Response:
        """Ask *model* in Chat Completions."""
        return await self.post("/v1/chat/completions", {"model": model, "messages": turns, **wish})

    async def stream(self, model: str, *turns: Mapping[str, Any]) -> list[Any]:
        """Return the content of an answer that was streamed in Messages, put together as its SDK does."""
        told = (await self.say(model, *turns, stream=True)).text
        events = [json.loads(line.removeprefix("data: ")) for line in told.splitlines() if line.startswith("data: ")]
        blocks = [each["content_block"] for each in events if each["type"] == "content_block_start"]
        for each in (event for event in events if event["type"] == "content_block_delta"):
            block = blocks[each["index"]]
            for name in each["delta"].keys() & {"text", "thinking", "signature"}:
                block[name] += each["delta"][name]
        return blocks

    @property
    def arrived(self) -> list[Any]:
        return [each.json for each in self.mock.requests]

    @property
    def statuses(self) -> list[int | None]:
        return [each.status for each in self.mock.requests]


@asynccontextmanager
async def staged(mock: MockServer, *providers: HttpProvider) -> AsyncIterator[Stage]:
    with trio.fail_after(30):
        async with open_gateway(*providers) as gateway, gateway.client() as client:
            yield Stage(gateway, mock, client)


def account_first(stage: Stage, name: str) -> None:
    """Have the account *name* be asked, as a reload does that switches the others off; else a session stays where it is."""
    gate = stage.gateway.gate
    known = [f"{each.id}/{account.name}" for each in gate.snapshot.providers for account in each.accounts]
    others = frozenset(each for each in known if not each.endswith(f"/{name}"))
    gate.snapshot = attrs.evolve(gate.snapshot, routing=Routing(disabled=others))


def thoughts(body: Any) -> list[str]:
    """Return what is sent back to Claude of thinking, in all turns."""
    blocks = [each for turn in body["messages"] if isinstance(turn["content"], list) for each in turn["content"]]
    return [each["thinking"] for each in blocks if each["type"] == "thinking"]


async def test_thinking_goes_back_to_the_account_that_made_it_and_byte_for_byte(korproxy_mock: MockServer) -> None:
    async with staged(korproxy_mock, claude_at(korproxy_mock, "claude", "work", "home")) as stage:
        turns = [told_to(thought="first")]
        turns += [{"role": "assistant", "content": await stage.stream(HAIKU, *turns)}]
        turns += [result_of(turns[-1])]
        body = json.dumps({"model": HAIKU, "messages": turns, **MESSAGES}, indent=1).encode()
        back = await stage.client.post("/v1/messages", content=body, headers={"content-type": "application/json"})

    assert (back.status_code, korproxy_mock.requests[1].body) == (200, body)
    assert thoughts(stage.arrived[1]) == ["first"]


async def test_thinking_of_one_account_is_not_sent_to_another_and_the_session_goes_on(korproxy_mock: MockServer) -> None:
    async with staged(korproxy_mock, claude_at(korproxy_mock, "claude", "work", "home")) as stage:
        turns = [told_to(thought="second")]
        turns += [{"role": "assistant", "content": (await stage.say(HAIKU, *turns)).json()["content"]}]
        turns += [result_of(turns[-1])]
        account_first(stage, "home")
        moved = await stage.say(HAIKU, *turns)
        account_first(stage, "work")
        back = await stage.say(HAIKU, *turns)

    assert [each.header("x-api-key") for each in korproxy_mock.requests] == ["sk-work", "sk-home", "sk-work"]
    assert [thoughts(each) for each in stage.arrived] == [[], [], ["second"]]
    assert [each["thinking"]["type"] for each in stage.arrived] == ["enabled", "disabled", "enabled"]
    assert (moved.headers["x-korproxy-lossy"], "x-korproxy-lossy" in back.headers) == ("/messages/1/content/0", False)


async def test_two_providers_of_one_family_do_not_get_each_others(korproxy_mock: MockServer) -> None:
    names = ("theirs", "ours")
    tool = {"type": "function", "function": {"name": "read", "parameters": READ["input_schema"]}}
    wish = {"tools": [tool], "reasoning_effort": "low", "max_completion_tokens": 4000}
    async with staged(korproxy_mock, *(claude_at(korproxy_mock, each) for each in names)) as stage:
        turns: list[Any] = [told_to(thought="third")]
        message = (await stage.chat(f"ours/{HAIKU}", turns, wish)).json()["choices"][0]["message"]
        result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "b"}
        asked = [*turns, message, result]
        lost = [(await stage.chat(f"{each}/{HAIKU}", asked, wish)).headers.get("x-korproxy-lossy") for each in names]
        bare = {key: value for key, value in message.items() if not key.startswith("reasoning")}
        for each in names:  # what the daemon itself remembers
            await stage.chat(f"{each}/{HAIKU}", [*turns, bare, result], wish)

    assert stage.statuses == [200] * 5
    assert [thoughts(each) for each in stage.arrived] == [[], [], ["third"], [], ["third"]]
    assert lost == ["/reasoning_effort,/messages/1/reasoning_details/0", None]


async def test_a_session_goes_from_claude_to_gemini_and_back(korproxy_mock: MockServer) -> None:
    async with staged(korproxy_mock, claude_at(korproxy_mock), gemini_at(korproxy_mock)) as stage:
        turns: list[Any] = []
        for model, thought in ((HAIKU, "from Claude"), (FLASH, "from Gemini"), (HAIKU, "from Claude again")):
            turns += [told_to(thought=thought)]
            turns += [{"role": "assistant", "content": (await stage.say(model, *turns)).json()["content"]}]
            turns += [result_of(turns[-1])]
            turns += [{"role": "assistant", "content": (await stage.say(model, *turns)).json()["content"]}]

    assert stage.statuses == [200] * 6
    assert all(each.attempts == 1 for each in stage.gateway.finished)
    assert [thoughts(each) for each in (stage.arrived[1], stage.arrived[4], stage.arrived[5])] == [
        ["from Claude"],
        ["from Claude"],
        ["from Claude", "from Claude again"],
    ]
    assert json.dumps(stage.arrived[3]).count(call_signature("read", {"path": "a"})) == 1
    assert FORGED not in json.dumps(stage.arrived)


async def test_thinking_that_is_refused_all_the_same_is_left_out_once_and_for_good(korproxy_mock: MockServer) -> None:
    forged = {"type": "thinking", "thinking": "not Anthropic's", "signature": FORGED}
    turns = [
        told_to(),
        {"role": "assistant", "content": [forged, {"type": "text", "text": "a"}]},
        {"role": "user", "content": "go on"},
    ]
    async with staged(korproxy_mock, claude_at(korproxy_mock)) as stage:
        answers = [await stage.say(HAIKU, *turns) for _ in range(2)]

    assert stage.statuses == [400, 200, 200]
    assert [thoughts(each) for each in stage.arrived] == [["not Anthropic's"], [], []]
    assert [each.attempts for each in stage.gateway.finished] == [2, 1]
    assert [each.headers["x-korproxy-lossy"] for each in answers] == ["/messages/1/content/0"] * 2


async def test_calls_of_another_vendor_that_never_thought_do_not_brick_a_session(korproxy_mock: MockServer) -> None:
    turns = [told_to(), {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "read", "input": {}}]}]
    turns += [result_of(turns[-1])]
    async with staged(korproxy_mock, claude_at(korproxy_mock)) as stage:
        answer = await stage.say(HAIKU, *turns)

    assert stage.statuses == [400, 200]
    assert [each["thinking"]["type"] for each in stage.arrived] == ["enabled", "disabled"]
    assert "x-korproxy-lossy" not in answer.headers


async def test_edge_54_a_corrupted_signature_is_replaced_and_the_request_sent_once_more(korproxy_mock: MockServer) -> None:
    call = {"functionCall": {"name": "read", "args": {}}, "thoughtSignature": base64.b64encode(b"corrupted").decode()}
    declared = {"functionDeclarations": [{"name": "read", "parametersJsonSchema": READ["input_schema"]}]}
    contents = [
        {"role": "user", "parts": [{"text": told_to()["content"]}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"result": "b"}}}]},
    ]
    async with staged(korproxy_mock, gemini_at(korproxy_mock)) as stage:
        path = f"/v1beta/models/{FLASH}:generateContent"
        for _ in range(2):
            await stage.post(path, {"contents": contents, "tools": [declared]})

    sent = [each["contents"][1]["parts"][0]["thoughtSignature"] for each in stage.arrived]
    assert stage.statuses == [400, 200, 200]
    assert sent == [call["thoughtSignature"], ANY_SIGNATURE, ANY_SIGNATURE]
    assert [each.attempts for each in stage.gateway.finished] == [2, 1]


async def test_edge_54_a_missing_signature_is_replaced_too(korproxy_mock: MockServer) -> None:
    contents = [
        {"role": "user", "parts": [{"text": told_to()["content"]}]},
        {"role": "model", "parts": [{"functionCall": {"name": "read", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "read", "response": {"result": "b"}}}]},
    ]
    async with staged(korproxy_mock, gemini_at(korproxy_mock)) as stage:
        await stage.post(f"/v1beta/models/{FLASH}:generateContent", {"contents": contents})

    assert stage.statuses == [400, 200]
    assert stage.arrived[1]["contents"][1]["parts"][0]["thoughtSignature"] == ANY_SIGNATURE


def forged(model: str) -> dict[str, Any]:
    """Return a message of Chat Completions with a call, and a seal that the vendor of *model* would make, but did not."""
    call: dict[str, Any] = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    message: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": [call]}
    if model == FLASH:
        call["extra_content"] = {"google": {"thought_signature": FORGED}}
    else:
        detail = {"type": "reasoning.text", "text": "hm", "signature": FORGED, "format": "anthropic-claude-v1"}
        message["reasoning_details"] = [detail]
    return message


@pytest.mark.parametrize("model", [HAIKU, FLASH])
async def test_a_translated_request_is_sent_once_more_too(model: str, korproxy_mock: MockServer) -> None:
    tool = {"type": "function", "function": {"name": "read", "parameters": READ["input_schema"]}}
    turns = [told_to(), forged(model), {"role": "tool", "tool_call_id": "call_1", "content": "b"}]
    async with staged(korproxy_mock, claude_at(korproxy_mock), gemini_at(korproxy_mock)) as stage:
        answers = [await stage.chat(model, turns, {"tools": [tool], "max_completion_tokens": 4000}) for _ in range(2)]

    assert stage.statuses == [400, 200, 200]
    assert [FORGED in json.dumps(each) for each in stage.arrived] == [True, False, False]
    assert [len(each.headers["x-korproxy-lossy"].split(",")) for each in answers] == [1, 1]
    assert (ANY_SIGNATURE in json.dumps(stage.arrived[1])) == (model == FLASH)


def responses_items(encrypted: str) -> list[Any]:
    """Return a conversation in which *encrypted* led to a call."""
    return [
        {"role": "user", "content": "read it"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": encrypted},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "read", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "b"},
    ]


def kinds(body: Any) -> Sequence[tuple[str, str | None]]:
    return [(each.get("type", "message"), each.get("id")) for each in body["input"]]


async def test_edge_56_reasoning_of_another_account_is_stripped_before_it_is_refused(korproxy_mock: MockServer) -> None:
    ask = {"model": GPT, "store": False}
    async with staged(korproxy_mock, openai_at(korproxy_mock, "openai", "work", "home")) as stage:
        first = await stage.post("/v1/responses", {**ask, "input": "{{mock: thinking=so text=a}}"})
        items = responses_items(first.json()["output"][0]["encrypted_content"])
        account_first(stage, "home")
        moved = await stage.post("/v1/responses", {**ask, "input": items})
        account_first(stage, "work")
        back = await stage.post("/v1/responses", {**ask, "input": items})

    assert stage.statuses == [200, 200, 200]
    assert kinds(stage.arrived[1]) == [("message", None), ("function_call", None), ("function_call_output", None)]
    assert stage.arrived[2]["input"] == items
    assert [each.headers.get("x-korproxy-lossy") for each in (moved, back)] == ["/input/1", None]


async def test_edge_56_reasoning_that_nobody_knows_is_stripped_once_it_is_refused(korproxy_mock: MockServer) -> None:
    items = responses_items(seal_for("sk-of-somebody-else", GPT, "theirs"))
    async with staged(korproxy_mock, openai_at(korproxy_mock)) as stage:
        for stream in (True, False):
            await stage.post("/v1/responses", {"model": GPT, "store": False, "input": items, "stream": stream})

    assert stage.statuses == [400, 200, 200]
    assert [len(each["input"]) for each in stage.arrived] == [4, 3, 3]
    assert [each.attempts for each in stage.gateway.finished] == [2, 1]


async def test_a_model_that_takes_tools_in_another_format_only_is_asked_there_and_from_then_on_at_once(
    korproxy_mock: MockServer,
) -> None:
    korproxy_mock.script("status=400 kind=responses-only")
    tools = [{"type": "function", "function": {"name": "read", "parameters": READ["input_schema"]}}]
    ask = {"model": GPT, "messages": [{"role": "user", "content": "{{mock: text=Hello.}}"}]}
    async with staged(korproxy_mock, openai_at(korproxy_mock)) as stage:
        answers = [await stage.post("/v1/chat/completions", {**ask, "tools": tools}) for _ in range(2)]
        await stage.post("/v1/chat/completions", ask)

    assert [each.path.rpartition("/v1")[2] for each in korproxy_mock.requests] == [
        "/chat/completions",
        "/responses",
        "/responses",
        "/chat/completions",
    ]
    assert [each.json()["choices"][0]["message"]["content"] for each in answers] == ["Hello."] * 2
    assert [each.attempts for each in stage.gateway.finished] == [2, 1, 1]


async def test_an_organisation_that_is_shown_no_summaries_is_asked_without_and_from_then_on_at_once(
    korproxy_mock: MockServer,
) -> None:
    words = "Your organization must be verified to generate reasoning summaries."
    korproxy_mock.script(f"status=400 param=reasoning.summary code=unsupported_value message={shlex.quote(words)}")
    ask = {"model": GPT, "messages": [{"role": "user", "content": "{{mock: text=Hello.}}"}], "thinking": {"type": "adaptive"}}
    provider = attrs.evolve(openai_at(korproxy_mock), speaks={"openai-responses": OPENAI_RESPONSES})
    async with staged(korproxy_mock, provider) as stage:
        answers = [await stage.post("/v1/messages", {**ask, "max_tokens": 900}) for _ in range(2)]

    assert [each.get("reasoning") for each in stage.arrived] == [{"summary": "auto"}, None, None]
    assert [each.json()["content"][0]["text"] for each in answers] == ["Hello."] * 2
    assert [each.attempts for each in stage.gateway.finished] == [2, 1]


REFUSED = "messages.1.content.0: Invalid `signature` in `thinking` block"


@pytest.mark.parametrize(
    ("message", "signature", "asked"),
    [(REFUSED, FORGED, 2), (REFUSED, None, 1), ("messages: text content blocks must be non-empty", FORGED, 1)],
)
async def test_only_such_refusals_are_tried_again_only_once_and_only_if_there_was_a_seal(
    message: str, signature: str | None, asked: int, korproxy_mock: MockServer
) -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "req_1"}
    body = json.dumps(error, indent=2).encode()
    thinking = [{"type": "thinking", "thinking": "x", "signature": signature}] if signature else []
    turns: list[Any] = [{"role": "user", "content": "a"}]
    turns += [{"role": "assistant", "content": [*thinking, {"type": "text", "text": "b"}]}]
    scripted = Scripted(status=400, headers=[("content-type", "application/json")], pieces=[body])
    async with open_echo(scripted) as echo:
        made = attrs.evolve(claude_at(korproxy_mock), base_url=echo.url)
        async with staged(korproxy_mock, made) as stage:
            answer = await stage.say(HAIKU, *turns, status=400)
            await until(lambda: not stage.gateway.windows["claude"].slots.running)

    assert (len(echo.arrived), answer.content) == (asked, body)
    assert answer.headers["x-korproxy-error"] == "KP-PROV-101"
    assert stage.gateway.finished[0].attempts == asked


SETTINGS = """
[providers.ours]
type = "claude"
base_url = "{url}/ours"
[[providers.ours.accounts]]
name = "work"
key = "env:MOCK_KEY"
[providers.theirs]
type = "claude"
base_url = "{url}/theirs"
[[providers.theirs.accounts]]
name = "work"
key = "env:MOCK_KEY"
"""


def test_what_is_whose_is_known_after_a_restart_and_nothing_else_is_kept(home: Path, korproxy_mock_process: str) -> None:
    settings = SETTINGS.format(url=korproxy_mock_process)
    turns = [told_to("hunter2", thought="before the restart")]
    with daemon(home, settings=settings) as running:
        first = _ask(running.url, running.key, f"ours/{HAIKU}", *turns)
        running.ask_to_stop()
        assert running.wait() == 0
    turns += [{"role": "assistant", "content": first["content"]}, result_of(first)]
    with daemon(home, settings=settings) as running:
        for name in ("theirs", "ours"):
            _ask(running.url, running.key, f"{name}/{HAIKU}", *turns)
        running.ask_to_stop()
        assert (running.wait(), [each for each in running.log if "WARNING" in each]) == (0, [])

    arrived = httpx.get(f"{korproxy_mock_process}/_mock/requests", trust_env=False).json()
    bodies = [json.loads(each["body"]) for each in arrived]
    file = home / "reasoning.table"
    kept = file.read_bytes()
    assert [thoughts(each) for each in bodies] == [[], [], ["before the restart"]]
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"ours" in kept
    for secret in ("before the restart", "hunter2", "sk-mock", first["content"][0]["signature"][:8]):
        assert secret.encode() not in kept


def _ask(url: str, key: str, model: str, *turns: Mapping[str, Any]) -> Any:
    body = {"model": model, "messages": turns, **MESSAGES}
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    answer = httpx.post(f"{url}/v1/messages", json=body, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()
