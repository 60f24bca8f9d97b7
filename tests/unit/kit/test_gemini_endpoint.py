"""Where a request in Gemini's format goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.gemini_endpoint import GEMINI
from korproxy.models.accounts import Secret
from korproxy.models.calls import Outgoing

GOOGLE = "https://generativelanguage.googleapis.com"


def outgoing(model: str = "gemini-2.5-flash", *, stream: bool = False) -> Outgoing:
    return Outgoing(dialect="gemini", model=model, stream=stream, body=b"{}")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (GOOGLE, f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/", f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/v1beta", f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/v1beta/", f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/v1", f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/v1/", f"{GOOGLE}/v1beta"),
        (f"{GOOGLE}/v1alpha", f"{GOOGLE}/v1alpha"),
        ("http://127.0.0.1:4000/gemini", "http://127.0.0.1:4000/gemini/v1beta"),
        ("https://aiplatform.googleapis.com/v1/publishers/google", "https://aiplatform.googleapis.com/v1/publishers/google"),
        ("https://api.test/v10things", "https://api.test/v10things/v1beta"),
    ],
)
def test_base_urls_work_with_and_without_a_version(base: str, expected: str) -> None:
    assert GEMINI.url(base, outgoing()) == f"{expected}/models/gemini-2.5-flash:generateContent"


def test_a_stream_is_another_method_and_asks_for_events() -> None:
    assert GEMINI.url(GOOGLE, outgoing(stream=True)) == (
        f"{GOOGLE}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    )


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/my-own", "tunedModels/my-own"),
        ("google/gemini-2.5-flash", "models/google%2Fgemini-2.5-flash"),
        ("a:b", "models/a%3Ab"),
        ("a?b#c%", "models/a%3Fb%23c%25"),
        ("größe", "models/gr%C3%B6%C3%9Fe"),
    ],
)
def test_a_model_keeps_its_place_in_the_address_whatever_is_in_its_name(model: str, expected: str) -> None:
    assert GEMINI.url(GOOGLE, outgoing(model)) == f"{GOOGLE}/v1beta/{expected}:generateContent"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_name_leaves_its_segment(model: str) -> None:
    path = GEMINI.url(GOOGLE, outgoing(model)).removeprefix(f"{GOOGLE}/v1beta/")

    assert path.count("/") == 1
    assert path.count(":") == 1
    assert path.isascii()
    assert path.endswith(":generateContent")


def test_the_key_goes_in_googles_own_header() -> None:
    assert GEMINI.credential(Secret("AIza-1")) == (b"x-goog-api-key", b"AIza-1")


@pytest.mark.parametrize("base", [GOOGLE, f"{GOOGLE}/v1", f"{GOOGLE}/v1beta/"])
def test_models_are_listed_beside_them(base: str) -> None:
    assert GEMINI.list_url(base) == f"{GOOGLE}/v1beta/models?pageSize=1"
