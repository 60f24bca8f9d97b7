"""Claude Code's eleven points of a gateway's protocol, with a request of the size and shape that it sends.

Each point is tested on both ends: what the client gets, and what reached the imitated provider. The request goes to Anthropic
as it is, and is translated for OpenAI (to Responses), for Gemini and for a server of Chat Completions; the names of their
models begin with ``claude``, as a user of Claude Code would set them up in ``[aliases]``.

Source: Anthropic's page on gateways for Claude Code (``llm-gateway-protocol``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import anthropic
import httpx
import pytest
import trio
from korproxy_mock.anthropic_read import signature_for

from tests.e2e.sdk import AnthropicTool, unfinished_generators
from tests.e2e.stage import KEYS, Model, Received, Stage
from tests.fakes.claude_code import ATTRIBUTION, BETAS, SESSION, SIZE, claude_code_headers, claude_code_request
from tests.fakes.raw_client import connect, read_until
from tests.fakes.stream_checks import messages_faults, sse
from tests.fakes.waiting import until

PROVIDERS_TOO = """
[server]
keep_alive = 0.3
[aliases]
"claude-of-openai" = "codex/gpt-5.2"
"claude-of-openai-late" = "codex/gpt-6.2-sol"
"claude-of-google" = "gemini/gemini-3.5-flash"
"claude-of-google-old" = "gemini/gemini-2.5-flash"
"claude-of-chat" = "iflow/glm-4.6"
"claude-haiku-*" = "gemini/gemini-3.5-flash"
"not-for-claude-code" = "qwen/qwen3-coder-plus"
"""

pytestmark = unfinished_generators

CLAUDE = Model(asked="claude-opus-5", provider="claude", upstream="claude-opus-5")
OPENAI = Model(asked="claude-of-openai", provider="codex", upstream="gpt-5.2")
GEMINI = Model(asked="claude-of-google", provider="gemini", upstream="gemini-3.5-flash")
CHAT = Model(asked="claude-of-chat", provider="iflow", upstream="glm-4.6")
DASHSCOPE = Model(asked="dashscope/qwen3-coder-plus", provider="dashscope", upstream="qwen3-coder-plus")

every_provider = pytest.mark.parametrize("model", [CLAUDE, OPENAI, GEMINI, CHAT], ids=str)
other_providers = pytest.mark.parametrize("model", [OPENAI, GEMINI, CHAT], ids=str)

NOT_COUNTED = {"max_tokens", "metadata", "stream"}  # which count_tokens does not take
OWN_WORDS = ("context_management", "output_config", "cache_control", "defer_loading", "eager_input_streaming", "thinking")


def wire(body: object) -> bytes:
    """Return *body* as a program in JavaScript sends it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def credential(stage: Stage) -> dict[str, str]:
    """Return what ``ANTHROPIC_AUTH_TOKEN`` is sent as."""
    return {"authorization": f"Bearer {stage.daemon.key}"}


async def ask(stage: Stage, body: object, *, query: str = "beta=true", **headers: str) -> httpx.Response:
    """Send *body* as Claude Code does, and read the answer to its end."""
    async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, timeout=20) as client:
        sent = claude_code_headers() | credential(stage) | headers
        return await client.post(f"/v1/messages?{query}", content=wire(body), headers=sent)


