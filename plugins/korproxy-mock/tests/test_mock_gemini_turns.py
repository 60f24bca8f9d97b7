"""Conversations with Gemini: turns, function calls, signatures, and tools that show images."""

import hashlib
import json
from typing import Any

import pytest
from korproxy_mock.gemini_signatures import call_signature, text_signature

NEW = "/v1beta/models/gemini-3.5-flash:generateContent"
OLD = "/v1beta/models/gemini-2.5-pro:generateContent"
LS = {"functionCall": {"name": "ls", "args": {"path": "a"}}}
SIGNED = {**LS, "thoughtSignature": call_signature("ls", {"path": "a"})}
RESULT = {"functionResponse": {"name": "ls", "response": {"result": "a.txt"}}}
ALTERNATE = "Please ensure that multiturn requests alternate between user and model."
AFTER_USER = "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
AFTER_CALL = "Please ensure that function response turn comes immediately after a function call turn."
UNEVEN = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the function "
    "call turn."
)
UNSIGNED = "Function call is missing a thought_signature in functionCall parts."
CORRUPTED = "Corrupted thought signature."
ODD = "Request contains an invalid argument."


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": each} if isinstance(each, str) else each for each in parts]}


def model(*parts: Any) -> dict[str, Any]:
    return {**user(*parts), "role": "model"}


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **fields}}


def response(name: str, **fields: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {}, **fields}}


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([model("a"), user("b")], ALTERNATE),
        ([model("a")], "Please ensure that single turn requests end with a user role or the role field is empty."),
        ([user("a"), model("b")], "Please ensure that multiturn requests ends with a user role or a function response."),
        ([user("a"), {"role": "assistant", "parts": [{"text": "b"}]}, user("c")], "Please use a valid role: user, model."),
        ([{"role": "system", "parts": [{"text": "b"}]}, user("c")], "Please use a valid role: user, model."),
        ([user("a"), model(LS), {"role": "tool", "parts": [RESULT]}], "Please use a valid role: user, model."),
        ([user("a"), model(LS), {"role": "function", "parts": [RESULT, {"text": "b"}]}], "Please use a valid role"),
        ([model(LS), user(RESULT)], AFTER_USER),
        ([user("a"), model("b"), model(LS), user(RESULT)], AFTER_USER),
        ([user("a", LS), user(RESULT)], AFTER_USER),
        ([user(RESULT)], AFTER_CALL),
        ([user("a"), model("b"), user(RESULT)], AFTER_CALL),
        ([user("a"), model(LS), user(RESULT), user(RESULT)], AFTER_CALL),
        ([user("a"), model(LS, LS), user(RESULT)], UNEVEN),
        ([user("a"), model(LS), user(RESULT, RESULT)], UNEVEN),
        ([user("a"), model(LS), user("b")], UNEVEN),
        ([user("a"), model(LS), model("b"), user(RESULT)], UNEVEN),
        ([user("a"), model(LS), user(response("rm"))], ODD),
        ([user("a"), model(call("x"), call("y")), user(response("x"), response("x"))], ODD),
        ([user("a"), model(call("x", id="1")), user(response("x", id="2"))], ODD),
    ],
)
async def test_turns_that_do_not_fit_are_refused(ask: Any, contents: list[Any], words: str) -> None:
    got = await ask(path=OLD, contents=contents)
    assert (got.status, words in got.error["message"]) == (400, True), got.error


@pytest.mark.parametrize(
    "contents",
    [
        [user("a"), user("b")],
        [user("a"), model("b"), model("c"), user("d")],
        [user("a"), model("b", LS), user(RESULT, "and now?")],
        [user("a"), model(LS), {"role": "function", "parts": [RESULT]}],
        [user("a"), model(LS), user(RESULT), model(LS), user(RESULT), model("b"), user("c")],
        [user("a"), model(call("x"), call("y")), user(response("y"), response("x"))],
        [user("a"), model(call("x", id="1")), user(response("x", id="1"))],
        [user("a"), model(call("x")), user(response("x", id="made-up"))],
        [user("a"), model(call("x", id="1")), user(response("x"))],
        [user("a"), model({"text": "hm", "thought": True}, "b"), user("c")],
    ],
)
async def test_turns_that_fit_are_not(ask: Any, contents: list[Any]) -> None:
    got = await ask(path=OLD, contents=contents)
    assert got.status == 200, got.body.decode()


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([user("a"), model(LS), user(RESULT)], UNSIGNED),
        ([user("a"), model(LS, SIGNED), user(RESULT, RESULT)], UNSIGNED),  # the first of a step
        ([user("a"), model(SIGNED), user(RESULT), model(LS), user(RESULT)], UNSIGNED),  # every step of the turn
        ([user("a"), model({**LS, "thoughtSignature": "AAAA"}), user(RESULT)], CORRUPTED),
        ([user("a"), model({**LS, "thoughtSignature": call_signature("ls", {})}), user(RESULT)], CORRUPTED),
        ([user("a"), model({"text": "b", "thoughtSignature": "EqAB"}), user("c")], CORRUPTED),
        ([user("a"), model({**LS, "thoughtSignature": "AAAA"}), user(RESULT), model("b"), user("c")], CORRUPTED),
    ],
)
async def test_a_call_without_its_own_signature_is_refused(ask: Any, contents: list[Any], words: str) -> None:
    got = await ask(path=NEW, contents=contents)
    assert (got.status, words in got.error["message"]) == (400, True), got.error


