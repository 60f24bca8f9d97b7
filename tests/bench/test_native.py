"""The two programs in C count exactly, whatever answers and whoever asks. Nothing is timed here."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bench.asking import CHAT, chat, post
from tests.bench.compiled import Counts, Load, Programs, Result, compiled, counts, loading, mocking
from tests.bench.processes import BenchFailed, Running

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: the bench says so and exits with 2")
STRICT = ("-Wextra", "-Werror")  # a warning fails all of this
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover", "-g")


@attrs.frozen(kw_only=True)
class Native:
    """Both programs, and the mock running."""

    programs: Programs
    mock: Running
    folder: Path

    def ask(self, body: bytes, **options: object) -> tuple[Result, Counts]:
        """Let clients send *body*; return what they counted, and what the mock did."""
        before = counts(self.mock)
        with self.clients(post(CHAT, body, {}), self.mock.said["port"], **options) as load:
            result = load.run()
        after = counts(self.mock)
        new = Counts(
            requests=after.requests - before.requests,
            events=after.events - before.events,
            body_bytes=after.body_bytes - before.body_bytes,
            closed=after.closed,
        )
        return result, new

    @contextmanager
    def clients(self, request: bytes, port: int, **options: object) -> Iterator[Load]:
        """Open clients that send *request* to *port*."""
        path = self.folder / "request"
        path.write_bytes(request)
        with loading(self.programs, port, path, **options) as load:
            yield load

    def closed(self, count: int) -> dict[int, int]:
        """Return the next *count* streams that were closed before their end; fewer, if more do not come within 10 s."""
        found: dict[int, int] = {}
        until = time.monotonic() + 10
        while len(found) < count and time.monotonic() < until:
            found |= counts(self.mock).closed
        return found

    def say(self, request: bytes) -> bytes:
        """Send *request* to the mock in one piece; return all that comes until it closes."""
        with socket.create_connection(("127.0.0.1", self.mock.said["port"]), 10) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    folder = tmp_path_factory.mktemp("native")
    try:
        programs = compiled(folder, *STRICT, *SANITIZED)
    except BenchFailed:  # not every gcc comes with them
        programs = compiled(folder, *STRICT)
    with mocking(programs, folder) as mock:
        yield Native(programs=programs, mock=mock, folder=folder)
        assert (folder / "stderr").read_text() == ""  # where the sanitizers would complain


def test_requests_and_bytes_are_counted_exactly(native: Native) -> None:
    body = chat()
    result, seen = native.ask(body, connections=7, warmup=10, count=100)
    assert (result.answers, result.events, seen.requests, seen.body_bytes) == (100, 0, 110, 110 * len(body))
    assert result.bytes % 100 == 0
    assert 900 < result.bytes / 100 < 1100  # about 1 KB, as the docs say
    assert 0 < result.latency.p50 <= result.latency.p95 <= result.latency.p99 <= result.latency.max


@pytest.mark.parametrize("asked", ["events=37", "events=37 burst=10 gap=1"])
def test_events_are_counted_exactly_and_done_is_one(asked: str, native: Native) -> None:
    result, seen = native.ask(chat(asked, stream=True), connections=3, count=20)
    assert (result.answers, result.events, seen.requests, seen.events) == (20, 20 * 38, 20, 20 * 37)


def test_a_cut_run_counts_what_came_and_no_stream_that_did_not_end(native: Native) -> None:
    result, _ = native.ask(chat("events=1000 burst=12 gap=60000", stream=True), connections=4, mode="cut", seconds=0.5)
    assert (result.answers, result.events) == (0, 48)


def test_all_streams_are_held_open(native: Native) -> None:
    body = chat("events=1000 gap=60000 stream-000000", stream=True)
    counts(native.mock)
    with native.clients(post(CHAT, body, {}), native.mock.said["port"], connections=50, mode="hold"):
        assert counts(native.mock).closed == {}
    assert native.closed(50).keys() == set(range(50))


def test_a_stream_that_is_left_is_known_by_its_number_on_both_sides(native: Native) -> None:
    body = chat("events=1000 burst=5 gap=60000 stream-000000", stream=True)
    result, seen = native.ask(body, connections=2, mode="cancel", count=9, events=5)
    closed = {**seen.closed, **native.closed(9 - len(seen.closed))}
    assert result.answers == 9
    assert closed.keys() == result.closed.keys() == set(range(9))
    assert all(closed[number] > result.closed[number] for number in closed)  # one clock


@pytest.mark.parametrize("size", [0, 124_000, 3_000_000])
def test_bodies_of_any_size_are_taken(size: int, native: Native) -> None:
    body = chat(size=size)
    result, seen = native.ask(body, connections=2, count=4)
    assert (result.answers, seen.body_bytes) == (4, 4 * len(body))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 5000), max_size=5), trailer=st.sampled_from([b"", b"x-sum: 1\r\n", b"a: b\r\nc: d\r\n"]))
def test_the_mock_takes_chunked_bodies_and_what_comes_after_them(sizes: list[int], trailer: bytes, native: Native) -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%X\r\n%s\r\n" % (size, b"x" * size) for size in sizes)
    before = counts(native.mock)
    said = native.say((head + chunks + b"0\r\n" + trailer + b"\r\n") * 2)
    after = counts(native.mock)
    assert said.count(b"HTTP/1.1 200 OK") == 2
    assert (after.requests - before.requests, after.body_bytes - before.body_bytes) == (2, 2 * sum(sizes))


def test_the_mocks_stream_is_a_chat_completion(native: Native) -> None:
    said = native.say(post(CHAT, chat("events=3", stream=True), {}))
    head, _, rest = said.partition(b"\r\n\r\n")
    chunks = rest.split(b"\r\n")[1::2]
    events = [
        json.loads(each.removeprefix(b"data: ")) for each in b"".join(chunks[:3]).split(b"\n\n") if each.startswith(b"data: {")
    ]
    assert (b"text/event-stream" in head, len(chunks[0].split(b"\n\n"))) == (True, 2)  # each event is a chunk by itself
    assert [each["choices"][0]["delta"] for each in events] == [{"role": "assistant", "content": ""}, {"content": " gate"}, {}]
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert events[-1]["usage"]["total_tokens"] == 318
    assert said.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_the_mocks_document_is_a_chat_completion_as_long_as_it_says(native: Native) -> None:
    head, _, body = native.say(post(CHAT, chat(), {})).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["choices"][0]["finish_reason"] == "stop"


@contextmanager
def serving(*pieces: bytes) -> Iterator[int]:
    """Answer one request, in these pieces, and close; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                for piece in pieces:
                    client.sendall(piece)
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


