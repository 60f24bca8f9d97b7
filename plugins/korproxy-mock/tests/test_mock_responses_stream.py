"""The events of a Responses stream, one by one, and what goes wrong with them."""

import json
from typing import Any

import pytest
from korproxy_mock.server import MockServer

PATH = "/v1/responses"


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def payloads(got: Any) -> list[Any]:
    """The JSON of the events; each must be called what it says it is."""
    told = []
    for event in got.events:
        name, data = event.split("\n")
        told.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {told[-1]['type']}"
    return told


def names(got: Any) -> list[str]:
    return [each["type"].removeprefix("response.") for each in payloads(got)]


async def test_a_text_comes_in_openais_order(ask: Any) -> None:
    got = await ask(block("text='a b'"), PATH, stream=True)
    assert names(got) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    events = payloads(got)
    assert [each["sequence_number"] for each in events] == list(range(10))
    assert {each["item_id"] for each in events if "item_id" in each} == {events[2]["item"]["id"]}
    assert (events[0]["response"]["output"], events[0]["response"]["status"]) == ([], "in_progress")
    assert (events[2]["item"]["content"], events[2]["item"]["status"]) == ([], "in_progress")
    assert events[8]["item"] == events[9]["response"]["output"][0]


async def test_reasoning_and_calls_come_in_openais_order(ask: Any) -> None:
    prompt = block("thinking='a b' summary-parts=2 tool=ls args='{\"a\": 1}' tool=raw args=x")
    tools = [{"type": "custom", "name": "raw"}]
    got = await ask(prompt, PATH, stream=True, reasoning={"summary": "auto"}, tools=tools)
    part = [f"reasoning_summary_{each}" for each in ("part.added", "text.delta", "text.done", "part.done")]
    call = [f"function_call_arguments.{each}" for each in ("delta", "delta", "delta", "done")]
    assert names(got) == [
        "created", "in_progress", "output_item.added", *part, *part, "output_item.done", "output_item.added", *call,
        "output_item.done", "output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done",
        "output_item.done", "completed",
    ]  # fmt: skip
    assert [each["output_index"] for each in payloads(got) if each["type"] == "response.output_item.done"] == [0, 1, 2]


async def test_parallel_calls_may_come_in_turn(ask: Any) -> None:
    got = await ask(block("text=a tool=ls args='abc' tool=rm args='def' quirk=interleaved"), PATH, stream=True)
    events = payloads(got)
    assert [(each["output_index"], each["delta"]) for each in events if each["type"].endswith("arguments.delta")] == [
        (1, "a"), (2, "d"), (1, "b"), (2, "e"), (1, "c"), (2, "f"),
    ]  # fmt: skip
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


@pytest.mark.parametrize(
    ("stop", "last"), [("end", "completed"), ("length", "incomplete"), ("content_filter", "incomplete"), ("failed", "failed")]
)
async def test_a_stream_ends_with_the_one_event_that_says_how(ask: Any, stop: str, last: str) -> None:
    told = names(await ask(block(f"text=a stop={stop}"), PATH, stream=True))
    endings = [each for each in told if each in ("completed", "incomplete", "failed", "error")]
    assert (endings, told[-1]) == ([last], last)


async def test_a_stream_that_failed_says_why_inside_the_response(ask: Any) -> None:
    prompt = block("text='a b' stop=failed status=429 message='slow down' error-after=4")
    last = payloads(await ask(prompt, PATH, stream=True))[-1]
    error = {"code": "rate_limit_exceeded", "message": "slow down"}
    assert (last["type"], last["sequence_number"], last["response"]["error"]) == ("response.failed", 4, error)


async def test_an_error_in_mid_stream_is_flat_and_numbered_like_the_others(ask: Any) -> None:
    got = await ask(block("text='a b c' error-after=5 code=server_error message=broken"), PATH, stream=True)
    assert payloads(got)[-1] == {
        "type": "error", "sequence_number": 5, "code": "server_error", "message": "broken", "param": None,
    }  # fmt: skip
    assert len(got.events) == 6


async def test_an_error_behind_the_last_event_has_the_next_number(ask: Any) -> None:
    got = await ask(block("text=a error-after=99 no-terminal"), PATH, stream=True)
    assert [each["sequence_number"] for each in payloads(got)] == list(range(9))
    assert names(got)[-2:] == ["output_item.done", "error"]


async def test_a_stream_may_lack_its_terminal_event(ask: Any) -> None:
    assert names(await ask(block("text=a no-terminal quirk=done-line"), PATH, stream=True))[-1] == "output_item.done"


