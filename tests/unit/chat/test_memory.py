"""Sealed reasoning for clients that do not send it back."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.chat.folding import events_of
from tests.fakes.conversations import answers, conversations

SEAL = chat.Seal(family="anthropic", data="Eq==")
GOOGLE = chat.Seal(family="google", data="QUJD")
THOUGHT = chat.Reasoning(text="I should read it.", seal=SEAL)
HIDDEN = chat.Reasoning(seal=chat.Seal(family="anthropic", data="red"), redacted=True)
CALL = chat.ToolCall(id="toolu_1", name="read")
OTHER = chat.ToolCall(id="toolu_2", name="read")


def of(family: str) -> Callable[[chat.Seal], bool]:
    return lambda seal: seal.family == family


def asked(*parts: chat.Part) -> chat.Conversation:
    question = chat.Turn(role="user", parts=(chat.Text(text="?"),))
    return chat.Conversation(turns=(question, chat.Turn(role="assistant", parts=parts)))


def remembering(*parts: chat.Part, now: float = 0.0) -> chat.ReasoningMemory:
    memory = chat.ReasoningMemory()
    memory.note_answer(chat.Answer(parts=parts, ending=chat.Ending(reason="tools")), now)
    return memory


def restored(memory: chat.ReasoningMemory, *parts: chat.Part, family: str = "anthropic") -> tuple[chat.Part, ...]:
    return memory.restore(asked(*parts), of(family), 0.0).turns[1].parts


def test_reasoning_comes_back_in_front_of_all_that_the_turn_says() -> None:
    memory = remembering(THOUGHT, HIDDEN, chat.Text(text="Let me see."), CALL)
    assert restored(memory, chat.Text(text="Let me see."), CALL) == (THOUGHT, HIDDEN, chat.Text(text="Let me see."), CALL)


def test_plain_reasoning_of_the_same_text_makes_room() -> None:
    memory = remembering(THOUGHT, CALL)
    for plain in ("I should read it.", " I should\nread it. "):
        assert restored(memory, chat.Reasoning(text=plain), CALL) == (THOUGHT, CALL)


def test_plain_reasoning_that_a_format_has_joined_makes_room() -> None:
    second = chat.Reasoning(text="Then write.", seal=SEAL)
    memory = remembering(THOUGHT, HIDDEN, second, CALL)
    joined = chat.Reasoning(text="I should read it.\n\nThen write.")
    assert restored(memory, chat.Text(text="a"), joined, CALL) == (chat.Text(text="a"), THOUGHT, HIDDEN, second, CALL)


def test_plain_reasoning_of_another_text_stays() -> None:
    other = chat.Reasoning(text="Something else.")
    assert restored(remembering(THOUGHT, CALL), other, CALL) == (THOUGHT, other, CALL)


def test_reasoning_between_two_calls_comes_back_between_them() -> None:
    second = chat.Reasoning(text="Now the other.", seal=SEAL)
    memory = remembering(THOUGHT, CALL, second, OTHER)
    assert restored(memory, CALL, OTHER) == (THOUGHT, CALL, second, OTHER)
    assert restored(memory, OTHER) == (THOUGHT, second, OTHER)


def test_reasoning_in_front_of_two_calls_comes_back_once() -> None:
    assert restored(remembering(THOUGHT, CALL, OTHER), CALL, OTHER) == (THOUGHT, CALL, OTHER)


def test_what_the_client_has_sent_back_itself_stands() -> None:
    memory = remembering(THOUGHT, HIDDEN, CALL)
    own = chat.Reasoning(text="edited", seal=SEAL)
    assert restored(memory, own, CALL) == (own, CALL)


def test_the_seal_of_a_call_comes_back_where_it_has_none() -> None:
    sealed = attrs.evolve(CALL, seal=GOOGLE)
    memory = remembering(sealed, OTHER)
    assert restored(memory, CALL, OTHER, family="google") == (sealed, OTHER)
    own = attrs.evolve(CALL, seal=SEAL)
    assert restored(memory, own, OTHER, family="google") == (own, OTHER)


def test_nothing_comes_back_to_another_family() -> None:
    memory = remembering(THOUGHT, attrs.evolve(CALL, seal=SEAL))
    for family in ("google", ""):
        assert restored(memory, CALL, family=family) == (CALL,)


def test_of_one_vendors_seals_only_those_come_back_that_belong_to_whoever_is_asked() -> None:
    second = chat.Reasoning(text="Of another account.", seal=chat.Seal(family="anthropic", data="other"))
    memory = remembering(THOUGHT, second, attrs.evolve(CALL, seal=second.seal))
    assert memory.restore(asked(CALL), lambda seal: seal == SEAL, 0.0).turns[1].parts == (THOUGHT, CALL)
    assert memory.restore(asked(CALL), chat.nobody, 0.0).turns[1].parts == (CALL,)


def test_only_what_is_sealed_is_remembered() -> None:
    memory = remembering(chat.Reasoning(text="plain"), CALL, THOUGHT)
    memory.note("", (THOUGHT,), None, 0.0)
    assert len(memory) == 0


def test_an_id_that_the_client_got_in_other_characters_is_known() -> None:
    memory = remembering(THOUGHT, chat.ToolCall(id="fs.read:0", name="read"))
    fitted = chat.ToolCall(id="fs_read_0", name="read")
    assert restored(memory, fitted) == (THOUGHT, fitted)


def test_nobody_gets_what_belongs_to_another_scope() -> None:
    memory = chat.ReasoningMemory()
    memory.note("call_0", (THOUGHT,), None, 0.0, scope="ann")
    call = chat.ToolCall(id="call_0", name="read")
    assert memory.restore(asked(call), of("anthropic"), 0.0).turns[1].parts == (call,)
    assert memory.restore(asked(call), of("anthropic"), 0.0, scope="ann").turns[1].parts == (THOUGHT, call)


def test_only_assistant_turns_get_reasoning() -> None:
    memory = remembering(THOUGHT, CALL)
    odd = chat.Conversation(turns=(chat.Turn(role="user", parts=(CALL,)),))
    assert memory.restore(odd, of("anthropic"), 0.0) is odd


def test_a_call_that_is_noted_again_counts_once() -> None:
    memory = remembering(THOUGHT, CALL)
    memory.note("toolu_1", (HIDDEN,), None, 1.0)
    assert len(memory) == 1
    assert restored(memory, CALL) == (HIDDEN, CALL)


def test_what_was_not_used_for_six_hours_is_forgotten() -> None:
    memory = remembering(THOUGHT, CALL, OTHER)
    hours = 3600.0
    assert memory.restore(asked(CALL), of("anthropic"), 5 * hours).turns[1].parts == (THOUGHT, CALL)
    assert memory.restore(asked(OTHER), of("anthropic"), 7 * hours).turns[1].parts == (OTHER,)
    assert memory.restore(asked(CALL), of("anthropic"), 7 * hours).turns[1].parts == (THOUGHT, CALL)
    assert len(memory) == 1


def test_the_oldest_goes_when_there_are_too_many() -> None:
    memory = chat.ReasoningMemory(entries=2)
    for number in range(3):
        memory.note(f"call_{number}", (THOUGHT,), None, number)
    asking = [asked(attrs.evolve(CALL, id=f"call_{n}")) for n in range(3)]
    kept = [len(memory.restore(each, of("anthropic"), 3.0).turns[1].parts) > 1 for each in asking]
    assert kept == [False, True, True]


def test_the_oldest_go_when_they_are_too_long_and_the_longest_is_never_taken() -> None:
    memory = chat.ReasoningMemory(characters=100)
    memory.note("a", (chat.Reasoning(text="x" * 40, seal=SEAL),), None, 0.0)
    memory.note("b", (chat.Reasoning(text="x" * 40, seal=SEAL),), None, 1.0)
    memory.note("c", (chat.Reasoning(text="x" * 101, seal=SEAL),), None, 2.0)
    assert len(memory) == 2
    memory.note("d", (), chat.Seal(family="google", data="x" * 50), 3.0)
    assert len(memory) == 2
    call = attrs.evolve(CALL, id="a")
    assert memory.restore(asked(call), of("anthropic"), 4.0).turns[1].parts == (call,)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60), st.floats(0, 1000)), max_size=30))
def test_its_bounds_hold_whatever_is_noted(notes: list[tuple[str, int, float]]) -> None:
    memory = chat.ReasoningMemory(entries=3, characters=100, longest=50.0)
    for now, (call_id, length, step) in enumerate(notes):
        memory.note(call_id, (chat.Reasoning(text="x" * length, seal=SEAL),), None, now + step)
        assert len(memory) <= 3
        assert memory._size == sum(each.size for each in memory._kept.values()) <= 100


@given(answers())
def test_a_stream_is_remembered_like_a_whole_answer(answer: chat.Answer) -> None:
    calls = [attrs.evolve(each, seal=None) for each in answer.parts if isinstance(each, chat.ToolCall)]
    whole, streamed = chat.ReasoningMemory(), chat.ReasoningMemory()
    whole.note_answer(answer, 0.0)
    watch = streamed.watcher(0.0)
    for event in events_of(answer):
        watch(event)
    for family in ("anthropic", "google"):
        assert whole.restore(asked(*calls), of(family), 0.0) == streamed.restore(asked(*calls), of(family), 0.0)
    assert len(whole) == len(streamed)


@given(answers(), st.sampled_from(["anthropic", "google", "openai"]))
def test_an_answer_whose_seals_were_stripped_is_whole_again(answer: chat.Answer, family: str) -> None:
    kept: list[chat.Part] = [each for each in answer.parts if not isinstance(each, chat.Image)]
    kept = [each for each in kept if not isinstance(each, chat.Reasoning) or (each.seal and each.seal.family == family)]
    kept = [_without_foreign_seal(each, family) for each in kept]
    memory = chat.ReasoningMemory()
    memory.note_answer(attrs.evolve(answer, parts=tuple(kept)), 0.0)
    stripped = [attrs.evolve(each, seal=None) if isinstance(each, chat.ToolCall) else each for each in kept]
    stripped = [each for each in stripped if not isinstance(each, chat.Reasoning)]
    has_calls = any(isinstance(each, chat.ToolCall) for each in kept)
    back = memory.restore(asked(*stripped), of(family), 0.0).turns[1].parts
    assert list(back) == (kept if has_calls else stripped)


def _without_foreign_seal(part: chat.Part, family: str) -> chat.Part:
    is_foreign = isinstance(part, chat.ToolCall) and part.seal is not None and part.seal.family != family
    return attrs.evolve(part, seal=None) if is_foreign else part  # type: ignore[arg-type]


def test_reasoning_that_is_followed_by_text_has_no_seal() -> None:
    memory = chat.ReasoningMemory()
    watch = memory.watcher(0.0)
    events = (
        chat.ReasoningDelta("plain"),
        chat.TextDelta("a"),
        chat.ReasoningEnded(seal=GOOGLE),
        chat.CallStarted(key=0, id="toolu_1", name="read"),
        chat.CallEnded(0),
        chat.CallEnded(1),
    )
    for event in events:
        watch(event)
    assert restored(memory, CALL, family="google") == (chat.Reasoning(seal=GOOGLE), CALL)


@given(conversations())
def test_an_empty_memory_changes_nothing(conversation: chat.Conversation) -> None:
    assert chat.ReasoningMemory().restore(conversation, of("anthropic"), 0.0) is conversation


@given(conversations(), answers(), st.sampled_from(["anthropic", "google"]))
def test_restoring_a_second_time_changes_nothing(conversation: chat.Conversation, answer: chat.Answer, family: str) -> None:
    memory = chat.ReasoningMemory()
    memory.note_answer(answer, 0.0)
    once = memory.restore(conversation, of(family), 0.0)
    assert memory.restore(once, of(family), 0.0) == once


def test_no_content_is_in_its_repr() -> None:
    assert "I should read it." not in repr(remembering(THOUGHT, CALL))
