"""The thread that writes: all of it, in order, many at a time, and nobody waits for it who does not want to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
import pytest

from korproxy.runtime.line_writer import AT_ONCE, TOGETHER, LineWriter


@attrs.define
class Reader:
    """Keeps each text that is written to it; while it is held, a write hangs."""

    texts: list[str] = attrs.field(factory=list)
    reached: threading.Event = attrs.field(factory=threading.Event)
    reads: threading.Event = attrs.field(factory=threading.Event)

    def write(self, text: str, /) -> None:
        self.reached.set()
        self.reads.wait(10)
        self.texts.append(text)

    def flush(self) -> None: ...


def text_of(entry: object) -> str:
    if entry == "bad":
        raise ValueError(entry)
    return f"{entry}\n"


def open_to_all() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@contextmanager
def writing(reader: Reader, most: int = 1000, *, held: bool = False) -> Iterator[LineWriter[object]]:
    if not held:
        reader.reads.set()
    writer = LineWriter[object](reader, text_of, "{} lost\n".format, most)
    try:
        yield writer
    finally:
        reader.reads.set()
        assert writer.close(10)


@contextmanager
def writing_first(reader: Reader, most: int = 1000) -> Iterator[LineWriter[object]]:
    """Give a writer that hangs in the write of ``first``."""
    with writing(reader, most, held=True) as writer:
        writer.put("first")
        assert reader.reached.wait(5)
        yield writer


def test_what_waits_is_written_in_one_go_and_in_order() -> None:
    reader = Reader()
    with writing_first(reader) as writer:
        for number in range(100):
            writer.put(number)

    assert reader.texts == ["first\n", "".join(f"{number}\n" for number in range(100))]


def test_a_go_has_a_length() -> None:
    reader = Reader()
    line = "x" * (AT_ONCE // 2 - 1)
    with writing_first(reader) as writer:
        for _ in range(3):
            writer.put(line)
        writer.put(line * 5)

    assert reader.texts == ["first\n", f"{line}\n{line}\n", f"{line}\n", f"{line * 5}\n"]


def test_an_entry_is_written_though_nobody_flushes() -> None:
    reader = Reader()
    with writing(reader) as writer:
        for number in range(3):  # the thread sleeps, is busy, or is about to sleep
            writer.put(number)
            deadline = time.monotonic() + 10
            while len("".join(reader.texts).splitlines()) <= number and time.monotonic() < deadline:
                time.sleep(0.002)
            seen = "".join(reader.texts)
            assert seen == "".join(f"{each}\n" for each in range(number + 1))


def test_entries_of_many_threads_are_all_written_each_threads_in_order() -> None:
    reader = Reader()

    def put(name: int) -> None:
        for number in range(500):
            writer.put((name, number))
            if number % 50 == 0:
                time.sleep(0.001)  # so that the writer falls asleep now and then

    with writing(reader, 10_000) as writer:
        threads = [threading.Thread(target=put, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert writer.flush(10)
        lines = "".join(reader.texts).splitlines()

    for name in range(4):
        assert [line for line in lines if line.startswith(f"({name},")] == [f"({name}, {number})" for number in range(500)]
    assert len(lines) == 2000


def test_an_entry_without_a_line_is_left_out() -> None:
    reader = Reader()
    with writing_first(reader) as writer:
        for entry in ("a", "bad", "b"):
            writer.put(entry)

    assert reader.texts == ["first\n", "a\nb\n"]


def test_the_lines_of_many_entries_can_be_made_together() -> None:
    made: list[list[object]] = []

    def together(entries: Sequence[object]) -> list[str]:
        made.append(list(entries))
        return [f"<{each}>\n" for each in entries]

    reader = Reader(reads=open_to_all())
    writer = LineWriter[object](reader, text_of, "{} lost\n".format, 1000, together)
    writer.put(*range(3 * TOGETHER))
    assert writer.close(10)

    assert "".join(reader.texts) == "".join(f"<{number}>\n" for number in range(3 * TOGETHER))
    assert max(map(len, made)) <= TOGETHER < sum(map(len, made)) == 3 * TOGETHER


def test_where_lines_cannot_be_made_together_each_is_made_by_itself() -> None:
    def together(entries: Sequence[object]) -> list[str]:
        raise ValueError(entries)

    reader = Reader(reads=open_to_all())
    writer = LineWriter[object](reader, text_of, "{} lost\n".format, 1000, together)
    writer.put("a", "bad", "b")
    assert writer.close(10)

    assert "".join(reader.texts) == "a\nb\n"


def test_of_many_entries_at_once_the_first_that_fit_are_kept() -> None:
    reader = Reader()
    with writing_first(reader, 3) as writer:
        writer.put(0)
        writer.put(1, 2, 3, 4)
        writer.put(5, 6)

    assert reader.texts == ["first\n", "4 lost\n0\n1\n2\n"]


def test_what_does_not_fit_is_counted_and_told_before_what_comes_next() -> None:
    reader = Reader()
    with writing_first(reader, 2) as writer:
        for number in range(5):
            writer.put(number)

    assert reader.texts == ["first\n", "3 lost\n0\n1\n"]


def test_the_loss_is_told_though_nothing_comes_after_it() -> None:
    reader = Reader()
    with writing_first(reader, 1) as writer:
        writer.put("bad")
        writer.put("lost")

    assert reader.texts == ["first\n", "1 lost\n"]


def test_flush_does_not_wait_for_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy.runtime.line_writer.GATHER", 100.0)
    reader = Reader()
    with writing(reader) as writer:
        for number in range(3):
            writer.put(number)
            assert writer.flush(10)
            assert len("".join(reader.texts).splitlines()) == number + 1


def test_flush_says_when_it_has_waited_in_vain() -> None:
    reader = Reader()
    with writing_first(reader) as writer:
        assert not writer.flush(0.01)
        assert not writer.close(0.01)
        reader.reads.set()
        assert writer.flush(10)

    assert reader.texts == ["first\n"]


def test_after_the_end_there_is_nothing_to_flush() -> None:
    with writing(Reader()) as writer:
        writer.put("x")

    for thread in threading.enumerate():
        if thread.name == "korproxy log":
            thread.join(10)
    assert writer.flush(0)


def test_a_failing_reader_does_not_end_the_thread() -> None:
    class Fails(Reader):
        def write(self, text: str, /) -> None:
            super().write(text)
            if len(self.texts) == 1:
                raise BrokenPipeError

    reader = Fails()
    with writing_first(reader) as writer:
        writer.put("second")

    assert reader.texts == ["first\n", "second\n"]
