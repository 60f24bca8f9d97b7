"""What Google's SDK has of its own, with KorProxy in front of Gemini and of others."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import attrs
import httpx
import pytest
import trio
from google import genai
from google.genai import types
from google.genai.errors import APIError, ClientError

from tests.e2e.cells import MODELS
from tests.e2e.samples import HARD_TEXT
from tests.e2e.sdk import unfinished_generators
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.stage import KEYS, Model, Stage

# Google's is silent between two words, longer than KorProxy waits.
PROVIDERS_TOO = """
[server]
keep_alive = 0.1
"""
GEMINI, CLAUDE, OPENAI, CHAT = (MODELS[each] for each in ("gemini", "claude", "codex", "qwen"))
SAFETY = types.SafetySetting(
    category=types.HarmCategory.HARM_CATEGORY_HARASSMENT, threshold=types.HarmBlockThreshold.BLOCK_NONE
)
CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize("model", [GEMINI, CLAUDE, OPENAI, CHAT], ids=str)


def spoken(url: str) -> str:
    """Return what a client in plain HTTP asks for."""
    return f"{url}/v1beta/models/{GEMINI.asked}"


@every_provider
@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_both_versions_lead_to_the_same(google_tool: GoogleTool, stage: Stage, model: Model, version: str) -> None:
    answer = await attrs.evolve(google_tool, version=version).ask(HARD_TEXT, model=model.asked)

    received = stage.mock.only_request()
    assert (answer.value, answer.headers["x-korproxy-provider"]) == (f"You said: {HARD_TEXT}", model.provider)
    # Google's v1 knows neither tools nor system instructions, so it is asked under v1beta.
    assert received.about["path"].startswith("/gemini/v1beta/" if model is GEMINI else f"/{model.provider}")


@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_models_are_listed_and_each_can_be_asked_for(google_tool: GoogleTool, stage: Stage, version: str) -> None:
    tool = attrs.evolve(google_tool, version=version)

    async def listed(client: Any) -> list[Any]:
        pager = client.models.list(config={"page_size": 50})
        return [each async for each in await pager] if google_tool.is_async else list(pager)

    found = await tool.call(listed) if google_tool.is_async else await tool.call(lambda client: list(client.models.list()))
    one = await tool.call(lambda client: client.models.get(model="gemini-3.5-flash"))

    names = {each.name.removeprefix("models/"): each.supported_actions for each in found}
    assert len(names) == len(found)
    assert {"gemini-3.5-flash", "claude-opus-5", "gpt-5.2", "qwen3-coder-plus", "llama3.3"} <= names.keys()
    assert (names["gemini-3.5-flash"], names["gemini-embedding-001"]) == (["generateContent", "countTokens"], ["embedContent"])
    assert (one.name, one.display_name, one.input_token_limit) == ("models/gemini-3.5-flash", "Gemini 3.5 Flash", 1_048_576)
    assert stage.mock.requests() == []


@pytest.mark.code("KP-PROV-105")
async def test_a_model_that_nobody_has_is_not_found(google_tool: GoogleTool) -> None:
    for asks in (
        lambda client: client.models.get(model="gemeni-3.5-flash"),
        lambda client: client.models.generate_content(model="gemeni-3.5-flash", contents="hello"),
    ):
        with pytest.raises(ClientError, match=r"Near names: gemini-3\.5-flash") as caught:
            await google_tool.call(asks)
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
        assert [each["reason"] for each in caught.value.details["error"]["details"]] == ["KP-PROV-105"]


@pytest.mark.code("KP-AUTH-002")
async def test_a_wrong_key_is_unauthenticated(google_tool: GoogleTool) -> None:
    with pytest.raises(ClientError) as caught:
        await attrs.evolve(google_tool, key="AIza-somebody-elses").ask("hello")

    error: Any = caught.value
    assert (error.code, error.status) == (401, "UNAUTHENTICATED")
    assert error.response.headers["x-korproxy-error"] == "KP-AUTH-002"


async def test_the_key_may_stand_wherever_googles_clients_put_it(stage: Stage) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
    key = stage.daemon.key
    ways: list[dict[str, Any]] = [
        {"headers": {"x-goog-api-key": key}},
        {"headers": {"authorization": f"Bearer {key}"}},
        {"params": {"key": key}},
    ]
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        told = [await client.post(f"{spoken(stage.daemon.url)}:generateContent", json=body, **way) for way in ways]

    assert [each.status_code for each in told] == [200, 200, 200]
    for received in stage.mock.requests():
        assert (received.all("x-goog-api-key"), received.all("authorization")) == ([KEYS["GEMINI_KEY"]], [])
        assert (received.about["query"], key in json.dumps(received.about)) == ("", False)
    assert key not in "".join(stage.daemon.log)


@pytest.mark.parametrize("model", [GEMINI, CLAUDE, OPENAI], ids=str)
async def test_tokens_are_counted_by_the_provider(google_tool: GoogleTool, stage: Stage, model: Model) -> None:
    counted = await google_tool.call(lambda client: client.models.count_tokens(model=model.asked, contents="How long is this?"))

    path = {
        "gemini": "/gemini/v1beta/models/gemini-3.5-flash:countTokens",
        "claude": "/claude/v1/messages/count_tokens",
        "codex": "/codex/v1/responses/input_tokens",
    }
    assert (stage.mock.only_request().about["path"], counted.total_tokens > 0) == (path[model.provider], True)


@pytest.mark.code("KP-PROV-117")
async def test_tokens_that_nobody_counts_are_not_made_up(google_tool: GoogleTool, stage: Stage) -> None:
    with pytest.raises(ClientError, match="KP-PROV-117") as caught:
        await google_tool.call(lambda client: client.models.count_tokens(model=CHAT.asked, contents="How long is this?"))

    assert (caught.value.code, stage.mock.requests()) == (404, [])


@pytest.mark.parametrize("model", ["gemini-embedding-001", "codex/text-embedding-3-small", "qwen/text-embedding-v4"])
async def test_texts_become_vectors(google_tool: GoogleTool, stage: Stage, model: str) -> None:
    config = types.EmbedContentConfig(output_dimensionality=64)
    texts = ["one", HARD_TEXT]
    answer = await google_tool.call(lambda client: client.models.embed_content(model=model, contents=texts, config=config))

    one, two = (each.values for each in answer.embeddings)
    body = stage.mock.only_request().body
    asked = [each["content"]["parts"][0]["text"] for each in body["requests"]] if "requests" in body else body["input"]
    assert ([len(one), len(two)], one == two, asked) == ([64, 64], False, texts)


async def test_a_program_of_asyncio_talks_at_once(stage: Stage) -> None:
    """The SDK's async client as its users run it: in asyncio, with its own HTTP client."""

    async def talk() -> list[str]:
        options = types.HttpOptions(base_url=stage.daemon.url, timeout=15_000)
        async with genai.Client(api_key=stage.daemon.key, http_options=options).aio as client:

            async def say(model: Model) -> str:
                stream = await client.models.generate_content_stream(model=model.asked, contents=f"Hello, {model.provider}")
                return "".join([each.text or "" async for each in stream])

            return list(await asyncio.gather(*map(say, (GEMINI, CLAUDE, OPENAI, CHAT))))

    said = await trio.to_thread.run_sync(asyncio.run, talk())

    assert said == [f"You said: Hello, {each}" for each in ("gemini", "claude", "codex", "qwen")]


