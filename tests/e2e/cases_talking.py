"""Cases without tools: text, pictures, forms and ends of answers, tokens."""

from __future__ import annotations

import json
from typing import Any

import attrs

from tests.e2e.cases import case
from tests.e2e.cells import ALL, CHAT, GEMINI, MESSAGES, RESPONSES, STREAMED, STREAMED_BLOCKING, Cell
from tests.e2e.programs import Spent
from tests.e2e.samples import HARD_TEXT, PNG, PNG_SEEN
from tests.e2e.sdk import AnthropicTool, OpenAITool
from tests.e2e.sdk_google import GoogleTool
from tests.e2e.sdk_responses import ResponsesTool
from tests.e2e.story import picture

WORDS = "alpha beta größer delta été зета eta 日本 iota kappa naïve 🙂 "
LINK = "https://pictures.example/one.png"
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "rain": {"type": "boolean"}, "degrees": {"type": "integer"}},
    "required": ["city", "rain", "degrees"],
    "additionalProperties": False,
}


@case("chat", ways=ALL)
async def a_question_is_answered(cell: Cell) -> None:
    reply = await cell.say(cell.user(f"Grüß dich. {HARD_TEXT}"), system="Be brief.")

    arrival = cell.arrival()
    assert (reply.text, reply.stop, reply.calls, reply.lost) == (f"You said: Grüß dich. {HARD_TEXT}", "end", (), ())
    assert arrival.story == [("user", "text", f"Grüß dich. {HARD_TEXT}")]
    assert (arrival.system, arrival.limit, arrival.tools) == ("Be brief.", 1000, {})


@case("chat")
async def a_conversation_goes_on(cell: Cell) -> None:
    turns = cell.user("one")
    first = await cell.say(turns)
    second = await cell.say([*turns, *first.back, *cell.user("two")], limit=None)

    [_, arrival] = cell.arrivals()
    story = [("user", "text", "one"), ("model", "text", "You said: one"), ("user", "text", "two")]
    assert (second.text, second.lost, arrival.story) == ("You said: two", (), story)
    if cell.sdk == "openai":  # which may leave open how long an answer may be; Anthropic may not
        assert arrival.limit == (32_000 if cell.provider == "claude" else None)


@case("chat", sdks=("openai",), columns=("claude", "gemini"))
async def a_system_message_in_the_middle_stays_there(cell: Cell) -> None:
    later = [{"role": "system", "content": "Speak Latin."}]
    reply = await cell.say(
        [*cell.user("one"), {"role": "assistant", "content": "1"}, *later, *cell.user("two")], system="Be brief."
    )

    arrival = cell.arrival()
    where = [number for number, each in enumerate(arrival.story) if "Speak Latin." in str(each[2])]
    assert (arrival.system, where, arrival.story[-1]) == ("Be brief.", [2], ("user", "text", "two"))
    assert (reply.text.endswith("two"), reply.lost) == (True, ())


