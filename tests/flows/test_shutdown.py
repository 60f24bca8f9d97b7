"""The end of the daemon, and what keeps it from beginning: each as a process sees it from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import textwrap
from pathlib import Path

import pytest
import trio
from korproxy_mock.server import open_mock

from tests.fakes.process import daemon, korproxy, mock_settings
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.waiting import until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_running_stream_ends_whole_before_the_daemon_does(home: Path, number: signal.Signals) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url)) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: words=20 gap=0.05}}", running.key))
                    begun = await read_until(stream, b"data:")
                    running.ask_to_stop(number)
                    rest = await read_all(stream)
                code = await trio.to_thread.run_sync(running.wait)

    assert (begun + rest).rstrip().endswith(b"data: [DONE]\n\n\r\n0".rstrip())
    assert code == 0


@pytest.mark.code("KP-SYS-511")
async def test_a_stream_longer_than_the_grace_ends_with_an_error_event(home: Path) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url, grace=0.3)) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: words=2000 gap=0.05}}", running.key))
                    await read_until(stream, b"data:")
                    running.ask_to_stop()
                    rest = await read_all(stream)
                code = await trio.to_thread.run_sync(running.wait)

    event = rest.rpartition(b"data: ")[2].partition(b"\n\n")[0]
    assert json.loads(event)["error"]["code"] == "KP-SYS-511"
    assert (b"[DONE]" in rest, code) == (False, 0)


WITHOUT_LAST_RESORT = """
    import json, sys
    from pathlib import Path
    from korproxy.config.home import Home
    from korproxy.runtime.daemon import Options, run_daemon

    def announce(ready):
        sys.stdout.write(json.dumps({"ready": {"urls": list(ready.urls)}}) + "\\n")
        sys.stdout.flush()

    sys.exit(run_daemon(Options(home=Home(path=Path(sys.argv[1])), port=0, last_resort=False), announce=announce))
"""


async def test_without_the_last_resort_a_client_that_never_reads_costs_the_grace_and_no_more(home: Path) -> None:
    grace = 1.0
    command = (sys.executable, "-c", textwrap.dedent(WITHOUT_LAST_RESORT), str(home))
    with trio.fail_after(60):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url, grace=grace), command=command) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: words=60000}}", running.key))
                    await until(lambda: mock.open_streams)
                    await trio.sleep(1)  # nothing outside tells when all buffers on the way are full
                    assert mock.open_streams == 1
                    asked = trio.current_time()
                    running.ask_to_stop()
                    code = await trio.to_thread.run_sync(running.wait)
                    took = trio.current_time() - asked

    assert code == 0
    assert took < grace + 4  # it would take for ever; the last resort would take eight seconds


async def test_a_second_signal_cuts_running_streams_off(home: Path) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url, grace=20)) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: words=2000 gap=0.05}}", running.key))
                    await read_until(stream, b"data:")
                    running.ask_to_stop()
                    await until(lambda: any("SIGTERM" in line for line in running.log))
                    running.ask_to_stop()
                    asked = trio.current_time()
                    code = await trio.to_thread.run_sync(running.wait)
                    took = trio.current_time() - asked

    assert code == 0
    assert took < 3


async def test_at_the_second_signal_a_stream_still_ends_with_an_error_event(home: Path) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url, grace=20)) as running:
                async with await connect(running.url) as stream, await connect(running.url) as waiting:
                    await waiting.send_all(chat_request("{{mock: first-byte=60}}", running.key))
                    await stream.send_all(chat_request("{{mock: words=2000 gap=0.05}}", running.key))
                    await read_until(stream, b"data:")
                    await until(lambda: len(mock.requests) == 2)
                    running.ask_to_stop()
                    await until(lambda: any("SIGTERM" in line for line in running.log))
                    running.ask_to_stop()
                    rest, refused = await read_all(stream), await read_all(waiting)
                code = await trio.to_thread.run_sync(running.wait)

    event = rest.rpartition(b"data: ")[2].partition(b"\n\n")[0]
    assert json.loads(event)["error"]["code"] == "KP-SYS-511"
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert (b"[DONE]" in rest, code) == (False, 0)


NEVER_LETS_GO = """
    import time
    from korproxy.api import hookimpl

    class Greedy:
        name = "greedy"

        async def run(self, events, *, task_status):
            task_status.started()
            async for event in events:
                time.sleep(600)

    @hookimpl
    def korproxy_sinks(settings):
        yield Greedy()