@every_provider
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_chat_keeps_its_own_history(stage: Stage, model: Model, streamed: bool) -> None:
    """In a stream the SDK keeps each chunk as a turn of its own, and sends them all back."""
    tool = GoogleTool(url=stage.daemon.url, key=stage.daemon.key)
    async with tool.waiting() as client:
        chat = client.chats.create(model=model.asked, config={"system_instruction": "Be brief."})
        said = []
        for prompt in ("{{mock: words=3}}", "And now?"):
            if streamed:
                said.append("".join([each.text or "" async for each in await chat.send_message_stream(prompt)]))
            else:
                said.append((await chat.send_message(prompt)).text or "")

    body = stage.mock.requests()[-1].body
    told = json.dumps(body, ensure_ascii=False)
    assert said == ["alpha beta größer ", "You said: And now?"]
    assert [each in told for each in ("alpha ", "größer ", "And now?", "Be brief.")] == [True] * 4
    if model is GEMINI:
        roles = [each["role"] for each in body["contents"]]
        assert roles == ["user", *["model"] * (len(roles) - 2), "user"]
        assert (len(roles) > 3) == streamed


def get_weather(city: str) -> str:
    """Return the weather of *city*."""
    return f"rain in {city}"


@every_provider
async def test_the_sdk_calls_python_functions_itself(stage: Stage, model: Model) -> None:
    tool = GoogleTool(url=stage.daemon.url, key=stage.daemon.key, is_async=False)  # the async one does so in asyncio's threads
    config = types.GenerateContentConfig(tools=[get_weather])
    answer = await tool.generate(model=model.asked, contents="What is the weather in Köln?", config=config)

    [asked, told] = stage.mock.requests()
    assert answer.value.text == "The tool said: rain in Köln"
    assert ("get_weather" in asked.about["body"], "rain in K" in told.about["body"]) == (True, True)
    assert len(answer.value.automatic_function_calling_history or ()) == 3


