from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.provenance import Origin
from korproxy.gateway.routing import PLANS, Candidate, Snapshot, candidates, embedder_of
from korproxy.kit.http_provider import OPENAI_CHAT, Endpoint, HttpProvider
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Peek
from korproxy.models.providers import Model
from tests.fakes.formats import Known, snapshot
from tests.fakes.routed import CHAT, MESSAGES, provider


def call(model: str, dialect: str = CHAT) -> Call:
    peek = Peek(model=model, stream=True, tools=True)
    return Call(id="1", correlation_id="c", dialect=dialect, path="/", peek=peek, body=b"")


def chosen(model: str, *providers: HttpProvider, dialect: str = CHAT, **more: Any) -> list[tuple[str, str, str]]:
    """Return provider, account and model of every candidate."""
    found = candidates(call(model, dialect), snapshot(*providers, **more))
    return [(each.provider.id, each.account.name, each.model) for each in found]


def test_a_model_belongs_to_whoever_offers_it() -> None:
    assert chosen("b", provider("one", "a"), provider("two", "b")) == [("two", "work", "b")]


def test_seals_come_from_the_provider_the_family_of_the_model_and_the_account() -> None:
    one = attrs.evolve(provider("one"), assumed=Abilities(family="openai"))
    found = Candidate(provider=one, account=Account(name="work"), model="gpt-6-sol", dialect=CHAT)

    assert found.origin == Origin(provider="one", family="openai/gpt-6", account="work")
    assert found.origin is found.origin


def test_what_was_decided_once_holds_as_long_as_the_snapshot() -> None:
    now = snapshot(provider("one", "m"))
    first = candidates(call("m"), now)

    assert candidates(call("m"), now) is first
    assert candidates(call("m"), attrs.evolve(now)) is not first
    assert candidates(structs.replace(call("m"), peek=Peek(model="m", stream=False)), now) is not first


def test_of_decisions_only_so_many_are_remembered_and_no_errors() -> None:
    now = snapshot(provider("one", patterns=("*",)), provider("two", "a"))
    for number in range(PLANS + 5):
        candidates(call(f"m{number}"), now)
    with pytest.raises(NoProvider):
        candidates(call("m", "unknown"), now)

    assert len(now.plans) == PLANS
    assert [asked[1] for asked in now.plans][0 :: PLANS - 1] == ["m5", f"m{PLANS + 4}"]


def test_several_that_offer_it_come_in_the_order_of_the_configuration() -> None:
    providers = [provider("two", "m"), provider("one", "m", accounts=("x", "y")), provider("three", "n")]

    assert chosen("m", *providers) == [("two", "work", "m"), ("one", "x", "m"), ("one", "y", "m")]


def test_a_pattern_offers_models_that_no_catalogue_lists() -> None:
    assert chosen("gpt-9", provider("one", "a"), provider("two", patterns=("gpt-*",))) == [("two", "work", "gpt-9")]


def test_the_only_provider_gets_every_model() -> None:
    assert chosen("unheard-of", provider("one", "a")) == [("one", "work", "unheard-of")]


def test_the_id_of_a_provider_in_front_names_it_and_is_taken_off() -> None:
    providers = [provider("one", "m"), provider("two", "n")]

    assert chosen("two/m", *providers) == [("two", "work", "m")]
    assert chosen("two/deep/name", *providers) == [("two", "work", "deep/name")]


def test_a_first_part_that_is_no_id_belongs_to_the_name() -> None:
    assert chosen("vendor/m", provider("one", "a"), provider("two", "vendor/m")) == [("two", "work", "vendor/m")]


@pytest.mark.parametrize("name", ["one/", "/m", "/", "one"])
def test_half_a_prefix_is_no_prefix(name: str) -> None:
    assert chosen(name, provider("one", "a")) == [("one", "work", name)]


def test_who_speaks_another_format_comes_last_where_it_can_be_translated() -> None:
    providers = [
        provider("one", "m"),
        provider("two", "m", speaks=(MESSAGES,)),
        provider("three", "m", speaks=(CHAT, MESSAGES)),
    ]
    found = candidates(call("m", MESSAGES), snapshot(*providers, translated=True))

    assert [(each.provider.id, each.dialect) for each in found] == [("two", MESSAGES), ("three", MESSAGES), ("one", CHAT)]


