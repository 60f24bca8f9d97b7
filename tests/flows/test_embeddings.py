"""Embeddings over real sockets: passed on, made by a provider of the other format, refused in the client's own format."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import attrs
import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.kit.gemini_endpoint import GEMINI, GEMINI_EMBEDDINGS
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_EMBEDDINGS, Endpoint, HttpProvider
from korproxy.models.outcome import Usage
from korproxy.models.providers import Model
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import Gateway, open_gateway, provider_at

OPENAI, GOOGLE = "openai-embeddings", "gemini-embeddings"
TEXTS = ["Größe", "zwei 🌍", ""]
PROVIDERS: dict[str, dict[str, Endpoint]] = {
    OPENAI: {"openai-chat": OPENAI_CHAT, OPENAI: OPENAI_EMBEDDINGS},
    GOOGLE: {"gemini": GEMINI, GOOGLE: GEMINI_EMBEDDINGS},
}
# What a client asks, and what a provider answers to it: two vectors.
QUESTIONS: dict[str, dict[str, Any]] = {
    OPENAI: {"model": "m", "input": TEXTS[:2]},
    GOOGLE: {"requests": [{"model": "models/m", "content": {"parts": [{"text": each}]}} for each in TEXTS[:2]]},
}
VECTORS = [[0.25, -1.5, 0.1], [1, 2e-05, 3]]
ANSWERS = {
    OPENAI: json.dumps(
        {
            "object": "list",
            "data": [{"object": "embedding", "index": at, "embedding": VECTORS[at]} for at in (1, 0)],
            "model": "m",
            "usage": {"prompt_tokens": 5, "total_tokens": 5},
        }
    ).encode(),
    GOOGLE: json.dumps(
        {"embeddings": [{"values": each} for each in VECTORS], "usageMetadata": {"promptTokenCount": 5}}
    ).encode(),
}
PATHS = {OPENAI: "/v1/embeddings", GOOGLE: "/v1beta/models/m:batchEmbedContents"}
SPENT = Usage(tokens_in=5)
PAIRS = [(OPENAI, GOOGLE), (GOOGLE, OPENAI)]
every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)
every_client = pytest.mark.parametrize("client", [OPENAI, GOOGLE])


def embedding(provider: str, url: str, **more: Any) -> HttpProvider:
    """Return a provider at *url* that makes embeddings in the format *provider*."""
    return attrs.evolve(provider_at(url), speaks=PROVIDERS[provider], **more)


async def ask(gateway: Gateway, client: str, body: Any = None, *, path: str = "", **more: Any) -> httpx.Response:
    """Send *body*, or else the two texts, as *client* does."""
    async with gateway.client(**more) as sender:
        return await sender.post(path or PATHS[client], json=QUESTIONS[client] if body is None else body)


async def carried(client: str, body: Any, answer: bytes, *, path: str = "") -> tuple[httpx.Response, Any, str]:
    """Have *body* carried to the other format's provider; return the answer, what the provider got, and where."""
    [provider] = {OPENAI, GOOGLE} - {client}
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[answer])) as echo, open_gateway(embedding(provider, echo.url)) as gateway:
            told = await ask(gateway, client, body, path=path)
    return told, json.loads(echo.only.body), echo.only.head.split(b" ")[1].decode()


def code_of(answer: httpx.Response) -> str:
    error = answer.json()["error"]
    return str(error["details"][0]["reason"] if "details" in error else error["code"])


@every_client
async def test_embeddings_pass_byte_for_byte_in_the_same_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[ANSWERS[client]])) as echo, open_gateway(embedding(client, echo.url)) as gateway:
            answer = await ask(gateway, client)

    assert (answer.status_code, answer.content) == (200, ANSWERS[client])
    assert json.loads(echo.only.body) == QUESTIONS[client]
    assert [(each.outcome, each.usage) for each in gateway.finished] == [("ok", SPENT)]


async def test_an_openai_client_gets_geminis_vectors() -> None:
    body = {"model": "one/gemini-embedding-001", "input": TEXTS[:2], "dimensions": 3, "encoding_format": "float"}
    answer, sent, path = await carried(OPENAI, body, ANSWERS[GOOGLE])

    name = "models/gemini-embedding-001"
    assert path == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    assert sent == {
        "requests": [{"model": name, "content": {"parts": [{"text": each}]}, "outputDimensionality": 3} for each in TEXTS[:2]]
    }
    assert answer.json() == {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(VECTORS)],
        "model": "one/gemini-embedding-001",
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "x-korproxy-lossy" not in answer.headers


async def test_a_gemini_client_gets_openais_vectors_in_the_order_of_its_texts() -> None:
    answer, sent, path = await carried(GOOGLE, None, ANSWERS[OPENAI])

    assert (path, sent) == ("/embeddings", {"model": "m", "input": TEXTS[:2]})
    assert answer.json() == {
        "embeddings": [{"values": each} for each in VECTORS],
        "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5},
    }


