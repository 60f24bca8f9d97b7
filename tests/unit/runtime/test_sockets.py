from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from korproxy.errors.exceptions import CannotStart
from korproxy.runtime import sockets
from korproxy.runtime.sockets import listen, url_of

BOTH = ("127.0.0.1", "::1")
HOLDER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@contextmanager
def listening(hosts: Sequence[str], port: int = 0) -> Iterator[list[tuple[str, int]]]:
    """Listen for the block; yield the addresses."""
    bound = listen(hosts, port)
    try:
        yield [each.getsockname()[:2] for each in bound]
    finally:
        for each in bound:
            each.close()


def refused(hosts: Sequence[str], port: int = 0) -> CannotStart:
    with pytest.raises(CannotStart) as caught:
        listen(hosts, port)
    return caught.value


class WithoutIPv6(socket.socket):
    """Sockets of a machine that has no IPv6 address."""

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        super().bind(address)


@needs_ipv6
def test_both_loopbacks_are_on_one_port() -> None:
    with listening(BOTH) as [(first, port), (second, same)]:
        for address in ((first, port), (second, same)):
            socket.create_connection(address, timeout=5).close()

    assert (first, second) == BOTH
    assert port == same > 0


def test_a_given_port_is_used() -> None:
    with listening(["127.0.0.1"]) as [(_, port)]:
        pass
    with listening(["127.0.0.1"], port) as found:
        assert found == [("127.0.0.1", port)]


def test_a_port_can_be_used_again_while_the_system_still_waits_for_late_packets() -> None:
    with listening(["127.0.0.1"]) as [(_, port)]:
        bound = socket.create_connection(("127.0.0.1", port), timeout=5)
    bound.close()
    with listening(["127.0.0.1"], port) as found:
        assert found[0][1] == port


@needs_ipv6
def test_where_any_port_will_do_one_is_found_that_is_free_on_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Unlucky(socket.socket):
        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                asked.append(address[1])
                if len(asked) < 4:
                    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Unlucky)
    with listening(BOTH) as found:
        pass

    assert (len(asked), found) == (4, [("127.0.0.1", asked[-1]), ("::1", asked[-1])])


@pytest.mark.code("KP-SYS-502")
def test_the_search_for_a_free_port_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(WithoutIPv6):
        def bind(self, address: Any) -> None:  # noqa: ARG002
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    monkeypatch.setattr(socket, "socket", Full)

    assert refused(["127.0.0.1"]).code == "KP-SYS-502"


def test_an_ipv6_loopback_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    with listening(BOTH) as found:
        assert [host for host, _ in found] == ["127.0.0.1"]


def test_so_is_one_that_a_name_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = [(family, socket.SOCK_STREAM, 6, "", (host, 0)) for family, host in _families()]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    with listening(["localhost"]) as found:
        assert [host for host, _ in found] == ["127.0.0.1"]


def _families() -> list[tuple[socket.AddressFamily, str]]:
    return [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")]


@pytest.mark.code("KP-SYS-515")
def test_alone_it_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    error = refused(["::1"], 1337)

    assert (error.code, error.detail) == ("KP-SYS-515", "Cannot listen on ::1 port 1337: Cannot assign requested address.")


@pytest.mark.parametrize("hosts", [["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "127.1"]])
def test_two_names_of_one_address_count_once(hosts: list[str]) -> None:
    with listening(hosts) as found:
        assert [host for host, _ in found] == ["127.0.0.1"]


@pytest.mark.code("KP-SYS-502")
def test_an_address_that_covers_another_is_named_as_the_reason() -> None:
    with listening(["127.0.0.1"]) as [(_, port)]:
        pass
    error = refused(["0.0.0.0", "127.0.0.1"], port)

    assert (error.code, error.detail) == (
        "KP-SYS-502",
        f"Port {port} on 127.0.0.1 is taken by KorProxy itself: another address of [server] host covers it. Leave one out.",
    )


@pytest.mark.code("KP-SYS-502")
def test_a_taken_port_is_named_with_its_holder_and_a_way_out() -> None:
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()  # depends on the link Python was started by
        error = refused(["127.0.0.1"], port)

    assert (error.code, error.detail) == (
        "KP-SYS-502",
        f"Port {port} on 127.0.0.1 is taken. It is held by {name} (pid {holder.pid})."
        f" Stop that, or use another: `korproxy run --port {port + 1}`.",
    )


@pytest.mark.code("KP-SYS-502")
@pytest.mark.parametrize(("port", "other"), [(1337, 1338), (65534, 65535), (65535, 65534)])
def test_where_nobody_tells_who_has_it_the_way_out_is_a_port_that_exists(
    monkeypatch: pytest.MonkeyPatch, port: int, other: int
) -> None:
    monkeypatch.setattr(sockets, "who_listens", lambda _: None)
    error = sockets._refused("::1", port, OSError(errno.EADDRINUSE, "taken"))

    assert (error.code, error.detail) == (
        "KP-SYS-502",
        f"Port {port} on ::1 is taken. Stop that, or use another: `korproxy run --port {other}`.",
    )


@pytest.mark.code("KP-SYS-515")
@pytest.mark.parametrize("host", ["203.0.113.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    error = refused([host], 1337)

    assert error.code == "KP-SYS-515"
    assert error.detail.startswith(f"Cannot listen on {host} port 1337: ")


def _knows_nobody(*_: object, **__: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.code("KP-SYS-515")
@pytest.mark.parametrize("host", ["unknown", "x" * 300, "a..b"])
def test_a_name_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    if host == "unknown":  # the others are refused before anybody is asked
        monkeypatch.setattr(socket, "getaddrinfo", _knows_nobody)
    error = refused([host])

    assert (error.code, error.detail) == ("KP-SYS-515", f"[server] host {host!r} is not an address or a name of this machine.")


@pytest.mark.code("KP-SYS-515")
def test_a_port_that_one_may_not_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden(socket.socket):
        def bind(self, address: Any) -> None:  # noqa: ARG002
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Forbidden)
    error = refused(["127.0.0.1"], 80)

    assert (error.code, error.detail) == ("KP-SYS-515", "Cannot listen on 127.0.0.1 port 80: Permission denied.")


def test_sockets_that_were_bound_before_the_refusal_are_closed() -> None:
    with listening(["127.0.0.1"]) as [(_, port)]:
        pass
    refused(["127.0.0.1", "203.0.113.1"], port)  # an open one left over would be a ResourceWarning, which fails the test
    with listening(["127.0.0.1"], port) as found:
        assert found[0][1] == port


def test_hundreds_may_connect_before_anybody_accepts() -> None:
    with listening(["127.0.0.1"]) as [address]:
        waiting = [socket.create_connection(address, timeout=5) for _ in range(300)]
        for each in waiting:
            each.close()

    assert len(waiting) == 300


@needs_ipv6
def test_an_address_is_a_url() -> None:
    bound = listen(BOTH, 0)
    port = bound[0].getsockname()[1]
    urls = [url_of(each) for each in bound]
    for each in bound:
        each.close()

    assert urls == [f"http://127.0.0.1:{port}", f"http://[::1]:{port}"]
