"""What the daemon does not need, it does not import: why it starts fast and stays small. Nothing is timed here."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.bench.gateways import SETTINGS
from tests.bench.load import Connection, chat_request
from tests.fakes.process import daemon

NOT_FOR_A_CHAT = {
    *("quart", "quart_trio", "flask", "werkzeug", "jinja2"),  # come with the first request to the management API
    *("httpx", "httpcore", "rich", "pygments"),  # the last two would come with httpx's own command line
    "asyncio",
}
IMPORTED = re.compile(r"import time: +\d+ \| +\d+ \| +([\w.]+)")


def test_starting_and_answering_a_chat_imports_only_what_that_takes(home: Path, korproxy_mock_process: str) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "korproxy", "run")
    settings = SETTINGS.format(url=korproxy_mock_process)
    with daemon(home, settings=settings, command=command, BENCH_KEY="sk-mock") as running:
        with Connection(running.url, chat_request(running.url, running.key)) as client:
            client.ask()
        running.ask_to_stop()
        code = running.wait()
    imported = {match[1].partition(".")[0] for line in running.log if (match := IMPORTED.match(line))}

    assert {"trio", "httptools", "hypercorn"} <= imported  # or the listing is not read as Python writes it
    assert (code, imported & NOT_FOR_A_CHAT) == (0, set())
