"""Laws for the catalogues that are shipped: they say where they come from, and they lack no model their vendor documents."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from korproxy.builtin.providers import claude, codex, compatible, gemini, qwen
from korproxy.contracts import Provider
from korproxy.kit.catalogue import Catalogue, read_catalogue
from korproxy.models.abilities import BY_EFFORT, Abilities
from tests.fakes.settings import configured

FOLDER = Path(claude.__file__).with_name("catalogues")
FILES = {path.stem: path for path in sorted(FOLDER.glob("*"))}
READ = {name: read_catalogue(path.read_bytes()) for name, path in FILES.items()}
FORMATS_OF = {  # which forms of reasoning a format has words for
    "anthropic": {"none", "budget", "adaptive", "both", "always"},
    "openai": {"none", "effort"},
    "google": {"none", "budget", "level"},
    "qwen": {"none", "switch", "effort"},
    "compatible": {"none", "effort"},
}

# As the vendors' SDKs, tools and pages have them in November 2026.
DOCUMENTED = {
    "anthropic": """
        claude-fable-5-2 claude-fable-5-1 claude-fable-5 claude-mythos-5-2 claude-mythos-5-1 claude-mythos-5 claude-opus-5-5
        claude-opus-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-opus-4-5 claude-opus-4-5-20251101 claude-sonnet-5-5
        claude-sonnet-5 claude-sonnet-4-6 claude-sonnet-4-5 claude-sonnet-4-5-20250929 claude-haiku-5-5 claude-haiku-4-5
        claude-haiku-4-5-20251001""",
    "openai": """
        gpt-6.2-astra gpt-6-astra gpt-6.2-sol gpt-6.1-sol gpt-6-sol gpt-6.1-terra gpt-6-luna gpt-5.6-sol gpt-5.6-terra
        gpt-5.6-luna gpt-5.5 gpt-5.5-2026-04-23 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.2 gpt-5.1 gpt-4.1 gpt-4.1-mini gpt-4o
        gpt-4o-mini text-embedding-3-small text-embedding-3-large text-embedding-ada-002""",
    "google": """
        gemini-4-argon gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite
        gemini-3.1-pro-preview gemini-3.1-flash-lite gemini-3-flash gemini-3-flash-preview gemini-3-pro-preview gemini-2.5-pro
        gemini-2.5-flash gemini-2.5-flash-lite gemini-pro-latest gemini-flash-latest gemini-flash-lite-latest gemma-4-31b-it
        gemma-4-26b-a4b-it gemini-embedding-001""",
    "qwen": """
        qwen3.8-max qwen3.8-max-0902 qwen3.8-flash qwen3.7-max qwen3.7-plus qwen3.6-plus qwen3.6-flash qwen3.5-plus
        qwen3-coder-plus qwen3-coder-flash qwen3-coder-next qwen3-max-2026-01-23 text-embedding-v4
        text-embedding-v3""",
}
OF_TYPE = {"claude": ("anthropic", claude), "codex": ("openai", codex), "gemini": ("google", gemini), "qwen": ("qwen", qwen)}


def made(kind: str) -> Provider:
    made: list[Provider] = list(OF_TYPE[kind][1].korproxy_providers(configured(kind)))
    return made[0]


def known(catalogue: Catalogue) -> list[Abilities]:
    """Return every set of abilities in *catalogue*."""
    listed = [each.abilities for each in catalogue.models if each.abilities is not None]
    return [*listed, *(each for _, each in catalogue.families), catalogue.assumed]


def test_there_is_one_for_each_vendor_and_nothing_else_lies_about() -> None:
    assert [path.name for path in FILES.values()] == [
        "anthropic.json",
        "compatible.json",
        "google.json",
        "openai.json",
        "qwen.json",
    ]


@pytest.mark.parametrize("name", FILES)
def test_it_says_where_it_comes_from_and_when(name: str) -> None:
    catalogue = READ[name]

    assert catalogue.date >= date(2026, 11, 1)
    assert all(len(each) > 20 for each in catalogue.source)


@pytest.mark.parametrize("kind", OF_TYPE)
def test_every_model_that_its_vendor_documents_is_known_by_its_own_name(kind: str) -> None:
    file, _ = OF_TYPE[kind]
    provider, catalogue = made(kind), READ[file]
    exact = {each.id for each in catalogue.models} | {name for name, _ in catalogue.families}
    documented = DOCUMENTED[file].split()

    assert [each for each in documented if each not in exact] == []
    assert [each for each in documented if provider.real_name(each) != each or not provider.offers(each)] == []
    assert {each.id for each in provider.models()} <= set(documented)


@pytest.mark.parametrize("kind", OF_TYPE)
def test_a_name_of_ours_is_none_of_the_vendors_and_leads_to_a_listed_model(kind: str) -> None:
    provider = made(kind)
    aliases = {alias: each.id for each in provider.models() for alias in each.aliases}

    assert aliases
    assert aliases.keys().isdisjoint(DOCUMENTED[OF_TYPE[kind][0]].split())
    for alias, model in aliases.items():
        assert provider.offers(alias)
        assert provider.real_name(alias) == model
        assert provider.abilities(alias) == provider.abilities(model)


def test_no_two_vendors_share_a_name() -> None:
    names = [name for each in READ.values() for model in each.models for name in (model.id, *model.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", OF_TYPE)
def test_its_test_model_is_listed(kind: str) -> None:
    assert made(kind).test_model in [each.id for each in made(kind).models()]


@pytest.mark.parametrize("kind", OF_TYPE)
def test_what_makes_vectors_is_marked_so_and_is_not_talked_to(kind: str) -> None:
    models = made(kind).models()
    marked = {each.id for each in models if each.kind == "embedding"}

    assert marked == {each.id for each in models if "embedding" in each.id}
    assert all(each.abilities is not None and not each.abilities.tools for each in models if each.id in marked)
    assert made(kind).test_model not in marked


def test_embeddings_beyond_the_list_are_taken_by_their_own_vendor_only() -> None:
    names = ("text-embedding-3-next", "text-embedding-v5", "gemini-embedding-2")
    takers = [[kind for kind in OF_TYPE if made(kind).offers(each)] for each in names]

    assert takers == [["codex"], ["qwen"], ["gemini"]]


@pytest.mark.parametrize("name", FILES)
def test_reasoning_is_asked_for_in_words_that_its_format_has(name: str) -> None:
    assert {each.reasoning for each in known(READ[name])} <= FORMATS_OF[name]


@pytest.mark.parametrize("name", FILES)
def test_what_can_be_switched_off_by_a_word_has_that_word(name: str) -> None:
    for each in known(READ[name]):
        if each.reasoning == "effort":
            assert each.reasoning_off is ("none" in each.efforts)
        if each.reasoning == "always":
            assert not each.reasoning_off
        if each.reasoning not in BY_EFFORT:
            assert each.efforts == ()


@pytest.mark.parametrize("name", FILES)
def test_an_answer_fits_into_the_window(name: str) -> None:
    for each in known(READ[name]):
        assert each.window is None or each.output is None or each.output < each.window


def test_no_kind_is_left_over_and_none_repeats_the_defaults() -> None:
    for path in FILES.values():
        file: dict[str, Any] = json.loads(path.read_bytes())
        rows = [*file.get("models", ()), *file.get("families", {}).values(), file.get("assumed", {})]

        assert set(file.get("kinds", {})) == {each["kind"] for each in rows if "kind" in each}
        for kind in file.get("kinds", {}).values():
            assert (
                not kind.items()
                & {key: value for key, value in file["defaults"].items() if not isinstance(value, list)}.items()
            )


@pytest.mark.parametrize(
    ("model", "reasoning_back"),
    [
        ("deepseek-v4-pro", True),
        ("deepseek/deepseek-v4-flash", True),
        ("deepseek-ai/DeepSeek-V4", True),
        ("zai-org/GLM-5.2", True),
        ("kimi-k3", True),
        ("llama3.3", False),
        ("gpt-oss:120b", False),
        ("qwen3-coder:30b", False),
    ],
)
def test_whose_thoughts_have_to_come_back_is_known_on_any_server(model: str, reasoning_back: bool) -> None:
    (provider,) = compatible.korproxy_providers(configured("compatible", base_url="http://127.0.0.1:1/v1"))

    assert provider.abilities(model).reasoning_back is reasoning_back


def test_reading_the_four_vendors_costs_less_than_five_milliseconds_of_a_start() -> None:
    code = (
        "import time; from pathlib import Path; from korproxy.api import read_catalogue; began = time.process_time();"
        f"[read_catalogue((Path({str(FOLDER)!r}) / f'{{name}}.json').read_bytes()) for name in {list(DOCUMENTED)}];"
        "print(1000 * (time.process_time() - began))"
    )
    best = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30).stdout)
        for _ in range(3)
    )

    assert best < 5.0
