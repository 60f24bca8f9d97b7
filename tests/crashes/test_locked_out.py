"""A wrong configuration locks nobody out: what worked last goes on working, and what is wrong is told."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from korproxy.config.home import Home, prepare
from korproxy.config.last_good import keep_last_good, newest
from tests.fakes.process import DaemonProcess, daemon, korproxy, mock_settings

SOUND = mock_settings("http://127.0.0.1:9")


def stop(running: DaemonProcess) -> None:
    running.ask_to_stop()
    assert running.wait() == 0


def models(running: DaemonProcess) -> int:
    """Return the status with which a client is answered that asks for what there is."""
    headers = {"Authorization": f"Bearer {running.key}"}
    return httpx.get(f"{running.url}/v1/models", headers=headers, trust_env=False).status_code


def test_what_works_is_kept(home: Path) -> None:
    with daemon(home, settings=SOUND) as running:
        until = time.monotonic() + 10
        while (kept := newest(Home(path=home))) is None:
            assert time.monotonic() < until, "nothing was kept"
            time.sleep(0.01)
        stop(running)

    assert kept.files == {"korproxy.toml": (home / "korproxy.toml").read_bytes()}


@pytest.mark.code("KP-CONF-221")
@pytest.mark.parametrize(
    ("wrong", "code", "place"),
    [
        ("[providers.mock", "KP-CONF-201", "korproxy.toml:1:"),
        ("[server]\nport = 'x'\n", "KP-CONF-202", "$.server.port"),
        (SOUND.replace("compatible", "compatibel"), "KP-CONF-203", "$.providers.mock.type"),
        (SOUND.replace("/v1", "/v1?key=1"), "KP-CONF-213", "$.providers.mock.base_url"),
        ("version = 99\n", "KP-CONF-211", "$.version"),
    ],
)
def test_with_a_wrong_file_the_last_good_one_works_and_all_is_told(home: Path, wrong: str, code: str, place: str) -> None:
    prepare(Home(path=home))
    keep_last_good(Home(path=home), {"korproxy.toml": SOUND.encode()})
    (home / "korproxy.toml").write_text(wrong)

    with daemon(home) as running:
        assert models(running) == 200
        stop(running)

    told = "".join(running.log)
    assert "KP-CONF-221" in told
    assert str(home / "korproxy.toml") in told
    assert code in told
    assert place in told
    checked = korproxy("check", home=home)
    assert (checked.returncode, code in checked.stdout, place in checked.stdout) == (1, True, True)
    assert (home / "korproxy.toml").read_text() == wrong


def test_without_a_last_good_one_it_is_told_what_is_wrong_and_nothing_runs(home: Path) -> None:
    home.mkdir()
    (home / "korproxy.toml").write_text("[server]\nport = 'x'\n")

    done = korproxy("run", home=home)

    assert (done.returncode, "$.server.port" in done.stderr) == (78, True)
