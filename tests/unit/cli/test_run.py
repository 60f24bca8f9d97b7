from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from korproxy.cli.main import korproxy
from korproxy.cli.run import ready_data, ready_lines
from korproxy.config.home import Home
from korproxy.errors.exceptions import CannotStart, ConfigError, Problem
from korproxy.runtime import daemon
from korproxy.runtime.daemon import Options, Ready
from korproxy.runtime.exit_codes import Exit
from tests.fakes.process import environment

URL = "http://127.0.0.1:1337"
READY = Ready(
    urls=[URL, "http://[::1]:1337"], home=Home(path=Path("/home/me/kor")), demo=False, providers=["claude", "mine"], warnings=[]
)
LAST = "  Key: /home/me/kor/secrets/client.key   Stop: Ctrl-C"


def test_with_providers_a_tool_is_told_where_to_go() -> None:
    assert ready_lines(READY) == [
        "KorProxy is ready at http://127.0.0.1:1337 (and http://[::1]:1337)",
        "  Providers: claude, mine. Point your tool at http://127.0.0.1:1337/v1 (OpenAI) or http://127.0.0.1:1337 (Anthropic).",
        LAST,
    ]


def test_without_a_provider_the_next_step_is_told() -> None:
    assert ready_lines(attrs.evolve(READY, providers=[], urls=[URL])) == [
        "KorProxy is ready at http://127.0.0.1:1337",
        "  No provider is configured yet: `korproxy init` writes a korproxy.toml to fill in; it is read at once.",
        LAST,
    ]


def test_warnings_come_right_after_the_address() -> None:
    assert ready_lines(attrs.evolve(READY, warnings=["[KP-CONF-215] $.plugin.x: no plugin", "two"]))[1:3] == [
        "  warning: [KP-CONF-215] $.plugin.x: no plugin",
        "  warning: two",
    ]


def test_the_demo_says_what_it_is_and_gives_a_call_in_each_format() -> None:
    first, about, blank, *calls, end, last = ready_lines(attrs.evolve(READY, demo=True, providers=["mock"]))

    assert first == "KorProxy is ready at http://127.0.0.1:1337 (and http://[::1]:1337)"
    assert about == "  Demo: a mock provider answers, whatever the model. Nothing leaves this machine. Try:"
    assert (blank, end, last) == ("", "", LAST)
    assert calls == [
        '  curl http://127.0.0.1:1337/v1/chat/completions -H "Authorization: Bearer $(cat /home/me/kor/secrets/client.key)" \\',
        '    -d \'{"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}\'',
        '  curl http://127.0.0.1:1337/v1/messages -H "x-api-key: $(cat /home/me/kor/secrets/client.key)" \\',
        '    -d \'{"model": "demo", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}\'',
    ]


@pytest.mark.parametrize("folder", ["plain", "with space", "it's", 'a"b', "$HOME"])
def test_the_calls_can_be_pasted_into_a_shell(tmp_path: Path, folder: str) -> None:
    home = Home(path=tmp_path / folder)
    home.secrets.mkdir(parents=True)
    home.client_key.write_text("kp-client-x\n")
    calls = ready_lines(attrs.evolve(READY, demo=True, home=home))[3:7]
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + "\n".join(calls)
    said = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]

    chat, messages = said[:5], said[5:]
    assert chat[:4] == [f"{URL}/v1/chat/completions", "-H", "Authorization: Bearer kp-client-x", "-d"]
    assert messages[:4] == [f"{URL}/v1/messages", "-H", "x-api-key: kp-client-x", "-d"]
    assert [json.loads(body)["model"] for body in (chat[4], messages[4])] == ["demo", "demo"]


def test_other_programs_get_the_same_as_json() -> None:
    assert json.loads(json.dumps(ready_data(attrs.evolve(READY, warnings=["w"])))) == {
        "urls": [URL, "http://[::1]:1337"],
        "home": "/home/me/kor",
        "demo": False,
        "providers": ["claude", "mine"],
        "warnings": ["w"],
    }


