from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from korproxy_mock.plugin import plugin as mock_plugin

from korproxy.cli import daemon as seen
from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good, newest
from korproxy.errors.exceptions import CannotStart, ConfigError
from korproxy.runtime import daemon
from korproxy.runtime.daemon import MACOS_DESCRIPTORS, Options, Ready, run_daemon
from korproxy.runtime.exit_codes import Exit
from korproxy.runtime.last_resort import LastResort
from korproxy.version import VERSION
from tests.fakes.daemon import held
from tests.fakes.plugin_files import plugin_text, write_plugins

Logs = list[logging.LogRecord]
INFINITY = resource.RLIM_INFINITY
PROVIDER = """
[providers.mine]
type = "compatible"
base_url = "http://127.0.0.1:1"
[[providers.mine.accounts]]
name = "work"
key = "env:NOBODY_SET_THIS"
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Whatever a daemon changes of its process stays out of the tests."""
    limits, change = resource.getrlimit(resource.RLIMIT_NOFILE), resource.setrlimit
    yield
    change(resource.RLIMIT_NOFILE, limits)
    mock_plugin.close()


@pytest.fixture
def files(home: Path) -> Home:
    home.mkdir()
    return Home(path=home)


def stop_at_once(_: Ready) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class Told(list[Ready]):
    """Keeps what is announced, and stops the daemon."""

    def __call__(self, ready: Ready) -> None:
        self.append(ready)
        stop_at_once(ready)


def never(_: Ready) -> None:
    raise AssertionError("it must not be ready")


def is_over(files: Home) -> bool:
    """Whether nothing of a daemon is left."""
    log = logging.getLogger("korproxy")
    return not (seen.is_locked(files.lock) or files.daemon.exists() or log.handlers) and log.propagate


