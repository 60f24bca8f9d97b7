from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from korproxy.cli import daemon
from korproxy.errors.exceptions import CommandFailed
from korproxy.models.accounts import Secret
from tests.fakes.daemon import answering, describe, held, holding_process

KEY = Secret("kp-manage-of-this-test")


def test_a_lock_counts_as_held_only_while_somebody_holds_it(home: Path) -> None:
    lock = home / "daemon.lock"
    before = daemon.is_locked(lock)
    with held(lock):
        during = daemon.is_locked(lock)

    assert (before, during, daemon.is_locked(lock)) == (False, True, False)


def test_looking_at_a_free_lock_does_not_hide_it_from_a_second_look(home: Path) -> None:
    with held(home / "daemon.lock"):
        pass
    with (home / "daemon.lock").open("rb") as other:
        daemon._try(other)

        assert daemon.is_locked(home / "daemon.lock") is False


def test_a_stale_description_is_no_daemon(home: Path) -> None:
    describe(home)
    with held(home / "daemon.lock"):
        pass

    assert daemon.read(home / "daemon.json", home / "daemon.lock") is None


def test_the_description_counts_while_the_lock_is_held(home: Path) -> None:
    said = describe(home, urls=["http://127.0.0.1:1337"])
    with held(home / "daemon.lock"):
        assert daemon.read(home / "daemon.json", home / "daemon.lock") == said


@pytest.mark.parametrize("text", [None, "", "{", "[1]"])
def test_a_daemon_that_has_not_described_itself_yet_is_not_running_yet(home: Path, text: str | None) -> None:
    with held(home / "daemon.lock"):
        if text is not None:
            (home / "daemon.json").write_text(text)

        assert daemon.read(home / "daemon.json", home / "daemon.lock") is None


def test_the_daemon_is_asked_with_the_management_key(home: Path) -> None:
    with answering(home, b'{"status": "ok"}') as asked:
        url = json.loads((home / "daemon.json").read_text())["urls"][0]
        got = daemon.get(url, "/v1/x?y=1", KEY)

    assert got == {"status": "ok"}
    assert [(each.path, each.headers["x-management-key"]) for each in asked] == [("/v1/x?y=1", "kp-manage-of-this-test")]


def test_a_daemon_on_every_address_is_asked_on_loopback(home: Path) -> None:
    with answering(home, b"{}") as asked:
        port = json.loads((home / "daemon.json").read_text())["urls"][0].rpartition(":")[2]
        daemon.get(f"http://0.0.0.0:{port}", "/v1/x", KEY)

    assert [each.headers["host"] for each in asked] == [f"127.0.0.1:{port}"]


@pytest.mark.code("KP-SYS-520")
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"oops", "GET /v1/x was answered with status 500"),
        (
            401,
            b'{"error": {"code": "KP-AUTH-001", "message": "No key."}}',
            "GET /v1/x was answered with status 401 (KP-AUTH-001: No key.)",
        ),
        (404, b'{"error": "gone"}', "GET /v1/x was answered with status 404"),
        (200, b"<html>", "GET /v1/x was not answered with JSON"),
        (200, b"\xff", "GET /v1/x was not answered with JSON"),
        (200, b"[]", "GET /v1/x was not answered with a JSON object"),
    ],
)
def test_a_wrong_answer_is_told(home: Path, status: int, body: bytes, words: str) -> None:
    with answering(home, body, status=status):
        url = json.loads((home / "daemon.json").read_text())["urls"][0]
        with pytest.raises(CommandFailed) as caught:
            daemon.get(url, "/v1/x", KEY)

    assert caught.value.code == "KP-SYS-520"
    assert str(caught.value) == f"The daemon at {url} runs, but does not answer as it should: {words}"


@pytest.mark.code("KP-SYS-520")
def test_no_answer_at_all_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets this port
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CommandFailed, match="ConnectionRefusedError") as caught:
            daemon.get(url, "/v1/x", KEY)

    assert caught.value.code == "KP-SYS-520"


@pytest.mark.code("KP-SYS-520")
def test_a_daemon_that_takes_too_long_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(CommandFailed) as caught:
        daemon.talk(f"http://127.0.0.1:{listening.getsockname()[1]}", "GET", "/v1/x", KEY, patience=0.05)

    assert caught.value.code == "KP-SYS-520"
    assert str(caught.value).endswith("runs, but does not answer as it should: nothing came within 0.05 s")


@pytest.mark.code("KP-SYS-520")
@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "nonsense"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        daemon.get(url, "/v1/x", KEY)

    assert caught.value.code == "KP-SYS-520"


def test_a_stopped_daemon_has_let_go_of_its_lock(home: Path) -> None:
    with holding_process(home) as process:
        daemon.stop(process.pid, home / "daemon.lock", 10)
        code = process.wait(10)

    assert code == -15
    assert not daemon.is_locked(home / "daemon.lock")


@pytest.mark.code("KP-SYS-512")
def test_a_daemon_that_does_not_end_in_time_is_told(home: Path) -> None:
    with holding_process(home, stubborn=True) as process:
        with pytest.raises(CommandFailed) as caught:
            daemon.stop(process.pid, home / "daemon.lock", 0.1)
        still_runs = process.poll() is None

    assert still_runs
    assert caught.value.code == "KP-SYS-512"
    assert f"process {process.pid} still runs after 0.1 s" in str(caught.value)


def _ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


@pytest.mark.code("KP-SYS-512")
def test_a_lock_whose_process_is_out_of_sight_is_told(home: Path) -> None:
    with held(home / "daemon.lock"), pytest.raises(CommandFailed, match="there is no process") as caught:
        daemon.stop(_ended_process(), home / "daemon.lock", 1)

    assert caught.value.code == "KP-SYS-512"


def test_a_daemon_that_ended_by_itself_meanwhile_is_stopped(home: Path) -> None:
    daemon.stop(_ended_process(), home / "daemon.lock", 0)

    assert not daemon.is_locked(home / "daemon.lock")


@pytest.mark.code("KP-SYS-512")
def test_a_daemon_of_somebody_else_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.kill", refuse)
    with held(home / "daemon.lock"), pytest.raises(CommandFailed, match="belongs to another user") as caught:
        daemon.stop(4711, home / "daemon.lock", 1)

    assert caught.value.code == "KP-SYS-512"


def url_of(home: Path) -> str:
    return str(json.loads((home / "daemon.json").read_text())["urls"][0])


ASKED_WRONGLY = (
    b'{"error": {"code": "KP-SYS-526", "message": "Nothing is known. [KP-SYS-526: http://127.0.0.1:1/errors/KP-SYS-526]"}}'
)


@pytest.mark.code("KP-SYS-526")
@pytest.mark.parametrize("status", [404, 503])
def test_what_is_wrong_with_the_question_or_missing_has_the_daemon_s_own_code(home: Path, status: int) -> None:
    with answering(home, ASKED_WRONGLY, status=status):
        with pytest.raises(CommandFailed) as caught:
            daemon.get(url_of(home), "/v1/x", KEY)

    assert (caught.value.code, str(caught.value)) == ("KP-SYS-526", "Nothing is known.")


def test_other_statuses_can_be_fine(home: Path) -> None:
    with answering(home, b'{"ok": false}', status=409) as asked:
        got = daemon.talk(url_of(home), "POST", "/v1/x", KEY, {"a": "ä"}, fine=(200, 409))

    assert got == {"ok": False}
    assert (asked[0].method, asked[0].json, asked[0].headers["content-type"]) == ("POST", {"a": "ä"}, "application/json")