async def begin(stage: Stage, body: object) -> trio.SocketStream:
    """Send *body*, return the connection that the answer comes on; the caller closes it."""
    content = wire(body)
    told = claude_code_headers() | credential(stage) | {"host": "127.0.0.1", "content-length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    stream = await connect(stage.daemon.url)
    await stream.send_all(f"POST /v1/messages?beta=true HTTP/1.1\r\n{head}\r\n".encode() + content)
    return stream


def text_of(stream: bytes) -> str:
    """Return the text of a good stream."""
    assert messages_faults(stream) == []
    deltas = [json.loads(data).get("delta", {}) for name, data in sse(stream) if name == "content_block_delta"]
    return "".join(each.get("text", "") for each in deltas)


def blocks_of(stream: bytes) -> list[dict[str, Any]]:
    """Return the blocks of a good stream as Claude Code sends them back in the next turn."""
    assert messages_faults(stream) == []
    blocks: list[dict[str, Any]] = []
    for name, data in sse(stream):
        event = json.loads(data)
        if name == "content_block_start":
            blocks.append({**event["content_block"]})
        elif name == "content_block_delta":
            _grow(blocks[-1], event["delta"])
    for each in blocks:
        if each["type"] == "tool_use":
            each["input"] = json.loads(each["input"] or "{}")
    return blocks


def _grow(block: dict[str, Any], delta: Mapping[str, str]) -> None:
    """Add what a *delta* says to its *block*."""
    kind, value = next((name, text) for name, text in delta.items() if name != "type")
    name = {"partial_json": "input"}.get(kind, kind)
    block[name] = (block[name] or "") + value


def losses(answer: httpx.Response) -> Sequence[str]:
    """Return what ``X-KorProxy-Lossy`` names."""
    header: str = answer.headers.get("x-korproxy-lossy", "")
    return header.partition(";")[0].split(",")


def headers_in(received: Received, prefix: str) -> dict[str, str | None]:
    """Return those that begin with *prefix*."""
    return {name: received.header(name) for name in received.names if name.startswith(prefix)}


@every_provider
async def test_point_1_anthropics_headers_and_unknown_fields_go_to_anthropic_as_they_are_and_are_reported_lost_elsewhere(
    stage: Stage, model: Model
) -> None:
    body = claude_code_request(model.asked, sign=signature_for)
    body["field_of_next_year"] = {"number": 1.1e1, "of": ["this", None]}
    answer = await ask(stage, body, **{"anthropic-of-next-year": "yes"})

    received = stage.mock.only_request()
    anthropics = headers_in(received, "anthropic-")
    if model is CLAUDE:
        assert received.about["body"].encode() == wire(body)
        assert anthropics == {
            "anthropic-beta": ",".join(BETAS),
            "anthropic-dangerous-direct-browser-access": "true",
            "anthropic-of-next-year": "yes",
            "anthropic-version": "2023-06-01",
        }
        # It is Anthropic that knows which fields there are, and its words about them come back as they are.
        assert (answer.status_code, answer.json()["error"]["message"]) == (
            400,
            "field_of_next_year: Extra inputs are not permitted",
        )
        assert "x-korproxy-lossy" not in answer.headers
    else:
        assert (answer.status_code, text_of(answer.content)[:10]) == (200, "You said: ")
        assert (anthropics, "field_of_next_year" in received.about["body"]) == ({}, False)
        assert {"/field_of_next_year", "header:anthropic-beta", "header:anthropic-of-next-year"} <= {*losses(answer)}


@every_provider
async def test_point_1_a_request_of_89_kilobytes_and_25_tools_reaches_the_model(stage: Stage, model: Model) -> None:
    body = claude_code_request(model.asked, sign=signature_for)
    answer = await ask(stage, body)

    received = stage.mock.only_request()
    sent = received.body
    tools = sent["tools"][0]["functionDeclarations"] if "contents" in sent else sent["tools"]
    names = [each.get("function", each)["name"] for each in tools]
    assert (answer.status_code, len(wire(claude_code_request())), names) == (
        200,
        SIZE,
        [each["name"] for each in body["tools"]],
    )
    assert text_of(answer.content).endswith("Say it in one word.")
    assert (received.about["body"].encode() == wire(body)) == (model is CLAUDE)


@every_provider
async def test_point_2_system_stays_a_list_unmerged_and_in_order(stage: Stage, model: Model) -> None:
    body = claude_code_request(model.asked)
    await ask(stage, body)

    sent = stage.mock.only_request().body
    said = [block["text"] for block in body["system"]]
    assert (len(said), said[0]) == (4, ATTRIBUTION)
    # The line that says who pays is Anthropic's own: it changes with each request, and would defeat the caches of others.
    expected: dict[str, object] = {
        "claude": body["system"],
        "codex": "\n\n".join(said[1:]),
        "gemini": {"parts": [{"text": each} for each in said[1:]]},
        "iflow": {"role": "system", "content": "\n\n".join(said[1:])},
    }
    found = {
        "claude": sent.get("system"),
        "codex": sent.get("instructions"),
        "gemini": sent.get("systemInstruction"),
        "iflow": sent.get("messages", [0])[0],
    }
    assert found[model.provider] == expected[model.provider]


@every_provider
@pytest.mark.parametrize("query", ["", "beta=true", "beta=true&of=next-year"])
async def test_point_3_the_path_counts_without_its_query(stage: Stage, model: Model, query: str) -> None:
    answer = await ask(stage, claude_code_request(model.asked), query=query)

    received = stage.mock.only_request()
    passed = {"claude": query, "gemini": "alt=sse"}
    assert (answer.status_code, received.about["query"]) == (200, passed.get(model.provider, ""))


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("GET", "/"), ("HEAD", "/api/hello")])
async def test_point_4_the_probe_is_answered_at_once_while_all_providers_are_silent(
    stage: Stage, method: str, path: str
) -> None:
    with trio.fail_after(10):
        async with await begin(stage, claude_code_request(prompt="{{mock: first-byte=60}}")):
            await until(stage.mock.requests)
            async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, timeout=5) as client:
                answer = await client.request(method, path)

    assert (answer.status_code, answer.content == b"") == (200, method == "HEAD")
    assert len(stage.mock.requests()) == 1


