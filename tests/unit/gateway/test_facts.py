from __future__ import annotations

from typing import Any

import pytest

from korproxy.errors.exceptions import BadRequest
from korproxy.gateway.facts import profile_of, type_for, type_of, wants_safety
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Kind
from korproxy.models.routing import Profile, RequestType, Routing, SafeMode
from tests.fakes.formats import Known
from tests.fakes.routed import a_request, routing, snapshot


@pytest.mark.parametrize(
    ("kind", "model", "expected"),
    [
        ("chat", "claude-opus-5", "chat"),
        ("completion", "codestral", "completion"),
        ("embedding", "anything", "embedding"),
        ("count", "claude-opus-5", "other"),
        ("count", "gemini-embedding-2", "other"),
        ("other", "gpt-6", "other"),
        ("other", "text-embedding-3-small", "embedding"),
        ("chat", "gemini-embedding-001", "embedding"),
        ("chat", "nomic-embed-text", "embedding"),
        ("other", "mistral-embed", "embedding"),
        ("chat", "embedded-chat", "chat"),
    ],
)
def test_the_path_says_the_type_and_the_family_of_the_model_where_the_path_does_not(
    kind: Kind, model: str, expected: str
) -> None:
    assert type_for(kind, model) == expected


def test_a_request_is_of_the_type_that_its_format_serves() -> None:
    dialects: dict[str, Any] = {"vectors": Known(kind="embedding"), "fill": Known(kind="completion")}
    now = Snapshot(dialects=dialects)

    found = [type_of(a_request(dialect=each), now) for each in ("vectors", "fill", "unknown")]
    assert found == ["embedding", "completion", "chat"]


@pytest.mark.parametrize("said", ["embedding", "Other", " chat "])
def test_a_header_says_the_type_whatever_the_path(said: str) -> None:
    assert type_of(a_request(headers={"X-KorProxy-Request-Type": said}), snapshot()) == said.strip().lower()


@pytest.mark.code("KP-PROV-123")
def test_a_header_that_names_no_type_is_the_clients_mistake() -> None:
    with pytest.raises(BadRequest, match="is none of chat, completion, embedding, other: 'chatter'") as caught:
        type_of(a_request(headers={"X-KorProxy-Request-Type": "chatter"}), snapshot())
    assert caught.value.code == "KP-PROV-123"


def test_the_profile_in_force_is_the_one_that_is_switched_to_unless_a_header_names_another() -> None:
    work, home = Profile(name="work", chat="a"), Profile(name="home")
    now = snapshot(routing=routing(profiles=[work, home], profile="work"))

    assert profile_of(a_request().headers, now) == work
    assert profile_of(a_request(headers={"X-KorProxy-Profile": "home"}).headers, now) == home
    assert profile_of(a_request(headers={"X-KorProxy-Profile": "default"}).headers, now) == Profile(name="default")
    assert profile_of(a_request().headers, snapshot()) == Profile(name="default")


@pytest.mark.code("KP-PROV-120")
def test_a_profile_that_is_not_there_is_not_replaced_by_another() -> None:
    now = snapshot(routing=routing(profiles=[Profile(name="work")]))
    with pytest.raises(BadRequest, match=r"no profile 'Work'. There are: default, work\.") as caught:
        profile_of(a_request(headers={"X-KorProxy-Profile": "Work"}).headers, now)
    assert caught.value.code == "KP-PROV-120"


@pytest.mark.parametrize(
    ("switched", "header", "allowed", "expected"),
    [
        (True, "", True, True),
        (False, "on", True, True),
        (False, "1", True, True),
        (False, "off", True, False),
        (True, "off", True, True),
        (False, "", True, False),
        (True, "on", False, False),
    ],
)
def test_safe_mode_is_switched_on_for_all_or_by_a_header_and_never_off_by_one(
    switched: bool, header: str, allowed: bool, expected: bool
) -> None:
    now = snapshot(routing=Routing(safe_mode=SafeMode(on=switched)), safe_mode=allowed)
    headers = {"X-KorProxy-Safe-Mode": header} if header else {}

    assert wants_safety(a_request(headers=headers).headers, now) is expected


def test_the_types_are_those_of_the_profiles() -> None:
    every: list[RequestType] = ["chat", "completion", "embedding", "other"]
    assert [Profile(name="p", chat="c", default="d").group_for(each) for each in every] == ["c", "d", "d", "d"]
