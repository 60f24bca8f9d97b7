from __future__ import annotations

from pathlib import Path

from korproxy.runtime.bookkeeping import bookkeeping
from korproxy.store.connection import StoreDown
from korproxy.store.place import InPostgres
from korproxy.store.recorder import Recorder
from tests.fakes.finished import finished


def test_books_that_are_kept_are_told_without_opening_them(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "korproxy.db", history=False)
    recorder.take(finished(1))

    assert bookkeeping(recorder, {("store", "not written"): 0}, {"file": 0}) == {
        "kind": "sqlite",
        "history": False,
        "metrics": True,
        "waiting": 1,
        "down": None,
        "dropped": [],
        "log_lines_lost": {},
    }
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_and_what_is_missing_is_told(tmp_path: Path) -> None:
    def url() -> str:
        raise AssertionError("asked for its secret")

    recorder = Recorder(InPostgres(url, tmp_path / "replica.id"))
    recorder.down = StoreDown("KP-SYS-533", "It does not answer.")
    told = bookkeeping(recorder, {("store", "store down"): 7, ("mine", "queue full"): 1, ("x", "y"): 0}, {"queue": 2})

    assert (told["kind"], told["down"]) == ("postgresql", {"code": "KP-SYS-533", "message": "It does not answer."})
    assert told["dropped"] == [
        {"sink": "store", "reason": "store down", "count": 7},
        {"sink": "mine", "reason": "queue full", "count": 1},
    ]
    assert told["log_lines_lost"] == {"queue": 2}