@pytest.mark.parametrize("model", [CLAUDE, OPENAI, GEMINI], ids=str)
async def test_point_5_tokens_are_counted_by_who_knows_how_many_there_are(stage: Stage, model: Model) -> None:
    body = {key: value for key, value in claude_code_request(model.asked).items() if key not in NOT_COUNTED}
    async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, headers=credential(stage)) as client:
        answer = await client.post("/v1/messages/count_tokens?beta=true", content=wire(body), headers=claude_code_headers())

    received = stage.mock.only_request()
    place = {
        "claude": "/claude/v1/messages/count_tokens",
        "codex": "/codex/v1/responses/input_tokens",
        "gemini": "/gemini/v1beta/models/gemini-3.5-flash:countTokens",
    }
    assert (answer.status_code, received.about["path"]) == (200, place[model.provider])
    assert (list(answer.json()), answer.json()["input_tokens"] > 10_000) == (["input_tokens"], True)
    assert (received.about["body"].encode() == wire(body)) == (model is CLAUDE)


@pytest.mark.code("KP-PROV-117")
async def test_point_5_where_nobody_counts_there_is_no_made_up_number_and_claude_code_estimates(stage: Stage) -> None:
    body = {key: value for key, value in claude_code_request(CHAT.asked).items() if key not in NOT_COUNTED}
    async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, headers=credential(stage)) as client:
        path = "/v1/messages/count_tokens?beta=true"
        answer = await client.post(path, content=wire(body), headers=claude_code_headers())
    tool = AnthropicTool(url=stage.daemon.url, key=stage.daemon.key)
    async with tool.waiting() as sdk:
        with pytest.raises(anthropic.NotFoundError, match="KP-PROV-117") as caught:
            await sdk.messages.count_tokens(model=CHAT.asked, messages=[{"role": "user", "content": "How long is this?"}])

    said = answer.json()
    assert (answer.status_code, said["type"], said["error"]["type"]) == (404, "error", "not_found_error")
    assert ("input_tokens" in said, caught.value.type) == (False, "not_found_error")
    assert stage.mock.requests() == []


