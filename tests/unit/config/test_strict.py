from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

from korproxy.config.checks import Each, whole
from korproxy.config.strict import structure
from korproxy.config.texts import log_level
from korproxy.errors.exceptions import ConfigError


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1


@attrs.frozen(kw_only=True)
class Inner:
    deep: int = 0


@attrs.frozen(kw_only=True)
class Table:
    whole: int = attrs.field(default=1, validator=whole(0, 9))
    number: float = 1.0
    flag: bool = False
    text: str = ""
    maybe: str | None = None
    path: Path = Path()
    colour: Colour = Colour.RED
    size: Size = Size.SMALL
    choice: Literal["a", 1] = "a"
    names: tuple[str, ...] = attrs.field(default=(), validator=Each(log_level))
    items: list[int] = attrs.field(factory=list)
    seen: frozenset[str] = frozenset()
    order: Sequence[int] = ()
    inner: Inner = attrs.field(factory=Inner)
    inners: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = attrs.field(factory=dict)
    free: Mapping[str, object] = attrs.field(factory=dict)
    loose: dict = attrs.field(factory=dict)  # type: ignore[type-arg]
    anything: Any = None


def problems(table: dict[str, object], into: type = Table) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        structure(table, into)
    assert {each.code for each in caught.value.problems} == {"KP-CONF-202"}
    return {each.path: each.message for each in caught.value.problems}


def test_nothing_said_gives_the_defaults() -> None:
    assert structure({}, Table) == Table()


def test_right_values_are_taken_as_they_are() -> None:
    given: dict[str, object] = {
        "whole": 9,
        "number": 2,
        "flag": True,
        "text": "8080",
        "maybe": "x",
        "path": "/tmp/x",
        "colour": "blue",
        "size": 1,
        "choice": 1,
        "names": ["info"],
        "items": [1, 2],
        "seen": ["a", "a"],
        "order": [3],
        "inner": {"deep": 1},
        "inners": [{"deep": 2}, {}],
        "by_name": {"any name": {"deep": 3}},
        "free": {"a": [1, {"b": True}]},
        "loose": {"c": 1.5},
        "anything": [None],
    }

    table = structure(given, Table)

    assert table == Table(
        whole=9,
        number=2.0,
        flag=True,
        text="8080",
        maybe="x",
        path=Path("/tmp/x"),
        colour=Colour.BLUE,
        size=Size.SMALL,
        choice=1,
        names=("info",),
        items=[1, 2],
        seen=frozenset({"a"}),
        order=(3,),
        inner=Inner(deep=1),
        inners=(Inner(deep=2), Inner()),
        by_name={"any name": Inner(deep=3)},
        free={"a": [1, {"b": True}]},
        loose={"c": 1.5},
        anything=[None],
    )
    assert type(table.number) is float


@pytest.mark.code("KP-CONF-202")
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("whole", "8080", "expected a whole number, got a string: write it without quotes"),
        ("whole", True, "expected a whole number, got true or false"),
        ("whole", 5.0, "expected a whole number, got a number"),
        ("whole", 10, "must be from 0 to 9, not 10"),
        ("number", "1", "expected a number, got a string: write it without quotes"),
        ("number", True, "expected a number, got true or false"),
        ("number", 10**400, "must be a smaller number, not a number of more than 15 digits"),
        ("flag", 1, "expected true or false, got a whole number"),
        ("flag", "true", "expected true or false, got a string: write it without quotes"),
        ("text", 1, "expected a string, got a whole number"),
        ("text", ["a"], "expected a string, got an array"),
        ("maybe", 1, "expected a string, got a whole number"),
        ("colour", "green", 'must be "red" or "blue"'),
        ("size", True, "must be 1"),
        ("choice", True, 'must be "a" or 1'),
        ("choice", "b", 'must be "a" or 1'),
        ("names", "info", "expected an array, got a string: put it in [ ]"),
        ("items", {}, "expected an array, got a table"),
        ("inner", [], "expected a table (deep), got an array"),
        ("by_name", [], "expected a table, got an array"),
        ("free", 1, "expected a table, got a whole number"),
    ],
)
def test_nothing_is_coerced(key: str, value: object, said: str) -> None:
    assert problems({key: value}) == {f"$.{key}": said}


