"""What clients had stored: gone on from, shown, listed, deleted, and compacted."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
import trio
from korproxy_mock.memory import Memory, Stored
from korproxy_mock.server import MockServer
from openai.types.responses import Response

USER = {"role": "user", "content": "{{mock: tool=ls}} {{then: text=done}}"}
Fetch = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def fetch(connect: Any) -> Fetch:
    """Send a request without a body, or with one in JSON, and return status and JSON."""

    async def send(method: str, path: str, body: Any = None, key: str = "sk-mock") -> tuple[int, Any]:
        wire = await connect()
        await wire.send(method, path, [("authorization", f"Bearer {key}")], json.dumps(body).encode() if body else b"")
        got = await wire.read()
        return got.status, got.json

    return send


async def stored(ask: Any, prompt: str = "hi", **fields: Any) -> Any:
    return (await ask(prompt, "/v1/responses", **fields)).json


async def test_a_conversation_goes_on_from_a_stored_response(ask: Any) -> None:
    first = await stored(ask, input=[USER])
    output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "a.txt"}
    second = await stored(ask, input=[output], previous_response_id=first["id"])
    third = await stored(ask, "more", previous_response_id=second["id"], instructions=None)
    assert [each["output"][0]["type"] for each in (first, second, third)] == ["function_call", "message", "message"]
    assert second["output"][0]["content"][0]["text"] == "done"
    assert (third["previous_response_id"], third["output"][0]["content"][0]["text"]) == (second["id"], "You said: more")
    assert first["usage"]["input_tokens"] < second["usage"]["input_tokens"] < third["usage"]["input_tokens"]


async def test_a_call_that_is_stored_must_be_answered(ask: Any) -> None:
    first = await stored(ask, input=[USER])
    got = await ask("hi", "/v1/responses", previous_response_id=first["id"])
    assert got.error["message"] == f"No tool output found for function call {first['output'][0]['call_id']}."


@pytest.mark.parametrize("fields", [{"store": False}, {"stream": True, "store": False}])
async def test_what_is_not_to_be_stored_is_not(ask: Any, fetch: Fetch, fields: dict[str, Any]) -> None:
    await ask("hi", "/v1/responses", **fields)
    assert (await fetch("GET", "/v1/responses/resp_mock00000001"))[0] == 404


async def test_no_key_sees_what_another_one_stored(ask: Any, fetch: Fetch) -> None:
    identity = (await stored(ask))["id"]
    status, body = await fetch("POST", "/v1/responses", {"model": "m", "input": "a", "previous_response_id": identity}, "sk-b")
    assert (status, body["error"]["code"]) == (400, "previous_response_not_found")
    assert (await fetch("GET", f"/v1/responses/{identity}", key="sk-b"))[0] == 404
    assert (await fetch("DELETE", f"/v1/responses/{identity}", key="sk-b"))[0] == 404
    assert (await fetch("GET", f"/v1/responses/{identity}"))[0] == 200


async def test_a_stored_response_is_shown_until_it_is_deleted(ask: Any, fetch: Fetch) -> None:
    answer = await stored(ask)
    path = f"/v1/responses/{answer['id']}"
    assert await fetch("GET", path) == (200, answer)
    assert await fetch("DELETE", path) == (200, {"id": answer["id"], "object": "response", "deleted": True})
    message = f"Response with id '{answer['id']}' not found."
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    assert await fetch("GET", path) == (404, {"error": error})
    assert await fetch("DELETE", path) == (404, {"error": error})


async def test_what_went_on_from_a_deleted_response_still_knows_it(ask: Any, fetch: Fetch) -> None:
    first = await stored(ask, "one")
    second = await stored(ask, "two", previous_response_id=first["id"])
    await fetch("DELETE", f"/v1/responses/{first['id']}")
    _, listed = await fetch("GET", f"/v1/responses/{second['id']}/input_items?order=asc")
    assert [each["content"][0]["text"] for each in listed["data"]] == ["one", "You said: one", "two"]


async def test_input_items_come_newest_first_in_pages(ask: Any, fetch: Fetch) -> None:
    said = [{"role": "user", "content": str(number)} for number in range(5)]
    path = f"/v1/responses/{(await stored(ask, input=said))['id']}/input_items"
    _, page = await fetch("GET", f"{path}?limit=2")
    _, rest = await fetch("GET", f"{path}?limit=9&after={page['last_id']}")
    _, ascending = await fetch("GET", f"{path}?order=asc&limit=1")

    def texts(listed: Any) -> list[str]:
        return [each["content"][0]["text"] for each in listed["data"]]

    assert (texts(page), page["has_more"]) == (["4", "3"], True)
    assert (texts(rest), rest["has_more"]) == (["2", "1", "0"], False)
    assert texts(ascending) == ["0"]
    assert page["first_id"] == page["data"][0]["id"]


async def test_only_background_responses_are_cancelled(ask: Any, fetch: Fetch) -> None:
    plain, background = await stored(ask), await stored(ask, background=True)
    status, body = await fetch("POST", f"/v1/responses/{plain['id']}/cancel")
    assert (status, body["error"]["message"]) == (400, "Cannot cancel a synchronous response.")
    assert await fetch("POST", f"/v1/responses/{background['id']}/cancel") == (200, background)


async def test_a_stored_response_is_not_streamed_again(ask: Any, fetch: Fetch) -> None:
    status, body = await fetch("GET", f"/v1/responses/{(await stored(ask))['id']}?stream=true")
    assert (status, body["error"]["param"]) == (400, "stream")


async def test_reasoning_that_is_stored_goes_with_what_it_led_to(ask: Any) -> None:
    thought, message = (await stored(ask, "{{mock: thinking=hm text=ok}}"))["output"]
    more = {"role": "user", "content": "more"}
    alone = await ask("", "/v1/responses", input=[thought, more])
    without = await ask("", "/v1/responses", input=[message, more])
    bare = {name: value for name, value in message.items() if name != "id"}
    assert alone.error["message"] == (
        f"Item '{thought['id']}' of type 'reasoning' was provided without its required following item."
    )
    assert without.error["message"] == (
        f"Item '{message['id']}' of type 'message' was provided without its required 'reasoning' item: '{thought['id']}'."
    )
    assert (alone.error["param"], without.error["param"]) == ("input", "input")
    for good in ([thought, message, more], [bare, more], [{**thought, "encrypted_content": None}, message, more]):
        assert (await ask("", "/v1/responses", input=good)).status == 200


async def test_items_that_are_stored_can_be_referred_to(ask: Any) -> None:
    call = (await stored(ask, input=[USER]))["output"][0]
    reference = {"type": "item_reference", "id": call["id"]}
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "a.txt"}
    got = await stored(ask, input=[{"role": "user", "content": "list"}, reference, output])
    assert got["output"][0]["content"][0]["text"] == "The tool said: a.txt"


async def test_a_compacted_conversation_goes_on_for_this_account_and_family_only(ask: Any, fetch: Fetch) -> None:
    said = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    compacted = (await ask("", "/v1/responses/compact", input=said)).json
    assert compacted["object"] == "response.compaction"
    assert [each["type"] for each in compacted["output"]] == ["message", "compaction"]
    more = {"model": "gpt-5.5", "input": [*compacted["output"], {"role": "user", "content": "three"}]}
    status, answer = await fetch("POST", "/v1/responses", more)
    assert (status, answer["output"][0]["content"][0]["text"]) == (200, "You said: three")
    assert (await fetch("POST", "/v1/responses", more, "sk-b"))[1]["error"]["code"] == "invalid_encrypted_content"
    other = await fetch("POST", "/v1/responses", {**more, "model": "gpt-6-sol"})
    assert other[1]["error"]["code"] == "invalid_encrypted_content"


async def test_a_trigger_compacts_inside_a_stream(ask: Any) -> None:
    got = await ask("", "/v1/responses", input=[{"role": "user", "content": "a"}, {"type": "compaction_trigger"}], stream=True)
    told = [event.partition("\n")[0].removeprefix("event: response.") for event in got.events]
    assert told == [
        "created", "in_progress", "output_item.added", "compaction.compacting", "output_item.done", "completed",
    ]  # fmt: skip


async def test_tokens_are_counted_as_an_answer_counts_them(ask: Any) -> None:
    fields: dict[str, Any] = {"input": [{"role": "user", "content": "a" * 400}], "instructions": "b" * 100}
    counted = (await ask("", "/v1/responses/input_tokens", **fields)).json
    assert counted == {
        "object": "response.input_tokens",
        "input_tokens": (await stored(ask, **fields))["usage"]["input_tokens"],
    }
    assert (await ask("", "/v1/responses/input_tokens", model=..., input=...)).json["input_tokens"] == 1
    assert (await ask("", "/v1/responses/compact", model=...)).error["param"] == "model"
    assert (await ask("", "/v1/responses/input_tokens", messages=[])).error["code"] == "unsupported_parameter"


async def test_all_of_it_can_be_scripted(ask: Any, fetch: Fetch, korproxy_mock: MockServer) -> None:
    for action in ("count", "compact", "stored"):
        korproxy_mock.script(f"status=503 on={action}")
    identity = (await stored(ask))["id"]
    statuses = [
        (await ask("hi", "/v1/responses/input_tokens")).status,
        (await ask("hi", "/v1/responses/compact")).status,
        (await fetch("GET", f"/v1/responses/{identity}"))[0],
        (await fetch("GET", f"/v1/responses/{identity}"))[0],
    ]
    assert statuses == [503, 503, 503, 200]


async def test_the_sdk_stores_shows_lists_and_deletes(openai_sdk: openai.OpenAI) -> None:
    def run() -> tuple[Response, Response, list[Any], int]:
        first = openai_sdk.responses.create(model="gpt-5.5", input="one")
        second = openai_sdk.responses.create(model="gpt-5.5", input="two", previous_response_id=first.id)
        items = list(openai_sdk.responses.input_items.list(second.id, order="asc", limit=2))
        counted = openai_sdk.responses.input_tokens.count(model="gpt-5.5", input="three").input_tokens
        compacted = openai_sdk.responses.compact(model="gpt-5.5", previous_response_id=second.id)
        openai_sdk.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            openai_sdk.responses.retrieve(first.id)
        assert [each.type for each in compacted.output] == ["message", "message", "compaction"]
        return second, openai_sdk.responses.retrieve(second.id), items, counted

    second, again, items, counted = await trio.to_thread.run_sync(run)
    assert again == second
    assert [each.role for each in items] == ["user", "assistant", "user"]
    assert counted > 0


def test_the_memory_forgets_the_oldest_when_there_are_too_many_or_too_large() -> None:
    memory = Memory(most_responses=3, most_bytes=10)
    for number, size in enumerate((1, 2, 3, 4, 9, 50)):
        memory.keep("k", Stored(request=b"x" * size, response={"id": str(number), "output": []}))
    assert [number for number in range(6) if memory.find("k", str(number))] == [5]
    assert memory.drop("k", "5")
    assert not memory.drop("k", "5")
    for number in range(4):
        memory.keep("k", Stored(request=b"", response={"id": str(number), "output": []}))
    assert [number for number in range(6) if memory.find("k", str(number))] == [1, 2, 3]