"""


@pytest.mark.code("KP-SYS-514")
async def test_a_plugin_that_never_gives_the_thread_back_is_ended_by_the_last_resort(home: Path, tmp_path: Path) -> None:
    (tmp_path / "greedy.py").write_text(textwrap.dedent(NEVER_LETS_GO))
    with trio.fail_after(60):
        async with open_mock() as mock:
            with daemon(home, "--plugins-dir", str(tmp_path), settings=mock_settings(mock.url, grace=0.5)) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: words=20 gap=0.02}}", running.key))
                    await read_until(stream, b"data:")
                    running.ask_to_stop()  # the signal first; what blocks the thread comes with the end of the stream
                    code = await trio.to_thread.run_sync(running.wait)

    assert code == 75
    assert any("KP-SYS-514" in line for line in running.log)


@pytest.mark.code("KP-SYS-502")
def test_a_taken_port_is_named_with_its_holder(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = korproxy("run", "--host", "127.0.0.1", "--port", str(port), home=home)

    assert ended.returncode == 78
    assert f"KP-SYS-502: Port {port} on 127.0.0.1 is taken." in ended.stderr
    assert f"(pid {os.getpid()})" in ended.stderr


@pytest.mark.code("KP-SYS-503")
def test_a_taken_home_is_named_with_the_daemon_that_has_it(home: Path) -> None:
    with daemon(home) as running:
        ended = korproxy("run", "--port", "0", home=home)

        assert ended.returncode == 78
        assert "KP-SYS-503" in ended.stderr
        assert f"pid {running.process.pid} at {running.url}" in ended.stderr


@pytest.mark.code("KP-SYS-515")
def test_an_address_of_another_machine_is_refused(home: Path) -> None:
    ended = korproxy("run", "--host", "203.0.113.1", "--port", "0", home=home)

    assert ended.returncode == 78
    assert "KP-SYS-515: Cannot listen on 203.0.113.1" in ended.stderr


def test_the_daemon_says_where_it_is_only_while_it_runs(home: Path) -> None:
    with daemon(home) as running:
        about = json.loads((home / "daemon.json").read_text())
        mode = stat.S_IMODE((home / "daemon.json").stat().st_mode)
        running.ask_to_stop()
        code = running.wait()

    assert (about["pid"], about["urls"][0], mode, code) == (running.process.pid, running.url, 0o600, 0)
    assert not (home / "daemon.json").exists()


def test_a_daemon_that_was_killed_leaves_nothing_that_keeps_the_next_one_from_starting(home: Path) -> None:
    with daemon(home) as running:
        running.process.kill()
        running.wait()
    with daemon(home) as again:
        again.ask_to_stop()
        code = again.wait()

    assert code == 0


FAILS_TO_START = """
    from korproxy.api import hookimpl

    class Sick:
        name = "sick"

        async def run(self, *, task_status):
            raise PermissionError("no")

    @hookimpl
    def korproxy_services(settings):
        yield Sick()
"""


@pytest.mark.code("KP-SYS-513")
def test_a_required_service_that_does_not_start_ends_the_start(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sick.py").write_text(textwrap.dedent(FAILS_TO_START))
    home.mkdir()
    (home / "korproxy.toml").write_text('required = ["sick"]\n')
    ended = korproxy("run", "--port", "0", "--plugins-dir", str(tmp_path), home=home)

    assert ended.returncode == 78
    assert "KP-SYS-513: The service 'sick' did not start: PermissionError: no." in ended.stderr


def test_an_optional_service_that_does_not_start_costs_only_itself(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sick.py").write_text(textwrap.dedent(FAILS_TO_START))
    with daemon(home, "--plugins-dir", str(tmp_path)) as running:
        status = json.loads(korproxy("status", "--json", home=home).stdout)
        running.ask_to_stop()
        code = running.wait()

    assert (status["plugins"]["broken"], code) == (1, 0)
    assert any("KP-SYS-513" in line for line in running.log)
