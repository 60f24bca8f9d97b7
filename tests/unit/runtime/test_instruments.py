from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from korproxy.runtime.bus import Bus
from korproxy.runtime.instruments import Instruments, Moment
from korproxy.runtime.reload import Reloader
from korproxy.runtime.supervise import ServiceState
from korproxy.server.front import Tally
from korproxy.store.connection import StoreDown
from korproxy.store.recorder import Recorder
from tests.fakes.finished import finished


def instruments(recorder: Recorder, **more: Any) -> Instruments:
    front = SimpleNamespace(tally=Tally(running=3, turned_away=Counter({"KP-AUTH-002": 2})))
    reloader = cast("Reloader", SimpleNamespace(entrance=SimpleNamespace(front=front)))
    given = {"bus": Bus(), "reloader": reloader, "states": [], "started": 5.0, **more}
    return Instruments(recorder=recorder, **given)


def test_where_all_is_well_what_the_store_might_lose_is_told_all_the_same(tmp_path: Path) -> None:
    moment = instruments(Recorder(tmp_path / "korproxy.db")).read()

    nothing = {("store", "store down"): 0, ("store", "not writable"): 0, ("store", "queue full"): 0}
    assert moment == Moment(started=5.0, running=3, turned_away={"KP-AUTH-002": 2}, events_dropped=nothing)


def test_they_say_what_is_so_now(tmp_path: Path) -> None:
    bus, states = Bus(), [ServiceState(name="purge")]
    recorder = Recorder(tmp_path / "korproxy.db")
    read = instruments(recorder, bus=bus, states=states, lines_dropped=lambda: {"file": 4}).read
    bus.dropped.update({"store": 7, "log": 1})
    recorder.lost = Counter({"store down": 2, "something new": 1})
    recorder.down = StoreDown("KP-SYS-533", "The disk is full.")
    recorder.take(finished(1))
    states[0].state = "running"

    moment = read()

    assert (moment.store_up, moment.events_waiting, moment.lines_dropped) == (False, 1, {"file": 4})
    assert moment.services == (ServiceState(name="purge", state="running"),)
    assert moment.events_dropped == {
        ("store", "queue full"): 7,
        ("log", "queue full"): 1,
        ("store", "store down"): 2,
        ("store", "something new"): 1,
        ("store", "not writable"): 0,
    }
