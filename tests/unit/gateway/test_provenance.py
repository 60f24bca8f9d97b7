"""Whose sealed reasoning is whose."""

from __future__ import annotations

import base64

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.chat.parts import Seal
from korproxy.gateway.provenance import DIGEST_SIZE, NOBODY, Origin, Owner, Provenance, digest, family_of

WORK = Origin(provider="claude", family="anthropic", account="work")
HOME = Origin(provider="claude", family="anthropic", account="home")
OTHER = Origin(provider="claude-eu", family="anthropic", account="work")
GOOGLE = Origin(provider="gemini", family="google", account="work")
UNKNOWN = Origin(provider="server", family="", account="none")
ORIGINS = (WORK, HOME, OTHER, GOOGLE, UNKNOWN)
SEAL = Seal(family="anthropic", data="EqQB+/==")
TEXTS = st.text(max_size=5)


def belongs(provenance: Provenance, seal: Seal = SEAL) -> list[Origin]:
    return [each for each in ORIGINS if Owner(provenance, each)(seal)]


def test_a_seal_that_nobody_knows_may_go_to_all_of_its_family_and_to_servers_of_none() -> None:
    assert belongs(Provenance()) == [WORK, HOME, OTHER, UNKNOWN]
    assert belongs(Provenance(), Seal(family="", data="x")) == list(ORIGINS)


def test_a_seal_that_was_noted_belongs_to_where_it_came_from() -> None:
    provenance = Provenance()
    provenance.note(SEAL, HOME)

    assert belongs(provenance) == [HOME]


def test_where_it_came_from_counts_and_not_the_format_it_came_in() -> None:
    provenance = Provenance()
    provenance.note(SEAL, UNKNOWN)

    assert belongs(provenance) == [UNKNOWN]


def test_what_was_refused_belongs_to_nobody_until_it_is_made_again() -> None:
    provenance = Provenance()
    provenance.note(SEAL, WORK)
    provenance.disown(digest(SEAL))
    assert (belongs(provenance), provenance.origin_of(digest(SEAL))) == ([], NOBODY)

    provenance.note(SEAL, OTHER)
    assert belongs(provenance) == [OTHER]


@given(st.binary(min_size=1))
def test_a_seal_is_the_same_in_both_alphabets_of_base64_padded_or_not(data: bytes) -> None:
    ways = [base64.b64encode(data), base64.urlsafe_b64encode(data), base64.urlsafe_b64encode(data).rstrip(b"=")]
    found = {digest(Seal(family="google", data=each.decode())) for each in ways}

    assert len(found) == 1
    assert len(found.pop()) == DIGEST_SIZE


def test_half_a_character_in_a_seal_does_no_harm() -> None:
    assert len(digest(Seal(family="google", data="\ud83d"))) == DIGEST_SIZE


def test_the_oldest_goes_when_there_are_too_many() -> None:
    provenance = Provenance(entries=2)
    seals = [Seal(family="anthropic", data=each) for each in "abc"]
    provenance.note(seals[0], WORK)
    provenance.note(seals[1], WORK)
    provenance.note(seals[0], WORK)  # now the younger one
    provenance.note(seals[2], WORK)

    assert [provenance.origin_of(digest(each)) for each in seals] == [WORK, None, WORK]
    assert len(provenance) == 2


def test_it_is_known_whether_something_has_changed() -> None:
    provenance = Provenance()
    counts = [provenance.changes]
    for origin in (WORK, WORK, HOME):
        provenance.note(SEAL, origin)
        counts.append(provenance.changes)
    provenance.disown(digest(SEAL))

    assert [*counts, provenance.changes] == [0, 1, 1, 2, 3]


@given(st.lists(st.tuples(TEXTS, st.sampled_from(ORIGINS))), st.lists(st.tuples(TEXTS, st.sampled_from(ORIGINS))))
def test_what_was_copied_can_be_recalled_and_what_is_newer_goes_first(
    before: list[tuple[str, Origin]], after: list[tuple[str, Origin]]
) -> None:
    old, new, both = Provenance(entries=4), Provenance(entries=4), Provenance(entries=4)
    for told, table in ((before, old), (after, new), ([*before, *after], both)):
        for data, origin in told:
            table.note(Seal(family="anthropic", data=data), origin)
    new.recall(old.copy())

    assert list(new.copy().items()) == list(both.copy().items())


def test_an_owner_says_what_a_provider_is_sent() -> None:
    provenance = Provenance()
    provenance.note(SEAL, WORK)
    other = Seal(family="google", data="QUJD")

    assert [Owner(provenance, each)(SEAL) for each in ORIGINS] == [True, False, False, False, False]
    assert [Owner(provenance, each)(other) for each in ORIGINS] == [False, False, False, True, True]
    assert [Owner(provenance, each)(Seal(family="", data="x")) for each in ORIGINS] == [True] * 5


def test_unsealed_reasoning_is_refused_only_by_the_vendor_that_looks_for_a_seal() -> None:
    unsealed = Seal(family="anthropic", data="")

    assert [Owner(Provenance(), each)(unsealed) for each in ORIGINS] == [False, False, False, True, True]


def test_an_owner_notes_what_comes_and_disowns_what_was_sent_and_nothing_else() -> None:
    provenance = Provenance()
    mine, others, unseen = (Seal(family="anthropic", data=each) for each in "abc")
    owner = Owner(provenance, WORK)
    owner.note([mine])
    Owner(provenance, HOME).note([others])
    assert [owner(each) for each in (mine, others, unseen, Seal(family="anthropic", data=""))] == [True, False, True, False]

    owner.disown()

    assert [belongs(provenance, each) for each in (mine, others, unseen)] == [[], [HOME], []]


def test_no_seal_is_in_its_repr() -> None:
    owner = Owner(Provenance(), WORK)
    owner(SEAL)

    assert SEAL.data not in repr(owner)


@pytest.mark.parametrize(
    ("vendor", "model", "family"),
    [
        ("openai", "gpt-6-sol", "openai/gpt-6"),
        ("openai", "gpt-6.1-terra", "openai/gpt-6.1"),
        ("openai", "openai/gpt-5.5", "openai/gpt-5.5"),
        ("openai", "o3-mini", "openai/o3"),
        ("openai", "chatgpt", "openai"),
        ("anthropic", "claude-opus-5", "anthropic"),
        ("google", "gemini-3.5-flash", "google"),
        ("", "llama3.3", ""),
    ],
)
def test_openais_seals_are_bound_to_a_line_of_models_others_to_their_vendor(vendor: str, model: str, family: str) -> None:
    assert family_of(vendor, model) == family


def test_another_line_of_models_is_not_sent_what_it_did_not_seal_and_whatever_nobody_knows_goes_to_its_vendor() -> None:
    table = Provenance()
    six = Origin(provider="codex", family="openai/gpt-6", account="work")
    five = attrs.evolve(six, family="openai/gpt-5.5")
    known, unknown = Seal(family="openai", data="known"), Seal(family="openai", data="unknown")
    table.note(known, six)

    assert [Owner(table, each)(known) for each in (six, five)] == [True, False]
    assert [Owner(table, each)(unknown) for each in (six, five)] == [True, True]
