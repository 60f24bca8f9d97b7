from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from korproxy.runtime import crash_guard as module
from korproxy.runtime.crash_guard import CRASHES, PROVEN, CrashGuard, Proof


def starts(file: Path, *ends: str) -> CrashGuard:
    """Start once for each of *ends* and once more, which is what is returned; ``crash``: nothing was done any more."""
    for end in ends:
        guard = CrashGuard(file)
        guard.begin()
        if end != "crash":
            getattr(guard, end)()
    guard = CrashGuard(file)
    guard.begin()
    return guard


def test_the_first_start_is_a_usual_one(tmp_path: Path) -> None:
    assert not starts(tmp_path / "starts").careful


@pytest.mark.parametrize("crashes", range(6))
def test_after_three_crashes_in_a_row_all_starts_are_careful_until_one_is_good(tmp_path: Path, crashes: int) -> None:
    guard = starts(tmp_path / "starts", *["crash"] * crashes)

    assert (guard.crashes, guard.careful) == (crashes, crashes >= 3)
    guard.good()
    assert not starts(tmp_path / "starts").careful
    assert CRASHES == 3


def test_a_proper_stop_between_crashes_lets_the_count_begin_anew(tmp_path: Path) -> None:
    assert starts(tmp_path / "starts", "crash", "crash", "good", "crash").crashes == 1


def test_a_start_that_could_not_be_neither_counts_nor_clears(tmp_path: Path) -> None:
    assert starts(tmp_path / "starts", "undo").crashes == 0
    assert starts(tmp_path / "other", "crash", "crash", "undo", "undo").crashes == 2


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"starts": "x"}', b'{"starts": -1}', b'{"starts": 1e999}', b"[" * 9999]
)
def test_a_damaged_count_is_one_start_that_did_not_end_well(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "starts").write_bytes(content)
    assert starts(tmp_path / "starts").crashes == 1


@pytest.mark.code("KP-SYS-504")
def test_where_nothing_can_be_counted_korproxy_starts(tmp_path: Path, expected_logs: list[object]) -> None:
    guard = starts(tmp_path / "nowhere" / "starts")
    guard.good()
    guard.undo()

    assert (guard.careful, len(expected_logs)) == (False, 1)
    assert "KP-SYS-504" in str(expected_logs[0].getMessage())  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name == "nt", reason="there are no modes")
def test_only_the_user_may_write_the_count(tmp_path: Path) -> None:
    starts(tmp_path / "starts")
    assert (tmp_path / "starts").stat().st_mode & 0o777 == 0o600


async def test_after_a_minute_the_crashes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROVEN == 60
    monkeypatch.setattr(module, "PROVEN", 0.05)  # on the real clock: it is forgotten in a thread
    forgotten, token = trio.Event(), trio.lowlevel.current_trio_token()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            began = trio.current_time()
            await nursery.start(Proof(lambda: token.run_sync_soon(forgotten.set)).run)
            await forgotten.wait()
            took = trio.current_time() - began
            nursery.cancel_scope.cancel()

    assert took >= 0.05
