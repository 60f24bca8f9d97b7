from __future__ import annotations

import msgspec

from korproxy.models.searching import LEVELS, LogLine, WantedLines, WantedRequests


def test_levels_rise() -> None:
    assert LEVELS == ("debug", "info", "warning", "error", "critical")


def test_whoever_says_nothing_gets_the_newest_of_all() -> None:
    requests, lines = WantedRequests(), WantedLines()

    assert (requests.failed, requests.provider, requests.since, requests.id, requests.most) == (False, "", 0.0, "", 50)
    assert (lines.level, lines.component, lines.id, lines.since, lines.most) == ("debug", "", "", 0.0, 100)


def test_a_line_of_the_log_file_leaves_out_what_it_does_not_know() -> None:
    line = LogLine(time="2026-01-01T00:00:00.000Z", level="info", component="main", message="stopped")

    assert msgspec.json.encode(line) == (
        b'{"time":"2026-01-01T00:00:00.000Z","level":"info","component":"main","message":"stopped"}'
    )
    assert msgspec.json.decode(msgspec.json.encode(line), type=LogLine) == line
