"""The guards of conftest.py hold: each planted test below breaks one rule and fails for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PLANTED = """
import logging, os, socket, trio

def test_quiet():
    logging.getLogger("korproxy.gateway").info("all is well")
    logging.getLogger("korproxying").warning("somebody else")

def test_loud():
    logging.getLogger("korproxy.gateway").warning("the %s broke", "wire")

def test_loud_behind_a_wall():
    log = logging.getLogger("hypercorn.error")
    log.propagate, log.handlers = False, []
    log.error("unseen")

def test_loud_on_purpose(expected_logs):
    logging.getLogger("quart.app").error("as planned")
    assert [each.getMessage() for each in expected_logs] == ["as planned"]

def test_environment(home, tmp_path):
    assert os.environ["KORPROXY_HOME"] == str(home) and home.is_relative_to(tmp_path)
    assert not {"HTTPS_PROXY", "https_proxy", "OPENAI_API_KEY"} & set(os.environ)

async def test_going_out():
    with trio.socket.socket() as sock:
        try:
            await sock.connect(("192.0.2.1", 80))
        except OSError:
            pass

async def test_staying_here():
    with trio.socket.socket() as server, trio.socket.socket() as client:
        await server.bind(("127.0.0.1", 0))
        server.listen()
        await client.connect(server.getsockname())
"""


def test_each_planted_breach_fails_and_nothing_else(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntrio_mode = true\n", encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-q", "-rE", "-p", "no:cacheprovider", "."]
    leaks = {"https_proxy": "http://192.0.2.1", "OPENAI_API_KEY": "sk-real", "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=tmp_path, env=leaks, capture_output=True, text=True, check=False, timeout=60)

    breaches = [line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("ERROR test_planted")]
    assert breaches == ["test_loud", "test_loud_behind_a_wall", "test_going_out"], done.stdout
    assert "7 passed, 3 errors" in done.stdout
    assert "WARNING korproxy.gateway: the wire broke" in done.stdout
