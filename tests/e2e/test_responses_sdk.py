"""What the OpenAI SDK's Responses have of their own, with KorProxy in front of OpenAI and of others."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
import trio
from pydantic import BaseModel

from tests.e2e.cells import MODELS
from tests.e2e.sdk import unfinished_generators, user
from tests.e2e.sdk_responses import ResponsesTool
from tests.e2e.stage import Model, Stage
from tests.fakes.raw_client import connect, read_until

OPENAI, SERVER, CLAUDE, GEMINI, CHAT = (MODELS[each] for each in ("codex", "answers", "claude", "gemini", "qwen"))
GRAMMAR = 'start: "*** Begin Patch" /.+/s "*** End Patch"'
PATCH: dict[str, Any] = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Changes files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": GRAMMAR},
}
CHANGE = '*** Begin Patch\n*** Add File: größe.md\n+"one" \\ meter\n*** End Patch'

pytestmark = unfinished_generators

every_provider = pytest.mark.parametrize("model", [OPENAI, SERVER, CLAUDE, GEMINI, CHAT], ids=str)
other_vendors = pytest.mark.parametrize("model", [CLAUDE, GEMINI, CHAT], ids=str)


class Weather(BaseModel):
    """What is wanted of an answer."""

    city: str
    rain: bool


@every_provider
async def test_a_conversation_goes_on_from_an_answer(responses_tool: ResponsesTool, stage: Stage, model: Model) -> None:
    first = (await responses_tool.respond(model=model.asked, input="one", instructions="Speak Latin.")).value
    second = (await responses_tool.respond(model=model.asked, input="two", previous_response_id=first.id)).value
    third = (await responses_tool.stream(model=model.asked, input="three", previous_response_id=second.id)).value

    last = third[-1]
    assert last.type == "response.completed"
    said = [first.output_text, second.output_text, last.response.output_text]
    assert said == ["You said: one", "You said: two", "You said: three"]
    body = stage.mock.requests()[2].body
    told = json.dumps(body)
    if model in (OPENAI, SERVER):  # they have them themselves
        assert (body["previous_response_id"], "You said: two" in told) == (second.id, False)
    else:
        assert [each in told for each in ("one", "You said: one", "two", "You said: two", "three")] == [True] * 5
    assert "Latin" not in told  # instructions are of one request


async def test_a_conversation_goes_on_at_another_provider(responses_tool: ResponsesTool, stage: Stage) -> None:
    previous: str | None = None
    for model in (OPENAI, CLAUDE, GEMINI, CHAT, OPENAI):
        answer = await responses_tool.respond(model=model.asked, input=f"To {model.provider}", previous_response_id=previous)
        previous = answer.value.id

    *_, last = stage.mock.requests()
    told = [each["content"] if each["role"] == "user" else each["content"][0]["text"] for each in last.body["input"]]
    names = ["codex", "claude", "gemini", "qwen"]
    assert told == [*(text for each in names for text in (f"To {each}", f"You said: To {each}")), "To codex"]
    assert "previous_response_id" not in last.body


@every_provider
async def test_an_answer_can_be_asked_for_again_until_it_is_deleted(
    responses_tool: ResponsesTool, stage: Stage, model: Model
) -> None:
    said = (await responses_tool.respond(model=model.asked, input="one")).value
    again = await responses_tool.call(lambda client: client.responses.retrieve(said.id))
    items = await responses_tool.call(lambda client: client.responses.input_items.list(said.id))
    await responses_tool.call(lambda client: client.responses.delete(said.id))

    assert (again.id, again.output_text, again.model) == (said.id, "You said: one", said.model)
    assert [each.content[0].text if isinstance(each.content, list) else each.content for each in items.data] == ["one"]
    for gone in (
        lambda client: client.responses.retrieve(said.id),
        lambda client: client.responses.input_items.list(said.id),
        lambda client: client.responses.delete(said.id),
    ):
        with pytest.raises(openai.NotFoundError):
            await responses_tool.call(gone)


@every_provider
async def test_what_shall_not_be_stored_is_not(responses_tool: ResponsesTool, model: Model) -> None:
    said = (await responses_tool.respond(model=model.asked, input="one", store=False)).value

    with pytest.raises(openai.NotFoundError):
        await responses_tool.call(lambda client: client.responses.retrieve(said.id))


@pytest.mark.code("KP-PROV-118")
@other_vendors
async def test_an_answer_that_nobody_knows_cannot_be_gone_on_from(
    responses_tool: ResponsesTool, stage: Stage, model: Model
) -> None:
    with pytest.raises(openai.BadRequestError, match="'resp_of_nobody' not found") as caught:
        await responses_tool.respond(model=model.asked, input="two", previous_response_id="resp_of_nobody")

    # The code is the one that programs look for, to send everything once more.
    assert (caught.value.code, stage.mock.requests()) == ("previous_response_not_found", [])
    assert caught.value.response.headers["x-korproxy-error"] == "KP-PROV-118"


@other_vendors
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_custom_tool_gets_plain_text(responses_tool: ResponsesTool, stage: Stage, model: Model, streamed: bool) -> None:
    said = json.dumps(json.dumps({"input": CHANGE}, ensure_ascii=False), ensure_ascii=False)
    turns = user(f"{{{{mock: tool=apply_patch args={said}}}}}{{{{then: text=Done.}}}}")
    asked: dict[str, Any] = {"model": model.asked, "tools": [PATCH], "store": False}
    ask = responses_tool.together if streamed else responses_tool.respond
    first = (await ask(input=turns, **asked)).value
    [call] = first.output
    assert call.type == "custom_tool_call"
    item = call.model_dump(exclude_none=True)
    result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "Success."}
    second = (await ask(input=[*turns, item, result], **asked)).value

    [sent, told] = stage.mock.requests()
    words = json.dumps(GRAMMAR)[1:-1]
    assert (call.name, call.input, second.output_text) == ("apply_patch", CHANGE, "Done.")
    assert (words in sent.about["body"], "Success." in told.about["body"]) == (True, True)


@every_provider
async def test_the_sdk_parses_a_form(responses_tool: ResponsesTool, model: Model) -> None:
    answer = await responses_tool.call(
        lambda client: client.responses.parse(model=model.asked, input="The weather in Köln?", text_format=Weather)
    )

    assert isinstance(answer.output_parsed, Weather)


@pytest.mark.parametrize("model", [OPENAI, CLAUDE, GEMINI], ids=str)
async def test_tokens_are_counted_by_the_provider(responses_tool: ResponsesTool, stage: Stage, model: Model) -> None:
    counted = await responses_tool.call(
        lambda client: client.responses.input_tokens.count(model=model.asked, input="How long is this?")
    )

    path = {
        "codex": "/codex/v1/responses/input_tokens",
        "claude": "/claude/v1/messages/count_tokens",
        "gemini": "/gemini/v1beta/models/gemini-3.5-flash:countTokens",
    }
    assert (stage.mock.only_request().about["path"], counted.input_tokens > 0) == (path[model.provider], True)


@pytest.mark.code("KP-PROV-117")
async def test_tokens_that_nobody_counts_are_not_made_up(responses_tool: ResponsesTool, stage: Stage) -> None:
    with pytest.raises(openai.NotFoundError, match="KP-PROV-117"):
        await responses_tool.call(lambda client: client.responses.input_tokens.count(model=CHAT.asked, input="How long?"))

    assert stage.mock.requests() == []


async def test_openai_compacts_a_conversation_and_goes_on_from_it(responses_tool: ResponsesTool, stage: Stage) -> None:
    turns = [*user("one"), {"role": "assistant", "content": "You said: one"}, *user("two")]
    short = await responses_tool.call(lambda client: client.responses.compact(model=OPENAI.asked, input=turns))
    items = [each.to_dict(warnings=False) for each in short.output]  # the SDK has no type for what a user said
    answer = await responses_tool.respond(model=OPENAI.asked, input=[*items, *user("three")])

    assert [each.about["path"] for each in stage.mock.requests()] == ["/codex/v1/responses/compact", "/codex/v1/responses"]
    assert (items[-1]["type"], answer.value.output_text) == ("compaction", "You said: three")
    assert stage.mock.requests()[1].body["input"][-2]["encrypted_content"] == items[-1]["encrypted_content"]


@pytest.mark.code("KP-PROV-117")
@other_vendors
async def test_nobody_else_compacts(responses_tool: ResponsesTool, stage: Stage, model: Model) -> None:
    with pytest.raises(openai.NotFoundError, match="KP-PROV-117"):
        await responses_tool.call(lambda client: client.responses.compact(model=model.asked, input="one"))

    assert stage.mock.requests() == []


async def test_a_websocket_is_refused_at_once_so_that_programs_use_http(stage: Stage) -> None:
    head = (
        "GET /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"authorization: Bearer {stage.daemon.key}\r\nopenai-beta: responses_websockets=2026-02-06\r\n\r\n"
    )
    with trio.fail_after(3):
        async with await connect(stage.daemon.url) as stream:
            await stream.send_all(head.encode())
            answer = await read_until(stream, b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 426 ")
    assert stage.mock.requests() == []


@pytest.mark.code("KP-PROV-115")
@other_vendors
@pytest.mark.parametrize("field", [{"conversation": "conv_1"}, {"background": True}, {"prompt": {"id": "pmpt_1"}}], ids=str)
async def test_what_only_openai_has_is_refused_elsewhere(
    responses_tool: ResponsesTool, stage: Stage, model: Model, field: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError, match=f"at /{next(iter(field))}") as caught:
        await responses_tool.respond(model=model.asked, input="hello", **field)

    assert (caught.value.code, stage.mock.requests()) == ("KP-PROV-115", [])


async def test_unknown_fields_pass_to_openai_and_are_lost_aloud_elsewhere(responses_tool: ResponsesTool, stage: Stage) -> None:
    more = {"extra_body": {"client_metadata": {"thread": "7"}}, "prompt_cache_key": "thread-7"}
    passed = await responses_tool.respond(model=OPENAI.asked, input="hello", **more)
    crossed = await responses_tool.respond(model=CLAUDE.asked, input="hello", **more)

    [openais, claudes] = stage.mock.requests()
    assert (openais.body["client_metadata"], "x-korproxy-lossy" in passed.headers) == ({"thread": "7"}, False)
    assert "/client_metadata" in crossed.headers["x-korproxy-lossy"]
    assert "client_metadata" not in claudes.body
