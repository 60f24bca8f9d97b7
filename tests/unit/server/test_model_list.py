"""The list of models: only what is within reach, and every name on it leads to the model it stands for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.routing import candidates
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, OPENAI_CHAT, HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Peek
from korproxy.models.providers import Model
from korproxy.server.model_list import offered_models
from tests.fakes.formats import snapshot

OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"
ENDPOINTS = {OPENAI: OPENAI_CHAT, ANTHROPIC: ANTHROPIC_MESSAGES}
WORK = (Account(name="work"),)


def provider(
    id: str,  # noqa: A002
    *models: str,
    speaks: tuple[str, ...] = (OPENAI,),
    accounts: tuple[Account, ...] = WORK,
    patterns: tuple[str, ...] = (),
) -> HttpProvider:
    return HttpProvider(
        id=id,
        base_url=f"https://{id}.test",
        accounts=accounts,
        speaks={name: ENDPOINTS[name] for name in speaks},
        catalogue=[Model(id=each, owner=id, name=each) for each in models],
        patterns=patterns,
    )


def names(*providers: HttpProvider, dialect: str = OPENAI, **more: Any) -> list[str]:
    return [each.id for each in offered_models(snapshot(*providers, **more), dialect)]


def test_models_are_listed_in_the_order_of_the_configuration() -> None:
    assert names(provider("two", "z", "a"), provider("one", "m")) == ["z", "a", "m"]


def test_nothing_is_offered_where_nothing_is_configured() -> None:
    assert names() == []


def test_a_provider_without_an_account_offers_nothing() -> None:
    assert names(provider("one", "m", accounts=()), provider("two", "n")) == ["n"]


def test_only_models_within_reach_of_the_format_are_listed() -> None:
    both, one, other = (
        provider("both", "b", speaks=(OPENAI, ANTHROPIC)),
        provider("one", "o"),
        provider("other", "a", speaks=(ANTHROPIC,)),
    )

    assert [names(both, one, other, dialect=each) for each in (OPENAI, ANTHROPIC)] == [["b", "o"], ["b", "a"]]


def test_a_name_that_two_have_is_given_in_full_for_the_second_and_the_third() -> None:
    assert names(provider("one", "m"), provider("two", "m", "n"), provider("three", "m")) == ["m", "two/m", "n", "three/m"]


def test_a_name_is_no_double_where_the_first_who_has_it_is_out_of_reach() -> None:
    foreign, empty = provider("foreign", "m", speaks=(ANTHROPIC,)), provider("empty", "m", accounts=())

    assert names(foreign, empty, provider("one", "m")) == ["m"]


def test_models_that_are_reached_by_translation_come_behind_those_that_are_not() -> None:
    foreign = provider("foreign", "m", "f", speaks=(ANTHROPIC,))

    assert names(foreign, provider("one", "m"), translated=True) == ["m", "foreign/m", "f"]


def test_aliases_of_the_user_are_listed_but_patterns_are_not() -> None:
    assert names(provider("one", "m"), aliases={"fast": "one/m", "claude-*": "one/m", "m": "one/n"}) == ["m", "fast"]
    assert names(aliases={"fast": "one/m"}) == []


def test_a_name_that_reads_as_another_providers_is_given_in_full() -> None:
    assert names(provider("router", "vendor/m", "other/m"), provider("vendor", "m")) == ["router/vendor/m", "other/m", "m"]


def test_a_model_that_is_called_as_a_provider_keeps_its_name() -> None:
    assert names(provider("one", "two", "two/"), provider("two", "m")) == ["two", "two/", "m"]


def test_a_name_that_an_earlier_provider_takes_by_a_pattern_is_given_in_full() -> None:
    assert names(provider("all", patterns=("m*",)), provider("one", "m1", "n1")) == ["one/m1", "n1"]


def test_what_else_is_known_of_a_model_stays() -> None:
    model = Model(id="m", owner="vendor", name="The M", created=1_700_000_000)
    first = provider("one", "m")
    second = HttpProvider(id="two", base_url="https://two.test", accounts=WORK, speaks=ENDPOINTS, catalogue=[model])

    assert offered_models(snapshot(first, second), OPENAI)[1] == Model(
        id="two/m", owner="vendor", name="The M", created=1_700_000_000
    )


IDS = ("a", "b", "c")
MODELS = st.sampled_from(["m", "n", "a/m", "b/m", "b/n", "c/b/m", "x/m", "a"])
PROVIDERS = st.lists(
    st.builds(
        lambda id, models, speaks, accounts, patterns: provider(  # noqa: A006
            id, *models, speaks=speaks, accounts=accounts, patterns=patterns
        ),
        st.sampled_from(IDS),
        st.lists(MODELS, max_size=4),
        st.sampled_from([(OPENAI,), (ANTHROPIC,), (OPENAI, ANTHROPIC)]),
        st.sampled_from([WORK, WORK, ()]),
        st.sampled_from([(), (), ("*",), ("b/*",)]),
    ),
    max_size=3,
    unique_by=lambda each: each.id,
)


@given(PROVIDERS, st.sampled_from([OPENAI, ANTHROPIC]), st.booleans())
def test_every_listed_name_leads_to_the_model_that_it_stands_for(
    providers: list[HttpProvider], dialect: str, translated: bool
) -> None:
    known = snapshot(*providers, translated=translated)
    for model in offered_models(known, dialect):
        call = Call(id="", correlation_id="", dialect=dialect, path="", peek=Peek(model=model.id, stream=False), body=b"")
        first = candidates(call, known)[0]

        assert (first.provider.id, first.model) == (model.owner, model.name)


@given(PROVIDERS, st.sampled_from([OPENAI, ANTHROPIC]), st.booleans())
def test_every_model_within_reach_is_listed_once(providers: list[HttpProvider], dialect: str, translated: bool) -> None:
    listed = offered_models(snapshot(*providers, translated=translated), dialect)
    within_reach = {
        (each.id, model.id)
        for each in providers
        if each.accounts and (translated or dialect in each.speaks)
        for model in each.models()
    }

    assert len({each.id for each in listed}) == len(listed) == len(within_reach)