def test_one_life_from_the_first_request_that_is_answered_to_the_signal(files: Home, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[Ready] = []
    during: list[Any] = []

    def announce(ready: Ready) -> None:
        told.append(ready)
        during.extend([seen.is_locked(files.lock), json.loads(files.daemon.read_text())["urls"] == list(ready.urls)])
        stop_at_once(ready)

    code = run_daemon(Options(home=files, hosts=["127.0.0.1"], port=0, no_plugins=True), announce=announce)

    [ready] = told
    assert (code, during, is_over(files)) == (Exit.OK, [True, True], True)
    assert (ready.home, ready.demo, ready.providers, ready.warnings) == (files, False, [], [])
    assert [url.rpartition(":")[0] for url in ready.urls] == ["http://127.0.0.1"]
    assert capfd.readouterr().err.splitlines()[-1].endswith("info     runtime   [-] stopped")


def test_the_command_line_has_the_last_word(files: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    files.toml.write_text('[server]\nhost = ["::1"]\nport = 1\n')
    told = Told()
    run_daemon(Options(home=files, hosts=["127.0.0.1"], port=port, no_plugins=True), announce=told)

    assert told[0].urls == [f"http://127.0.0.1:{port}"]


@pytest.mark.parametrize(("verbose", "found"), [(False, False), (True, True)])
def test_verbose_means_that_debug_lines_are_written(
    files: Home, capfd: pytest.CaptureFixture[str], verbose: bool, found: bool
) -> None:
    def announce(ready: Ready) -> None:
        logging.getLogger("korproxy.gateway").debug("a detail")
        stop_at_once(ready)

    run_daemon(Options(home=files, port=0, no_plugins=True, verbose=verbose), announce=announce)

    assert ("debug    gateway   [-] a detail" in capfd.readouterr().err) == found


def test_the_log_hides_secrets(files: Home, capfd: pytest.CaptureFixture[str]) -> None:
    def announce(ready: Ready) -> None:
        logging.getLogger("korproxy.gateway").info("key sk-ant-api03-%s", "x" * 95)
        stop_at_once(ready)

    run_daemon(Options(home=files, port=0, no_plugins=True), announce=announce)

    assert "gateway   [-] key ***REDACTED***\n" in capfd.readouterr().err


def log_of_one_life(files: Home) -> list[dict[str, str]]:
    """Let a daemon live for a moment; return what is in its log file afterwards."""
    run_daemon(Options(home=files, hosts=["127.0.0.1"], port=0, no_plugins=True), announce=stop_at_once)
    return [json.loads(line) for path in files.logs.iterdir() for line in path.read_text().splitlines()]


def test_the_log_is_a_file_too_with_one_life_after_the_other(files: Home) -> None:
    first, both = log_of_one_life(files), log_of_one_life(files)

    assert [each["component"] for each in both] == ["runtime"] * 6
    assert first == both[:3]
    assert first[0]["message"].startswith(f"KorProxy {VERSION} is ready at http://127.0.0.1:")
    assert first[-1]["message"] == "stopped"


def test_no_log_file_is_made_where_none_is_wanted(files: Home) -> None:
    files.toml.write_text("[log]\nfile = false\n")

    assert log_of_one_life(files) == []


@pytest.mark.code("KP-SYS-535")
def test_a_log_file_that_cannot_be_written_is_told_once_and_keeps_nobody_from_serving(
    files: Home, capfd: pytest.CaptureFixture[str], expected_logs: Logs
) -> None:
    (files.logs / "korproxy.jsonl").mkdir(parents=True)
    code = run_daemon(Options(home=files, hosts=["127.0.0.1"], port=0, no_plugins=True), announce=stop_at_once)

    lines = capfd.readouterr().err.splitlines()
    assert (code, len(expected_logs)) == (Exit.OK, 1)
    assert sum("KP-SYS-535: " in line for line in lines) == 1
    assert any(line.endswith("info     runtime   [-] stopped") for line in lines)


def test_what_is_wrong_but_not_fatal_is_told_with_what_is_there(files: Home, expected_logs: Logs) -> None:
    files.toml.write_text(PROVIDER + "[plugin.absent]\nx = 1\n")
    told = Told()
    texts = {
        "alpha": plugin_text("alpha", ["korproxy_providers"]),
        "beta": plugin_text("beta", ["korproxy_providers", "korproxy_services"]),  # its service ends before it starts
    }
    run_daemon(Options(home=files, port=0, plugin_dirs=(write_plugins(files.path, texts),)), announce=told)

    assert told[0].providers == ["mine", "alpha"]
    assert [each[:13] for each in told[0].warnings] == ["[KP-CONF-215]", "[KP-CONF-205]", "[KP-SYS-513] "]
    assert len(expected_logs) == 1


@pytest.mark.code("KP-CONF-202")
@pytest.mark.code("KP-CONF-203")
def test_every_mistake_in_the_configuration_is_told_at_once(files: Home) -> None:
    files.toml.write_text(PROVIDER.replace("compatible", "nobodys") + "[plugin.alpha]\nsize = 'big'\n")
    folder = write_plugins(files.path, {"alpha": plugin_text("alpha", ["korproxy_settings"])})
    with pytest.raises(ConfigError) as caught:
        run_daemon(Options(home=files, port=0, plugin_dirs=(folder,)), announce=never)

    assert [each.code for each in caught.value.problems] == ["KP-CONF-202", "KP-CONF-203"]
    assert is_over(files)


@pytest.mark.code("KP-CONF-202")
def test_a_wrong_address_on_the_command_line_is_named(files: Home) -> None:
    with pytest.raises(ConfigError) as caught:
        run_daemon(Options(home=files, hosts=["http://here"]), announce=never)

    assert [(each.code, each.path) for each in caught.value.problems] == [("KP-CONF-202", "--host")]
    assert is_over(files)


@pytest.mark.code("KP-SYS-503")
def test_a_second_daemon_changes_nothing_of_the_first(files: Home) -> None:
    with held(files.lock):
        files.daemon.write_text("the first one's")
        with pytest.raises(CannotStart) as caught:
            run_daemon(Options(home=files, port=0), announce=never)

        assert (caught.value.code, files.daemon.read_text()) == ("KP-SYS-503", "the first one's")
    assert not files.client_key.exists()


@pytest.mark.code("KP-SYS-502")
def test_a_taken_port_leaves_nothing_behind(files: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = Options(home=files, hosts=["127.0.0.1"], port=server.getsockname()[1])
        with pytest.raises(CannotStart) as caught:
            run_daemon(options, announce=never)

    assert (caught.value.code, is_over(files)) == ("KP-SYS-502", True)


@pytest.mark.code("KP-SYS-513")
def test_a_part_that_does_not_start_leaves_nothing_behind(files: Home) -> None:
    files.toml.write_text('required = ["beta"]\n')
    folder = write_plugins(files.path, {"beta": plugin_text("beta", ["korproxy_sinks"])})
    with pytest.raises(CannotStart) as caught:
        run_daemon(Options(home=files, port=0, plugin_dirs=(folder,)), announce=never)

    assert (caught.value.code, is_over(files)) == ("KP-SYS-513", True)


@pytest.mark.code("KP-SYS-501")
def test_of_a_fault_the_caller_gets_the_thing_itself_and_the_log_all_of_it(
    files: Home, capfd: pytest.CaptureFixture[str], expected_logs: Logs
) -> None:
    def announce(_: Ready) -> None:
        raise KeyError("k")

    with pytest.raises(KeyError, match="'k'"):
        run_daemon(Options(home=files, port=0, no_plugins=True), announce=announce)

    log = capfd.readouterr().err
    assert "critical runtime   [-] KP-SYS-501: a fault of KorProxy's own ends the daemon\n    " in log
    assert "KeyError: 'k'" in log
    assert (is_over(files), len(expected_logs)) == (True, 1)


def test_the_last_resort_is_armed_by_a_stop_and_disarmed_at_the_end(files: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    really = LastResort.disarm

    def disarm(resort: LastResort) -> None:
        happened.append("disarm")
        really(resort)

    monkeypatch.setattr(LastResort, "arm", lambda _: happened.append("arm"))
    monkeypatch.setattr(LastResort, "disarm", disarm)
    run_daemon(Options(home=files, port=0, no_plugins=True), announce=stop_at_once)

    assert happened[0] == "arm"
    assert (set(happened[:-1]), happened[-1]) == ({"arm"}, "disarm")


FORESEEN = CannotStart("KP-SYS-513", "It did not start.")
FAULT, OTHER, INTERRUPT = KeyError("k"), ValueError("v"), KeyboardInterrupt()


@pytest.mark.parametrize(
    ("errors", "told", "logged"),
    [
        (ExceptionGroup("", [FORESEEN]), FORESEEN, 0),
        (ExceptionGroup("", [OTHER, ExceptionGroup("", [FORESEEN, FAULT])]), FORESEEN, 0),
        (ExceptionGroup("", [ExceptionGroup("", [FAULT])]), FAULT, 1),
        (ExceptionGroup("", [FAULT, OTHER]), FAULT, 1),
        (BaseExceptionGroup("", [FORESEEN, INTERRUPT]), INTERRUPT, 0),
        (BaseExceptionGroup("", [ExceptionGroup("", [FAULT]), INTERRUPT]), INTERRUPT, 0),
        (FORESEEN, FORESEEN, 0),
        (OTHER, OTHER, 0),
    ],
)
def test_of_all_that_went_wrong_one_thing_is_told(
    errors: BaseException, told: BaseException, logged: int, expected_logs: Logs
) -> None:
    with pytest.raises(BaseException) as caught, daemon._single_errors():  # noqa: PT011 -- which one is the question
        raise errors

    assert caught.value is told
    assert len(expected_logs) == logged


def limits(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, refuses: Callable[[int], bool]) -> list[int]:
    """Let the process have these limits; return a list of the soft ones it takes."""
    taken: list[int] = []

    def change(_: int, wanted: tuple[int, int]) -> None:
        assert wanted[1] == hard
        if refuses(wanted[0]):
            raise ValueError("not allowed to raise maximum limit")
        taken.append(wanted[0])

    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", change)
    return taken


@pytest.mark.parametrize(
    ("soft", "hard", "refuses", "taken"),
    [
        (1024, 4096, lambda _: False, [4096]),
        (4096, 4096, lambda _: True, []),
        (INFINITY, INFINITY, lambda _: True, []),
        (256, INFINITY, lambda wanted: wanted == INFINITY, [MACOS_DESCRIPTORS]),
        (20_000, INFINITY, lambda wanted: wanted == INFINITY, [20_000]),
        (256, INFINITY, lambda _: True, []),
    ],
)
def test_as_many_files_may_be_open_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, refuses: Callable[[int], bool], taken: list[int]
) -> None:
    got = limits(monkeypatch, soft, hard, refuses)
    daemon._raise_descriptor_limit()

    assert got == taken


def test_the_real_limit_is_raised() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard in (INFINITY, 0) or hard < 600:
        pytest.skip("this machine has no limit to raise")
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    daemon._raise_descriptor_limit()

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


@pytest.mark.code("KP-SYS-525")
def test_after_three_crashes_it_starts_with_the_least_it_needs_and_says_so(files: Home, expected_logs: Logs) -> None:
    files.toml.write_text('[providers.x]\ntype = "nobodys"\n')
    options = Options(home=files, port=0, hosts=["127.0.0.1"])

    def crash(_: Ready) -> None:
        raise LookupError("a fault of its own")

    with pytest.raises(ConfigError):  # which is no crash
        run_daemon(options, announce=never)
    files.toml.write_text("")
    for _ in range(3):
        with pytest.raises(LookupError):
            run_daemon(options, announce=crash)
    files.toml.write_text('[providers.x]\ntype = "nobodys"\n')
    careful, usual = Told(), Told()
    run_daemon(options, announce=careful)
    files.toml.write_text("")
    run_daemon(options, announce=usual)

    [first, *_] = careful[0].warnings
    assert first.startswith("[KP-SYS-525] safe start: KorProxy crashed 3 times within a minute of its start.")
    assert "mock" in first
    assert usual[0].warnings == []
    assert [each.getMessage()[:12] for each in expected_logs if each.levelname == "WARNING"] == ["[KP-SYS-525]"]
    assert not files.starts.exists()


def test_what_is_in_force_when_it_is_asked_to_stop_is_kept_as_what_worked_last(files: Home) -> None:
    keep_last_good(files, {"korproxy.toml": b"# older\n"})
    files.toml.write_text("# newer\n")
    run_daemon(Options(home=files, port=0, no_plugins=True), announce=stop_at_once)
    found = newest(files)

    assert found is not None
    assert found.files == {"korproxy.toml": b"# newer\n"}