def test_an_alias_of_the_user_leads_to_a_provider_and_its_model() -> None:
    providers = [provider("one", "m"), provider("two", "n", patterns=("claude-*",))]
    aliases = {"claude-haiku-*": "one/small", "fast": "n"}

    assert chosen("claude-haiku-4-5", *providers, aliases=aliases) == [("one", "work", "small")]
    assert chosen("claude-opus-5", *providers, aliases=aliases) == [("two", "work", "claude-opus-5")]
    assert chosen("fast", *providers, aliases=aliases) == [("two", "work", "n")]


def test_a_name_with_a_provider_in_front_is_no_alias() -> None:
    assert chosen("one/fast", provider("one", "m"), provider("two", "n"), aliases={"*": "two/n"}) == [("one", "work", "fast")]


def test_an_alias_of_a_catalogue_becomes_the_name_that_the_provider_knows() -> None:
    known = attrs.evolve(provider("one"), catalogue=[Model(id="claude-opus-5", aliases=("opus",))])

    assert chosen("opus", known, provider("two", "n")) == [("one", "work", "claude-opus-5")]
    assert chosen("one/opus", known) == [("one", "work", "claude-opus-5")]


def test_who_speaks_another_format_is_passed_over_where_nothing_translates() -> None:
    providers = [
        provider("one", "m"),
        provider("two", "m", speaks=(MESSAGES,)),
        provider("three", "m", speaks=(CHAT, MESSAGES)),
    ]

    assert [each[0] for each in chosen("m", *providers, dialect=MESSAGES)] == ["two", "three"]
    assert {each.dialect for each in candidates(call("m", MESSAGES), snapshot(*providers))} == {MESSAGES}


def test_who_has_no_account_is_passed_over_while_another_has_one() -> None:
    assert chosen("m", provider("one", "m", accounts=()), provider("two", "m")) == [("two", "work", "m")]


def error(model: str, *providers: HttpProvider, dialect: str = CHAT) -> NoProvider:
    with pytest.raises(NoProvider) as caught:
        candidates(call(model, dialect), snapshot(*providers))
    return caught.value


@pytest.mark.code("KP-CONF-207")
def test_without_any_provider_the_next_step_is_named() -> None:
    failure = error("m")

    assert failure.code == "KP-CONF-207"
    assert "`korproxy init`" in failure.detail
    assert "`korproxy run --demo`" in failure.detail


@pytest.mark.code("KP-CONF-207")
def test_a_provider_without_an_account_says_what_to_write() -> None:
    failure = error("one/m", provider("one", accounts=()))

    assert (failure.code, failure.detail) == (
        "KP-CONF-207",
        "Provider 'one' has no account yet. Add to korproxy.toml: [[providers.one.accounts]]"
        ' name = "work" key = "file:secrets/NAME_OF_A_FILE"; it is read within a second.',
    )


@pytest.mark.code("KP-PROV-105")
def test_a_model_that_nobody_offers_gets_near_names_and_the_way_to_name_a_provider() -> None:
    failure = error("gpt-5-mni", provider("one", "gpt-5-mini", "other"), provider("two", "x"))

    assert (failure.code, failure.detail) == (
        "KP-PROV-105",
        "No configured provider offers the model 'gpt-5-mni'. Near names: gpt-5-mini. Configured: one, two."
        " Or name one: provider/model.",
    )


def test_a_model_name_of_any_length_is_shown_in_part() -> None:
    assert len(error("x" * 100_000, provider("one", "a"), provider("two", "b")).detail) < 400


@pytest.mark.code("KP-PROV-113")
def test_a_format_that_nobody_of_them_speaks_is_named_with_what_they_do_speak() -> None:
    failure = error("m", provider("one", "m"), provider("two", "m"), dialect=MESSAGES)

    assert (failure.code, failure.detail) == (
        "KP-PROV-113",
        "The request is in the format anthropic-messages, and the model 'm' cannot be reached from it:"
        " one speaks openai-chat, two speaks openai-chat.",
    )


