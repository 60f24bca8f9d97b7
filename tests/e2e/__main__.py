"""``python -m tests.e2e [--times N] [--only EXPRESSION]``: print the table.

Exit code 0, 1 (under 99 % passed) or 2 (it could not be played).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.e2e.table import Tally, words

NOT_PLAYED = 2
_CASES = Path(__file__).with_name("test_crossings.py")
# The suite's own settings, without what is about its output.
_OPTIONS = ("-p", "no:terminal", "-p", "no:cacheprovider", "-o", "addopts=", "--import-mode=importlib")


@attrs.define
class Watcher:
    """A plugin of pytest's that counts what becomes of each run."""

    tally: Tally
    _failures: dict[str, str] = attrs.field(factory=dict, init=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Keep the first failure of *item*, and count it at its end."""
        report = yield
        if call.excinfo is not None and report.failed:
            self._failures.setdefault(item.nodeid, words(call.excinfo.value))
        if report.when == "teardown":
            run = item.callspec.params["run"]
            failure = self._failures.pop(item.nodeid, None)
            self.tally.note(run.case.row, (run.sdk, run.column), str(run), failure)
        return report


def play(tally: Tally, only: str = "") -> bool:
    """Play all cases once, or those that pytest's ``-k`` finds, with a daemon of their own, into *tally*.

    Returns:
        Whether that could be done.
    """
    code = pytest.main([str(_CASES), *_OPTIONS, "-k", only], plugins=[Watcher(tally)])
    return code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def main(args: Sequence[str] | None = None, play: Callable[[Tally, str], bool] = play) -> int:
    """Parse, play, print; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e", description="Play every case with every SDK and every type of provider."
    )
    parser.add_argument("--times", type=_at_least_one, default=1, metavar="N", help="how often (default: 1)")
    parser.add_argument("--only", default="", metavar="EXPRESSION", help='which, as of pytest -k: "google and not streamed"')
    wanted = parser.parse_args(args)
    times = wanted.times
    tally = Tally()
    for number in range(1, times + 1):
        began, before = time.monotonic(), (tally.passed, tally.total)
        if not play(tally, wanted.only):
            sys.stderr.write("The cases could not be played: run pytest tests/e2e/test_crossings.py to see why.\n")
            return NOT_PLAYED
        passed, total = tally.passed - before[0], tally.total - before[1]
        sys.stderr.write(f"{number} of {times}: {passed} of {total} passed in {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(tally.text())
    return 0 if tally.is_good else 1


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs we started end with us
    sys.exit(main())
