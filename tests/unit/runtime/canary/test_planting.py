from __future__ import annotations

import re

from korproxy.runtime.canary.planting import MARKER, Place, of_the_home, sow
from korproxy.runtime.canary.shapes import CONFIGURED, named

KEY = CONFIGURED.make()
TWO = named(["qwen-key", "private-key"])


def test_each_place_gets_each_shape_in_each_of_its_encodings_and_the_configured_key() -> None:
    plants = sow([Place(name="here", encodings=("plain", "base64")), Place(name="there")], TWO, configured=KEY)

    assert [(each.place, each.shape, each.encoding) for each in plants] == [
        ("here", "qwen-key", "plain"),
        ("here", "qwen-key", "base64"),
        ("here", "private-key", "plain"),
        ("here", "private-key", "base64"),
        ("here", "configured-key", "plain"),
        ("here", "configured-key", "base64"),
        ("there", "qwen-key", "plain"),
        ("there", "private-key", "plain"),
        ("there", "configured-key", "plain"),
    ]
    assert {each.secret.text for each in plants if each.shape == "configured-key"} == {KEY.text}


def test_what_a_place_cannot_carry_is_not_planted_there_and_numbers_are_indices() -> None:
    plants = sow([Place(name="a line", fits=r"[\x20-\x7e]+"), Place(name="anything")], TWO, configured=KEY)

    assert [(each.number, each.place, each.shape) for each in plants] == [
        (0, "a line", "qwen-key"),
        (1, "a line", "configured-key"),
        (2, "anything", "qwen-key"),
        (3, "anything", "private-key"),
        (4, "anything", "configured-key"),
    ]


def test_some_places_come_before_the_configuration_and_some_have_no_room_for_a_marker() -> None:
    plants = sow([Place(name="early", early=True), Place(name="alone", alone=True)], TWO[:1], configured=KEY)

    assert [(each.place, each.shape) for each in plants] == [
        ("early", "qwen-key"),
        ("alone", "qwen-key"),
        ("alone", "configured-key"),
    ]
    assert [each.text == each.secret.text for each in plants] == [False, True, True]


def test_keys_of_the_home_are_known_by_their_long_parts() -> None:
    (plant,) = of_the_home(["kp-client-aB3aB3aB3aB3_short-Zz9Zz9Zz9Zz9Zz9"], 7)

    assert (plant.number, plant.secret.hidden, plant.shown) == (7, ("aB3aB3aB3aB3", "Zz9Zz9Zz9Zz9Zz9"), ())


def test_a_marker_stands_beside_each_secret_and_no_two_are_the_same() -> None:
    plants = sow([Place(name="here", before="<", between=":", shown=("log",), content=True)], TWO, configured=KEY)

    assert [each.text for each in plants] == [f"<{each.marker}:{each.secret.text}" for each in plants]
    assert [each.marker for each in plants if not re.fullmatch(MARKER, each.marker)] == []
    assert len({each.marker for each in plants}) == len(plants)
    assert {(each.shown, each.content) for each in plants} == {(("log",), True)}
