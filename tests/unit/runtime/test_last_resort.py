from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from collections.abc import Iterator

import attrs
import pytest

from korproxy.runtime import last_resort as module
from korproxy.runtime.bus import DRAIN
from korproxy.runtime.last_resort import EXTRA, LastResort, last_resort
from korproxy.server.answering import GOODBYE

Logs = list[logging.LogRecord]


@attrs.define
class End:
    """In place of the end of the process."""

    told: queue.SimpleQueue[int] = attrs.field(factory=queue.SimpleQueue)
    flushed: list[int] = attrs.field(factory=list)

    def flush(self) -> None:
        self.flushed.append(1)

    def comes(self, within: float = 5) -> bool:
        """Whether the process would end. Where it is not to, *within* is a moment longer than the timers of these tests."""
        try:
            self.code = self.told.get(timeout=within)
        except queue.Empty:
            return False
        return True

    code: int | None = None


@pytest.fixture
def end() -> Iterator[End]:
    yield End()
    for each in threading.enumerate():
        if each.name == "korproxy last resort":
            each.join(5)
            assert not each.is_alive(), "a last resort was left armed"


@pytest.mark.code("KP-SYS-514")
def test_it_ends_the_process_some_time_after_it_was_armed(end: End, expected_logs: Logs) -> None:
    began = time.monotonic()
    LastResort(0.05, end.flush, end.told.put).arm()

    assert (end.comes(), end.code, end.flushed) == (True, 75, [1])
    assert time.monotonic() - began >= 0.05
    assert [each.getMessage() for each in expected_logs] == [
        "KP-SYS-514: still not stopped after 0.05 s; the process ends itself now"
    ]


def test_unarmed_it_does_nothing(end: End) -> None:
    resort = LastResort(0, end.flush, end.told.put)
    unarmed = end.comes(within=0.3)
    resort.disarm()

    assert not unarmed


def test_disarmed_it_does_nothing(end: End) -> None:
    resort = LastResort(0.1, end.flush, end.told.put)
    resort.arm()
    resort.disarm()

    assert not end.comes(within=0.3)


def test_disarmed_it_cannot_be_armed_again(end: End) -> None:
    resort = LastResort(0, end.flush, end.told.put)
    resort.disarm()
    resort.arm()

    assert not end.comes(within=0.3)


def test_arming_it_again_neither_fails_nor_gives_more_time(end: End, expected_logs: Logs) -> None:
    resort = LastResort(0.5, end.flush, end.told.put)
    came, until = False, time.monotonic() + 5
    while not came and time.monotonic() < until:  # with more time each time, it would never come
        resort.arm()
        came = end.comes(within=0.05)

    assert came
    assert len(expected_logs) == 1


def test_it_can_be_armed_within_a_signal_handler_that_interrupts_its_arming(end: End, expected_logs: Logs) -> None:
    resort = LastResort(0.05, end.flush, end.told.put)
    before = signal.signal(signal.SIGUSR1, lambda *_: resort.arm())
    try:
        for _ in range(100):
            signal.raise_signal(signal.SIGUSR1)
            resort.arm()
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert end.comes()
    assert len(expected_logs) == 1


def test_a_log_that_cannot_be_flushed_does_not_save_the_process(
    end: End, expected_logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    LastResort(0, fail, end.told.put).arm()

    assert (end.comes(), end.code) == (True, 75)
    assert len(expected_logs) == 1


def test_nor_does_a_log_that_takes_no_line(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(module.log, "critical", fail)
    LastResort(0, end.flush, end.told.put).arm()

    assert end.comes()


def test_the_end_of_the_block_disarms_it(monkeypatch: pytest.MonkeyPatch, end: End) -> None:
    monkeypatch.setattr(module, "EXTRA", 0.1)
    monkeypatch.setattr(LastResort.__init__, "__defaults__", (end.told.put,))
    with last_resort(0.0, end.flush) as resort:
        assert resort is not None
        resort.arm()

    assert not end.comes(within=0.3)


def test_it_can_be_switched_off() -> None:
    with last_resort(0.0, lambda: None, enabled=False) as resort:
        assert resort is None


def test_it_leaves_time_for_all_that_may_take_some() -> None:
    assert EXTRA > GOODBYE + DRAIN