@every_provider
async def test_point_6_events_leave_as_they_come_and_pings_are_heard_in_silence(stage: Stage, model: Model) -> None:
    """The provider sends three words and then nothing more until it is left: what was heard by then was held by nobody."""
    events = {"claude": 6, "codex": 7, "gemini": 3, "iflow": 4}[model.provider]  # that it takes to say three words
    body = claude_code_request(model.asked, prompt=f"{{{{mock: words=50 stall-after={events}}}}}")
    with trio.fail_after(20):
        async with await begin(stage, body) as stream:
            heard = await read_until(stream, "größer ".encode())
            if b"event: ping" not in heard:
                heard += await read_until(stream, b"event: ping")
        await until(lambda: stage.mock.state()["open_streams"] == 0)

    names = re.findall(rb"event: (\w+)", heard)
    assert names[:2] == [b"message_start", b"content_block_start"]
    assert [each for each in names if each != b"ping"][2:] == [b"content_block_delta"] * 3
    pings = set(re.findall(rb"event: ping\ndata: (.+)\n", heard))
    assert pings == {b'{"type": "ping"}' if model is CLAUDE else b'{"type":"ping"}'}  # Anthropic's own; else ours


@other_providers
async def test_point_6_a_ping_is_heard_before_the_provider_has_said_a_word(stage: Stage, model: Model) -> None:
    body = claude_code_request(model.asked, prompt="{{mock: first-byte=60}}")
    with trio.fail_after(20):
        async with await begin(stage, body) as stream:
            heard = await read_until(stream, b"event: ping")
        await until(lambda: stage.mock.state()["open_connections"] == 1)  # the one that asks for the state

    assert heard.startswith(b"HTTP/1.1 200 ")
    assert f"x-korproxy-provider: {model.provider}\r\n" in heard.decode()
    assert b"message_start" not in heard