SAME = b"data: a\n\ndata: b\n\n: ping\n\n"
WIRES = [
    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(SAME), SAME),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nx-sum: 1\r\n\r\n"
    % (SAME[:5], len(SAME) - 5, SAME[5:]),
    b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + SAME,
    b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + SAME.replace(b"\n", b"\r\n"),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wire=st.sampled_from(WIRES), data=st.data())
def test_answers_are_counted_however_they_are_framed_and_cut(wire: bytes, data: st.DataObject, native: Native) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=6)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    with serving(*pieces) as port, native.clients(post(CHAT, chat(), {}), port, count=1) as load:
        result = load.run()
    assert (result.answers, result.events) == (1, 3)


def test_a_line_whose_end_is_cut_in_two_is_one_line(native: Native) -> None:
    wire = WIRES[-1]
    cuts = [at + 1 for at in range(len(wire)) if wire.startswith(b"\r\n", at)][2:]
    counted = []
    for at in cuts:
        with serving(wire[:at], wire[at:]) as port, native.clients(post(CHAT, chat(), {}), port, count=1) as load:
            counted.append(load.run().events)
    assert counted == [3] * len(cuts)


def test_an_answer_that_is_no_200_stops_the_bench(native: Native) -> None:
    refusal = b'HTTP/1.1 401 Unauthorized\r\ncontent-length: 17\r\n\r\n"who" \\are\nyou ok'
    with serving(refusal) as port, native.clients(post(CHAT, chat(), {}), port, count=1) as load:
        with pytest.raises(BenchFailed, match="1 answers were no 200, and 0 did not come:  who   are you ok"):
            load.run()


def test_an_answer_that_breaks_off_stops_the_bench(native: Native) -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
    with serving(half) as port, native.clients(post(CHAT, chat(), {}), port, count=1) as load:
        with pytest.raises(BenchFailed, match="0 answers were no 200, and 1 did not come"):
            load.run()


def test_clients_that_find_nobody_say_so(native: Native) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(BenchFailed, match="the clients ended with 1: connect: Connection refused"):
        with native.clients(post(CHAT, chat(), {}), port):
            pass


def test_without_gcc_the_bench_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchFailed, match="The bench needs gcc"):
        compiled(tmp_path)


def test_clients_that_wait_for_ever_are_ended_and_the_bench_goes_on() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as program:
        with pytest.raises(BenchFailed, match="ended with -9"):
            Load(program, patience=0.2)
