"""The output of a stream while it grows."""

from __future__ import annotations

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.open_items import Output
from korproxy.builtin.dialects.responses_format.written_items import Items
from tests.unit.builtin.dialects.responses_format.said import ASKED, outline, shown


def output() -> Output:
    return Output(Items(ASKED, Ids.of(ASKED, "")))


def test_events_are_numbered() -> None:
    growing = output()

    assert growing.event("response.new", x=1) == (
        b'event: response.new\ndata: {"type":"response.new","sequence_number":0,"x":1}\n\n'
    )
    assert growing.event("error").endswith(b'"sequence_number":1}\n\n')


def test_closing_nothing_says_nothing() -> None:
    assert (output().close(), output().seal(None, redacted=False), output().argue("{}")) == (b"", b"", b"")


def test_another_kind_of_words_is_another_item() -> None:
    growing = output()
    stream = growing.say("output_text", "a") + growing.say("refusal", "b") + growing.say("refusal", "c") + growing.close()

    assert outline(stream) == ["+0 message", "0 output_text a", "-0", "+1 message", "1 refusal b", "1 refusal c", "-1"]
    assert [each["content"][0]["type"] for each in growing.done] == ["output_text", "refusal"]


def test_a_message_whose_text_is_over_stays_open_until_something_follows() -> None:
    growing = output()
    growing.say("output_text", "a")
    growing.part()

    assert outline(growing.close(cut=True)) == ["-0"]
    assert growing.done[0]["status"] == "incomplete"


def test_a_seal_without_a_text_behind_a_text_ends_that() -> None:
    growing = output()
    stream = growing.say("output_text", "a") + growing.seal(None, redacted=False) + growing.say("output_text", "b")

    assert outline(stream) == ["+0 message", "0 output_text a", "-0", "+1 message", "1 output_text b"]


def test_the_beginning_of_a_call_says_which_tool_and_no_more() -> None:
    growing = output()
    (added,) = shown(growing.call(chat.CallStarted(key=0, id="call_1", name="read")))

    assert (added["item"]["name"], added["item"]["arguments"], growing.argue("")) == ("read", "", b"")
