"""What the bench of translation sends and gets is what it says it is. Nothing is timed here."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.bench.recorded import PIECES, SAID, Piece, answers, requests, stream
from tests.bench.translating import CROSSINGS, Road, best, of_passing
from tests.fakes.passing import FORMATS, carried, faults


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("provider", FORMATS)
def test_a_recorded_stream_is_whole_and_says_its_piece_each_time(provider: str, piece: Piece) -> None:
    told = stream(provider, piece)
    wire = told.head + b"".join(map(told.piece, range(3))) + told.tail

    for client in set(FORMATS) - {provider}:
        carried_on = carried(provider, client, wire)
        assert faults(client, carried_on) == []
        assert carried_on.count(SAID.encode()) >= 3


@pytest.mark.parametrize(("client", "provider"), CROSSINGS)
def test_a_request_goes_there_and_its_answer_comes_back(client: str, provider: str) -> None:
    road = Road(client, provider)
    body = requests(stream=False)[client]

    assert b"read_file" in road.request(body).written.body
    assert SAID in json.dumps(json.loads(road.whole(body, answers()[provider])))


def test_a_stream_is_carried_in_chunks() -> None:
    road, told = Road("anthropic-messages", "openai-chat"), stream("openai-chat", "text")
    crossing = road.request(requests(stream=True)["anthropic-messages"])

    assert road.streamed(crossing, [told.head, told.piece(0) * 2, told.tail]) > 2 * len(SAID)


def test_the_bodies_that_pass_are_as_long_as_they_are_called() -> None:
    looks = [line.work for line in of_passing() if line.name.startswith("peek") and "124 KB" in line.name]
    lengths = [len(look.args[-1]) for look in looks if isinstance(look, partial)]

    assert len(lengths) == len(FORMATS)
    assert all(100 * 1024 < each < 130 * 1024 for each in lengths)


def test_the_best_of_some_rounds_is_a_time() -> None:
    assert 0 <= best(lambda: None, rounds=1, least=1) < 1000
