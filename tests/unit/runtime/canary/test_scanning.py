from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from korproxy.runtime.canary.encodings import ENCODINGS
from korproxy.runtime.canary.planting import PIECE, Place, Plant, sow
from korproxy.runtime.canary.scanning import MOST, Missing, Scanner, markers, missing
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES

KEY = CONFIGURED.make()
HERE = Place(name="here", shown=("log", "API"))
PLANTS = sow([HERE], configured=KEY)


def found(plants: tuple[Plant, ...], **sinks: str) -> list[tuple[str, str, str]]:
    sought = Scanner(plants).findings({name: text.encode() for name, text in sinks.items()})
    return [(each.sink, each.shape, each.written) for each in sought]


@given(st.sampled_from(PLANTS), st.sampled_from(sorted(ENCODINGS)), st.text(max_size=30), st.text(max_size=30))
def test_a_secret_is_found_whatever_is_around_it_and_however_it_is_written(
    plant: Plant, encoding: str, before: str, after: str
) -> None:
    text = before + ENCODINGS[encoding](plant.secret.text) + after

    assert {(sink, shape) for sink, shape, _ in found(PLANTS, log=text)} == {("log", plant.shape)}


@given(st.sampled_from(PLANTS), st.data())
def test_a_piece_of_twelve_characters_is_enough(plant: Plant, data: st.DataObject) -> None:
    hidden = data.draw(st.sampled_from(plant.secret.hidden))
    start = data.draw(st.integers(0, len(hidden) - PIECE))

    assert found(PLANTS, log=f"«{hidden[start : start + PIECE]}»") == [("log", plant.shape, "plain")]
    assert found(PLANTS, log=f"«{hidden[start : start + PIECE - 1]}»") == []


def test_what_is_the_same_in_all_secrets_of_a_shape_is_none() -> None:
    others = sow([HERE], configured=CONFIGURED.make())

    assert found(PLANTS, log="\n".join(each.text for each in others)) == []


@given(st.sampled_from(PLANTS))
def test_a_secret_in_small_letters_is_one(plant: Plant) -> None:
    assert {shape for _, shape, _ in found(PLANTS, log=plant.secret.text.lower())} == {plant.shape}


def test_several_secrets_in_one_run_are_all_found_and_each_once_per_sink() -> None:
    plants = sow([HERE], SHAPES[:3], configured=KEY)
    text = "".join(each.secret.hidden[0] for each in plants) * 3

    assert found(plants, log=text, api=text) == sorted(
        (sink, each.shape, "plain") for each in plants for sink in ("api", "log")
    )


def test_a_finding_says_where_it_is() -> None:
    plant = PLANTS[0]
    (finding,) = Scanner(PLANTS).findings({"log": f"it said {plant.secret.text} and left".encode()})

    assert (finding.place, finding.encoding, finding.marker) == ("here", "plain", plant.marker)
    assert finding.around == f"it said {plant.secret.text} and left"


def test_what_is_around_a_finding_is_cut_and_so_are_very_many_findings() -> None:
    plants = sow([HERE], SHAPES[8:9], configured=KEY)
    text = (b"-" * 500 + plants[0].secret.hidden[0].encode() * 9) * 2
    sinks = {f"{number:05}": text for number in range(MOST + 1)}

    sought = Scanner(plants).findings(sinks)

    assert (len(sought), max(len(each.around) for each in sought) < 300) == (MOST, True)


def test_markers_are_found_by_sink_and_those_that_are_not_there_are_named() -> None:
    one, two = PLANTS[:2]
    there = markers({"log": f"a {one.marker}:{two.marker}".encode(), "API": f"{{{one.marker}}}".encode()})

    assert there == {"log": {one.marker, two.marker}, "API": {one.marker}}
    assert missing([one, two], there) == [Missing("here", two.shape, "plain", two.marker, "API")]
    assert len(missing([one, two], {})) == 4
