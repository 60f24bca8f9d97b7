"""OpenAI's two small endpoints: embeddings and legacy completions."""

import base64
import json
import math
import struct
from typing import Any

import openai
import pytest
import trio
from korproxy_mock.server import MockServer, open_mock
from openai.types import Completion

EMBED = "/v1/embeddings"
COMPLETE = "/v1/completions"


def vectors(got: Any) -> list[list[float]]:
    return [each["embedding"] for each in got.json["data"]]


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, 1536),
        ({"model": "text-embedding-3-large"}, 3072),
        ({"model": "text-embedding-ada-002"}, 1536),
        ({"dimensions": 8}, 8),
        ({"model": "mock-embedder", "dimensions": 1}, 1),
    ],
)
async def test_vectors_have_the_models_length_or_the_one_asked_for(ask: Any, fields: dict[str, Any], size: int) -> None:
    vector = vectors(await ask("hi", EMBED, **fields))[0]
    assert len(vector) == size
    assert math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-6)


async def test_the_same_text_has_the_same_vector_in_both_encodings(ask: Any) -> None:
    floats = vectors(await ask("", EMBED, input=["a", "b", "a"], dimensions=4))
    packed = vectors(await ask("", EMBED, input=["a", "b", "a"], dimensions=4, encoding_format="base64"))
    assert floats[0] == floats[2] != floats[1]
    assert [list(struct.unpack("<4f", base64.b64decode(each))) for each in packed] == floats  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "count", "tokens"), [("abcdefgh", 1, 2), (["abcd", "abcdefgh"], 2, 3), ([1, 2, 3], 1, 3), ([[1, 2], [3]], 2, 3)]
)
async def test_texts_and_tokens_are_embedded_one_by_one(ask: Any, given: Any, count: int, tokens: int) -> None:
    got = await ask("", EMBED, input=given)
    assert [each["index"] for each in got.json["data"]] == list(range(count))
    assert got.json["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}


INVALID = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
EMBED_REFUSED: list[tuple[dict[str, Any], int, str, Any]] = [
    ({"model": "no-such-model"}, 404, "The model `no-such-model` does not exist or you do not have access to it.", None),
    ({"model": "gpt-4o"}, 403, "You are not allowed to generate embeddings from this model", None),
    ({"model": ...}, 400, "you must provide a model parameter", None),
    ({"input": ...}, 400, "Missing required parameter: 'input'.", "input"),
    ({"input": ""}, 400, INVALID, None),
    ({"input": []}, 400, INVALID, None),
    ({"input": ["a", 1]}, 400, INVALID, None),
    ({"input": {"text": "a"}}, 400, INVALID, None),
    ({"input": ["a"] * 2049}, 400, "Expected an array with maximum length 2048", "input"),
    ({"dimensions": 0}, 400, "Expected a value >= 1", "dimensions"),
    ({"dimensions": 1537}, 400, "Expected a value <= 1536", "dimensions"),
    ({"dimensions": "8"}, 400, "expected an integer, but got a string", "dimensions"),
    ({"model": "text-embedding-ada-002", "dimensions": 8}, 400, "does not support specifying dimensions.", "dimensions"),
    ({"encoding_format": "int8"}, 400, "Supported values are: 'float' and 'base64'.", "encoding_format"),
]


@pytest.mark.parametrize(("fields", "status", "message", "param"), EMBED_REFUSED)
async def test_embeddings_that_openai_refuses(ask: Any, fields: dict[str, Any], status: int, message: str, param: Any) -> None:
    got = await ask("hi", EMBED, **fields)
    assert (got.status, got.error["param"]) == (status, param)
    assert message in got.error["message"]


async def test_embeddings_are_scripted_by_their_own_aim(ask: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("status=429 retry-after=3 on=embed model=text-embedding-3-small")
    assert (await ask("hi", "/openai/embeddings", model="other")).status == 200
    got = await ask("hi", "/openai/embeddings")
    assert (got.status, got.header("retry-after"), got.error["code"]) == (429, "3", "rate_limit_exceeded")
    assert (await ask("hi", EMBED)).status == 200
    assert {each.provider for each in korproxy_mock.requests} == {"openai", ""}


async def test_the_sdk_embeds(openai_sdk: openai.OpenAI) -> None:
    def run() -> Any:
        return openai_sdk.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=3)

    answer = await trio.to_thread.run_sync(run)
    assert [(each.index, len(each.embedding)) for each in answer.data] == [(0, 3), (1, 3)]


async def test_the_list_of_models_names_those_that_embed(connect: Any) -> None:
    wire = await connect()
    await wire.send("GET", "/v1/models", [("authorization", "Bearer k")])
    names = [each["id"] for each in (await wire.read()).json["data"]]
    assert {"text-embedding-3-small", "text-embedding-3-large", "gpt-5.5"} <= set(names)


async def test_codex_gets_the_list_of_models_in_its_own_shape(connect: Any) -> None:
    wire = await connect()
    await wire.send("GET", "/v1/models?client_version=0.169.0", [("authorization", "Bearer k")])
    listed = (await wire.read()).json
    assert list(listed) == ["models"]
    assert [each["slug"] for each in listed["models"]][:2] == ["gpt-6.2-sol", "gpt-6.1-sol"]
    assert [each["priority"] for each in listed["models"]] == list(range(1, len(listed["models"]) + 1))
    efforts = [each["effort"] for each in listed["models"][1]["supported_reasoning_levels"]]
    assert efforts == ["low", "medium", "high", "xhigh", "max"]


async def complete(sdk: openai.OpenAI, prompt: Any, **fields: Any) -> Any:
    given = {"model": "gpt-3.5-turbo-instruct", "prompt": prompt, **fields}
    return await trio.to_thread.run_sync(lambda: sdk.completions.create(**given))


async def stream(sdk: openai.OpenAI, prompt: Any, **fields: Any) -> list[Completion]:
    given = {"model": "gpt-3.5-turbo-instruct", "prompt": prompt, "stream": True, **fields}
    return await trio.to_thread.run_sync(lambda: list(sdk.completions.create(**given)))


async def test_a_prompt_is_completed_whole_and_in_pieces(openai_sdk: openai.OpenAI) -> None:
    answer = await complete(openai_sdk, "{{mock: text='größer 世界 ok' usage=3/4}}", suffix="end")
    chunks = await stream(openai_sdk, "{{mock: text='größer 世界 ok' usage=3/4 split=char}}")
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("größer 世界 ok", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (3, 4, 7)
    assert "".join(chunk.choices[0].text for chunk in chunks) == "größer 世界 ok"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, "stop"]


async def test_an_answer_without_a_limit_ends_after_sixteen_tokens(openai_sdk: openai.OpenAI) -> None:
    choice = (await complete(openai_sdk, "word " * 50)).choices[0]
    assert (len(choice.text), choice.finish_reason) == (64, "length")
    assert (await complete(openai_sdk, "word " * 50, max_tokens=500)).choices[0].finish_reason == "stop"


async def test_each_prompt_gets_as_many_choices_as_are_wanted(openai_sdk: openai.OpenAI) -> None:
    answer = await complete(openai_sdk, ["a ", "b {{mock: text=c}}"], n=2, echo=True)
    assert [(each.index, each.text) for each in answer.choices] == [
        (0, "a c"), (1, "a c"), (2, "b {{mock: text=c}}c"), (3, "b {{mock: text=c}}c"),
    ]  # fmt: skip
    said: dict[int, str] = {}
    for chunk in await stream(openai_sdk, ["a ", "b {{mock: text=c}}"], n=2, echo=True):
        for each in chunk.choices:
            said[each.index] = said.get(each.index, "") + each.text
    assert list(said.values()) == [each.text for each in answer.choices]


async def test_a_prompt_may_be_tokens(openai_sdk: openai.OpenAI) -> None:
    assert (await complete(openai_sdk, [1, 2, 3])).choices[0].text == "You said: 1 2 3"
    assert len((await complete(openai_sdk, [[1, 2], [3]])).choices) == 2
    assert (await complete(openai_sdk, None)).choices[0].text == "Hello! This is KorProxy's mock provider."


async def test_usage_is_streamed_if_asked_for(openai_sdk: openai.OpenAI) -> None:
    chunks = await stream(openai_sdk, "{{mock: text='a b'}}", stream_options={"include_usage": True})
    assert [chunk.usage is None for chunk in chunks] == [True, True, True, False]
    assert chunks[-1].choices == []
    assert not any(chunk.usage for chunk in await stream(openai_sdk, "{{mock: text='a b'}}"))


async def test_logprobs_are_told_if_asked_for(openai_sdk: openai.OpenAI) -> None:
    told = (await complete(openai_sdk, "{{mock: text='a bc'}}", logprobs=1)).choices[0].logprobs
    assert (told.tokens, told.text_offset, len(told.token_logprobs)) == (["a ", "bc"], [0, 2], 2)
    assert (await complete(openai_sdk, "{{mock: text=a}}")).choices[0].logprobs is None


async def test_a_legacy_stream_ends_with_done_and_has_the_faults_of_others(ask: Any, korproxy_mock: MockServer) -> None:
    assert (await ask("{{mock: text=a}}", COMPLETE, stream=True)).events[-1] == "data: [DONE]"
    cut = await ask("{{mock: text='a b c' cut-after=2}}", COMPLETE, stream=True)
    assert (cut.end, len(cut.events)) == ("cut", 2)
    failed = await ask("{{mock: text='a b' error-after=1 status=500}}", COMPLETE, stream=True)
    assert json.loads(failed.events[-1].removeprefix("data: "))["error"]["type"] == "server_error"
    assert {each.format for each in korproxy_mock.requests} == {"openai-completions"}


COMPLETE_REFUSED: list[tuple[dict[str, Any], int, str, Any]] = [
    ({"model": "gpt-5.5"}, 404, "This is a chat model and not supported in the v1/completions endpoint.", "model"),
    ({"model": "no-such-model"}, 404, "The model `no-such-model` does not exist", None),
    ({"model": ...}, 400, "you must provide a model parameter", None),
    ({"prompt": {"a": 1}}, 400, "'$.prompt' is invalid.", None),
    ({"prompt": ["a", 1]}, 400, "'$.prompt' is invalid.", None),
    ({"max_tokens": -1}, 400, "Expected a value >= 0", "max_tokens"),
    ({"logprobs": 6}, 400, "Expected a value <= 5", "logprobs"),
    ({"n": 3, "best_of": 2}, 400, "best_of must be >= n", None),
    ({"temperature": 3}, 400, "Expected a value <= 2", "temperature"),
    ({"echo": "yes"}, 400, "Invalid type for 'echo'", "echo"),
    ({"suffix": 1}, 400, "Invalid type for 'suffix'", "suffix"),
    ({"stop": list("abcde")}, 400, "Expected an array with maximum length 4", "stop"),
    ({"stream_options": {"include_usage": True}}, 400, "only allowed when 'stream' is enabled.", "stream_options"),
]


@pytest.mark.parametrize(("fields", "status", "message", "param"), COMPLETE_REFUSED)
async def test_completions_that_openai_refuses(ask: Any, fields: dict[str, Any], status: int, message: str, param: Any) -> None:
    got = await ask(path=COMPLETE, **{"prompt": "hi", **fields})
    assert (got.status, got.error["param"]) == (status, param)
    assert message in got.error["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (EMBED, {"model": "text-embedding-3-small", "input": "a", "truncate": True}),
        (COMPLETE, {"model": "gpt-3.5-turbo-instruct", "prompt": "a", "top_k": 3}),
    ],
)
async def test_unknown_parameters_are_refused_strictly(path: str, body: dict[str, Any], ask: Any) -> None:
    fields = {name: value for name, value in body.items() if name not in ("model", "input", "prompt")}
    assert (await ask("a", path, **fields)).status == 200
    async with open_mock(strict=True) as mock, await trio.open_tcp_stream("127.0.0.1", int(mock.url[17:])) as wire:
        sent = json.dumps(body).encode()
        head = b"POST %s HTTP/1.0\r\nauthorization: Bearer k\r\ncontent-length: %d\r\n\r\n" % (path.encode(), len(sent))
        await wire.send_all(head + sent)
        answer = b"".join([part async for part in wire])
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"unknown_parameter" in answer
