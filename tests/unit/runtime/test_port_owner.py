from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from korproxy.runtime.port_owner import who_listens

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(inode: int, *, port: int = 1337, state: str = "0A", address: str = "0100007F") -> str:
    """Return one line of /proc/net/tcp as proc(5) describes it."""
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1\n"


def proc(root: Path, rows: Sequence[str], processes: Mapping[int, tuple[bytes, Sequence[str]]], table: str = "tcp") -> Path:
    """Make a /proc: *processes* are name and open files by pid."""
    (root / "net").mkdir()
    (root / "net" / table).write_text(HEAD + "".join(rows))
    (root / "self").symlink_to("1")
    for pid, (name, files) in processes.items():
        (root / str(pid) / "fd").mkdir(parents=True)
        (root / str(pid) / "comm").write_bytes(name + b"\n")
        for number, target in enumerate(files):
            (root / str(pid) / "fd" / str(number)).symlink_to(target)
    return root


def test_the_listening_process_is_named(tmp_path: Path) -> None:
    processes = {7: (b"sshd", ["socket:[55]", "/dev/null"]), 4711: (b"nginx", ["pipe:[77]", "socket:[77]"])}
    root = proc(tmp_path, [row(55, port=22), row(77)], processes)

    assert (who_listens(1337, root), who_listens(22, root), who_listens(80, root)) == ("nginx (pid 4711)", "sshd (pid 7)", None)


def test_so_is_one_that_listens_on_ipv6(tmp_path: Path) -> None:
    address = "00000000000000000000000001000000"
    root = proc(tmp_path, [row(77, address=address)], {4711: (b"nginx", ["socket:[77]"])}, table="tcp6")

    assert who_listens(1337, root) == "nginx (pid 4711)"


def test_a_connection_from_that_port_is_not_listening(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77, state="01")], {4711: (b"firefox", ["socket:[77]"])})

    assert who_listens(1337, root) is None


def test_of_several_with_one_socket_the_first_process_is_named(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77)], {pid: (b"worker", ["socket:[77]"]) for pid in (10000, 9000, 9999)})

    assert who_listens(1337, root) == "worker (pid 9000)"


def test_a_socket_of_another_user_has_no_holder_that_we_see(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77)], {})
    (tmp_path / "4711").mkdir()  # a process without a readable fd

    assert who_listens(1337, root) is None


def test_a_file_that_was_closed_meanwhile_does_not_hide_the_others(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77)], {4711: (b"nginx", [])})
    for number in range(50):  # what cannot be read as a link stands for one that is gone
        (root / "4711" / "fd" / str(number)).touch()
    (root / "4711" / "fd" / "99").symlink_to("socket:[77]")

    assert who_listens(1337, root) == "nginx (pid 4711)"


def test_a_process_that_has_just_ended_has_no_name(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77)], {4711: (b"nginx", ["socket:[77]"])})
    (root / "4711" / "comm").unlink()

    assert who_listens(1337, root) is None


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    root = proc(tmp_path, [row(77)], {4711: (b"caf\xe9", ["socket:[77]"])})

    assert who_listens(1337, root) == "caf\ufffd (pid 4711)"


@pytest.mark.parametrize("rows", [["\n"], ["nothing like it\n"], ["0: a:zz b 0A\n"]])
def test_a_table_that_is_not_understood_tells_nothing(tmp_path: Path, rows: list[str]) -> None:
    assert who_listens(1337, proc(tmp_path, rows, {})) is None


def test_a_system_without_proc_tells_nothing(tmp_path: Path) -> None:
    assert who_listens(1337, tmp_path / "absent") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_real_system_names_this_very_process(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with server:
        found = who_listens(server.getsockname()[1])

    assert found is not None
    assert found.endswith(f" (pid {os.getpid()})")
