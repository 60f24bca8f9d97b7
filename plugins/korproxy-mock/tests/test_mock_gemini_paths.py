"""Gemini's paths and keys, and its answers that are no conversation."""

from typing import Any

import pytest
from korproxy_mock.server import MockServer

KEY = [("x-goog-api-key", "k")]
CONTENTS = {"contents": [{"parts": [{"text": "x" * 400}]}]}


@pytest.mark.parametrize(
    ("path", "provider", "model"),
    [
        ("/v1beta/models/gemini-3.5-flash:generateContent", "", "gemini-3.5-flash"),
        ("/v1/models/gemini-3.5-flash:generateContent", "", "gemini-3.5-flash"),
        ("/v1alpha/models/gemini-3.5-flash:generateContent/", "", "gemini-3.5-flash"),
        ("/google/v1beta/models/gemini-3.5-flash:generateContent", "google", "gemini-3.5-flash"),
        ("/v1beta/tunedModels/mine:generateContent", "", "mine"),
        ("/v1beta/models/models/gemini-3.5-flash:generateContent", "", "gemini-3.5-flash"),
        ("/v1beta/models/org/gemini-3.5-flash:generateContent", "", "org/gemini-3.5-flash"),
        ("/v1beta/models/org%2Fgemini-3.5-flash%3AgenerateContent", "", "org/gemini-3.5-flash"),
        ("/v1beta/models/gemma:free:generateContent", "", "gemma:free"),
    ],
)
async def test_the_model_stands_in_the_path(
    connect: Any, korproxy_mock: MockServer, path: str, provider: str, model: str
) -> None:
    wire = await connect()
    await wire.send("POST", path, KEY, b'{"contents": [{"parts": [{"text": "hi"}]}]}')
    got = await wire.read()
    assert (got.status, got.json["modelVersion"]) == (200, model)
    (record,) = korproxy_mock.requests
    assert (record.format, record.provider) == ("gemini", provider)


@pytest.mark.parametrize(
    "path", ["/v1beta/models/x:predict", "/v1beta/models/x", "/v1beta/models/:generateContent", "/models/x:generateContent"]
)
async def test_other_methods_are_unknown(connect: Any, path: str) -> None:
    wire = await connect()
    await wire.send("POST", path, KEY, b"{}")
    assert (await wire.read()).status == 404


@pytest.mark.parametrize(
    ("query", "headers", "status", "reason"),
    [
        ("", [], 403, None),
        ("", [("x-goog-api-key", "")], 403, None),
        ("", [("x-goog-api-key", "k")], 200, None),
        ("?key=k%2B", [], 200, None),
        ("", [("authorization", "Bearer ya29.k")], 200, None),
        ("", [("x-goog-api-key", "bad-key")], 400, "API_KEY_INVALID"),
        ("?key=bad", [], 400, "API_KEY_INVALID"),
        ("", [("authorization", "Bearer bad")], 401, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    ],
)
async def test_a_key_comes_in_a_header_in_the_query_or_as_a_token(
    connect: Any, query: str, headers: list[tuple[str, str]], status: int, reason: str | None
) -> None:
    wire = await connect()
    path = f"/v1beta/models/gemini-3.5-flash:generateContent{query}"
    await wire.send("POST", path, headers, b'{"contents": [{"parts": [{"text": "hi"}]}]}')
    got = await wire.read()
    assert got.status == status
    if reason:
        info = got.error["details"][0]
        assert (info["@type"], info["reason"]) == ("type.googleapis.com/google.rpc.ErrorInfo", reason)


async def test_an_unknown_model_is_404(ask: Any) -> None:
    got = await ask("hi", "/v1beta/models/no-such-model:generateContent")
    assert (got.status, got.error["status"]) == (404, "NOT_FOUND")
    assert got.error["message"].startswith("models/no-such-model is not found for API version v1beta, or is not supported for")


async def get(connect: Any, path: str, headers: Any = KEY) -> Any:
    wire = await connect()
    await wire.send("GET", path, headers)
    return await wire.read()


async def test_models_are_listed_page_by_page(connect: Any) -> None:
    names: list[str] = []
    token = ""
    while True:
        page = (await get(connect, f"/v1beta/models?pageSize=5&pageToken={token}")).json
        names += [each["name"] for each in page["models"]]
        if not (token := page.get("nextPageToken", "")):
            break
    assert len(names) == len(set(names)) > 5
    assert "models/gemini-3.5-flash" in names
    assert (await get(connect, "/v1beta/models/gemini-x")).json["displayName"] == "Gemini X"
    assert (await get(connect, "/v1beta/models/no-such-model")).status == 404


async def test_the_path_that_all_vendors_have_is_googles_only_with_googles_key(connect: Any, korproxy_mock: MockServer) -> None:
    both = [("authorization", "Bearer k")]
    for path, headers in (
        ("/v1/models", KEY), ("/v1/models?key=k", []), ("/v1/models/x", KEY), ("/v1beta/models", both), ("/v1/models", both),
    ):  # fmt: skip
        assert (await get(connect, path, headers)).status == 200
    assert [each.format for each in korproxy_mock.requests] == ["gemini"] * 4 + ["openai-chat"]


async def test_tokens_are_counted_of_contents_or_of_a_whole_request(ask: Any) -> None:
    path = "/v1beta/models/gemini-3.5-flash:countTokens"
    whole = {"model": "models/x", **CONTENTS, "systemInstruction": {"parts": [{"text": "x" * 40}]}}
    assert (await ask(path=path, **CONTENTS)).json["totalTokens"] == 100
    assert (await ask(path=path, generateContentRequest=whole)).json["totalTokens"] == 110
    assert (await ask(path=path, contents=[])).error["message"] == "* CountTokensRequest.contents: contents is not specified\n"
    assert (await ask(path=path, generateContentRequest=whole, **CONTENTS)).status == 400


async def test_texts_are_embedded_alike_if_they_are_alike(ask: Any) -> None:
    async def post(method: str, **fields: Any) -> Any:
        return (await ask(path=f"/v1beta/models/gemini-embedding-001:{method}", **fields)).json

    content = {"parts": [{"text": "a"}]}
    one = (await post("embedContent", content=content, outputDimensionality=40))["embedding"]["values"]
    two = await post(
        "batchEmbedContents", requests=[{"model": "models/x", "content": content, "output_dimensionality": 40}] * 2
    )
    assert two == {"embeddings": [{"values": one}] * 2}
    assert len(one) == 40
    assert all(-1 <= value <= 1 for value in one)
    assert len((await post("embedContent", content=content))["embedding"]["values"]) == 3072
    assert (await post("embedContent", content={"parts": []}))["error"]["code"] == 400
    assert (await post("batchEmbedContents", requests=[]))["error"]["code"] == 400


async def test_counting_and_embedding_can_be_scripted_too(ask: Any, korproxy_mock: MockServer) -> None:
    korproxy_mock.script("status=503 on=embed")
    korproxy_mock.script("status=429 on=count")
    path = "/v1beta/models/gemini-3.5-flash"
    assert (await ask(path=f"{path}:countTokens", **CONTENTS)).status == 429
    assert (await ask(path=f"{path}:embedContent", content={"parts": [{"text": "a"}]})).status == 503
