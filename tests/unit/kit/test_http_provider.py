"""What a provider sends, to where, and with which headers."""

from __future__ import annotations

import traceback

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import ConfigError, NoProvider
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, NEVER_PASSED, OPENAI_CHAT, Endpoint, HttpProvider, from_settings
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Features, Headers, Outgoing, RawHeaders
from korproxy.models.providers import ConfiguredProvider, Deadlines, Limits, Model

WORK = Account(name="work", secret=Secret("sk-work"))
BOTH = {"openai-chat": OPENAI_CHAT, "anthropic-messages": ANTHROPIC_MESSAGES}


def provider(*models: str, patterns: tuple[str, ...] = ()) -> HttpProvider:
    catalogue = tuple(Model(id=each) for each in models)
    return HttpProvider(id="mine", base_url="https://api.test/v1", speaks=BOTH, catalogue=catalogue, patterns=patterns)


def knowing() -> HttpProvider:
    """Return a provider that knows something of some models."""
    return HttpProvider(
        id="mine",
        base_url="https://api.test/v1",
        speaks=BOTH,
        catalogue=(
            Model(id="big-2", aliases=("big",), abilities=Abilities(output=2)),
            Model(id="big-1", abilities=Abilities(output=1)),
            Model(id="plain"),
        ),
        families=(("big-2-*", Abilities(output=22)), ("*big*", Abilities(output=3))),
        assumed=Abilities(output=9),
        patterns=("big-*",),
    )


def outgoing(dialect: str = "openai-chat", *, headers: RawHeaders = (), credential: Secret | None = None) -> Outgoing:
    return Outgoing(
        dialect=dialect, model="m", stream=True, body=b'{"a": 1}', headers=headers, credential=credential, correlation_id="c-1"
    )


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("/chat/completions", "https://api.test/v1", "https://api.test/v1/chat/completions"),
        ("/chat/completions", "https://api.test/v1/", "https://api.test/v1/chat/completions"),
        ("/chat/completions", "https://api.test", "https://api.test/chat/completions"),
        ("/v1/messages", "https://api.test", "https://api.test/v1/messages"),
        ("/v1/messages", "https://api.test/", "https://api.test/v1/messages"),
        ("/v1/messages", "https://api.test/v1", "https://api.test/v1/messages"),
        ("/v1/messages", "https://api.test/v1/", "https://api.test/v1/messages"),
        ("/v1/messages", "https://api.test/apps/anthropic", "https://api.test/apps/anthropic/v1/messages"),
        ("/v1/messages", "https://api.test/rev1", "https://api.test/rev1/v1/messages"),
    ],
)
def test_base_url_and_path_meet_without_a_double(path: str, base: str, expected: str) -> None:
    assert Endpoint(path=path).url(base, outgoing()) == expected


def test_the_request_is_complete_and_nothing_is_in_it_twice() -> None:
    sent = provider().prepare(outgoing(), WORK)

    assert (sent.method, sent.url, sent.body) == ("POST", "https://api.test/v1/chat/completions", b'{"a": 1}')
    assert [name for name, _ in sent.headers] == [
        b"content-type",
        b"accept",
        b"accept-encoding",
        b"user-agent",
        b"x-correlation-id",
        b"authorization",
    ]
    assert dict(sent.headers)[b"accept"] == b"text/event-stream"
    assert dict(sent.headers)[b"x-correlation-id"] == b"c-1"
    assert dict(sent.headers)[b"authorization"] == b"Bearer sk-work"


def test_a_formats_own_header_is_added_where_the_client_sent_none() -> None:
    silent = provider().prepare(outgoing("anthropic-messages"), WORK)
    versioned = provider().prepare(outgoing("anthropic-messages", headers=[(b"anthropic-version", b"2099-01-01")]), WORK)

    assert [value for name, value in silent.headers if name == b"anthropic-version"] == [b"2023-06-01"]
    assert [value for name, value in versioned.headers if name == b"anthropic-version"] == [b"2099-01-01"]


def test_a_vendor_header_that_comes_twice_goes_on_twice() -> None:
    headers = [(b"anthropic-beta", b"a"), (b"anthropic-beta", b"b")]
    sent = provider().prepare(outgoing("anthropic-messages", headers=headers), WORK)

    assert [each for each in sent.headers if each[0] == b"anthropic-beta"] == headers