async def test_some_servers_add_chats_last_line(ask: Any) -> None:
    got = await ask(block("text=a quirk=done-line"), PATH, stream=True)
    assert got.events[-1] == "data: [DONE]"
    assert got.events[-2].startswith("event: response.completed\n")
    plain = await ask(block("text=a"), PATH, stream=True)
    assert b"[DONE]" not in plain.body


async def test_chatgpts_backend_ends_without_the_output(ask: Any) -> None:
    events = payloads(await ask(block("text=a quirk=empty-output"), PATH, stream=True))
    assert events[-1]["response"]["output"] == []
    assert events[-2]["item"]["content"][0]["text"] == "a"


async def test_usage_may_stand_in_every_response_or_in_none(ask: Any) -> None:
    def usages(got: Any) -> list[bool]:
        return [each["response"]["usage"] is not None for each in payloads(got) if "response" in each]

    assert usages(await ask(block("text=a"), PATH, stream=True)) == [False, False, True]
    assert usages(await ask(block("text=a usage-in-every-chunk"), PATH, stream=True)) == [True, True, True]
    assert usages(await ask(block("text=a no-usage"), PATH, stream=True)) == [False, False, False]


async def test_cuts_stalls_and_broken_json_count_events(ask: Any, connect: Any, korproxy_mock: MockServer) -> None:
    cut = await ask(block("text='a b' cut-after=3"), PATH, stream=True)
    assert (cut.end, len(cut.events)) == ("cut", 3)
    inside = await ask(block("text='a b' cut-after=2 cut-inside cut=rst"), PATH, stream=True)
    assert (inside.end, len(inside.events)) == ("reset", 3)
    broken = await ask(block("text='a b' malformed-after=4"), PATH, stream=True)
    with pytest.raises(json.JSONDecodeError):
        payloads(broken)
    wire = await connect()
    body = json.dumps({"model": "m", "input": block("text='a b' stall-after=2"), "stream": True}).encode()
    await wire.send("POST", PATH, [("authorization", "Bearer k")], body)
    await korproxy_mock.wait_for(lambda mock: mock.open_streams == 1)
    await wire.stream.aclose()
    await korproxy_mock.wait_for(lambda mock: mock.client_left_count == 1)


@pytest.mark.parametrize(
    ("directives", "status", "code", "kind"),
    [
        ("status=429 retry-after=7", 429, "rate_limit_exceeded", "requests"),
        ("status=500", 500, None, "server_error"),
        ("kind=insufficient_quota", 429, "insufficient_quota", "insufficient_quota"),
        ("kind=context-length", 400, "context_length_exceeded", "invalid_request_error"),
        ("kind=invalid-encrypted-content", 400, "invalid_encrypted_content", "invalid_request_error"),
    ],
)
async def test_scripted_errors_are_openais(ask: Any, directives: str, status: int, code: str | None, kind: str) -> None:
    got = await ask(block(directives), PATH)
    assert (got.status, got.error["code"], got.error["type"]) == (status, code, kind)


async def test_the_whole_context_is_too_long_in_the_words_of_this_endpoint(ask: Any) -> None:
    got = await ask(block("kind=context-length"), PATH)
    assert (got.error["message"], got.error["param"]) == (
        "Your input exceeds the context window of this model. Please adjust your input and try again.", "input",
    )  # fmt: skip


@pytest.mark.parametrize(("path", "provider"), [("/responses", ""), ("/backend-api/codex/responses", "backend-api/codex")])
async def test_anything_may_stand_in_front_of_the_path(ask: Any, korproxy_mock: MockServer, path: str, provider: str) -> None:
    assert (await ask("hi", path)).status == 200
    assert [(each.format, each.provider) for each in korproxy_mock.requests] == [("openai-responses", provider)]


async def test_a_websocket_is_refused_so_that_codex_goes_back_to_http(connect: Any) -> None:
    wire = await connect()
    upgrade = [("authorization", "Bearer k"), ("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-key", "a")]
    await wire.send("GET", PATH, upgrade)
    got = await wire.read()
    assert (got.status, got.error["code"], got.end) == (426, "upgrade_required", "clean")


async def test_keys_are_looked_at_before_anything_else(connect: Any) -> None:
    statuses = []
    for method, path in (("POST", PATH), ("GET", f"{PATH}/resp_1"), ("POST", f"{PATH}/compact")):
        wire = await connect()
        await wire.send(method, path, [("authorization", "Bearer bad-key")])
        statuses.append((await wire.read()).status)
    assert statuses == [401, 401, 401]