@every_provider
async def test_silence_says_nothing_to_the_sdk(google_tool: GoogleTool, model: Model) -> None:
    """KorProxy's signs of life, before the first byte and between two words: the SDK would take a comment for a chunk."""
    prompt = "{{mock: first-byte=0.35 gap=0.15 words=3}}"
    answer = await google_tool.stream(model=model.asked, contents=prompt)

    assert "".join(each.text or "" for each in answer.value) == "alpha beta größer "


@every_provider
async def test_a_stream_may_be_one_json_array(stage: Stage, model: Model) -> None:
    """What Google itself answers where ``alt=sse`` is missing, as old clients leave it."""
    body = {"contents": [{"role": "user", "parts": [{"text": "{{mock: first-byte=0.35 words=3 gap=0.15}}"}]}]}
    url = f"{stage.daemon.url}/v1beta/models/{model.asked}:streamGenerateContent"
    pieces: list[bytes] = []
    async with httpx.AsyncClient(trust_env=False, timeout=20, headers={"x-goog-api-key": stage.daemon.key}) as client:
        async with client.stream("POST", url, json=body) as answer:
            pieces += [each async for each in answer.aiter_bytes()]

    chunks = json.loads(b"".join(pieces))
    parts = [part for each in chunks for part in each["candidates"][0].get("content", {}).get("parts", ())]
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "application/json")
    assert "".join(each["text"] for each in parts) == "alpha beta größer "
    assert (chunks[-1]["candidates"][0]["finishReason"], len(pieces) > 2) == ("STOP", True)
    assert "usageMetadata" in chunks[-1]


@every_provider
async def test_an_error_is_the_last_element_of_an_array(stage: Stage, model: Model) -> None:
    script = '{{mock: words=9 error-after=6 status=503 message="It is on fire: größer"}}'
    body = {"contents": [{"role": "user", "parts": [{"text": script}]}]}
    url = f"{stage.daemon.url}/v1/models/{model.asked}:streamGenerateContent"
    async with httpx.AsyncClient(trust_env=False, timeout=20, headers={"x-goog-api-key": stage.daemon.key}) as client:
        answer = await client.post(url, json=body)

    *_, last = answer.json()
    assert (answer.status_code, last["error"]["message"]) == (200, "It is on fire: größer")


async def test_settings_of_its_own_reach_gemini_as_they_are(google_tool: GoogleTool, stage: Stage) -> None:
    config = types.GenerateContentConfig(
        temperature=1.0,
        top_p=0.95,
        top_k=40,
        seed=7,
        response_mime_type="application/json",
        response_json_schema=CITY,
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.HIGH),
        safety_settings=[SAFETY],
    )
    answer = await google_tool.generate(model=GEMINI.asked, contents="hello", config=config)

    body = stage.mock.only_request().body
    assert body["generationConfig"]["responseJsonSchema"] == CITY
    assert (body["generationConfig"]["topK"], body["generationConfig"]["seed"]) == (40, 7)
    assert body["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert "x-korproxy-lossy" not in (answer.headers or {})


@pytest.mark.parametrize("model", [CLAUDE, OPENAI, CHAT], ids=str)
async def test_what_others_do_not_have_is_lost_aloud(google_tool: GoogleTool, model: Model) -> None:
    config = types.GenerateContentConfig(top_k=40, safety_settings=[SAFETY])
    answer = await google_tool.generate(model=model.asked, contents="hello", config=config)

    lost = answer.headers["x-korproxy-lossy"].split(",")
    assert (answer.value.text, "/safetySettings" in lost) == ("You said: hello", True)


async def test_candidates_beyond_the_first_are_refused_where_there_is_one_answer(google_tool: GoogleTool, stage: Stage) -> None:
    with pytest.raises(APIError, match="KP-PROV-115") as caught:
        await google_tool.generate(model=CLAUDE.asked, contents="hello", config=types.GenerateContentConfig(candidate_count=2))

    assert (caught.value.code, caught.value.status, stage.mock.requests()) == (400, "INVALID_ARGUMENT", [])


async def test_googles_headers_reach_google_alone(google_tool: GoogleTool, stage: Stage) -> None:
    for model in (GEMINI, CLAUDE):
        await google_tool.ask("hello", model=model.asked)

    [google, other] = stage.mock.requests()
    assert (f"gl-python/{sys.version.split()[0]}" in (google.header("x-goog-api-client") or "")) is True
    assert [name for name in other.names if name.startswith("x-goog-")] == []