async def test_base64_is_made_where_it_is_asked_for_and_read_where_it_comes() -> None:
    asked = {"model": "m", "input": "x", "encoding_format": "base64"}
    made, _, _ = await carried(OPENAI, asked, b'{"embeddings": [{"values": [0.25, -1.5, 0.1]}]}')
    text = base64.b64encode(struct.pack("<3f", 0.25, -1.5, 3.0)).decode()
    row = json.dumps({"data": [{"embedding": text}]}).encode()
    read, _, _ = await carried(GOOGLE, {"content": {"parts": [{"text": "x"}]}}, row, path="/v1/models/m:embedContent")

    [row_made] = made.json()["data"]
    assert struct.unpack("<3f", base64.b64decode(row_made["embedding"])) == struct.unpack(
        "<3f", struct.pack("<3f", 0.25, -1.5, 0.1)
    )
    assert made.json()["usage"] == {"prompt_tokens": 0, "total_tokens": 0}
    assert read.json() == {"embedding": {"values": [0.25, -1.5, 3.0]}}


async def test_what_openai_has_no_place_for_is_told() -> None:
    body = {
        "content": {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        "task_type": "RETRIEVAL_DOCUMENT",
        "title": "T",
        "output_dimensionality": 256,
    }
    answer, sent, _ = await carried(GOOGLE, body, b'{"data": [{"embedding": [1]}]}', path="/v1beta/models/m:embedContent")

    assert sent == {"model": "m", "input": ["a\nb"], "dimensions": 256}
    assert answer.headers["x-korproxy-lossy"] == "/task_type,/title"
    assert answer.json() == {"embedding": {"values": [1]}}


async def test_what_gemini_has_no_place_for_is_told() -> None:
    body = {"model": "m", "input": ["a"], "user": "me", "encoding_format": "int8", "priority": 1}
    answer, _, _ = await carried(OPENAI, body, b'{"embeddings": [{"values": [1]}]}')

    assert set(answer.headers["x-korproxy-lossy"].split(",")) == {"/user", "/encoding_format", "/priority"}
    assert answer.json()["data"][0]["embedding"] == [1]


@pytest.mark.code("KP-PROV-115")
@pytest.mark.parametrize(
    ("client", "body", "at"),
    [
        (OPENAI, {"model": "m", "input": [1, 2, 3]}, "/input"),
        (OPENAI, {"model": "m", "input": [[1, 2], [3]]}, "/input"),
        (
            GOOGLE,
            {"requests": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}}]},
            "/requests/0/content/parts/0",
        ),
        (
            GOOGLE,
            {"requests": [{"content": {"parts": []}, "outputDimensionality": each} for each in (3, 4)]},
            "/requests/1/outputDimensionality",
        ),
    ],
)
async def test_what_would_mean_something_else_is_refused_with_its_place(client: str, body: Any, at: str) -> None:
    [provider] = {OPENAI, GOOGLE} - {client}
    with trio.fail_after(10):
        async with open_echo() as echo, open_gateway(embedding(provider, echo.url)) as gateway:
            answer = await ask(gateway, client, body)

    assert (answer.status_code, code_of(answer)) == (400, "KP-PROV-115")
    assert f" at {at}: " in answer.json()["error"]["message"]
    assert echo.arrived == []


@every_client
@pytest.mark.parametrize(
    "body", [{"model": "m"}, {"model": "m", "input": [None], "requests": [1]}, {"model": "m", "requests": [{}]}]
)
async def test_a_body_that_is_no_request_is_refused(client: str, body: Any) -> None:
    [provider] = {OPENAI, GOOGLE} - {client}
    with trio.fail_after(10):
        async with open_echo() as echo, open_gateway(embedding(provider, echo.url)) as gateway:
            answer = await ask(gateway, client, body)

    assert (answer.status_code, code_of(answer)) == (400, "KP-SYS-509")


@pytest.mark.code("KP-PROV-117")
@every_client
async def test_who_makes_no_embeddings_says_so_in_the_clients_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = attrs.evolve(provider_at(echo.url), speaks={"anthropic-messages": ANTHROPIC_MESSAGES})
            async with open_gateway(there) as gateway:
                answer = await ask(gateway, client)

    assert (answer.status_code, code_of(answer)) == (404, "KP-PROV-117")
    assert "cannot make embeddings for the model 'm'" in answer.json()["error"]["message"]
    assert echo.arrived == []


