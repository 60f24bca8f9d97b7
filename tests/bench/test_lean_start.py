"""What the daemon does not need, it does not import: why it starts fast and stays small. Nothing is timed here."""

from __future__ import annotations

import re
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.asking import CHAT, chat
from tests.bench.gateways import SETTINGS, bearer
from tests.fakes.process import daemon

NOT_FOR_A_CHAT = {
    *("quart", "quart_trio", "flask", "werkzeug", "jinja2"),  # come with the first request to the management API
    *("httpx", "httpcore", "rich", "pygments"),  # the last two would come with httpx's own command line
    *("importlib.metadata", "zipfile", "email.message", "html", "http.client", "urllib.request"),
    *("korproxy.errors.pages", "korproxy.net.httpx_transport", "korproxy.runtime.explaining", "korproxy.cli.commands"),
    "asyncio",
}
IMPORTED = re.compile(r"import time: +\d+ \| +\d+ \| +([\w.]+)")


def test_starting_and_answering_a_chat_imports_only_what_that_takes(home: Path, korproxy_mock_process: str) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "korproxy", "run")
    settings = SETTINGS.format(url=korproxy_mock_process)
    with daemon(home, settings=settings, command=command, BENCH_KEY="sk-mock") as running:
        client = HTTPConnection(urlsplit(running.url).netloc, timeout=20)
        client.request("POST", CHAT, chat(), {**bearer(running.key), "content-type": "application/json"})
        answered = client.getresponse().status
        client.close()
        running.ask_to_stop()
        code = running.wait()
    names = {match[1] for line in running.log if (match := IMPORTED.match(line))}
    imported = names | {name.partition(".")[0] for name in names}

    assert {"trio", "httptools", "korproxy.server.front"} <= imported  # or the listing is not read as Python writes it
    assert (answered, code, imported & NOT_FOR_A_CHAT) == (200, 0, set())
