"""What the daemon does not need, it does not import: why it starts fast and stays small. Nothing is timed here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.asking import CHAT, chat
from tests.bench.gateways import SETTINGS, bearer
from tests.bench.lives import PAGES
from tests.fakes.process import daemon, environment

NOT_FOR_A_CHAT = {
    *("quart", "quart_trio", "flask", "werkzeug", "jinja2"),  # come with the first request to the management API
    *("httpx", "httpcore", "rich", "pygments"),  # the last two would come with httpx's own command line
    *("importlib.metadata", "zipfile", "email.message", "html", "http.client", "urllib.request"),
    *("korproxy.errors.pages", "korproxy.net.httpx_transport", "korproxy.runtime.explaining", "korproxy.cli.commands"),
    *("shutil", "subprocess", "tempfile", "trio._dtls"),
    "asyncio",
}
NOT_FOR_THE_MANAGEMENT_API = {
    *("asyncio", "multiprocessing", "http.client", "http.server", "importlib.metadata", "logging.config", "zipfile"),
    *("h2", "hpack", "hypercorn.protocol.h2", "hypercorn.protocol.ws_stream", "priority", "wsproto"),
    *("aiofiles", "click.testing", "flask.cli", "quart.testing", "quart_trio.testing", "werkzeug.serving", "werkzeug.test"),
}
ONLY_ACROSS_FORMATS = {
    *("korproxy.chat.everything", "korproxy.chat.parts", "korproxy.chat.conversation", "korproxy.chat.memory"),
    *("korproxy.gateway.crossing", "korproxy.gateway.translation", "korproxy.gateway.embedding", "korproxy.gateway.images"),
}
ALL_BEFORE_THE_FIRST_REQUEST = """
import sys
from korproxy.config.home import find_home
from korproxy.gateway.gate import Gate
from korproxy.runtime import daemon
from korproxy.runtime.compose import compose
parts = compose(find_home(None))
Gate(parts.snapshot(), {})
print(*sys.modules)
"""
TOLD_IMPORTS = (sys.executable, "-X", "importtime", "-m", "korproxy", "run")
IMPORTED = re.compile(r"import time: +\d+ \| +\d+ \| +([\w.]+)")


def imported_by(log: Iterable[str]) -> set[str]:
    names = {match[1] for line in log if (match := IMPORTED.match(line))}
    return names | {name.partition(".")[0] for name in names}


def test_starting_and_answering_a_chat_imports_only_what_that_takes(home: Path, korproxy_mock_process: str) -> None:
    settings = SETTINGS.format(url=korproxy_mock_process)
    with daemon(home, settings=settings, command=TOLD_IMPORTS, BENCH_KEY="sk-mock") as running:
        client = HTTPConnection(urlsplit(running.url).netloc, timeout=20)
        client.request("POST", CHAT, chat(), {**bearer(running.key), "content-type": "application/json"})
        answered = client.getresponse().status
        client.close()
        running.ask_to_stop()
        code = running.wait()
    imported = imported_by(running.log)

    assert {"trio", "httptools", "korproxy.server.front"} <= imported  # or the listing is not read as Python writes it
    assert (answered, code, imported & NOT_FOR_A_CHAT) == (200, 0, set())


def test_the_management_api_imports_nothing_of_what_others_do_with_quart(home: Path) -> None:
    with daemon(home, command=TOLD_IMPORTS) as running:
        answered = []
        for path in PAGES:
            client = HTTPConnection(urlsplit(running.url).netloc, timeout=20)
            client.request("GET", path, headers=bearer(running.management_key))
            answered.append(client.getresponse().status)
            client.close()
        running.ask_to_stop()
        code = running.wait()
    imported = imported_by(running.log)

    assert {"quart", "hypercorn", "jinja2"} <= imported
    assert ([each for each in answered if each >= 500], code, imported & NOT_FOR_THE_MANAGEMENT_API) == ([], 0, set())


def test_what_only_translating_needs_is_not_imported_before_the_first_request(home: Path) -> None:
    command = (sys.executable, "-c", ALL_BEFORE_THE_FIRST_REQUEST)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(home), timeout=30)
    imported = set(done.stdout.split())

    assert {"korproxy.gateway.gate", "korproxy.chat.report"} <= imported
    assert imported & ONLY_ACROSS_FORMATS == set()
