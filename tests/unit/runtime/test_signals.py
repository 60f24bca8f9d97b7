from __future__ import annotations

import logging
import signal
import sys
import threading
from functools import partial

import pytest
import trio

from korproxy.runtime.signals import STOPS, watch_signals
from tests.fakes.waiting import until

Logs = list[logging.LogRecord]


def send(number: signal.Signals) -> None:
    signal.raise_signal(number)


@pytest.mark.parametrize("number", STOPS)
async def test_the_first_signal_asks_for_a_stop_and_the_second_cuts_off(number: signal.Signals, expected_logs: Logs) -> None:
    stop, abandoned = trio.Event(), list[int]()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(watch_signals, stop, lambda: abandoned.append(1))
            before = stop.is_set()
            send(number)
            await stop.wait()
            after_one = list(abandoned)
            send(number)
            await until(lambda: abandoned)
            send(number)
            await until(lambda: len(abandoned) == 2)
            nursery.cancel_scope.cancel()

    assert (before, after_one) == (False, [])
    assert [each.getMessage() for each in expected_logs] == [f"{number.name} again: whatever still runs is cut off"] * 2


async def test_a_signal_after_another_stop_cuts_off_at_once(expected_logs: Logs) -> None:
    stop, abandoned = trio.Event(), trio.Event()
    stop.set()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(watch_signals, stop, abandoned.set)
            send(signal.SIGTERM)
            await abandoned.wait()
            nursery.cancel_scope.cancel()

    assert len(expected_logs) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
async def test_a_hangup_stops_nothing_and_has_the_configuration_read_again() -> None:
    stop, abandoned, reloads = trio.Event(), list[int](), list[str]()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            watching = partial(watch_signals, stop, lambda: abandoned.append(1), reload=reloads.append)
            await nursery.start(watching)
            send(signal.SIGHUP)
            await until(lambda: len(reloads) == 1)
            send(signal.SIGHUP)
            await until(lambda: len(reloads) == 2)
            nursery.cancel_scope.cancel()

    assert (stop.is_set(), abandoned, reloads) == (False, [], ["SIGHUP", "SIGHUP"])


async def test_what_has_to_happen_at_once_does_so_while_the_trio_thread_is_held_up() -> None:
    stop, told = trio.Event(), threading.Event()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(watch_signals, stop, print, at_once=told.set))
            send(signal.SIGHUP)
            before = told.is_set()
            send(signal.SIGTERM)  # no task has run since
            at_once = told.is_set(), stop.is_set()
            await stop.wait()
            nursery.cancel_scope.cancel()

    assert (before, at_once) == (False, (True, False))


async def test_afterwards_signals_do_what_they_did_before() -> None:
    watched = [*STOPS, signal.SIGHUP]
    before = [signal.getsignal(each) for each in watched]
    async with trio.open_nursery() as nursery:
        await nursery.start(watch_signals, trio.Event(), print)
        during = [signal.getsignal(each) for each in watched]
        nursery.cancel_scope.cancel()

    assert [signal.getsignal(each) for each in watched] == before
    assert not set(map(id, during)) & set(map(id, before))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
async def test_a_hangup_of_the_terminal_it_was_started_in_is_a_stop() -> None:
    stop, seen = trio.Event(), iter([True, False])
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(watch_signals, stop, lambda: None, terminal=lambda: next(seen)))
            send(signal.SIGHUP)
            await stop.wait()
            nursery.cancel_scope.cancel()

    assert stop.is_set()
