"""Encrypted content is good for the account and the family of models that it was made for, and for no other."""

from hypothesis import given
from hypothesis import strategies as st
from korproxy_mock.responses_seals import family, seal_for, shown, unsealed

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(WORDS, WORDS, WORDS)
def test_a_seal_opens_for_whom_it_was_made(key: str, model: str, text: str) -> None:
    seal = seal_for(key, model, text)
    assert unsealed(seal, key, model) == text
    assert seal.startswith("gAAAAA")


@given(WORDS, WORDS, WORDS, WORDS)
def test_a_seal_opens_for_no_other_key_or_family(key: str, other: str, model: str, text: str) -> None:
    seal = seal_for(key, model, text)
    assert (unsealed(seal, other, model) is not None) is (key == other)
    assert (unsealed(seal, key, other) is not None) is (family(model) == family(other))


@given(WORDS, st.data())
def test_a_seal_that_was_changed_does_not_open(text: str, data: st.DataObject) -> None:
    seal = seal_for("key", "gpt-6-sol", text)
    at = data.draw(st.integers(12, len(seal) - 5))
    by = data.draw(st.sampled_from("ABCxyz019-_?"))
    changed = seal[:at] + by + seal[at + 1 :]
    assert (unsealed(changed, "key", "gpt-6-sol") is not None) is (changed == seal)


@given(st.text())
def test_what_the_mock_did_not_make_does_not_open(text: str) -> None:
    assert unsealed(text, "key", "gpt-6-sol") is None


def test_families_are_generations() -> None:
    assert family("gpt-6-sol") == family("openai/gpt-6-luna") == family("gpt-6") == "gpt-6"
    assert len({family(each) for each in ("gpt-6-sol", "gpt-6.1-sol", "gpt-5.6-sol", "o3", "mock-model")}) == 5


def test_a_seal_is_shown_by_its_ends() -> None:
    assert shown("gAAAAABxyz12345") == "gAAA...2345"
