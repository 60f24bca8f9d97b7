"""The ids in one answer."""

from __future__ import annotations

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.ids import Ids


def ids(id: str = "", answer: str = "") -> Ids:  # noqa: A002
    return Ids.of(chat.Asked(model="m", id=id), answer)


def test_they_are_made_of_the_id_of_the_request() -> None:
    made = ids("0a-0b-0c", "resp_theirs")

    assert (made.response, made.item("msg", 0), made.item("fc", 12)) == ("resp_0a0b0c", "msg_0a0b0c_0", "fc_0a0b0c_12")


def test_without_one_of_the_id_of_the_answer_and_without_that_they_are_new() -> None:
    assert (ids(answer="resp_1").response, ids(answer="msg:1").response) == ("resp_1", "resp_msg_1")
    assert ids().response != ids().response


def test_a_long_id_leaves_room() -> None:
    made = ids(answer="x" * 200)

    assert max(len(made.response), len(made.item("ctc", 99999))) <= 64


def test_ids_of_calls_stay_as_they_are_and_stand_for_one_call_only() -> None:
    made = ids("1")

    assert [made.call(each) for each in ("fs.read:0", "a", "a", "a_2", "a", "", "")] == [
        "fs.read:0",
        "a",
        "a_2",
        "a_2_2",
        "a_3",
        "call_1",
        "call_1_2",
    ]
