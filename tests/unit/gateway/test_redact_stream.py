from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.gateway import redact_stream
from korproxy.gateway.redact import UNCHECKED, Redactor
from korproxy.gateway.redact_stream import AROUND, BLOCK, StreamRedactor
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.regex_redaction import RegexRedaction
from tests.fakes import offered
from tests.fakes.redacting import Breaks

BUILT_IN = RuleSet.of(offered.redactions().values(), decodes=True)
SMALL = RuleSet.of(
    [
        RegexRedaction(
            name="a", order=1, longest=20, pattern=re.compile("(?<![a-z])k-(?P<secret>[0-9]{2,18}+)"), clues=("k-",)
        ),
        RegexRedaction(name="b", order=2, longest=20, pattern=re.compile(r"p=(?P<secret>[^ *]{1,20}+)"), clues=("p=",)),
    ]
)
PIECES = ["k-", "p=", "12345", "6", " ", "x", "\n", "***"]


def streamed(rules: RuleSet, pieces: Sequence[str]) -> str:
    redactor = StreamRedactor(rules)
    return "".join([*map(redactor.feed, pieces), redactor.finish()])


def cut(text: str, places: Sequence[int]) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *sorted(places), len(text)])]


SECRETS = [
    "sk-ant-api03-AbCdEfGhIjKlMnOp",
    "Authorization: Bearer hunter2hunter2",
    "cookie: a=bcdef; d=e",
    "eyJhbGciOiJIUzI1NiJ9.eyJz.xx",
]
WORDS = st.lists(st.sampled_from([*SECRETS, " ", "\n", "a word", '"', "\\u0073k-abcdefghijklmnop", "é"]), max_size=8).map(
    "".join
)


@given(WORDS, st.data())
def test_however_a_text_is_cut_the_result_is_that_of_the_whole(text: str, data: st.DataObject) -> None:
    pieces = cut(text, data.draw(st.lists(st.integers(0, len(text)), max_size=6)))

    assert streamed(BUILT_IN, pieces) == Redactor(BUILT_IN).redact(text)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_wherever_the_border_of_a_block_is_in_it(secret: str) -> None:
    whole = Redactor(BUILT_IN).redact(f" {secret} ")
    for before in range(BLOCK - len(secret) - 3, BLOCK + 3, 5):
        text = "x " * (before // 2) + f" {secret} " + "y " * BLOCK

        got = streamed(BUILT_IN, cut(text, range(0, len(text), 1000)))

        assert got.strip("xy ") == whole.strip()


@given(st.lists(st.sampled_from(PIECES), max_size=120).map("".join), st.data())
def test_in_blocks_the_result_depends_on_the_text_alone_and_hides_what_the_whole_hides(text: str, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact_stream, "BLOCK", 8)
        patch.setattr(redact_stream, "AROUND", 4)
        pieces = cut(text, data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
        got = streamed(SMALL, pieces)

        assert got == streamed(SMALL, list(text))
    assert re.findall("(?<![a-z])k-[0-9]{2}", got) == re.findall("(?<![a-z])k-[0-9]{2}", Redactor(SMALL).redact(text))


def test_no_more_is_held_back_than_a_block_and_the_longest_secret() -> None:
    redactor = StreamRedactor(SMALL)
    written = sum(len(redactor.feed("some text ")) for _ in range(10_000))

    assert 100_000 - written < BLOCK + SMALL.longest + AROUND
    assert written + len(redactor.finish()) == 100_000


def test_a_block_that_cannot_be_checked_is_not_written() -> None:
    rules = RuleSet.of([Breaks(word="bad")])

    assert streamed(rules, ["good"]) == "good"
    assert streamed(rules, ["some ", "bad", " text"]) == UNCHECKED
    long = streamed(rules, ["ok " * BLOCK, "bad", "ok " * BLOCK])
    assert UNCHECKED in long
    assert "bad" not in long
    assert long.startswith("ok ok ")


@example(["k-12", " p=", "12 "])
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_after_the_end_a_new_text_begins(pieces: list[str]) -> None:
    redactor = StreamRedactor(SMALL)

    first = "".join([*map(redactor.feed, pieces), redactor.finish()])

    assert "".join([*map(redactor.feed, pieces), redactor.finish()]) == first == Redactor(SMALL).redact("".join(pieces))
