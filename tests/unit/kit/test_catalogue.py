"""Catalogue files: what they may say, and how they say what is wrong in them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.catalogue import Catalogue, read_catalogue, with_catalogue
from korproxy.kit.http_provider import OPENAI_CHAT, HttpProvider, from_settings
from korproxy.models.abilities import Abilities
from korproxy.models.providers import ConfiguredProvider, Model

FILE: dict[str, Any] = {
    "source": ["the vendor's page of models"],
    "date": "2026-11-23",
    "patterns": ["kor-*"],
    "test_model": "kor-1",
    "defaults": {"owner": "kor", "family": "kor", "window": 1000, "images": False},
    "kinds": {"thinks": {"reasoning": "effort", "efforts": ["low", "high"]}},
    "models": [
        {"id": "kor-2", "name": "Kor 2", "aliases": ["kor"], "also": ["Kor-2-0901"], "kind": "thinks", "window": 2000},
        {"id": "kor-1", "owner": "other", "created": 7},
    ],
    "families": {"Kor-2*": {"kind": "thinks"}, "kor-*": {"audio": True}},
    "assumed": {"window": 10},
}


def read(**changes: Any) -> Catalogue:
    return read_catalogue(json.dumps({**FILE, **changes}).encode())


def test_a_file_is_read_with_its_defaults_and_kinds_laid_over_each_other() -> None:
    made = read()

    assert made.models == (
        Model(
            id="kor-2",
            owner="kor",
            name="Kor 2",
            aliases=("kor",),
            abilities=Abilities(family="kor", window=2000, images=False, reasoning="effort", efforts=("low", "high")),
        ),
        Model(id="kor-1", owner="other", created=7, abilities=Abilities(family="kor", window=1000, images=False)),
    )
    assert made.assumed == Abilities(family="kor", window=10, images=False)
    assert (made.patterns, made.test_model) == (("kor-*",), "kor-1")
    assert (made.source, made.date) == (("the vendor's page of models",), datetime.date(2026, 11, 23))


def test_other_names_of_a_model_and_families_are_found_in_their_order_and_in_any_case() -> None:
    thinks = Abilities(family="kor", window=1000, images=False, reasoning="effort", efforts=("low", "high"))

    assert [name for name, _ in read().families] == ["kor-2-0901", "kor-2*", "kor-*"]
    assert dict(read().families)["kor-2-0901"] == read().models[0].abilities
    assert dict(read().families)["kor-2*"] == thinks


def test_only_source_and_date_are_needed() -> None:
    bare = read_catalogue(b'{"source": ["s"], "date": "2026-01-02"}')

    assert bare == Catalogue(source=("s",), date=datetime.date(2026, 1, 2))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": []}, "must say where its facts come from"),
        ({"source": [""]}, "must say where its facts come from"),
        ({"date": "November"}, "`$.date`"),
        ({"date": 20261123}, "`$.date`"),
        ({"modles": []}, "unknown field `modles`"),
        ({"patterns": "kor-*"}, "`$.patterns`"),
        ({"test_model": "kor-9"}, "`test_model` 'kor-9' is not among the models"),
        ({"models": [{"name": "nameless"}], "test_model": ""}, "models[0]: Object missing required field `id`"),
        ({"models": [{"id": "a", "kind": "odd"}], "test_model": ""}, "models[0] a: there is no kind 'odd'"),
        ({"models": [{"id": "a", "kind": []}], "test_model": ""}, "models[0] a: there is no kind []"),
        ({"models": [{"id": "a", "colour": 1}], "test_model": ""}, "models[0] a: unknown 'colour'"),
        ({"models": [{"id": "a", "window": "big"}], "test_model": ""}, "models[0] a: Expected `int | null`, got `str`"),
        ({"models": [{"id": "a", "window": 0}], "test_model": ""}, "models[0] a: `window` is 0, and 1 is the least"),
        ({"models": [{"id": "a", "output": -1}], "test_model": ""}, "models[0] a: `output` is -1"),
        ({"models": [{"id": "a"}, {"id": "a"}], "test_model": ""}, "the name 'a' is there twice"),
        ({"models": [{"id": "a", "aliases": ["b"]}, {"id": "b"}], "test_model": ""}, "the name 'b' is there twice"),
        ({"models": [{"id": "a", "also": ["b"]}, {"id": "c", "aliases": ["b"]}], "test_model": ""}, "'b' is there twice"),
        ({"families": {"x*": {"owner": "me"}}}, "families 'x*': unknown 'owner'"),
        ({"families": {"x*": {"reasoning": "deep"}}}, "families 'x*': Invalid enum value 'deep'"),
        ({"assumed": {"reasoning": "effort"}}, "assumed: `efforts` are missing where `reasoning` is 'effort'"),
        ({"assumed": {"efforts": ["low"]}}, "assumed: `efforts` are too much where `reasoning` is 'none'"),
        ({"assumed": {"reasoning": "level", "efforts": ["high", "low"]}}, "assumed: `efforts` are not of none, minimal"),
        ({"assumed": {"reasoning": "level", "efforts": ["low", "low"]}}, "assumed: `efforts` are not of"),
        ({"assumed": {"reasoning": "level", "efforts": ["much"]}}, "assumed: `efforts` are not of"),
        ({"defaults": {"colour": 1}}, "assumed: unknown 'colour'"),
        ({"kinds": {"thinks": {"colour": 1}}}, "models[0] kor-2: unknown 'colour'"),
    ],
)
def test_a_mistake_is_told_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the words follow
        read(**changes)

    assert said in str(caught.value)


@given(st.binary(max_size=50) | st.sampled_from([b"[]", b"null", b"[" * 9999, b'{"source": ["s"]}']))
def test_what_is_no_catalogue_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="this is no catalogue"):
        read_catalogue(text)


def provider(catalogue: Catalogue) -> HttpProvider:
    bare = HttpProvider(id="mine", base_url="https://api.test", speaks={"openai-chat": OPENAI_CHAT})
    return with_catalogue(bare, catalogue)


def test_a_provider_knows_what_its_catalogue_says() -> None:
    made = provider(read())

    assert (made.id, made.test_model, made.patterns) == ("mine", "kor-1", ("kor-*",))
    assert [each.id for each in made.models()] == ["kor-2", "kor-1"]
    assert [made.offers(each) for each in ("kor", "kor-2-0901", "kor-9", "x")] == [True, True, True, False]
    assert [made.real_name(each) for each in ("kor", "kor-2-0901")] == ["kor-2", "kor-2-0901"]
    assert [made.abilities(each).window for each in ("kor", "Kor-2-0901", "kor-2-x", "kor-9", "x")] == [
        2000,
        2000,
        1000,
        1000,
        10,
    ]


def test_a_server_with_its_own_way_of_writing_names_finds_the_longest_one_first() -> None:
    bare = HttpProvider(id="m", base_url="https://a.test", speaks={}, families=read().anywhere)

    assert [bare.abilities(each).window for each in ("vendor/kor-2", "eu.kor-1@9", "KOR-2-0901:x", "kor-7", "llama")] == [
        2000,
        1000,
        2000,
        1000,
        None,
    ]


def test_in_anthropics_format_reasoning_is_asked_for_by_a_budget() -> None:
    made = provider(read(assumed={"reasoning": "switch"}).with_budgets())

    for model in ("kor-2", "kor-2-0901", "kor-2-x", "x"):
        assert (made.abilities(model).reasoning, made.abilities(model).efforts) == ("budget", ())
    assert made.abilities("kor-1").reasoning == "none"


def test_settings_go_over_a_catalogue() -> None:
    table = ConfiguredProvider(id="mine", type="kind", models=("kor-2",), abilities={"window": 5})

    assert from_settings(table, provider(read())).abilities("kor").window == 5


def test_what_a_model_is_for_is_told_by_its_purpose() -> None:
    rows = [{"id": "kor-1"}, {"id": "kor-e", "purpose": "embedding", "kind": "thinks"}]

    assert [each.kind for each in read(models=rows).models] == ["chat", "embedding"]
    with pytest.raises(ValueError, match=r"models\[0\] kor-1: .*purpose"):
        read(models=[{"id": "kor-1", "purpose": "painting"}])
