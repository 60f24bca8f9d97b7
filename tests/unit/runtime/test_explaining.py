from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from korproxy.api import Explanation
from korproxy.config.home import Home
from korproxy.errors.exceptions import BadRequest, ConfigError, KorproxyError, NoProvider
from korproxy.runtime.explaining import STAND_IN, explain
from tests.fakes.plugin_files import write_plugins

HELLO = [{"role": "user", "content": "Hello"}]
CHAT = {"model": "gpt-5.5", "messages": HELLO}
MESSAGES = {"model": "claude-opus-5", "max_tokens": 100, "system": "Be brief.", "messages": HELLO}
LINK = {"type": "image_url", "image_url": {"url": "https://pictures.invalid/cat.png"}}
SETTINGS = """
[providers.mine]
type = "compatible"
base_url = "http://127.0.0.1:9/v1"
models = ["tiny", "small-*"]
[[providers.mine.accounts]]
name = "work"
key = "env:NO_SUCH_VARIABLE"

[providers.work]
type = "claude"
"""


def explained(
    home: Path, body: Mapping[str, Any] | bytes, to: str, *, settings: str = SETTINGS, client: str | None = None
) -> Explanation:
    """Explain *body* with *settings* as korproxy.toml and without installed plugins."""
    home.mkdir(exist_ok=True)
    (home / "korproxy.toml").write_text(settings)
    wire = body if isinstance(body, bytes) else json.dumps(body).encode()
    return explain(Home(path=home), wire, to=to, client=client, no_plugins=True)


def refused(home: Path, body: Mapping[str, Any] | bytes, to: str, **more: Any) -> KorproxyError:
    with pytest.raises(KorproxyError) as caught:
        explained(home, body, to, **more)
    return caught.value


def fates(found: Explanation, fate: str) -> list[str]:
    return [at for at, note in found.fates.items() if note.fate == fate]


# The same format


def test_a_request_of_the_providers_own_format_passes_byte_for_byte(home: Path) -> None:
    wire = b' {"model":"tiny","messages":[{"role":"user","content":"\\ud83d"}] , "temperature":1.10,"odd":1e400}'
    found = explained(home, wire, "mine")

    assert (found.client, found.dialect, found.provider, found.model) == ("openai-chat", "openai-chat", "mine", "tiny")
    assert (found.url, found.body) == ("http://127.0.0.1:9/v1/chat/completions", wire)
    assert fates(found, "kept") == ["/model", "/messages/0/role", "/messages/0/content", "/temperature", "/odd"]
    assert (found.names, found.lossy) == ({}, "")


def test_only_the_name_of_the_model_is_replaced(home: Path) -> None:
    found = explained(home, b'{ "model": "mine/tiny", "messages": [] }', "mine/org/model:tag")

    assert found.body == b'{ "model": "org/model:tag", "messages": [] }'
    assert [(at, note.why) for at, note in found.fates.items() if note.fate == "mapped"] == [
        ("/model", "sent as org/model:tag")
    ]


@pytest.mark.parametrize("model", ["tiny", "mine/tiny", "work/tiny"])
def test_the_model_is_the_requests_own_without_the_provider_in_front(home: Path, model: str) -> None:
    assert explained(home, CHAT | {"model": model}, "mine").model == "tiny"


def test_an_alias_is_what_it_stands_for(home: Path) -> None:
    settings = SETTINGS + '[aliases]\n"quick" = "mine/tiny"\n'

    assert explained(home, CHAT | {"model": "quick"}, "mine", settings=settings).model == "tiny"


def test_an_alias_of_the_routing_is_what_it_stands_for_too(home: Path) -> None:
    home.mkdir()
    (home / "routing.toml").write_text("version = 1\n[aliases]\nquick = 'mine/tiny'\n")

    assert explained(home, CHAT | {"model": "quick"}, "mine").model == "tiny"


def test_a_slash_in_a_model_is_no_provider(home: Path) -> None:
    assert explained(home, CHAT | {"model": "org/tiny"}, "mine").model == "org/tiny"


def test_a_byte_order_mark_of_an_editor_is_no_part_of_the_request(home: Path) -> None:
    found = explained(home, b"\xef\xbb\xbf" + json.dumps(CHAT).encode(), "mine")

    assert found.body == json.dumps(CHAT).encode()


# Where to


