from __future__ import annotations

import math

import attrs
import pytest

from korproxy.config.checks import Distinct, Each, Entries, Mistake, OneStep, said, seconds, text, up_to, whole
from korproxy.config.texts import log_level, log_name, provider_id


@attrs.frozen(kw_only=True)
class Table:
    port: int = attrs.field(default=1, validator=whole(0, 65535))
    size: int = attrs.field(default=1, validator=whole(1))
    version: int = attrs.field(default=1, validator=whole(1, 1))
    wait: float | None = attrs.field(default=None, validator=seconds)
    id: str | None = attrs.field(default=None, validator=text(provider_id))
    most: float = attrs.field(default=0, validator=up_to(60))
    maybe: str = attrs.field(default="", validator=said(provider_id))


@pytest.mark.parametrize(
    "given",
    [
        {"port": 0},
        {"port": 65535},
        {"size": 2**70},
        {"wait": 0.001},
        {"wait": 604800},
        {"wait": None},
        {"id": None},
        {"id": "a"},
        {"most": 0.0},
        {"most": 60},
        {"maybe": "a"},
    ],
)
def test_values_within_their_range_pass(given: dict[str, object]) -> None:
    Table(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"port": -1}, "must be from 0 to 65535, not -1"),
        ({"port": 65536}, "must be from 0 to 65535, not 65536"),
        ({"port": 10**5000}, "must be from 0 to 65535, not a number of more than 15 digits"),
        ({"size": 0}, "must be at least 1, not 0"),
        ({"most": -0.1}, "must be from 0 to 60 seconds, not -0.1"),
        ({"most": 60.1}, "must be from 0 to 60 seconds, not 60.1"),
        ({"most": math.nan}, "must be from 0 to 60 seconds, not nan"),
        ({"maybe": " "}, "a provider's id has 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit"),
        ({"version": 0}, "must be 1, not 0"),
        ({"wait": 0}, "must be more than 0 and at most 604800 seconds (a week), not 0"),
        ({"wait": -0.5}, "must be more than 0 and at most 604800 seconds (a week), not -0.5"),
        ({"wait": math.inf}, "must be more than 0 and at most 604800 seconds (a week), not inf"),
        ({"wait": math.nan}, "must be more than 0 and at most 604800 seconds (a week), not nan"),
        ({"wait": 1e308}, "must be more than 0 and at most 604800 seconds (a week), not 1e+308"),
    ],
)
def test_values_beyond_it_are_refused_with_the_range(given: dict[str, object], said: str) -> None:
    with pytest.raises(Mistake) as caught:
        Table(**given)  # type: ignore[arg-type]

    assert str(caught.value) == said


def test_every_entry_of_an_array_is_checked() -> None:
    wrong = Each(log_level, least=1).mistakes(["info", "x", "info", 5, "y"])

    assert [each.at for each in wrong] == [(1,), (4,), (2,)]
    assert [each.message for each in Each(log_level, least=1).mistakes([])] == ["must not be empty"]


def test_every_key_and_value_of_a_table_is_checked() -> None:
    wrong = Entries(log_name, log_level).mistakes({"a b": "info", "ok": "x", "c d": "y", "n": 1})

    assert sorted(each.at for each in wrong) == [("a b",), ("c d",), ("c d",), ("ok",)]


def test_every_value_that_is_a_key_itself_is_found() -> None:
    wrong = OneStep(log_name).mistakes({"a": "a", "b": "c", "c": "d", "e": 5, "f g": "h"})

    assert [(each.at, each.message.split(":")[0]) for each in wrong] == [
        (("f g",), "must be the name of a part of KorProxy, such as gateway or gateway.relay"),
        (("a",), "leads to itself"),
        (("b",), "leads to another alias"),
    ]


def test_every_repeated_name_is_found() -> None:
    wrong = Distinct("name", "KP-CONF-212").mistakes(
        [{"name": "a"}, {"name": "a"}, {}, {}, {"name": 1}, {"name": 1}, 5, {"name": "a"}]
    )

    assert [(each.at, each.code) for each in wrong] == [((1, "name"), "KP-CONF-212"), ((7, "name"), "KP-CONF-212")]


def test_what_has_another_type_altogether_is_left_to_others() -> None:
    checks = (Each(log_level, least=1), Entries(log_name), OneStep(log_name), Distinct("a", "b"))

    assert [each.mistakes("text") for each in checks] == [[], [], [], []]