@pytest.mark.parametrize(
    "contents",
    [
        [user("a"), model(SIGNED, LS), user(RESULT, RESULT)],
        [user("a"), model(LS), user(RESULT), model("b"), user("c")],  # a turn that is over
        [user("a"), model(LS), user(RESULT, "and now?")],
        [user("a"), model(SIGNED), user(RESULT), model(SIGNED), user(RESULT)],
        [user("a"), model({**LS, "thoughtSignature": "skip_thought_signature_validator"}), user(RESULT)],
        [user("a"), model({**LS, "thoughtSignature": "context_engineering_is_the_way_to_go"}), user(RESULT)],
        [user("a"), model({"text": "b", "thoughtSignature": text_signature("b")}), user("c")],
        [user("a"), model("b", {"text": "", "thoughtSignature": text_signature("b")}), user("c")],
    ],
)
async def test_signatures_of_its_own_and_the_skipping_ones_are_taken(ask: Any, contents: list[Any]) -> None:
    got = await ask(path=NEW, contents=contents)
    assert got.status == 200, got.body.decode()


async def test_the_missing_signature_is_told_with_name_and_place(ask: Any) -> None:
    got = await ask(path=NEW, contents=[user("a"), model("b", LS), user(RESULT)])
    assert "Additional data, function call `default_api:ls` , position 2. Please refer to" in got.error["message"]


@pytest.mark.parametrize("path", [NEW, OLD])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_turn_goes_through_with_its_own_parts_sent_back(ask: Any, path: str, stream: bool) -> None:
    prompt = """{{mock: thinking=hm text=so tool=ls args='{"a": 1.10}' tool=rm}} {{then: tool=ls}} {{then: text=done}}"""
    contents = [user(prompt)]
    for _ in range(2):
        got = await ask(path=path, contents=contents, stream=stream)
        answers = [json.loads(each.removeprefix("data: ")) for each in got.events] if stream else [got.json]
        parts = [part for each in answers for part in each["candidates"][0]["content"]["parts"]]
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        given = [{key: each[key] for key in ("id", "name") if key in each} for each in calls]
        contents += [model(*parts), user(*({"functionResponse": {**each, "response": {"output": "x"}}} for each in given))]
    got = await ask(path=path, contents=contents)
    assert got.json["candidates"][0]["content"]["parts"][-1]["text"] == "done"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"result": "a"}, "a"),
        ({"output": "a"}, "a"),
        ({"error": "no"}, "no"),
        ({"result": {"b": 1}}, '{"b": 1}'),
        ({"result": "a", "b": 1}, '{"result": "a", "b": 1}'),
        ({"files": ["ä"]}, '{"files": ["ä"]}'),
        ({}, "{}"),
    ],
)
async def test_what_tools_gave_back_is_repeated(ask: Any, given: dict[str, Any], said: str) -> None:
    got = await ask(path=OLD, contents=[user("a"), model(LS), user({"functionResponse": {"name": "ls", "response": given}})])
    assert got.json["candidates"][0]["content"]["parts"] == [{"text": f"The tool said: {said}"}]


PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
_BYTES = bytes([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10])
SEEN = f"image/png 8 bytes sha256:{hashlib.sha256(_BYTES).hexdigest()}"


async def test_images_of_tools_are_seen_inside_and_beside_their_responses(ask: Any) -> None:
    inside = {"functionResponse": {**RESULT["functionResponse"], "parts": [PNG]}}
    for path, parts in ((NEW, [inside]), (NEW, [RESULT, PNG]), (OLD, [RESULT, PNG])):
        call = LS if path == OLD else SIGNED
        got = await ask(path=path, contents=[user("{{mock: tool=ls}} go {{then:}}"), model(call), user(*parts)])
        text = got.json["candidates"][0]["content"]["parts"][0]["text"]
        assert text == f"The tool said: a.txt I see 1 image(s): {SEEN}"
    got = await ask(path=OLD, contents=[user("a"), model(LS), user(inside)])
    assert "`function_response.parts` is not supported for this model." in got.error["message"]
