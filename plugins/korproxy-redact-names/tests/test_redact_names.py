"""What the plugin finds, and what it leaves alone. Nothing runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs
import pytest
from korproxy_redact_names import Names, korproxy_redactions, korproxy_settings, rule_for

from korproxy.api import ConfiguredProvider, PluginTable, Redaction, RegexRedaction

T = TypeVar("T")


@attrs.frozen
class Written:
    """Settings in which a user wrote just this ``[plugin.redact-names]`` table."""

    names: Names
    demo: bool = False

    def plugin(self, name: str, table: type[T]) -> T:
        assert name == "redact-names"
        assert isinstance(self.names, table)
        return self.names

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- as in the contract
        raise AssertionError(f"redact-names reads no table of type {type}")


def offered(*names: str) -> list[Redaction]:
    return list(korproxy_redactions(Written(Names(names=names))))


def hidden(text: str, *names: str) -> str:
    [rule] = offered(*names)
    for start, end in reversed(rule.find(text)):
        text = text[:start] + "#" + text[end:]
    return text


def test_it_describes_its_table() -> None:
    assert list(korproxy_settings()) == [PluginTable("redact-names", Names)]


def test_without_names_there_is_no_rule() -> None:
    assert offered() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Project Falcon is late", "# is late"),
        ("project-falcon, PROJECT_FALCON; Project\nFalcon", "#, #; #"),
        ("falcons and the project falconry", "falcons and the project falconry"),
        ("for Acme GmbH & Co", "for # & Co"),
        ("Acme GmbH Nord", "#"),
        ("C++.Net is a name, too", "# is a name, too"),
        ("Müller AG, MÜLLER AG", "#, #"),
    ],
)
def test_a_name_is_found_however_it_is_written_and_in_no_longer_word(text: str, expected: str) -> None:
    assert hidden(text, "Project Falcon", "Acme GmbH", "Acme GmbH Nord", "C++.Net", "Müller AG") == expected


@pytest.mark.parametrize("name", ["", "ab", "  x  ", "x" * 201])
def test_a_name_that_would_hide_half_of_a_text_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="a name has 3 to 200 characters"):
        Names(names=("good", name))


@pytest.mark.parametrize(
    ("names", "clues"),
    [(["Project Falcon", "Acme GmbH"], ("acme", "project")), (["Project Falcon", "Müller"], ()), (["a b c d"], ())],
)
def test_texts_without_any_of_its_words_are_not_searched(names: list[str], clues: tuple[str, ...]) -> None:
    rule = rule_for(names)

    assert isinstance(rule, RegexRedaction)
    assert rule.clues == clues