@given(st.lists(st.tuples(st.sampled_from(sorted(NEVER_PASSED)), st.binary(max_size=5)), max_size=8))
def test_no_header_of_the_client_competes_with_ours(headers: list[tuple[bytes, bytes]]) -> None:
    assert provider().prepare(outgoing(headers=headers), WORK) == provider().prepare(outgoing(), WORK)


def test_without_a_secret_no_credential_is_sent() -> None:
    sent = provider().prepare(outgoing(), Account(name="none"))

    assert {name for name, _ in sent.headers}.isdisjoint({b"authorization", b"x-api-key"})


def test_the_callers_credential_is_sent_in_place_of_ours() -> None:
    account = Account(name="theirs", forwards=True)
    sent = provider().prepare(outgoing("anthropic-messages", credential=Secret("sk-caller")), account)

    assert (b"x-api-key", b"sk-caller") in sent.headers


@pytest.mark.code("KP-AUTH-009")
def test_a_caller_without_a_credential_is_told_where_it_belongs() -> None:
    with pytest.raises(NoProvider) as caught:
        provider().prepare(outgoing(), Account(name="theirs", forwards=True))

    assert caught.value.code == "KP-AUTH-009"
    assert "'theirs' of 'mine'" in caught.value.detail
    assert "X-KorProxy-Key" in caught.value.detail


def test_a_missing_secret_is_told_anew_for_every_request() -> None:
    missing = ConfigError("KP-CONF-205", "WORK_KEY is not set.")
    account = Account(name="work", missing=missing)
    raised = []
    for _ in range(3):
        with pytest.raises(ConfigError) as caught:
            provider().prepare(outgoing(), account)
        raised.append(caught.value)

    assert [(each.code, each.detail) for each in raised] == [("KP-CONF-205", "WORK_KEY is not set.")] * 3
    assert missing not in raised
    assert traceback.extract_tb(missing.__traceback__) == []


def test_a_key_that_is_no_utf_8_goes_out_as_it_came_from_the_environment() -> None:
    sent = provider().prepare(outgoing(), Account(name="odd", secret=Secret("sk-\udcff")))

    assert (b"authorization", b"Bearer sk-\xff") in sent.headers


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-5", True),
        ("claude-opus-5", True),
        ("claude-opus-5[1m]", True),
        ("Claude-opus", False),
        ("model[1m]-x", True),
        ("model1-x", False),
        ("", False),
    ],
)
def test_a_model_is_offered_by_its_name_or_a_pattern(model: str, expected: bool) -> None:
    assert provider("gpt-5", patterns=("claude-*", "model[1m]-*")).offers(model) is expected


@pytest.mark.parametrize(
    ("model", "output"),
    [("big-2", 2), ("big", 2), ("big-1", 1), ("plain", 9), ("big-2-0901", 22), ("vendor/BIG", 3), ("small", 9), ("", 9)],
)
def test_what_a_model_can_do_is_read_from_the_list_else_from_its_family_else_assumed(model: str, output: int) -> None:
    assert knowing().abilities(model).output == output


def test_an_alias_is_offered_and_not_listed_and_its_real_name_is_the_models() -> None:
    made = knowing()

    assert made.offers("big")
    assert [each.id for each in made.models()] == ["big-2", "big-1", "plain"]
    assert [made.real_name(each) for each in ("big", "big-2", "big-2-0901", "unheard-of")] == [
        "big-2",
        "big-2",
        "big-2-0901",
        "unheard-of",
    ]


def test_an_alias_never_takes_the_name_of_a_model() -> None:
    made = attrs.evolve(knowing(), catalogue=(Model(id="a", aliases=("b",)), Model(id="b")))

    assert made.real_name("b") == "b"


def test_the_clients_format_is_used_where_it_is_spoken() -> None:
    assert provider().dialect_for("m", Features(dialect="anthropic-messages")) == "anthropic-messages"
    assert provider().dialect_for("m", Features(dialect="gemini")) == "openai-chat"


def test_refusals_are_read_in_the_two_known_shapes() -> None:
    assert provider().refusal(529, Headers(), b"").code == "KP-PROV-103"