@every_provider
async def test_point_6_events_have_their_names_and_the_providers_pings_are_among_them(stage: Stage, model: Model) -> None:
    answer = await ask(stage, claude_code_request(model.asked, prompt="{{mock: words=3}}"))

    names = [name for name, _ in sse(answer.content)]
    pings = ["ping"] if model is CLAUDE else []
    assert names == [
        "message_start",
        "content_block_start",
        *pings,
        *["content_block_delta"] * 3,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert text_of(answer.content) == "alpha beta größer "


REFUSALS = {
    "rate limit": ("status=429 retry-after=7", 429, "rate_limit_error"),
    "too long": ("kind=context-length", 400, "invalid_request_error"),
    "overloaded": ("status=503 retry-after=2", 529, "overloaded_error"),
}
WORDS = {  # that Claude Code looks for, or shows
    (
        "codex",
        "rate limit",
    ): "Rate limit reached for gpt-5.2 in organization org-mock on requests per min (RPM): Limit 3, Used 3,",
    ("codex", "too long"): "prompt is too long: Your input exceeds the context window of this model.",
    ("codex", "overloaded"): "The engine is currently overloaded, please try again later",
    (
        "iflow",
        "rate limit",
    ): "Rate limit reached for glm-4.6 in organization org-mock on requests per min (RPM): Limit 3, Used 3,",
    ("iflow", "too long"): "prompt is too long: This model's maximum context length is 128000 tokens. However, your messages",
    ("iflow", "overloaded"): "The engine is currently overloaded, please try again later",
    ("gemini", "rate limit"): "You exceeded your current quota, please check your plan and billing details.",
    ("gemini", "too long"): "prompt is too long: The input token count (1100000) exceeds the maximum number of tokens allowed",
    ("gemini", "overloaded"): "The model is overloaded. Please try again later.",
}


@every_provider
@pytest.mark.parametrize("case", REFUSALS)
async def test_point_7_a_refusal_has_the_providers_status_and_words_and_when_to_come_back(
    stage: Stage, model: Model, case: str
) -> None:
    script, status, kind = REFUSALS[case]
    body = claude_code_request(model.asked, prompt=f"{{{{mock: {script}}}}}")
    answer = await ask(stage, body)

    received = stage.mock.only_request()
    wait = {"rate limit": "7", "overloaded": "2"}.get(case)
    assert answer.headers.get("retry-after") == wait
    if model is CLAUDE:
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = claude_code_headers() | {"x-api-key": KEYS["CLAUDE_KEY"]}
            direct = await client.post(f"{stage.mock.url}/claude/v1/messages", content=wire(body), headers=headers)
        assert (answer.status_code, _without_request_id(answer.text)) == (direct.status_code, _without_request_id(direct.text))
        assert answer.status_code == received.about["status"]
    else:
        said = answer.json()
        assert (answer.status_code, said["type"], said["error"]["type"]) == (status, "error", kind)
        assert said["error"]["message"].startswith(WORDS[model.provider, case])
    assert "KP-" not in answer.text
    assert answer.headers["x-korproxy-error"].startswith("KP-")


def _without_request_id(text: str) -> str:
    return re.sub(r"req_\w+", "req_", text)


@every_provider
async def test_point_7_an_error_in_mid_stream_is_the_providers_own_and_no_end_follows(stage: Stage, model: Model) -> None:
    script = '{{mock: words=50 error-after=6 status=503 message="It is on fire: größer"}}'
    answer = await ask(stage, claude_code_request(model.asked, prompt=script))

    assert messages_faults(answer.content) == []
    name, data = list(sse(answer.content))[-1]
    assert (answer.status_code, name, json.loads(data)["error"]["message"]) == (200, "error", "It is on fire: größer")
    assert b"message_stop" not in answer.content


@pytest.mark.parametrize("model", [CLAUDE, DASHSCOPE, OPENAI, GEMINI, CHAT], ids=str)
async def test_point_8_pairs_of_header_and_body_travel_together_or_drop_together(stage: Stage, model: Model) -> None:
    answer = await ask(stage, claude_code_request(model.asked))

    received = stage.mock.only_request()
    there = {word for word in OWN_WORDS if f'"{word}"' in received.about["body"]}
    strict = received.about["body"].count('"strict":true')
    if model in (CLAUDE, DASHSCOPE):  # the same format, so the same bytes, and the headers that belong to them
        assert (there, strict, received.header("anthropic-beta")) == ({*OWN_WORDS}, 7, ",".join(BETAS))
        assert "x-korproxy-lossy" not in answer.headers
    else:
        assert (there, received.header("anthropic-beta")) == (set(), None)
        assert strict == (0 if model is GEMINI else 7)  # OpenAI has a word for it
        named = {*losses(answer)}
        assert {"header:anthropic-beta", "/context_management", "/tools/18/defer_loading"} <= named
        assert ("/output_config/effort" in named) == (model is CHAT)  # else it is sent in the provider's words: point 9
    assert answer.status_code == 200


# What is thought of by default where a model is unknown: adaptive, with an effort or none.
THINKING = {
    ("claude-opus-5", "high"): {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    ("claude-opus-5", None): {"thinking": {"type": "adaptive"}},
    ("claude-of-openai", "high"): {"reasoning": {"effort": "high", "summary": "auto"}},
    ("claude-of-openai", "max"): {"reasoning": {"effort": "xhigh", "summary": "auto"}},
    ("claude-of-openai", None): {"reasoning": {"summary": "auto"}},
    ("claude-of-openai-late", "max"): {"reasoning": {"effort": "max", "summary": "auto"}},
    ("claude-of-chat", "high"): {},  # nothing is known of how that server wants to be asked
    ("claude-of-google", "high"): {"thinkingLevel": "HIGH", "includeThoughts": True},
    ("claude-of-google", "max"): {"thinkingLevel": "HIGH", "includeThoughts": True},
    ("claude-of-google", None): {"includeThoughts": True},
    ("claude-of-google-old", "medium"): {"thinkingBudget": 8192, "includeThoughts": True},
    ("claude-of-google-old", None): {"thinkingBudget": -1, "includeThoughts": True},
    ("qwen/qwen3.5-plus", "medium"): {"enable_thinking": True, "thinking_budget": 8192},
    ("qwen/qwen3.5-plus", None): {"enable_thinking": True},
}


@pytest.mark.parametrize(("asked", "effort"), THINKING)
async def test_point_9_adaptive_thinking_is_said_in_the_providers_words(stage: Stage, asked: str, effort: str | None) -> None:
    body = claude_code_request(asked)
    body = {key: value for key, value in body.items() if key != "output_config"}
    body |= {} if effort is None else {"output_config": {"effort": effort}}
    answer = await ask(stage, body)

    received = stage.mock.only_request()
    config = received.body.get("generationConfig", {}).get("thinkingConfig", {})
    names = ("thinking", "output_config", "reasoning", "reasoning_effort", "enable_thinking", "thinking_budget")
    said = {name: received.body[name] for name in names if name in received.body} | config
    lost = [each for each in losses(answer) if each.startswith(("/thinking", "/output_config"))]
    assert (answer.status_code, said) == (200, THINKING[asked, effort])
    assert lost == (["/thinking", "/output_config/effort"] if asked == "claude-of-chat" else [])


@every_provider
async def test_point_9_thoughts_come_as_thinking_and_go_back_with_the_result_of_the_tool(stage: Stage, model: Model) -> None:
    script = """{{mock: thinking="I look it up." tool=Read args='{"file_path": "/home/ann/größe.md"}'}}"""
    body = claude_code_request(model.asked, prompt=script)
    first = await ask(stage, body)
    said = blocks_of(first.content)
    call = said[-1]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "one meter"}
    body["messages"] += [{"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
    second = await ask(stage, body)

    assert [(each["type"], each.get("thinking")) for each in said] == [("thinking", "I look it up."), ("tool_use", None)]
    assert (call["name"], call["input"]) == ("Read", {"file_path": "/home/ann/größe.md"})
    assert (second.status_code, text_of(second.content)) == (200, "The tool said: one meter")


@pytest.mark.parametrize("model", [CLAUDE, DASHSCOPE, OPENAI, GEMINI, CHAT], ids=str)
async def test_point_10_headers_for_attribution_reach_anthropic_only(stage: Stage, model: Model) -> None:
    await ask(stage, claude_code_request(model.asked))

    received = stage.mock.only_request()
    expected = {"agent-id": "a7", "parent-agent-id": "main", "session-id": SESSION}
    expected = {f"x-claude-code-{name}": value for name, value in expected.items()}
    assert headers_in(received, "x-claude-code-") == (expected if model is CLAUDE else {})
    assert [name for name in received.names if name.startswith(("x-app", "x-stainless-"))] == []
    if model in (OPENAI, GEMINI, CHAT):  # the body says it, too; in the same format nobody changes it
        assert SESSION not in json.dumps(received.about)


async def test_point_11_the_list_of_models_is_there_at_once_and_each_name_in_it_leads_somewhere(stage: Stage) -> None:
    with trio.fail_after(10):
        async with await begin(stage, claude_code_request(prompt="{{mock: first-byte=60}}")):
            await until(stage.mock.requests)
            async with httpx.AsyncClient(base_url=stage.daemon.url, trust_env=False, timeout=3) as client:
                headers = credential(stage) | {"anthropic-version": "2023-06-01"}
                answer = await client.get("/v1/models?limit=1000", headers=headers)
    listed = answer.json()
    seen = {each["id"]: each["display_name"] for each in listed["data"] if each["id"].startswith(("claude", "anthropic"))}
    aliases = ["claude-of-openai", "claude-of-openai-late", "claude-of-google", "claude-of-google-old", "claude-of-chat"]
    led = {
        name: (await ask(stage, claude_code_request(name))).headers["x-korproxy-provider"]
        for name in ("claude-opus-5", "claude-haiku-4-5", *aliases)
    }

    assert (answer.status_code, answer.history, listed["has_more"]) == (200, [], False)
    assert {"claude-opus-5": "Claude Opus 5", "claude-haiku-4-5": "Claude Haiku 4.5"}.items() <= seen.items()
    assert {name: seen.get(name) for name in aliases} == {name: name for name in aliases}
    assert [name for name in seen if "*" in name] == []
    assert led == {
        "claude-opus-5": "claude",
        "claude-haiku-4-5": "gemini",  # by the pattern, which is no name to list
        "claude-of-openai": "codex",
        "claude-of-openai-late": "codex",
        "claude-of-google": "gemini",
        "claude-of-google-old": "gemini",
        "claude-of-chat": "iflow",
    }