@attrs.define
class FakeDaemon:
    """In place of the daemon: notes what it was asked for, is ready, and ends as it is told."""

    ends: BaseException | Exit = Exit.OK
    ready: Ready | None = READY
    options: Options | None = None

    def run(self, options: Options, *, announce: Any) -> Exit:
        self.options = options
        if self.ready is not None:
            announce(self.ready)
        if isinstance(self.ends, BaseException):
            raise self.ends
        return self.ends


def run(fake: FakeDaemon, monkeypatch: pytest.MonkeyPatch, *args: str) -> Result:
    monkeypatch.setattr(daemon, "run_daemon", fake.run)
    return CliRunner().invoke(korproxy, ["run", *args])


def test_the_options_reach_the_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = FakeDaemon()
    args = [
        "--demo",
        "--host",
        "::1",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--home",
        str(tmp_path),
        "--verbose",
        "--no-plugins",
    ]
    done = run(fake, monkeypatch, *args, "--plugins-dir", str(tmp_path))

    assert done.exit_code == 0
    assert fake.options == Options(
        home=Home(path=tmp_path),
        demo=True,
        hosts=("::1", "127.0.0.1"),
        port=0,
        plugin_dirs=(tmp_path,),
        no_plugins=True,
        verbose=True,
        last_resort=True,
    )


def test_what_is_not_said_is_left_to_the_settings(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    fake = FakeDaemon()
    run(fake, monkeypatch)

    assert fake.options == Options(home=Home(path=home))
    assert (fake.options.hosts, fake.options.port) == (None, None)


def test_people_read_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(FakeDaemon(), monkeypatch).stdout.splitlines() == ready_lines(READY)


def test_programs_read_one_line_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = run(FakeDaemon(), monkeypatch, "--json").stdout.splitlines()

    assert json.loads(line) == {"ready": ready_data(READY)}


PROBLEM = Problem(code="KP-CONF-202", path="$.server.port", message="no")


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (Exit.OK, 0, ""),
        (CannotStart("KP-SYS-502", "Port 1 is taken."), 78, "error KP-SYS-502: Port 1 is taken."),
        (ConfigError.of([PROBLEM]), 78, "error KP-CONF-202: $.server.port: no"),
        (KeyError("a secret"), 70, "error KP-SYS-501: KeyError was raised where nothing expected it; --verbose shows where"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_the_exit_code_says_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, ends: BaseException | Exit, code: int, said: str
) -> None:
    done = run(FakeDaemon(ends), monkeypatch)

    assert (done.exit_code, done.stderr.partition("\n")[0]) == (code, said)
    assert "Traceback" not in done.stderr


def test_errors_are_json_where_json_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(FakeDaemon(CannotStart("KP-SYS-502", "Port 1 is taken."), ready=None), monkeypatch, "--json")

    assert (done.exit_code, json.loads(done.stdout)["error"]["code"], done.stderr) == (78, "KP-SYS-502", "")


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_a_wrong_use(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    fake = FakeDaemon()

    assert (run(fake, monkeypatch, "--port", port).exit_code, fake.options) == (2, None)


def test_a_daemon_serves_on_when_nobody_is_there_to_read_that_it_is_ready(home: Path) -> None:
    command = [sys.executable, "-m", "korproxy", "run", "--port", "0", "--no-plugins"]
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, env=environment(home), text=True) as process:
        os.close(writing)
        try:
            assert process.stderr is not None
            _until_it_answers(home, process)
            process.send_signal(signal.SIGTERM)
            log = process.stderr.read()
            code = process.wait(15)
        finally:
            process.kill()

    assert (code, log.splitlines()[-1].split()[-1]) == (0, "stopped")


def _until_it_answers(home: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a request is answered: then it has said that it is ready, or tried to."""
    import http.client
    import time

    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            port = int(json.loads((home / "daemon.json").read_text())["urls"][0].rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
        except (FileNotFoundError, ValueError):
            time.sleep(0.01)
        else:
            return
    raise AssertionError("it does not answer")