@case("stream", ways=(STREAMED, STREAMED_BLOCKING))
async def every_piece_comes_as_it_was_sent(cell: Cell) -> None:
    pieces: list[str] = []
    request = cell.program.request(cell.wish(cell.user("{{mock: words=12}}")))
    tool = cell.tool
    if isinstance(tool, OpenAITool):
        chunks = (await tool.stream(**request)).value
        choices = [each.choices[0] for each in chunks]
        assert (choices[0].delta.role, choices[-1].finish_reason) == ("assistant", "stop")
        assert [each.finish_reason for each in choices[:-1]] == [None] * (len(choices) - 1)
        assert {each.usage for each in chunks} == {None}  # nobody asked for it
        pieces = [each.delta.content for each in choices if each.delta.content]
    elif isinstance(tool, AnthropicTool):
        events = (await tool.stream(**request)).value
        deltas = [each.delta for each in events if each.type == "content_block_delta"]
        assert [each.type for each in events] == [
            "message_start",
            "content_block_start",
            *["content_block_delta"] * 12,
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
        pieces = [each.text for each in deltas if each.type == "text_delta"]
    elif isinstance(tool, GoogleTool):
        said = (await tool.stream(**request)).value
        ends = [each.candidates[0].finish_reason for each in said if each.candidates]
        assert [each.text is None for each in said] == [False] * len(said)  # so that a program can print each one
        assert ends == [None] * (len(said) - 1) + ["STOP"]
        pieces = [each.text for each in said if each.text]
    elif isinstance(tool, ResponsesTool):
        told = (await tool.stream(**request)).value
        assert [each.type for each in told] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            *["response.output_text.delta"] * 12,
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert [each.sequence_number for each in told] == list(range(len(told)))
        pieces = [each.delta for each in told if each.type == "response.output_text.delta"]

    arrival = cell.arrival()
    assert pieces == [f"{each} " for each in WORDS.split()]
    assert arrival.story == [("user", "text", "{{mock: words=12}}")]
    if cell.form == CHAT and cell.crosses:  # else KorProxy could not count
        assert arrival.body["stream_options"] == {"include_usage": True}


@case("stream", ways=(STREAMED, STREAMED_BLOCKING))
async def the_sdk_puts_the_pieces_together(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: words=12}}"))

    assert (reply.text, reply.stop, reply.lost) == (WORDS, "end", ())
    assert cell.arrival().story == [("user", "text", "{{mock: words=12}}")]


@case("image")
async def a_picture_arrives_whole(cell: Cell) -> None:
    reply = await cell.say(cell.user("What is this?", PNG))

    assert (reply.text, reply.stop, reply.lost) == (PNG_SEEN, "end", ())
    assert cell.arrival().story == [("user", "image", picture(PNG)), ("user", "text", "What is this?")]


@case("image")
async def a_picture_by_link_is_left_to_the_provider(cell: Cell) -> None:
    reply = await cell.say(cell.user("What is this?", LINK))

    assert (f"at {LINK}" in reply.text, reply.lost) == (True, ())
    assert cell.arrival().story == [("user", "image", LINK), ("user", "text", "What is this?")]


@case("structured output")
async def an_answer_keeps_to_its_schema(cell: Cell) -> None:
    reply = await cell.say(cell.user("The weather in Köln?"), schema=ANSWER)

    said, body = json.loads(reply.text), cell.arrival().body
    assert [(name, type(value)) for name, value in said.items()] == [("city", str), ("rain", bool), ("degrees", int)]
    lost = {
        "openai": ("/response_format/json_schema/schema/additionalProperties", "/response_format/json_schema/strict"),
        "responses": ("/text/format/schema/additionalProperties", "/text/format/strict"),
        "anthropic": ("/output_config/format/schema/additionalProperties",),
    }
    assert (reply.stop, reply.lost) == ("end", lost[cell.sdk] if cell.form == GEMINI and cell.crosses else ())
    config = body.get("generationConfig")
    schema = {
        MESSAGES: lambda: body["output_config"]["format"]["schema"],
        CHAT: lambda: body["response_format"]["json_schema"]["schema"],
        RESPONSES: lambda: body["text"]["format"]["schema"],
        GEMINI: lambda: config["responseSchema" if cell.crosses else "responseJsonSchema"],
    }[cell.form]()
    assert (schema["required"], list(schema["properties"])) == (["city", "rain", "degrees"], ["city", "rain", "degrees"])
    if cell.form == GEMINI:
        assert config["responseMimeType"] == "application/json"
    if cell.form == GEMINI and cell.crosses:
        assert [each["type"] for each in schema["properties"].values()] == ["STRING", "BOOLEAN", "INTEGER"]
    else:
        assert schema["properties"] == ANSWER["properties"]