@pytest.mark.parametrize(
    ("to", "url"),
    [
        ("codex", "https://api.openai.com/v1/chat/completions"),
        ("qwen", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"),
    ],
)
def test_a_type_that_is_not_configured_is_taken_with_its_defaults(home: Path, to: str, url: str) -> None:
    found = explained(home, CHAT, f"{to}/some-model", settings="", client="openai-chat")

    assert (found.provider, found.url, found.remarks[0]) == (
        to,
        url,
        f"No provider {to!r} is configured: shown with the defaults of the type.",
    )


def test_what_is_configured_is_not_remarked(home: Path) -> None:
    assert explained(home, CHAT, "mine/tiny", client="openai-chat").remarks == ()


def test_a_guess_and_a_model_of_somebody_else_are_remarked(home: Path) -> None:
    assert explained(home, CHAT, "mine").remarks == (
        "The request looks like openai-chat; --from says otherwise.",
        "mine lists no model 'gpt-5.5'; --to mine/MODEL names another: tiny.",
    )


def test_no_secret_is_looked_up(home: Path) -> None:
    settings = SETTINGS.replace("env:NO_SUCH_VARIABLE", "file:secrets/none")

    assert explained(home, CHAT, "mine/tiny", settings=settings).provider == "mine"


@pytest.mark.code("KP-PROV-105")
@pytest.mark.parametrize("to", ["clade", "clade/opus", "Not An Id/x", ""])
def test_an_unknown_provider_is_told_with_those_that_are_there(home: Path, to: str) -> None:
    told = refused(home, CHAT, to)

    assert (type(told), told.code) == (NoProvider, "KP-PROV-105")
    assert f"No provider {to.partition('/')[0]!r} is configured. Configured: mine, work." in told.detail
    assert ('did you mean "claude"?' in told.detail) is to.startswith("clade")


@pytest.mark.code("KP-CONF-203")
def test_a_configured_provider_of_an_unknown_type_is_a_mistake_in_the_settings(home: Path) -> None:
    told = refused(home, CHAT, "mine", settings='[providers.mine]\ntype = "clade"\n')

    assert (type(told), told.code) == (ConfigError, "KP-CONF-203")
    assert "$.providers.mine.type" in told.detail


@pytest.mark.code("KP-CONF-213")
def test_a_type_without_an_address_of_its_own_says_so(home: Path) -> None:
    assert refused(home, CHAT, "compatible").code == "KP-CONF-213"


@pytest.mark.code("KP-PROV-106")
def test_a_service_that_has_ended_says_so(home: Path) -> None:
    assert refused(home, CHAT, "iflow").code == "KP-PROV-106"


# From what


@pytest.mark.code("KP-PROV-113")
def test_a_format_that_nobody_reads_is_told_with_those_that_are_read(home: Path) -> None:
    told = refused(home, CHAT, "mine", client="openai")

    assert told.code == "KP-PROV-113"
    assert told.detail.startswith("KorProxy reads no requests in the format 'openai'. It reads: anthropic-count, ")
    assert {"gemini", "openai-chat", "openai-responses"} <= set(told.detail.rstrip(".").split(": ")[1].split(", "))


def test_requests_of_every_format_to_talk_in_can_be_explained(home: Path) -> None:
    spoken = [
        explained(home, body, "work/claude-opus-5").client
        for body in (CHAT, MESSAGES, {"model": "m", "input": "Hello"}, {"contents": [{"parts": [{"text": "Hello"}]}]})
    ]

    assert spoken == ["openai-chat", "anthropic-messages", "openai-responses", "gemini"]


@pytest.mark.code("KP-SYS-519")
def test_a_request_that_names_no_model_needs_one_to_be_named(home: Path) -> None:
    told = refused(home, {"contents": []}, "work")

    assert (told.code, told.detail) == (
        "KP-SYS-519",
        "A request in the format gemini does not say the model itself: --to PROVIDER/MODEL has to.",
    )


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    ("wire", "told"),
    [
        (b'{"model": "a",\n "messages": [}', "The request is not JSON: Expecting value: line 2 column 15 (char 29)"),
        (b"", "The request is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"a": "\xff"}', "The request is not UTF-8: byte 7 cannot be read."),
        (b"[]", "The request is JSON, but not an object in braces."),
        (b"[" * 100_000, "The request is not read: it is nested too deeply."),
    ],
)
def test_what_is_no_json_object_is_told_with_its_place(home: Path, wire: bytes, told: str) -> None:
    error = refused(home, wire, "mine")

    assert (type(error), error.code, error.detail) == (BadRequest, "KP-SYS-509", told)


@pytest.mark.code("KP-SYS-519")
def test_a_request_that_names_no_model_is_refused_as_the_daemon_does(home: Path) -> None:
    assert refused(home, {"messages": HELLO}, "mine/tiny").code == "KP-SYS-519"


# Across formats


def test_what_the_other_format_lacks_is_lost_and_the_rest_is_kept_or_mapped(home: Path) -> None:
    body = CHAT | {"logit_bias": {"50256": -100}, "max_completion_tokens": 50}
    found = explained(home, body, "work/claude-opus-5")

    assert (found.client, found.dialect, found.url) == (
        "openai-chat",
        "anthropic-messages",
        "https://api.anthropic.com/v1/messages",
    )
    assert json.loads(found.body)["messages"][0]["role"] == "user"
    assert (json.loads(found.body)["model"], json.loads(found.body)["max_tokens"]) == ("claude-opus-5", 50)
    assert (fates(found, "lost"), found.lossy != "") == (["/logit_bias/50256"], True)
    assert found.fates["/logit_bias/50256"].why != ""
    assert list(found.fates) == [
        "/model",
        "/messages/0/role",
        "/messages/0/content",
        "/logit_bias/50256",
        "/max_completion_tokens",
    ]
    assert found.fates["/model"].why == "sent as claude-opus-5"


def test_the_names_of_tools_that_had_to_be_changed_are_told(home: Path) -> None:
    tool = {"name": "files.read", "description": "Read.", "input_schema": {"type": "object", "properties": {}}}
    found = explained(home, MESSAGES | {"tools": [tool]}, "codex/gpt-5.5")
    [sent] = json.loads(found.body)["tools"]

    assert found.names == {sent["name"]: "files.read"}
    assert found.fates["/tools/0/name"].fate == "mapped"


def test_the_address_says_the_model_where_the_format_wants_it_so(home: Path) -> None:
    found = explained(home, CHAT | {"stream": True}, "gemini/gemini-2.5-flash")

    assert found.url == (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    )
    assert (found.dialect, json.loads(found.body)["contents"]) == ("gemini", [{"role": "user", "parts": [{"text": "Hello"}]}])


@pytest.mark.code("KP-PROV-115")
def test_what_cannot_be_carried_is_the_daemons_own_error_with_its_place(home: Path) -> None:
    told = refused(home, CHAT | {"n": 3}, "work/claude-opus-5")

    assert (type(told), told.code) == (BadRequest, "KP-PROV-115")
    assert " at /n: " in told.detail


@pytest.mark.code("KP-PROV-115")
def test_an_image_by_link_is_refused_where_none_is_fetched(home: Path) -> None:
    body = CHAT | {"messages": [{"role": "user", "content": [LINK]}]}

    assert refused(home, body, "gemini/gemini-2.5-flash").code == "KP-PROV-115"


def test_an_image_that_would_be_fetched_has_a_stand_in_and_nothing_is_fetched(home: Path) -> None:
    settings = '[providers.mine]\ntype = "gemini"\nfetch_images = true\n'
    body = CHAT | {"messages": [{"role": "user", "content": [LINK]}]}
    found = explained(home, body, "mine/gemini-2.5-flash", settings=settings)

    assert json.loads(found.body)["contents"][0]["parts"][0]["inlineData"] == {"mimeType": "image/png", "data": STAND_IN}
    assert found.fates["/messages/0/content/0/image_url/url"].fate == "mapped"


PRIVATE = """
from korproxy.api import Endpoint, OpenAICompatible, hookimpl


@hookimpl
def korproxy_providers(settings):
    yield OpenAICompatible(id="alpha", base_url="http://127.0.0.1:9", speaks={"private": Endpoint(path="/private")})
"""


@pytest.mark.code("KP-PROV-113")
def test_a_format_that_nobody_translates_is_told(home: Path) -> None:
    home.mkdir()
    folder = write_plugins(home, {"alpha": PRIVATE})
    with pytest.raises(NoProvider) as caught:
        explain(Home(path=home), json.dumps(CHAT).encode(), to="alpha", plugin_dirs=[folder])

    assert caught.value.code == "KP-PROV-113"


def test_embeddings_of_another_format_are_explained(home: Path) -> None:
    found = explained(
        home, {"model": "m", "input": ["a"], "user": "me"}, "gemini/gemini-embedding-001", client="openai-embeddings"
    )

    assert found.url.endswith("/models/gemini-embedding-001:batchEmbedContents")
    assert json.loads(found.body)["requests"][0]["content"] == {"parts": [{"text": "a"}]}
    assert (found.dialect, found.lossy) == ("gemini-embeddings", "/user")