def test_settings_go_over_the_defaults_of_a_type() -> None:
    defaults = provider("gpt-5", patterns=("gpt-*",))
    table = ConfiguredProvider(
        id="mine",
        type="kind",
        base_url="http://other.test",
        accounts=(WORK,),
        deadlines=Deadlines(connect=1.0),
        limits=Limits(max_queue=7),
        models=("own", "own-*"),
        fetch_images=True,
    )
    made = from_settings(table, defaults)

    assert (made.id, made.type, made.base_url, made.accounts) == ("mine", "kind", "http://other.test", (WORK,))
    assert (made.deadlines.connect, made.limits.max_queue, made.fetch_images) == (1.0, 7, True)
    assert [each.id for each in made.models()] == ["own"]
    assert [made.offers(each) for each in ("own", "own-2", "gpt-5")] == [True, True, False]


def test_what_the_settings_do_not_say_stays_as_the_type_has_it() -> None:
    defaults = provider("gpt-5", patterns=("gpt-*",))
    made = from_settings(ConfiguredProvider(id="mine", type="kind"), defaults)

    assert (made.base_url, made.catalogue, made.patterns) == (defaults.base_url, defaults.catalogue, defaults.patterns)


def test_models_of_the_users_own_choice_are_still_known() -> None:
    table = ConfiguredProvider(id="mine", type="kind", models=("big", "big-2", "other", "big-1-*"))
    made = from_settings(table, knowing())

    assert [(each.id, each.owner) for each in made.models()] == [("big-2", ""), ("other", "mine")]
    assert [made.offers(each) for each in ("big", "big-2", "big-1", "big-1-x")] == [True, True, False, True]
    assert made.real_name("big") == "big-2"
    assert [made.abilities(each).output for each in ("big", "big-1", "big-2-0901", "other")] == [2, 1, 22, 9]


def test_what_the_user_says_of_abilities_goes_over_all_that_is_known() -> None:
    table = ConfiguredProvider(id="mine", type="kind", abilities={"output": 5, "images": False})
    made = from_settings(table, knowing())

    for model in ("big-2", "big-1", "plain", "big-2-x", "vendor/big", "small"):
        assert made.abilities(model) == Abilities(output=5, images=False)


def test_a_form_of_reasoning_that_needs_levels_gets_the_common_ones_and_another_loses_them() -> None:
    levelled = from_settings(ConfiguredProvider(id="m", type="k", abilities={"reasoning": "effort"}), knowing())
    flat = from_settings(ConfiguredProvider(id="m", type="k", abilities={"reasoning": "none"}), levelled)
    own = from_settings(ConfiguredProvider(id="m", type="k", abilities={"reasoning": "level", "efforts": ("max",)}), knowing())

    assert (levelled.abilities("x").efforts, flat.abilities("x").efforts) == (("low", "medium", "high"), ())
    assert own.abilities("x").efforts == ("max",)


@pytest.mark.parametrize(
    ("speaks", "base", "url", "key"),
    [
        (OPENAI_CHAT, "https://api.test/v1/", "https://api.test/v1/models", (b"authorization", b"Bearer sk-work")),
        (
            OPENAI_CHAT,
            "https://api.test/compatible",
            "https://api.test/compatible/models",
            (b"authorization", b"Bearer sk-work"),
        ),
        (ANTHROPIC_MESSAGES, "https://api.test", "https://api.test/v1/models", (b"x-api-key", b"sk-work")),
        (ANTHROPIC_MESSAGES, "https://api.test/v1", "https://api.test/v1/models", (b"x-api-key", b"sk-work")),
    ],
)
def test_its_health_is_checked_by_a_look_at_its_models(speaks: Endpoint, base: str, url: str, key: tuple[bytes, bytes]) -> None:
    asked = attrs.evolve(provider(), speaks={"x": speaks, "y": OPENAI_CHAT}, base_url=base).check(WORK)

    assert asked is not None
    assert (asked.method, asked.url, asked.body) == ("GET", url, b"")
    assert set(speaks.defaults) <= set(asked.headers)
    assert (key in asked.headers, b"content-type" in dict(asked.headers)) == (True, False)


def test_without_a_key_of_ours_nothing_is_asked_with_one() -> None:
    without = provider().check(Account(name="open"))
    lost = Account(name="lost", missing=ConfigError("KP-CONF-205", "not set"))

    assert without is not None
    assert not {b"authorization", b"x-api-key"} & set(dict(without.headers))
    assert [provider().check(each) for each in (Account(name="theirs", forwards=True), lost)] == [None, None]
    assert attrs.evolve(provider(), speaks={}).check(WORK) is None