def test_what_is_no_path_is_said_in_python_s_own_words() -> None:
    [said] = problems({"path": 1}).values()

    assert "not int" in said or "not 'int'" in said  # the rest differs by version


def test_all_mistakes_come_at_once_each_with_its_place() -> None:
    given: dict[str, object] = {
        "whole": -1,
        "flag": "yes",
        "names": ["info", "loud", 5],
        "items": [1, "2", True],
        "inner": {"deep": "x", "deeper": 1},
        "inners": [{}, {"deep": []}, 7],
        "by_name": {"a b": {"deep": False}},
        "colur": "red",
    }

    assert set(problems(given)) == {
        "$.whole",
        "$.flag",
        "$.names[1]",
        "$.names[2]",
        "$.items[1]",
        "$.items[2]",
        "$.inner.deep",
        "$.inner.deeper",
        "$.inners[1].deep",
        "$.inners[2]",
        '$.by_name["a b"].deep',
        "$.colur",
    }


def test_an_unknown_key_gets_a_suggestion_or_the_list() -> None:
    @attrs.frozen
    class Empty:
        pass

    said = problems({"colur": 1, "zzz": 1})

    assert said["$.colur"] == 'no such setting: did you mean "colour"?'
    assert said["$.zzz"].startswith("no such setting: this table has whole, number, flag, ")
    assert problems({"a": 1}, Empty) == {"$.a": "no such setting: this table has none"}


def _shout(word: str) -> str:
    return word.upper()


@attrs.frozen(kw_only=True)
class Plugin:
    """As somebody else might write it: other validators, a private field, rules across fields."""

    needed: str
    low: int = 0
    high: int = attrs.field(default=10)
    word: str = attrs.field(default="abc", validator=attrs.validators.matches_re("[a-c]+"))
    mode: str = attrs.field(default="x", validator=attrs.validators.in_(("x", "y")))
    upper: str = attrs.field(default="", converter=_shout, validator=attrs.validators.max_len(3))
    _hidden: int = 3

    @high.validator
    def _not_below_low(self, _: object, value: int) -> None:
        if value < self.low:
            raise ValueError("high is below low")


def test_a_plugins_own_class_is_read_as_strictly() -> None:
    assert structure({"needed": "", "hidden": 4, "upper": "abc"}, Plugin) == Plugin(needed="", hidden=4, upper="abc")
    assert problems({"low": True, "hiden": 1}, Plugin) == {
        "$.needed": "is missing",
        "$.low": "expected a whole number, got true or false",
        "$.hiden": 'no such setting: did you mean "hidden"?',
    }


def test_a_validator_that_looks_at_other_fields_waits_for_them() -> None:
    assert problems({"needed": "", "low": 5, "high": 4}, Plugin) == {"$": "high is below low"}


def test_a_plugins_validators_keep_their_words_but_not_the_value() -> None:
    said = problems({"needed": "", "word": "hunter22", "mode": "hunter33"}, Plugin)

    assert set(said) == {"$.word", "$.mode"}
    assert "must match regex" in said["$.word"]
    assert "must be in ('x', 'y')" in said["$.mode"]
    assert "hunter" not in "".join(said.values())


def test_a_class_that_cannot_be_read_is_its_authors_fault() -> None:
    @attrs.frozen
    class Odd:
        value: complex = 1j

    attrs.resolve_types(Odd, None, {})
    with pytest.raises(TypeError, match="no setting can have the type"):
        structure({"value": 1}, Odd)


def test_the_place_can_start_anywhere() -> None:
    with pytest.raises(ConfigError) as caught:
        structure({"deep": "x"}, Inner, path="$.plugin.hello")

    assert caught.value.problems[0].path == "$.plugin.hello.deep"


def test_cattrs_is_imported_only_when_a_table_is_read() -> None:
    program = (
        "import sys, korproxy.config.loading, korproxy.config.view, korproxy.config.keys, korproxy.config.reading\n"
        "assert not {'cattrs', 'tomllib', 'platformdirs', 'trio', 'difflib', 'hashlib'} & set(sys.modules), 'too much'"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
