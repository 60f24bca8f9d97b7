"""Cases without tools: text, pictures, forms and ends of answers, tokens."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.arrivals import picture
from tests.e2e.cases import case
from tests.e2e.cells import ALL, STREAMED, STREAMED_BLOCKING, Cell
from tests.e2e.programs import Spent
from tests.e2e.samples import HARD_TEXT, PNG, PNG_SEEN
from tests.e2e.sdk import AnthropicTool, OpenAITool

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


@case("chat", sdks=("openai",), providers=("claude", "gemini"))
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
    request: dict[str, Any] = {"model": cell.model.asked, "messages": cell.user("{{mock: words=12}}")}
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

    arrival = cell.arrival()
    assert pieces == [f"{each} " for each in WORDS.split()]
    assert arrival.story == [("user", "text", "{{mock: words=12}}")]
    if cell.form == "openai-chat" and cell.crosses:  # else KorProxy could not count
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
    lost = {"openai": ("schema/additionalProperties", "strict"), "anthropic": ("schema/additionalProperties",)}[cell.sdk]
    place = {"openai": "/response_format/json_schema", "anthropic": "/output_config/format"}[cell.sdk]
    assert (reply.stop, reply.lost) == ("end", tuple(f"{place}/{each}" for each in lost) if cell.form == "gemini" else ())
    schema = {
        "anthropic-messages": lambda: body["output_config"]["format"]["schema"],
        "openai-chat": lambda: body["response_format"]["json_schema"]["schema"],
        "gemini": lambda: body["generationConfig"]["responseSchema"],
    }[cell.form]()
    assert (schema["required"], list(schema["properties"])) == (["city", "rain", "degrees"], ["city", "rain", "degrees"])
    if cell.form == "gemini":
        assert body["generationConfig"]["responseMimeType"] == "application/json"
        assert [each["type"] for each in schema["properties"].values()] == ["STRING", "BOOLEAN", "INTEGER"]
    else:
        assert schema["properties"] == ANSWER["properties"]


@case("structured output", sdks=("openai",), providers=("claude", "gemini"))
async def an_answer_is_any_json(cell: Cell) -> None:
    tool = cell.tool
    assert isinstance(tool, OpenAITool)
    ask = tool.together if cell.way.streamed else tool.chat
    turns = cell.user("""{{mock: text='{"city": "Köln"}'}}As JSON.""")
    answer = await ask(model=cell.model.asked, messages=turns, response_format={"type": "json_object"})

    arrival = cell.arrival()
    assert answer.value.choices[0].message.content == '{"city": "Köln"}'
    assert "x-korproxy-lossy" not in answer.headers
    if cell.form == "gemini":
        assert arrival.body["generationConfig"] == {"responseMimeType": "application/json"}
    else:  # Anthropic has no such switch: it is said in words
        assert "JSON" in arrival.system


@case("length stop")
async def an_answer_that_is_too_long_says_so(cell: Cell) -> None:
    reply = await cell.say(cell.user("a b c d e f g h i j k l m n o p q r s t u v w x y z"), limit=8)

    assert (reply.text, reply.stop, reply.lost) == ("You said: a b c d e f g h i j k l m"[:32], "length", ())
    assert cell.arrival().limit == 8


@case("refusal")
async def a_refusal_is_an_answer_and_no_error(cell: Cell) -> None:
    reply = await cell.say(cell.user('{{mock: refusal="This is about weapons."}}'))

    words = "This is about weapons."
    expected = ("refusal", words, "")
    if cell.form == "openai-chat":  # there it is what the model says; the other two say why it was stopped
        expected = ("end", words, "") if cell.sdk == "openai" else ("refusal", "", words)
    assert (reply.stop, reply.refusal, reply.text) == expected


@case("refusal", providers=("gemini",))
async def a_blocked_prompt_is_a_refusal_too(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: stop=blocked:PROHIBITED_CONTENT}}"))

    assert (reply.stop, reply.text) == ("refusal", "")


@case("usage with cache")
async def tokens_are_counted_once_each(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: words=2 usage=100/20/64/8}}"))

    # The counts stand in the vendor's own fields. Anthropic's input is what no cache had; the others' is all, and Gemini
    # tells nothing of what was written to a cache.
    spent = {
        "anthropic-messages": Spent(fresh=100, read=64, written=8, out=20),
        "openai-chat": Spent(fresh=28, read=64, written=8, out=20),
        "gemini": Spent(fresh=36, read=64, written=0, out=20),
    }[cell.form]
    line = await cell.stage.log_line(reply.headers["x-korproxy-request"])
    written = "" if cell.form == "gemini" else f" cache_write={spent.written}"
    assert reply.spent == spent
    assert f"tokens_in={spent.fresh} cache_read={spent.read}{written} tokens_out={spent.out}" in line


@case("usage with cache")
async def thoughts_are_counted_once_as_output(cell: Cell) -> None:
    reply = await cell.say(cell.user("{{mock: words=2 thinking='I think so.' usage=100/20/64}}"), thinks=True, limit=4000)

    # Gemini counts its three tokens of thoughts beside the 20 that it said.
    spent = reply.spent
    assert spent is not None
    assert (spent.out, spent.thought, spent.read) == ((23 if cell.form == "gemini" else 20), 3, 64)


@case("multi-byte splits", ways=(STREAMED, STREAMED_BLOCKING))
async def characters_that_the_provider_splits(cell: Cell) -> None:
    prompts = [f"{{{{mock: split={split}}}}}{HARD_TEXT}" for split in ("char", "every-byte", "3")]
    heard = [(await cell.say(cell.user(each))).text for each in prompts]

    assert heard == [f"You said: {HARD_TEXT}"] * 3
    assert [each.story for each in cell.arrivals()] == [[("user", "text", each)] for each in prompts]
