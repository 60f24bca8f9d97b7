from __future__ import annotations

import sys
from pathlib import Path

import trio

from korproxy.config.home import prepare
from korproxy.config.keys import ensure_keys
from korproxy.runtime.canary.happening import REPROS, happen
from korproxy.runtime.canary.house import House
from korproxy.runtime.canary.places import ERRORS, FAILING, FORWARDED, PLACES, UPSTREAM
from korproxy.runtime.canary.planting import sow
from korproxy.runtime.canary.shapes import CONFIGURED

# A KorProxy that gives each request an id, and remembers in a file how it was asked; as a command it says its own name.
SCRIPT = """
import http.server, json, sys
words = sys.argv[5:]
if words[0] != "run":
    print(*words)
    sys.exit(int(words[0] in ("check", "plugins", "reload")))
log = open(sys.argv[2] + "/asked", "a")
class Handler(http.server.BaseHTTPRequestHandler):
    count = 0
    def do_GET(self):
        Handler.count += 1
        print(self.path, self.headers.get("X-Management-Key") is not None, file=log, flush=True)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("X-KorProxy-Request", f"r-{Handler.count}")
        self.end_headers()
        self.wfile.write(b"said " + self.path.encode())
    do_POST = do_GET
    def log_message(self, *args): ...
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"ready": {"urls": [f"http://127.0.0.1:{server.server_port}"]}}), flush=True)
server.serve_forever()
"""


async def test_everything_is_asked_and_all_that_is_said_is_a_sink(tmp_path: Path) -> None:
    house = House(path=tmp_path, program=(sys.executable, "-c", SCRIPT), key="k")
    prepare(house.home)
    here = [each for each in PLACES if each.name in {"model name", "path", "id that is asked for", FAILING}]
    plants = sow(here, [], configured=CONFIGURED.make())
    with trio.fail_after(30):
        sinks = await happen(house, plants, ensure_keys(house.home))

    asked = (house.home.path / "asked").read_text().splitlines()
    assert sum("?repro=" in each for each in asked) == min(REPROS, sum(each.place == FAILING for each in plants))
    assert sum(each.endswith("/why True") and "mark" in each for each in asked) == 1
    assert [each for each in asked if each.startswith("/v1/diagnostics/health")] == ["/v1/diagnostics/health True"] * 2
    assert sinks["korproxy config export, at rest"] == b"config export\n"
    assert sinks["korproxy reload, wrong"] == b"reload\n"
    assert b"said /v1/nothing/mark" in sinks[ERRORS]
    assert sinks[FORWARDED].count(b"HTTP/1.0 200 OK") == len([each for each in plants if ERRORS not in each.shown])
    assert sinks[UPSTREAM] == b""
    assert house.home.toml.read_text() == house.configuration(_address(house), plants)


def _address(house: House) -> str:
    said = house.home.toml.read_text()
    return said.partition('base_url = "')[2].partition('"')[0]
