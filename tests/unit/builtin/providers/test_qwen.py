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
