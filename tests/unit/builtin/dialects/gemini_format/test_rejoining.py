"""What another vendor has sealed is one thought again, in however many pieces a client has kept it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.rejoining import rejoined

CLAUDES = chat.Seal(family="anthropic", data="sealed")
GOOGLES = chat.Seal(family="google", data="c2VhbGVk")
END = chat.Reasoning(seal=CLAUDES)
CALL = chat.ToolCall(id="1", name="f")


def model(*parts: chat.Part) -> chat.Turn:
    return chat.Turn(role="assistant", parts=parts)


def thought(text: str, seal: chat.Seal | None = None) -> chat.Reasoning:
    return chat.Reasoning(text=text, seal=seal)


def test_the_pieces_of_a_thought_and_its_seal_are_one_part() -> None:
    assert rejoined([model(thought("a"), thought("b"), END, CALL)]) == (model(thought("ab", CLAUDES), CALL),)


def test_pieces_in_turns_of_their_own_are_joined_and_empty_turns_are_gone() -> None:
    turns = [model(thought("a")), model(thought("b")), model(END, CALL)]

    assert rejoined(turns) == (model(thought("ab", CLAUDES), CALL),)


def test_a_thought_stands_where_its_first_piece_stood_and_its_seal_where_it_came() -> None:
    end = chat.Reasoning(seal=chat.Seal(family="anthropic", data="sealed", at="/2/s"), at="/2/s")
    [turn] = rejoined([model(chat.Reasoning(text="a", at="/0"), chat.Reasoning(text="b", at="/1"), end)])
    [part] = turn.parts

    assert isinstance(part, chat.Reasoning)
    assert part.seal is not None
    assert (part.at, part.seal.at) == ("/0", "/2/s")


def test_two_thoughts_stay_two() -> None:
    turns = [model(thought("a"), END, thought("b"), END)]

    assert rejoined(turns) == (model(thought("a", CLAUDES), thought("b", CLAUDES)),)


def test_whatever_stands_between_parts_thoughts() -> None:
    user = chat.Turn(role="user", parts=(chat.Text(text="Hi"),))
    turns = [model(thought("a")), user, model(END), model(thought("b"), CALL, END)]

    assert rejoined(turns) == (model(thought("a")), user, model(END), model(thought("b"), CALL, END))


def test_googles_own_seals_and_redacted_thoughts_stay_where_they_are() -> None:
    redacted = chat.Reasoning(seal=CLAUDES, redacted=True)
    turns = (model(thought("a"), chat.Reasoning(seal=GOOGLES), thought("b"), redacted),)

    assert rejoined(turns) == turns


def test_an_empty_turn_of_the_clients_own_stays() -> None:
    assert rejoined([model(), model(CALL)]) == (model(), model(CALL))


@given(st.text(min_size=1, max_size=20), st.data())
def test_it_does_not_matter_how_a_thought_was_cut(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [thought(text[start:end]) for start, end in pairwise([0, *cuts, len(text)]) if start < end]
    turns = [model(piece) for piece in pieces] if data.draw(st.booleans()) else [model(*pieces)]

    assert rejoined([*turns, model(END, CALL)]) in (
        (model(thought(text, CLAUDES), CALL),),
        (*[turn for turn in turns if not turn.parts], model(thought(text, CLAUDES), CALL)),
    )
