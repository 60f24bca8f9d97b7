"""The bodies of errors, however servers wrap them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import LONGEST_MESSAGE, error_words, innermost_error, page_words

SAID = {"type": "overloaded_error", "message": "Overloaded."}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": SAID}, SAID),
        ([[{"error": SAID}]], SAID),
        (SAID, SAID),
        ({"error": "a", "code": 7}, {"error": "a", "code": 7, "message": "a"}),
        ({"detail": "a"}, {"detail": "a", "message": "a"}),
        ({"error": {"code": 529, "message": json.dumps([{"error": SAID}])}}, SAID),
        ("a", {"message": "a"}),
        (["a", "b"], {"message": "a"}),
        (17, {"message": 17}),
        (None, {"message": None}),
    ],
)
def test_edge_75_and_76_the_error_that_counts_is_found(body: object, expected: Mapping[str, Any]) -> None:
    assert innermost_error(json.dumps(body).encode()) == expected


@pytest.mark.parametrize("message", ["{no json", '{"a":1}', "[]", "[1]", "a {b}"])
def test_a_message_that_only_looks_like_an_error_stays(message: str) -> None:
    assert innermost_error(json.dumps({"error": {"message": message}}).encode()) == {"message": message}


@pytest.mark.parametrize("body", ["upstream timed out", "<h1>Sorry</h1>", "", "[" * 100_000], ids=lambda body: body[:9])
def test_what_is_no_json_is_the_message(body: str) -> None:
    assert innermost_error(body.encode()) == {"message": body}


@pytest.mark.parametrize(("body", "kept"), [(b"0", 0), (b"false", False), (b'""', ""), (b"[]", [])])
def test_what_is_empty_is_a_message_or_none(body: bytes, kept: object) -> None:
    assert innermost_error(body) == {"message": kept}
    assert innermost_error(body, skip_empty=True) == {"message": None}


def test_errors_inside_errors_come_to_an_end() -> None:
    said = "deep"
    for _ in range(8):
        said = json.dumps({"error": {"message": said}})

    assert json.loads(innermost_error(said.encode())["message"]).keys() == {"error"}


@given(st.binary(max_size=80))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    words = error_words(innermost_error(body)["message"])

    assert words == words.strip()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (" Slow down.\n", "Slow down."),
        (None, ""),
        ({"text": "a"}, '{"text":"a"}'),
        (17, "17"),
        ([], "[]"),
        ("\n<html><style>x{}</style><h1>503</h1>\n<p>Overloaded.</p></html>", "503 Overloaded."),
        ("<p>" + "a" * 2000, "a" * LONGEST_MESSAGE),
        (["a" * 2000], '["' + "a" * (LONGEST_MESSAGE - 2)),
        ("a" * 2000, "a" * 2000),
    ],
)
def test_of_any_message_the_words_are_told(message: object, words: str) -> None:
    assert error_words(message) == words


def test_a_page_has_words_between_its_tags_only() -> None:
    page = "<title>502 Bad\n Gateway</title><SCRIPT>let a = '<b>'</SCRIPT><br/>try <i>later</i>"

    assert page_words(page) == "502 Bad Gateway try later"
