from __future__ import annotations

from collections import Counter

from korproxy.runtime.canary.clients import REQUESTS
from korproxy.runtime.canary.encodings import ENCODINGS
from korproxy.runtime.canary.places import BY_CLIENTS, BY_PLUGINS, BY_PROVIDERS, FAILING, PLACES, PLUGIN_FAILS, RETOLD
from korproxy.runtime.canary.planting import sow
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES
from korproxy.runtime.canary.upstream import ANSWERS


def test_each_place_has_a_name_of_its_own_and_somewhere_to_be_seen() -> None:
    assert len({each.name for each in PLACES}) == len(PLACES)
    assert [each.name for each in PLACES if not each.shown] == []
    assert {each.name for each in PLACES} >= set(RETOLD)
    assert [each.name for each in PLACES if not set(each.encodings) <= set(ENCODINGS)] == []


def test_clients_ask_for_everything_that_they_and_providers_can_let_out() -> None:
    in_plugins = (PLUGIN_FAILS, "fault in a format")

    assert set(REQUESTS) == {*(each.name for each in (*BY_CLIENTS, *BY_PROVIDERS)), *in_plugins}
    assert set(ANSWERS) == {each.name for each in BY_PROVIDERS}
    assert {each.name for each in BY_PLUGINS} >= set(in_plugins)
    assert FAILING in ANSWERS


def test_every_shape_gets_to_most_places_and_nearly_every_shape_to_each() -> None:
    plants = sow(PLACES, configured=CONFIGURED.make())
    places = Counter(each.shape for each in {(each.shape, each.place): each for each in plants}.values())
    shapes = Counter(each.place for each in {(each.shape, each.place): each for each in plants}.values())

    assert min(places[each.name] for each in SHAPES) >= len(PLACES) // 2
    assert min(shapes.values()) >= len(SHAPES) // 2
