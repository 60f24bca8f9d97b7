"""Gemini's answers: whole, as server-sent events, as an array."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest
import trio
from korproxy_mock.gemini_signatures import call_signature, is_own, text_signature
from korproxy_mock.server import MockServer, open_mock

FLASH = "/v1beta/models/gemini-3.5-flash:generateContent"
OLD = "/v1beta/models/gemini-2.5-flash:generateContent"
PIXEL = bytes(range(68))
THINKS = {"thinkingConfig": {"includeThoughts": True}}
WEATHER = {
    "functionDeclarations": [
        {
            "name": "get_weather",
            "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]},
        }
    ]
}
EVERYTHING = """{{mock: thinking='let me see' text='größer 世界 🙂' tool=read args='{"path": "ä }} b", "n": 1.10, "big": 1e400}'
tool=ls usage=10/20/4 %s}}"""


def block(directives: str) -> str:
    return "{{mock: " + directives + "}}"


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "parts": list(parts)}]


def parts_of(answer: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = answer["candidates"][0]["content"].get("parts", [])
    return parts


def said(answer: Any) -> str:
    return "".join(part["text"] for part in parts_of(answer) if "text" in part and not part.get("thought"))


def chunks_of(got: Any) -> list[Any]:
    """The chunks of server-sent events; comments are skipped."""
    lines = [line for event in got.events for line in event.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


async def test_a_plain_prompt_is_echoed_with_its_usage(ask: Any) -> None:
    answer = (await ask("Grüße, 世界 🙂", FLASH)).json
    assert answer == {
        "candidates": [
            {"content": {"parts": [{"text": "You said: Grüße, 世界 🙂"}], "role": "model"}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 3,
            "candidatesTokenCount": 6,
            "totalTokenCount": 9,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
        },
        "modelVersion": "gemini-3.5-flash",
        "responseId": "mock0000000000000001",
    }


async def test_an_answer_has_thoughts_text_and_calls_in_this_order(ask: Any) -> None:
    got = await ask(EVERYTHING % "", FLASH, generationConfig=THINKS)
    arguments = {"path": "ä }} b", "n": 1.1, "big": float("inf")}
    assert parts_of(got.json) == [
        {"text": "let me see", "thought": True},
        {"text": "größer 世界 🙂"},
        {
            "functionCall": {"id": "mock0000000100", "name": "read", "args": arguments},
            "thoughtSignature": call_signature("read", arguments),
        },
        {"functionCall": {"id": "mock0000000101", "name": "ls", "args": {}}},
    ]
    assert b'"args": {"path": "\xc3\xa4 }} b", "n": 1.10, "big": 1e400}' in got.body  # numbers as they were written
    assert got.json["candidates"][0]["finishReason"] == "STOP"
    assert got.json["usageMetadata"] | {"promptTokensDetails": None} == {
        "promptTokenCount": 10,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 3,
        "totalTokenCount": 33,
        "promptTokensDetails": None,
    }


async def test_a_stream_has_one_part_a_chunk_and_counts_up(ask: Any) -> None:
    got = await ask(EVERYTHING % "", FLASH, generationConfig=THINKS, stream=True)
    chunks = chunks_of(got)
    assert [len(parts_of(chunk)) for chunk in chunks] == [1] * len(chunks)
    parts = [part for chunk in chunks for part in parts_of(chunk)]
    assert "".join(part["text"] for part in parts if part.get("thought")) == "let me see"
    assert "".join(part["text"] for part in parts if "text" in part and not part.get("thought")) == "größer 世界 🙂"
    assert [part["functionCall"]["name"] for part in parts[-2:]] == ["read", "ls"]
    assert ["thoughtSignature" in part for part in parts[-2:]] == [True, False]
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None] * (len(chunks) - 1) + ["STOP"]
    counts = [chunk["usageMetadata"]["totalTokenCount"] for chunk in chunks]
    assert counts == sorted(counts)
    assert counts[-1] == 33
    assert {chunk["responseId"] for chunk in chunks} == {"mock0000000000000001"}
    assert got.header("content-type") == "text/event-stream"
    assert got.body.endswith(b"}\r\n\r\n")
    assert got.body.count(b"\n") == got.body.count(b"\r\n")
    assert b"[DONE]" not in got.body


@pytest.mark.parametrize(
    "faults", ["split=char", "split=every-byte", "split=7 join=3", "comments", "crlf", "gzip=always", "gap=0.001"]
)
async def test_a_stream_says_the_same_however_it_is_sent(ask: Any, faults: str) -> None:
    for stream in (True, "array"):
        plain = await ask(EVERYTHING % "", FLASH, stream=stream)
        got = await ask(EVERYTHING % faults, FLASH, stream=stream)
        got.chunks = [gzip.decompress(got.body)] if "gzip" in faults else got.chunks
        read = chunks_of if stream is True else lambda each: each.json
        assert [parts_of(each) for each in unnumbered(read(got))] == [parts_of(each) for each in unnumbered(read(plain))]


def unnumbered(chunks: list[Any]) -> list[Any]:
    for chunk in chunks:
        for part in parts_of(chunk):
            part.get("functionCall", {}).pop("id", None)
    return chunks


async def test_without_alt_a_stream_is_one_array_sent_piece_by_piece(ask: Any) -> None:
    got = await ask(block("text='a b c'"), FLASH, stream="array")
    assert got.header("content-type") == "application/json; charset=UTF-8"
    assert [said(each) for each in got.json] == ["a ", "b ", "c"]
    assert [chunk[:3] for chunk in got.chunks] == [b'[{"', b",\r\n", b",\r\n", b"]"]


async def test_an_array_may_break_off_fail_or_lack_its_end(ask: Any) -> None:
    got = await ask(block("text='a b c' cut-after=2"), FLASH, stream="array")
    assert (got.end, [said(each) for each in json.loads(got.body + b"]")]) == ("cut", ["a ", "b "])
    got = await ask(block("text='a b c' error-after=1 status=503"), FLASH, stream="array")
    assert got.end == "clean"
    assert got.json[1]["error"]["status"] == "UNAVAILABLE"
    got = await ask(block("text='a b c' error-after=0"), FLASH, stream="array")
    assert [each["error"]["code"] for each in got.json] == [500]
    got = await ask(block("text=a no-terminal"), FLASH, stream="array")
    assert got.json == []


async def test_thoughts_are_sent_only_to_who_asks_for_them(ask: Any) -> None:
    answer = (await ask("{{mock: thinking=hm text=a usage=1/2}}", FLASH)).json
    assert [part["text"] for part in parts_of(answer)] == ["a"]
    assert answer["usageMetadata"]["thoughtsTokenCount"] == 1


async def test_a_text_is_signed_at_its_end_if_it_was_thought_about(ask: Any) -> None:
    signature = text_signature("a b")
    whole = (await ask("{{mock: thinking=hm text='a b'}}", FLASH)).json
    assert parts_of(whole) == [{"text": "a b", "thoughtSignature": signature}]
    chunks = chunks_of(await ask("{{mock: thinking=hm text='a b'}}", FLASH, stream=True))
    assert [part for chunk in chunks for part in parts_of(chunk)] == [
        {"text": "a "},
        {"text": "b"},
        {"text": "", "thoughtSignature": signature},
    ]
    assert parts_of((await ask("{{mock: thinking=hm text='a b'}}", OLD)).json) == [{"text": "a b"}]


async def test_only_new_models_sign_and_name_their_calls(ask: Any) -> None:
    (part,) = parts_of((await ask("{{mock: tool=ls}}", OLD)).json)
    assert part == {"functionCall": {"name": "ls", "args": {}}}
    (part,) = parts_of((await ask("{{mock: tool=ls quirk=no-ids}}", FLASH)).json)
    assert part == {"functionCall": {"name": "ls", "args": {}}, "thoughtSignature": call_signature("ls", {})}


async def test_arguments_that_are_no_object_are_a_mistake_of_the_script(ask: Any) -> None:
    got = await ask("{{mock: tool=ls args='[1]'}}", FLASH)
    assert (got.status, got.error["message"]) == (400, "mock: Gemini's function arguments are an object, not args=[1]")


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("end", "STOP"),
        ("stop_sequence", "STOP"),
        ("length", "MAX_TOKENS"),
        ("RECITATION", "RECITATION"),
        ("MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("null", None),
    ],
)
async def test_the_finish_reason_is_as_scripted(ask: Any, stop: str, reason: str | None) -> None:
    for got in (await ask(block(f"text=a stop={stop}"), FLASH), await ask(block(f"text=a stop={stop}"), FLASH, stream=True)):
        answer = got.json if got.body.startswith(b"{") else chunks_of(got)[-1]
        assert answer["candidates"][0].get("finishReason") == reason


async def test_an_answer_may_have_no_parts(ask: Any) -> None:
    for got in (await ask("{{mock: text=''}}", FLASH), await ask("{{mock: text=''}}", FLASH, stream=True)):
        answer = got.json if got.body.startswith(b"{") else chunks_of(got)[-1]
        assert answer["candidates"] == [{"content": {"role": "model"}, "finishReason": "STOP", "index": 0}]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_a_candidate_without_content(ask: Any, stream: bool) -> None:
    got = await ask("{{mock: refusal=No}}", FLASH, stream=stream)
    (candidate,) = (chunks_of(got)[0] if stream else got.json)["candidates"]
    assert (candidate["finishReason"], candidate["finishMessage"], "content" in candidate) == ("SAFETY", "No", False)
    got = await ask("{{mock: stop=refusal}}", FLASH, stream=stream)
    assert (chunks_of(got)[-1] if stream else got.json)["candidates"][0]["finishReason"] == "SAFETY"


@pytest.mark.parametrize(("stop", "reason"), [("blocked", "SAFETY"), ("blocked:JAILBREAK", "JAILBREAK")])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_blocked_prompt_has_feedback_and_no_candidates(ask: Any, stop: str, reason: str, stream: bool) -> None:
    got = await ask(block(f"stop={stop}"), FLASH, stream=stream)
    (answer,) = chunks_of(got) if stream else [got.json]
    assert (answer["promptFeedback"], "candidates" in answer) == ({"blockReason": reason}, False)


async def test_answers_may_be_shaped_as_some_servers_do(ask: Any) -> None:
    early = chunks_of(await ask("{{mock: text='a b c' quirk=finish-early}}", FLASH, stream=True))
    assert [chunk["candidates"][0].get("finishReason") for chunk in early] == ["STOP", None, "STOP"]
    late = chunks_of(await ask("{{mock: text='a b' quirk=usage-on-finish}}", FLASH, stream=True))
    assert ["usageMetadata" in chunk for chunk in late] == [False, True]
    empty = chunks_of(await ask("{{mock: text=a quirk=empty-end no-usage}}", OLD, stream=True))
    assert [parts_of(chunk) for chunk in empty] == [[{"text": "a"}], [{"text": ""}]]
    assert not any("usageMetadata" in chunk for chunk in empty)
    snake = (await ask("""{{mock: tool=a args='{"toolName": 1}' usage=1/2 quirk=snake-case}}""", FLASH)).json
    assert snake["candidates"][0]["finish_reason"] == "STOP"
    assert snake["usage_metadata"]["total_token_count"] == 3
    assert snake["candidates"][0]["content"]["parts"][0]["function_call"]["args"] == {"toolName": 1}


async def test_an_answer_is_cut_at_the_asked_length(ask: Any) -> None:
    answer = (await ask("x" * 100, FLASH, generationConfig={"maxOutputTokens": 5})).json
    assert (said(answer), answer["candidates"][0]["finishReason"]) == ("You said: xxxxxxxxxx", "MAX_TOKENS")


async def test_as_many_candidates_come_as_are_wanted(ask: Any) -> None:
    answer = (await ask("hi", OLD, generationConfig={"candidate_count": 2})).json
    assert [candidate["index"] for candidate in answer["candidates"]] == [0, 1]


@pytest.mark.parametrize("path", [FLASH, OLD])
async def test_the_weather_is_asked_of_an_offered_tool(ask: Any, path: str) -> None:
    answer = (await ask("What is the weather in Köln?", path, tools=[WEATHER])).json
    assert parts_of(answer)[0]["functionCall"]["args"] == {"city": "Köln"}
    for mode, called in (("AUTO", False), ("NONE", False), ("ANY", True), ("VALIDATED", False)):
        config = {"functionCallingConfig": {"mode": mode}}
        answer = (await ask("hi", path, tools=[WEATHER], toolConfig=config)).json
        assert ("functionCall" in parts_of(answer)[0]) == called
    answer = (await ask("weather?", path, tools=[WEATHER], tool_config={"function_calling_config": {"mode": "none"}})).json
    assert "functionCall" not in parts_of(answer)[0]


@pytest.mark.parametrize(
    "config",
    [
        {"responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "INTEGER"}}, "required": ["a"]}},
        {"responseJsonSchema": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
    ],
)
async def test_structured_output_fits_its_schema(ask: Any, config: dict[str, Any]) -> None:
    answer = (await ask("hi", FLASH, generationConfig={"responseMimeType": "application/json", **config})).json
    assert said(answer) == '{"a": 1}'
    plain = (await ask("hi", FLASH, generationConfig={"responseMimeType": "application/json"})).json
    assert said(plain) == "{}"


async def test_images_are_named_by_type_size_and_digest(ask: Any) -> None:
    data = base64.urlsafe_b64encode(PIXEL).decode().rstrip("=")
    contents = user(
        {"inlineData": {"mimeType": "image/png", "data": data}},
        {"file_data": {"mime_type": "image/jpeg", "file_uri": "https://example.org/a.jpg"}},
        {"text": "what is this?"},
    )
    answer = (await ask(path=FLASH, contents=contents)).json
    named = f"image/png 68 bytes sha256:{hashlib.sha256(PIXEL).hexdigest()}, image/jpeg at https://example.org/a.jpg"
    assert said(answer) == f"I see 2 image(s): {named}"
    assert answer["usageMetadata"]["promptTokenCount"] < 120  # its bytes do not count


async def test_echo_request_names_the_bytes_that_arrived(ask: Any, korproxy_mock: MockServer) -> None:
    text = said((await ask("{{mock: echo-request}}", FLASH)).json)
    body = korproxy_mock.requests[0].body
    assert text == f"sha256:{hashlib.sha256(body).hexdigest()} {len(body)} bytes"


@pytest.mark.parametrize(
    ("directives", "expected"),
    [
        ("status=400", ("INVALID_ARGUMENT", 400, [])),
        ("status=401", ("UNAUTHENTICATED", 401, [])),
        ("status=403", ("PERMISSION_DENIED", 403, [])),
        ("status=404", ("NOT_FOUND", 404, [])),
        ("status=413", ("RESOURCE_EXHAUSTED", 413, [])),
        ("status=418", ("INVALID_ARGUMENT", 418, [])),
        ("status=429", ("RESOURCE_EXHAUSTED", 429, ["QuotaFailure"])),
        ("status=429 retry-after=7", ("RESOURCE_EXHAUSTED", 429, ["QuotaFailure", "RetryInfo"])),
        ("kind=insufficient_quota", ("RESOURCE_EXHAUSTED", 429, ["QuotaFailure"])),
        ("kind=context-length", ("INVALID_ARGUMENT", 400, [])),
        ("status=499", ("CANCELLED", 499, [])),
        ("status=500", ("INTERNAL", 500, [])),
        ("status=502", ("INTERNAL", 502, [])),
        ("status=503 retry-after=ms:1500", ("UNAVAILABLE", 503, ["RetryInfo"])),
        ("status=504", ("DEADLINE_EXCEEDED", 504, [])),
        ("status=403 code=SERVICE_DISABLED param=x", ("PERMISSION_DENIED", 403, ["ErrorInfo", "BadRequest"])),
        ("status=400 kind=FAILED_PRECONDITION message='größer'", ("FAILED_PRECONDITION", 400, [])),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_is_a_google_rpc_status(
    ask: Any, directives: str, expected: tuple[str, int, list[str]], stream: bool
) -> None:
    status, code, details = expected
    got = await ask(block(directives), FLASH, stream=stream)
    assert (got.status, got.error["code"], got.error["status"]) == (code, code, status)
    assert [each["@type"] for each in got.error.get("details", [])] == [
        f"type.googleapis.com/google.rpc.{each}" for each in details
    ]


async def test_where_an_array_was_asked_for_an_error_is_its_only_element(ask: Any) -> None:
    got = await ask("{{mock: status=503}}", FLASH, stream="array")
    assert (got.status, [each["error"]["code"] for each in got.json]) == (503, [503])


async def test_when_to_come_back_is_said_in_the_body(ask: Any) -> None:
    got = await ask("{{mock: status=429 retry-after=7}}", FLASH)
    assert got.header("retry-after") is None
    assert got.error["message"].endswith("Please retry in 7s.")
    assert got.error["details"][1]["retryDelay"] == "7s"
    assert (await ask("{{mock: status=429 retry-after=ms:1500}}", FLASH)).error["details"][1]["retryDelay"] == "1.5s"
    got = await ask("{{mock: status=429 retry-after=raw:soon}}", FLASH)
    assert (got.header("retry-after"), len(got.error["details"])) == ("soon", 1)
    assert (await ask("{{mock: html status=503 retry-after=7}}", FLASH)).header("retry-after") == "7"


async def test_a_quota_is_one_of_a_minute_or_of_a_day(ask: Any) -> None:
    for directives, window in (("status=429", "PerMinute"), ("status=429 ratelimit-headers=unified", "PerDay")):
        (failure,) = (await ask(block(directives), FLASH)).error["details"]
        assert failure["violations"][0]["quotaId"] == f"GenerateRequests{window}PerProjectPerModel-FreeTier"
        assert failure["violations"][0]["quotaDimensions"]["model"] == "gemini-3.5-flash"


async def test_an_error_in_mid_stream_is_one_more_chunk(ask: Any) -> None:
    chunks = chunks_of(await ask("{{mock: text='a b c' error-after=2 status=503}}", FLASH, stream=True))
    assert [sorted(chunk) for chunk in chunks][:2] == [["candidates", "modelVersion", "responseId", "usageMetadata"]] * 2
    assert chunks[2]["error"] == {
        "code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE",
    }  # fmt: skip


async def test_the_same_requests_get_the_same_bytes() -> None:
    answers = []
    for _ in range(2):
        async with open_mock() as mock, await trio.open_tcp_stream("127.0.0.1", int(mock.url.rpartition(":")[2])) as stream:
            sent = json.dumps({"contents": user({"text": EVERYTHING % ""})}).encode()
            path = b"/v1beta/models/gemini-3.5-flash:streamGenerateContent"
            head = b"POST %s HTTP/1.0\r\nx-goog-api-key: k\r\ncontent-length: %d\r\n\r\n" % (path, len(sent))
            await stream.send_all(head + sent)
            answers.append(b"".join([part async for part in stream]))
    assert answers[0] == answers[1]
    assert answers[0].endswith(b"}\n]")


def test_the_mock_knows_its_own_signatures() -> None:
    assert is_own(call_signature("ls", {"b": 1, "a": 2}))
    assert call_signature("ls", {"b": 1, "a": 2}) == call_signature("ls", {"a": 2, "b": 1})
    assert is_own(text_signature("a"))
    assert is_own("skip_thought_signature_validator")
    assert not is_own("EqABCD==")
