"""Completions over real sockets: passed on to who has them, else asked of models that are talked to."""

from __future__ import annotations

import json
from typing import Any

import attrs
import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.api import chat
from korproxy.kit.http_provider import OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, Endpoint, HttpProvider
from korproxy.models.outcome import Usage
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.foreign import ENDPOINTS, told
from tests.fakes.gateway import Gateway, open_gateway, provider_at
from tests.fakes.stream_checks import sse

PATH = "/v1/completions"
PROVIDERS = ("openai-chat", "anthropic-messages", "gemini")
ADDRESSES = {"openai-chat": "/v1", "anthropic-messages": "", "gemini": "/v1beta"}
EVENTS = [("content-type", "text/event-stream")]
SPENT = Usage(tokens_in=7, cache_read=0, cache_write=0, tokens_out=3)
every_provider = pytest.mark.parametrize("provider", PROVIDERS)


def talking(provider: str, url: str) -> HttpProvider:
    """Return a provider at *url* that talks in the format *provider*, and has no completions."""
    return attrs.evolve(provider_at(url), speaks={provider: ENDPOINTS[provider]})


def completing(url: str) -> HttpProvider:
    """Return a provider at *url* that has completions."""
    speaks: dict[str, Endpoint] = {"openai-chat": ENDPOINTS["openai-chat"], "openai-completions": OPENAI_COMPLETIONS}
    return attrs.evolve(provider_at(url), speaks=speaks)


async def ask(gateway: Gateway, **body: Any) -> httpx.Response:
    async with gateway.client() as client:
        return await client.post(PATH, json={"model": "m", "prompt": "Once upon a time", **body})


def data_of(stream: bytes) -> list[Any]:
    """Return the data of each event; the end as a text."""
    return [json.loads(data) if data.startswith("{") else data for _, data in sse(stream)]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_completion_passes_byte_for_byte_to_who_has_them(stream: bool) -> None:
    whole = b'{"object": "text_completion", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}'
    chunk = (
        b'data: {"choices": [{"text": "x", "index": 0, "finish_reason": "stop"}]}\n\ndata: ' + whole + b"\n\ndata: [DONE]\n\n"
    )
    scripted = Scripted(headers=EVENTS, pieces=[chunk], framing="chunked") if stream else Scripted(pieces=[whole])
    body = {"prompt": ["a", "b"], "n": 2, "echo": True, "suffix": "end", "stream": stream}
    with trio.fail_after(10):
        async with open_echo(scripted) as echo, open_gateway(completing(echo.url)) as gateway:
            answer = await ask(gateway, **body)

    assert (answer.status_code, answer.content) == (200, chunk if stream else whole)
    assert json.loads(echo.only.body) == {"model": "m", **body}
    assert echo.only.head.startswith(b"POST /completions ")
    assert [(each.outcome, each.usage) for each in gateway.finished] == [("ok", Usage(tokens_in=7, tokens_out=3))]


THOUGHT: list[chat.Event] = [
    chat.Started(id="answer-1", model="m"),
    chat.ReasoningDelta("Hm."),
    chat.ReasoningEnded(),
    chat.TextDelta("Es war "),
    chat.TextDelta("einmal 🌍"),
    chat.TextEnded(),
    chat.UsageSeen(SPENT),
    chat.Ended(chat.Ending(reason="length")),
]


@every_provider
@pytest.mark.parametrize("usage", [False, True])
async def test_a_stream_is_text_and_nothing_else(provider: str, usage: bool) -> None:
    pieces = told(provider, THOUGHT)
    wishes = {"stream_options": {"include_usage": True}} if usage else {}
    with trio.fail_after(10):
        async with open_echo(Scripted(headers=EVENTS, pieces=pieces, framing="chunked")) as echo:
            async with open_gateway(talking(provider, echo.url)) as gateway:
                answer = await ask(gateway, stream=True, **wishes)

    *chunks, done = data_of(answer.content)
    texts = [each["choices"][0]["text"] for each in chunks if each["choices"]]
    assert (answer.status_code, done) == (200, "[DONE]")
    assert texts == ["Es war ", "einmal 🌍", ""]
    assert [each["choices"][0]["finish_reason"] for each in chunks if each["choices"]] == [None, None, "length"]
    assert {(each["object"], each["model"], each["id"][:5]) for each in chunks} == {("text_completion", "m", "cmpl-")}
    assert len({(each["id"], each["created"]) for each in chunks}) == 1
    assert [each.get("usage") is not None for each in chunks] == [False] * 3 + [True] * usage
    if usage:
        assert (chunks[-1]["choices"], chunks[-1]["usage"]["prompt_tokens"], chunks[-1]["usage"]["completion_tokens"]) == (
            [],
            7,
            3,
        )
    assert b"Hm." not in answer.content


