"""Alibaba's Model Studio: two formats, decided by the address."""

from __future__ import annotations

import pytest

from korproxy.api import Features, Outgoing, Provider
from korproxy.builtin.providers.qwen import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


def outgoing(dialect: str) -> Outgoing:
    return Outgoing(dialect=dialect, model="qwen3.8-flash", stream=False, body=b"{}")


def test_a_request_goes_to_singapore_in_the_openai_format() -> None:
    sent = only(configured("qwen")).prepare(outgoing("openai-chat"), WORK)

    assert sent.url == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"
    assert sent.headers[-1] == (b"authorization", f"Bearer {SECRET}".encode())


@pytest.mark.parametrize("end", ["", "/"])
def test_the_anthropic_address_is_spoken_to_in_the_anthropic_format(end: str) -> None:
    provider = only(configured("qwen", base_url=f"https://coding.dashscope.aliyuncs.com/apps/anthropic{end}"))
    sent = provider.prepare(outgoing("anthropic-messages"), WORK)

    assert provider.dialect_for("qwen3.8-max", Features(dialect="openai-chat")) == "anthropic-messages"
    assert sent.url == "https://coding.dashscope.aliyuncs.com/apps/anthropic/v1/messages"
    assert sent.headers[-1] == (b"x-api-key", SECRET.encode())
    assert b"anthropic-beta".startswith(provider.vendor_headers)


def test_another_region_stays_in_the_openai_format() -> None:
    provider = only(configured("qwen", base_url="https://dashscope.aliyuncs.com/compatible-mode/v1"))

    assert provider.dialect_for("qwen3.8-max", Features(dialect="anthropic-messages")) == "openai-chat"
    assert provider.prepare(outgoing("openai-chat"), WORK).url.startswith("https://dashscope.aliyuncs.com/compatible-mode/v1/")


def test_it_serves_every_model_whose_name_begins_with_qwen() -> None:
    provider = only(configured("qwen"))

    assert all(provider.offers(each) for each in ("qwen3.8-flash", "qwen-max-latest", "qwen9"))
    assert not provider.offers("gpt-5.4")
    assert "qwen3.8-flash" in [each.id for each in provider.models()]


def test_its_headers_travel_both_ways_and_nobody_elses() -> None:
    prefixes = only(configured("qwen")).vendor_headers

    assert b"x-dashscope-cachecontrol".startswith(prefixes)
    assert not any(name.startswith(prefixes) for name in (b"anthropic-beta", b"openai-project", b"x-stainless-os"))


def test_without_a_table_there_is_nothing_and_without_an_account_no_account() -> None:
    assert list(korproxy_providers(FakeSettings())) == []
    assert list(only(configured("qwen", accounts=())).accounts) == []


def test_thinking_is_a_switch_where_it_can_be_off_and_a_level_where_it_cannot() -> None:
    provider = only(configured("qwen"))
    asked = {each: provider.abilities(each).reasoning for each in ("qwen3.8-max", "qwen3.8-flash", "qwen3-coder-plus", "qwen9")}

    assert asked == {"qwen3.8-max": "effort", "qwen3.8-flash": "switch", "qwen3-coder-plus": "none", "qwen9": "switch"}
    assert provider.abilities("qwen3.8-max").reasoning_off is False
    assert provider.abilities("qwen3.8-max-0902") == provider.abilities("qwen3.8-max")


def test_at_the_anthropic_address_thinking_is_a_budget() -> None:
    provider = only(configured("qwen", base_url="https://dashscope-intl.aliyuncs.com/apps/anthropic"))

    assert provider.abilities("qwen3.8-flash").reasoning == "budget"
    assert (provider.abilities("qwen3.8-max").reasoning, provider.abilities("qwen3.8-max").efforts) == ("budget", ())
    assert provider.abilities("qwen3-coder-plus").reasoning == "none"


def test_which_models_see_is_known() -> None:
    provider = only(configured("qwen"))

    assert [provider.abilities(each).images for each in ("qwen3.7-plus", "qwen3.7-max", "qwen3-coder-flash")] == [
        True,
        False,
        False,
    ]


def test_short_names_lead_to_models_of_its_list() -> None:
    provider = only(configured("qwen"))

    assert [provider.real_name(each) for each in ("qwen", "qwen-coder", "qwen-max")] == [
        "qwen3.8-max",
        "qwen3-coder-plus",
        "qwen-max",
    ]
    assert provider.test_model == "qwen3.8-flash"


def test_in_openais_format_it_embeds_and_in_anthropics_it_counts() -> None:
    chat = only(configured("qwen"))
    messages = only(configured("qwen", base_url="https://dashscope-intl.aliyuncs.com/apps/anthropic"))
    embedding, count = Features(dialect="gemini-embeddings", kind="embedding"), Features(dialect="gemini-count", kind="count")

    assert [each.dialect_for("m", embedding) for each in (chat, messages)] == ["openai-embeddings", ""]
    assert [each.dialect_for("m", count) for each in (chat, messages)] == ["", "anthropic-count"]
