from __future__ import annotations

import string
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from korproxy.runtime.canary.encodings import ENCODINGS, readings
from tests.fakes.work import lines_run

HIDDEN = st.text(string.ascii_letters + string.digits, min_size=12, max_size=60)
AROUND = st.text(string.ascii_letters + string.digits + " /=.:\"\\'\n", max_size=20)
WAYS: dict[str, Callable[[str], str]] = {
    **ENCODINGS,
    "reversed": lambda text: text[::-1],
    "hex": lambda text: text.encode().hex(),
    "hex in large letters": lambda text: text.encode().hex().upper(),
    "repr": lambda text: "".join(rf"\x{each:02x}" for each in text.encode()),
    "HTML in hex": lambda text: "".join(f"&#x{each:x};" for each in text.encode()),
    "escapes that are escaped": lambda text: "".join(rf"\\u{each:04X}" for each in text.encode()),
}


@given(st.sampled_from(sorted(WAYS)), HIDDEN, AROUND, AROUND)
def test_whatever_the_way_of_writing_it_is_read(encoding: str, hidden: str, before: str, after: str) -> None:
    written = WAYS[encoding](before + hidden + after)

    assert [each for each, _ in readings(written.encode()) if hidden.encode() in each]


@given(st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(ENCODINGS)), HIDDEN)
def test_what_was_written_in_one_way_and_then_in_another_is_read(first: str, second: str, hidden: str) -> None:
    written = ENCODINGS[second](ENCODINGS[first](hidden))

    assert [each for each, _ in readings(written.encode()) if hidden.encode() in each]


def test_each_reading_says_how_it_was_had() -> None:
    assert list(readings(b"%61bc", depth=1)) == [
        (b"%61bc", "plain"),
        (b"cb16%", "reversed"),
        (b"abc", "character by character"),
        (b"cba", "reversed in character by character"),
    ]
    assert list(readings(b"short", depth=1)) == [(b"short", "plain"), (b"trohs", "reversed")]


def test_a_character_of_no_byte_is_no_error() -> None:
    assert [each for each, _ in readings(b"&#999;", depth=1)][2] == b"\xff"


def test_long_texts_take_no_longer_per_character() -> None:
    short, long = (lines_run(lambda size=size: list(readings(b"aB3+" * size, depth=1))) for size in (50, 5000))  # type: ignore[misc]

    assert long == short
