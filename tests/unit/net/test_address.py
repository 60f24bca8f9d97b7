from __future__ import annotations

import attrs
import pytest

from korproxy.net.address import basic, target_of
from korproxy.net.errors import BadAddress


def test_an_address_is_taken_apart() -> None:
    found = target_of("https://API.example.com:8443/v1/chat?beta=true&x=%20#fragment")

    assert (found.scheme, found.host, found.port, found.server_name) == ("https", "api.example.com", 8443, "api.example.com")
    assert (found.authority, found.path, found.credential) == (b"api.example.com:8443", b"/v1/chat?beta=true&x=%20", b"")
    assert found.origin == ("https", "api.example.com", 8443, "api.example.com")


@pytest.mark.parametrize(
    ("url", "port", "authority", "path"),
    [
        ("http://one.test", 80, b"one.test", b"/"),
        ("http://one.test:80/", 80, b"one.test", b"/"),
        ("https://one.test:443?q", 443, b"one.test", b"/?q"),
        ("https://one.test:80/", 80, b"one.test:80", b"/"),
        ("http://[::1]:8080/a", 8080, b"[::1]:8080", b"/a"),
        ("http://[::1]/a", 80, b"[::1]", b"/a"),
    ],
)
def test_a_usual_port_is_not_told(url: str, port: int, authority: bytes, path: bytes) -> None:
    found = target_of(url)

    assert (found.port, found.authority, found.path) == (port, authority, path)


def test_what_may_stand_in_a_path_stays_as_it_is_and_the_rest_is_escaped() -> None:
    as_it_is = "/v1beta/models/gemini:generateContent/a-b_c~d.e/%2F/../@!$&'()*+,;=?a[]=/?:@%"

    assert target_of("http://one.test" + as_it_is).path == as_it_is.encode()
    assert target_of('http://one.test/ä "?ö').path == b"/%C3%A4%20%22?%C3%B6"


def test_a_name_that_is_not_ascii_is_asked_for_as_the_network_knows_it() -> None:
    found = target_of("https://bücher.test/")

    assert (found.host, found.server_name, found.authority) == ("xn--bcher-kva.test",) * 2 + (b"xn--bcher-kva.test",)


def test_a_user_name_in_an_address_is_a_credential_and_no_part_of_the_host() -> None:
    found = target_of("http://me:p%40ss@one.test/")

    assert (found.authority, found.credential) == (b"one.test", basic(b"me", b"p@ss"))
    assert "p@ss" not in repr(found)


def test_a_proxy_gets_the_whole_address() -> None:
    assert target_of("http://me:secret@one.test:8080/a?b").absolute == b"http://one.test:8080/a?b"


def test_who_is_connected_to_can_be_another_than_who_is_asked_for() -> None:
    there = attrs.evolve(target_of("https://one.test/"), host="192.0.2.1")

    assert there.origin == ("https", "192.0.2.1", 443, "one.test")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one.test/v1",
        "ftp://one.test/",
        "http://",
        "http:///a",
        "http://one.test:port/",
        "http://[::1",
        "http://one.test/\n",
        "h\0",
    ],
)
def test_what_is_no_address_is_said_to_be_none_without_repeating_it(url: str) -> None:
    with pytest.raises(BadAddress) as caught:
        target_of(url)

    assert "one.test" not in str(caught.value)


def test_a_host_that_cannot_be_a_name_is_another_matter() -> None:
    with pytest.raises(UnicodeError):
        target_of("http://ä" + "a" * 64 + ".test/")