@every_client
async def test_a_wrong_method_a_missing_key_and_an_unknown_model_are_told_in_the_clients_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = [attrs.evolve(embedding(client, echo.url), id=each, patterns=("known",)) for each in ("one", "two")]
            async with open_gateway(*there) as gateway, gateway.client() as sender:
                method = await sender.get(PATHS[client])
                key = await ask(gateway, client, headers={"authorization": "Bearer nobodys"})
                model = await ask(gateway, client)

    assert [each.status_code for each in (method, key, model)] == [405, 401, 404]
    assert [code_of(each)[:7] for each in (method, key, model)] == ["KP-SYS-", "KP-AUTH", "KP-PROV"]
    assert (method.headers["allow"], code_of(model)) == ("POST", "KP-PROV-105")


QUOTA = b'{"error":{"code":429,"message":"Quota. Please retry in 21s.","status":"RESOURCE_EXHAUSTED"}}'
LIMIT = b'{"error":{"message":"Rate limit reached.","type":"requests","param":null,"code":"rate_limit_exceeded"}}'


@pytest.mark.parametrize(
    ("client", "provider", "headers", "body"),
    [(OPENAI, GOOGLE, [], QUOTA), (GOOGLE, OPENAI, [("retry-after", "21")], LIMIT)],
)
@pytest.mark.parametrize("status", [429, 200])
async def test_a_rate_limit_is_one_whatever_its_status(
    client: str, provider: str, headers: list[tuple[str, str]], body: bytes, status: int
) -> None:
    refusal = Scripted(status=status, headers=[("content-type", "application/json"), *headers], pieces=[body])
    with trio.fail_after(10):
        async with open_echo(refusal) as echo, open_gateway(embedding(provider, echo.url)) as gateway:
            answer = await ask(gateway, client)

    error = answer.json()["error"]
    assert answer.status_code == 429
    assert error["message"].startswith(json.loads(body)["error"]["message"])
    assert error.get("status" if client == GOOGLE else "type") == (
        "RESOURCE_EXHAUSTED" if client == GOOGLE else "rate_limit_error"
    )
    assert answer.headers["retry-after"] == "21"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert [each.outcome for each in gateway.finished] == ["refused"]


@pytest.mark.code("KP-PROV-116")
@every_pair
@pytest.mark.parametrize(
    "broken",
    [
        b"no JSON",
        b"{}",
        b"[]",
        b'{"data": [{"embedding": [1]}], "embeddings": [{"values": [1]}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": []}], "embeddings": [{"values": [1]}, {"values": []}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": "x"}], "embeddings": [{"values": [1]}, {"values": "x"}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": [true]}], "embeddings": [{"values": [1]}, {"values": [null]}]}',
    ],
)
async def test_an_answer_that_is_none_is_an_error(client: str, provider: str, broken: bytes) -> None:
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[broken])) as echo, open_gateway(embedding(provider, echo.url)) as gateway:
            answer = await ask(gateway, client)

    assert (answer.status_code, code_of(answer)) == (502, "KP-PROV-116")


@every_pair
async def test_the_mocks_vectors_arrive(client: str, provider: str) -> None:
    model = "gemini-embedding-001" if provider == GOOGLE else "text-embedding-3-small"
    path, question = PATHS[client].replace("/m:", f"/{model}:"), QUESTIONS[client] | {"model": model}
    own_path = PATHS[provider].replace("/m:", f"/{model}:")
    own = {"model": model, "input": TEXTS[:2]} if provider == OPENAI else QUESTIONS[GOOGLE]
    with trio.fail_after(20):
        async with (
            open_mock() as mock,
            open_gateway(embedding(provider, f"{mock.url}/v1")) as gateway,
            gateway.client() as direct,
        ):
            answer = await ask(gateway, client, question if client == OPENAI else QUESTIONS[GOOGLE], path=path)
            exact = await direct.post(f"{mock.url}{own_path}", json=own)

    vectors = {
        OPENAI: lambda said: [each["embedding"] for each in said["data"]],
        GOOGLE: lambda said: [each["values"] for each in said["embeddings"]],
    }
    assert (answer.status_code, exact.status_code) == (200, 200)
    assert vectors[client](answer.json()) == vectors[provider](exact.json())
    assert len(vectors[client](answer.json())) == 2


async def test_only_lists_that_hold_them_show_models_of_embeddings() -> None:
    """A client of Messages has no way to ask for vectors."""
    models = (Model(id="talks"), Model(id="embeds", kind="embedding"))
    there = embedding(OPENAI, "http://127.0.0.1:9", catalogue=models)
    with trio.fail_after(10):
        async with open_gateway(there) as gateway, gateway.client() as client:
            openais = await client.get("/v1/models")
            googles = await client.get("/v1beta/models")
            anthropics = await client.get("/v1/models", headers={"anthropic-version": "2023-06-01"})

    assert [each["id"] for each in openais.json()["data"]] == ["talks", "embeds"]
    assert [(each["name"], each["supportedGenerationMethods"][0]) for each in googles.json()["models"]] == [
        ("models/talks", "generateContent"),
        ("models/embeds", "embedContent"),
    ]
    assert [each["id"] for each in anthropics.json()["data"]] == ["talks"]