@every_provider
async def test_the_mock_answers_whole_and_streamed(provider: str) -> None:
    prompt = '{{mock: text="Es war einmal" thinking="Hm." usage=12/4}}'
    with trio.fail_after(20):
        async with open_mock() as mock, open_gateway(talking(provider, mock.url + ADDRESSES[provider])) as gateway:
            whole = await ask(gateway, prompt=prompt, temperature=0.5, stop=["x"], max_tokens=50)
            streamed = await ask(gateway, prompt=prompt, stream=True)

    said = whole.json()
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/json")
    assert said["choices"] == [{"text": "Es war einmal", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert (said["object"], said["model"], said["usage"]["completion_tokens"] >= 4) == ("text_completion", "m", True)
    chunks = data_of(streamed.content)
    assert "".join(each["choices"][0]["text"] for each in chunks[:-1]) == "Es war einmal"
    assert chunks[-1] == "[DONE]"
    assert [each.outcome for each in gateway.finished] == ["ok", "ok"]


async def test_wishes_are_sent_and_what_has_no_place_is_told() -> None:
    answer = Scripted(pieces=[b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'])
    wishes = {"max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": "x", "presence_penalty": 1}
    lost = {"logprobs": 2, "best_of": 3, "logit_bias": {"1": 2}, "user": "me"}
    with trio.fail_after(10):
        async with open_echo(answer) as echo, open_gateway(talking("openai-chat", echo.url)) as gateway:
            told_ = await ask(gateway, prompt=["Once"], n=1, echo=False, suffix="", **wishes, **lost)

    assert json.loads(echo.only.body) == {
        "model": "m",
        **wishes,
        "stop": ["x"],
        "messages": [{"role": "user", "content": "Once"}],
    }
    assert set(told_.headers["x-korproxy-lossy"].split(",")) == {f"/{each}" for each in lost}


async def test_no_limit_is_made_up_where_the_client_sets_none() -> None:
    answer = Scripted(pieces=[b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'])
    with trio.fail_after(10):
        async with open_echo(answer) as echo, open_gateway(talking("openai-chat", echo.url)) as gateway:
            await ask(gateway)

    assert json.loads(echo.only.body) == {"model": "m", "messages": [{"role": "user", "content": "Once upon a time"}]}


@pytest.mark.code("KP-PROV-115")
@pytest.mark.parametrize(
    ("body", "at", "why"),
    [
        ({"prompt": ["a", "b"]}, "/prompt", "Send a request for each"),
        ({"prompt": [1, 2]}, "/prompt", "tokens of OpenAI's models"),
        ({"prompt": [[1], [2]]}, "/prompt", "tokens of OpenAI's models"),
        ({"prompt": None}, "/prompt", "There is no prompt"),
        ({"prompt": " "}, "/prompt", "There is no prompt"),
        ({"suffix": "end"}, "/suffix", "fill a gap"),
        ({"echo": True}, "/echo", "do not repeat the prompt"),
        ({"n": 2}, "/n", "2 answers"),
    ],
)
async def test_what_would_mean_something_else_is_refused_with_its_place(body: Any, at: str, why: str) -> None:
    with trio.fail_after(10):
        async with open_echo() as echo, open_gateway(talking("anthropic-messages", echo.url)) as gateway:
            answer = await ask(gateway, **body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "KP-PROV-115")
    assert f" at {at}: " in error["message"]
    assert why in error["message"]
    assert echo.arrived == []


BROKEN = chat.Failed(chat.ProviderError(status=529, kind="overloaded", message="Overloaded.", type="overloaded_error"))


async def test_an_error_in_mid_stream_ends_it_without_a_made_up_end() -> None:
    pieces = told("anthropic-messages", [*THOUGHT[:5], BROKEN])
    with trio.fail_after(10):
        async with open_echo(Scripted(headers=EVENTS, pieces=pieces, framing="chunked")) as echo:
            async with open_gateway(talking("anthropic-messages", echo.url)) as gateway:
                answer = await ask(gateway, stream=True)

    *_, last = data_of(answer.content)
    assert last["error"]["message"] == "Overloaded."
    assert b"[DONE]" not in answer.content


@pytest.mark.parametrize("stream", [False, True])
async def test_a_rate_limit_says_when_to_come_back(stream: bool) -> None:
    body = b'{"error":{"code":429,"message":"Quota. Please retry in 21s.","status":"RESOURCE_EXHAUSTED"}}'
    with trio.fail_after(10):
        async with open_echo(Scripted(status=429, pieces=[body])) as echo, open_gateway(talking("gemini", echo.url)) as gateway:
            answer = await ask(gateway, stream=stream)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "21")
    assert answer.json()["error"]["type"] == "rate_limit_error"


@pytest.mark.code("KP-PROV-116")
@every_provider
async def test_an_answer_that_is_none_is_an_error(provider: str) -> None:
    with trio.fail_after(10):
        async with (
            open_echo(Scripted(pieces=[b'{"choices": 1}'])) as echo,
            open_gateway(talking(provider, echo.url)) as gateway,
        ):
            answer = await ask(gateway)

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "KP-PROV-116")


async def test_a_wrong_method_a_missing_key_and_an_unknown_model_are_told_in_openais_format() -> None:
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = [attrs.evolve(talking("openai-chat", echo.url), id=each, patterns=("known",)) for each in ("one", "two")]
            async with open_gateway(*there) as gateway, gateway.client() as client:
                method = await client.get(PATH)
                key = await client.post(PATH, json={"model": "m"}, headers={"authorization": "Bearer nobodys"})
                model = await ask(gateway)

    assert [each.status_code for each in (method, key, model)] == [405, 401, 404]
    assert method.headers["allow"] == "POST"
    assert [each.json()["error"]["code"][:7] for each in (method, key)] == ["KP-SYS-", "KP-AUTH"]
    assert model.json()["error"]["code"] == "KP-PROV-105"


@pytest.mark.code("KP-PROV-117")
async def test_who_cannot_talk_cannot_go_on_from_a_text() -> None:
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = attrs.evolve(provider_at(echo.url), speaks={"openai-embeddings": OPENAI_EMBEDDINGS})
            async with open_gateway(there) as gateway:
                answer = await ask(gateway)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "KP-PROV-117")
