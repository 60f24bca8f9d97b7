"""The measurement of the road itself: every request in it is really answered, and what it prints can be read."""

from __future__ import annotations

import pytest
import trio

from tests.bench import road


def test_each_figure_is_measured_and_stands_beside_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert road.main(["--requests", "40", "--rounds", "1"]) == 0

    lines = [line.rsplit(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["plain request", "stream of 2 pieces", "further piece", "reference loop"]
    assert all(unit == "us" and float(value) > 0 for _, value, unit, _ in lines)
    assert lines[-1][3] == "1.00"


def test_a_profile_tells_of_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    assert road.main(["--requests", "20", "--profile", "--sort", "cumulative"]) == 0

    assert "gateway/gate.py" in capsys.readouterr().out


async def test_a_request_that_is_not_answered_fails_the_measurement() -> None:
    refusing = road.MemoryUpstream(road.ANSWERED, [b""])

    with pytest.RaisesGroup(pytest.RaisesExc(AssertionError, match="answered 502")):
        async with road.open_road(refusing) as send:
            await send(1)


async def test_a_stream_is_passed_piece_by_piece_to_its_end() -> None:
    with trio.fail_after(20):
        async with road.open_road(road.stream_of(5)) as send:
            await send(3)