@case("structured output", sdks=("openai",), columns=("claude", "gemini"))
async def an_answer_is_any_json(cell: Cell) -> None:
    tool = cell.tool
    assert isinstance(tool, OpenAITool)
    ask = tool.together if cell.way.streamed else tool.chat
    turns = cell.user("""{{mock: text='{"city": "Köln"}'}}As JSON.""")
    answer = await ask(model=cell.model.asked, messages=turns, response_format={"type": "json_object"})

    arrival = cell.arrival()
    assert answer.value.choices[0].message.content == '{"city": "Köln"}'
    assert "x-korproxy-lossy" not in answer.headers
    if cell.form == GEMINI:
        assert arrival.body["generationConfig"] == {"responseMimeType": "application/json"}
    else:  # Anthropic has no such switch: it is said in words
        assert "JSON" in arrival.system


@case("length stop")
async def an_answer_that_is_too_long_says_so(cell: Cell) -> None:
    said = " ".join("abcdefghijklmnopqrstuvwxyz" * 2)
    reply = await cell.say(cell.user(said), limit=16)  # OpenAI takes no lower one in Responses

    assert (reply.text, reply.stop, reply.lost) == (f"You said: {said}"[:64], "length", ())
    assert cell.arrival().limit == 16


@case("refusal")
async def a_refusal_is_an_answer_and_no_error(cell: Cell) -> None:
    reply = await cell.say(cell.user('{{mock: refusal="This is about weapons."}}'))

    words = "This is about weapons."
    expected = ("refusal", words, "")  # said by who has a place for it
    if cell.sdk == "google" and cell.form in (MESSAGES, GEMINI):
        expected = ("refusal", "", "")  # in finishMessage, which this SDK drops
    elif cell.form == RESPONSES and cell.sdk == "responses":
        expected = ("end", words, "")
    elif cell.form == CHAT or (cell.form == RESPONSES and cell.sdk != "openai"):  # there it is what the model says
        expected = ("end", words, "") if cell.sdk in ("openai", "responses") else ("refusal", "", words)
    assert (reply.stop, reply.refusal, reply.text) == expected


@case("refusal", columns=("gemini",))
async def a_blocked_prompt_is_a_refusal_too(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: stop=blocked:PROHIBITED_CONTENT}}"))

    assert (reply.stop, reply.text) == ("refusal", "")


@case("usage with cache")
async def tokens_are_counted_once_each(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: words=2 usage=100/20/64/8}}"))

    # The counts stand in the vendor's own fields. Anthropic's input is what no cache had; the others' is all, and Gemini
    # tells nothing of what was written to a cache.
    spent = {
        MESSAGES: Spent(fresh=100, read=64, written=8, out=20),
        CHAT: Spent(fresh=28, read=64, written=8, out=20),
        RESPONSES: Spent(fresh=28, read=64, written=8, out=20),
        GEMINI: Spent(fresh=36, read=64, written=0, out=20),
    }[cell.form]
    told = spent
    if cell.sdk == "google":  # which has no word for what a cache was given
        told = attrs.evolve(spent, fresh=spent.fresh + spent.written, written=0)
    line = await cell.stage.log_line(reply.headers["x-korproxy-request"])
    written = f" cache_write={spent.written}" if spent.written else ""
    assert reply.spent == told
    assert f"tokens_in={spent.fresh} cache_read={spent.read}{written} tokens_out={spent.out}" in line


@case("usage with cache")
async def thoughts_are_counted_once_as_output(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: words=2 thinking='I think so.' usage=100/20/64}}"), thinks=True, limit=4000)

    # Gemini counts its three tokens of thoughts beside the 20 that it said.
    spent = reply.spent
    assert spent is not None
    assert (spent.out, spent.thought, spent.read) == ((23 if cell.form == GEMINI else 20), 3, 64)


@case("multi-byte splits", ways=(STREAMED, STREAMED_BLOCKING))
async def characters_that_the_provider_splits(cell: Cell) -> None:
    prompts = [f"{{{{mock: split={split}}}}}{HARD_TEXT}" for split in ("char", "every-byte", "3")]
    heard = [(await cell.say(cell.user(each))).text for each in prompts]

    assert heard == [f"You said: {HARD_TEXT}"] * 3
    assert [each.story for each in cell.arrivals()] == [[("user", "text", each)] for each in prompts]