IDS = st.sampled_from(["one", "two", "three"])
NAMES = st.sampled_from(["m", "n", "one/m", "two/n", "x/y", "three/", "/"])


@given(NAMES, st.lists(st.tuples(IDS, st.lists(NAMES, max_size=3), st.integers(0, 2)), unique_by=lambda each: each[0]))
def test_there_is_a_candidate_or_a_reason_and_never_neither(model: str, table: list[tuple[str, list[str], int]]) -> None:
    providers = [provider(id, *models, accounts=("x", "y")[:count]) for id, models, count in table]  # noqa: A001
    try:
        found = candidates(call(model), snapshot(*providers))
    except NoProvider:
        assert not chooses(model, providers)
        return

    order = [each.id for each in providers]
    assert chooses(model, providers)
    assert [order.index(each.provider.id) for each in found] == sorted(order.index(each.provider.id) for each in found)
    assert all(each.account in each.provider.accounts for each in found)
    assert {each.model for each in found} <= {model, model.partition("/")[2]}


def chooses(model: str, providers: list[HttpProvider]) -> bool:
    """Whether somebody with an account is named by *model*, else offers it, else is alone."""
    named = [each for each in providers if model.startswith(f"{each.id}/") and model != f"{each.id}/"]
    offering = [each for each in providers if each.offers(model)]
    return any(each.accounts for each in named or offering or (providers if len(providers) == 1 else []))


def test_only_formats_between_which_something_may_cross_need_their_translators() -> None:
    dialects: dict[str, Any] = {name: Known(name, paths=("/x",)) for name in (CHAT, MESSAGES)}
    dialects["gemini"] = Known("gemini", paths=())
    gemini = attrs.evolve(provider("g"), speaks={"gemini": OPENAI_CHAT})
    both, one = provider("b", speaks=(CHAT, MESSAGES)), provider("o")

    def needed(*providers: HttpProvider) -> list[object]:
        return list(Snapshot(providers=providers, dialects=dialects).translators)

    assert needed() == []
    assert needed(both) == []
    assert needed(both, one) == [MESSAGES, CHAT]
    assert needed(gemini) == [MESSAGES, "gemini", CHAT]


def test_a_count_needs_the_translators_of_counts() -> None:
    dialects: dict[str, Any] = {CHAT: Known(CHAT), "count": Known("count", kind="count"), "tally": Known("tally", kind="count")}
    tally = Endpoint(path="/tally", kind="count")
    there = attrs.evolve(provider("t"), speaks={CHAT: OPENAI_CHAT, "tally": tally})

    needed: list[object] = list(Snapshot(providers=(there,), dialects=dialects).translators)
    assert needed == ["count", "tally"]


@attrs.frozen
class Embedding(Known):
    """A format of embeddings."""

    embedder: Any = None


def test_embeddings_cross_by_their_embedders() -> None:
    dialects: dict[str, Any] = {
        CHAT: Known(CHAT),
        "vectors": Embedding(kind="embedding", embedder="v"),
        "numbers": Embedding(kind="embedding", embedder="n"),
    }
    there = attrs.evolve(provider("t"), speaks={"numbers": Endpoint(path="/n", kind="embedding")})
    snapshot = Snapshot(providers=(there,), dialects=dialects)
    needed: list[object] = list(snapshot.translators)

    assert needed == ["n", "v"]
    assert (snapshot.reaches("vectors", "numbers"), snapshot.reaches("vectors", CHAT)) == (True, False)
    asked: list[object] = [embedder_of(dialects.get(name)) for name in ("vectors", CHAT, "none")]
    assert asked == ["v", None, None]


def test_a_snapshot_without_anything_is_empty() -> None:
    assert (Snapshot().providers, Snapshot().dialects, Snapshot().demo) == ((), {}, False)


def test_an_endpoint_is_not_what_decides() -> None:
    """Which address a format has is the provider's affair: routing asks only for the format."""
    odd = HttpProvider(id="odd", base_url="https://odd.test", speaks={CHAT: Endpoint(path="/x")}, accounts=[Account(name="a")])

    assert chosen("m", odd) == [("odd", "a", "m")]
