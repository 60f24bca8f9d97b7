from __future__ import annotations

import pytest

from korproxy.net.address import basic, target_of
from korproxy.net.errors import Unreached
from korproxy.net.proxies import REMEMBERED, Proxies, Proxy

ALL = {"http": "http://plain.test:3128", "https": "secure.test:8080", "all": "http://any.test"}


def on_the_way(url: str, **named: str) -> Proxy | None:
    return Proxies(named).on_the_way_to(target_of(url))


@pytest.mark.parametrize(
    ("url", "named", "expected"),
    [
        ("http://one.test/", ALL, Proxy(host="plain.test", port=3128)),
        ("https://one.test/", ALL, Proxy(host="secure.test", port=8080)),
        ("https://one.test/", {"all": "http://any.test"}, Proxy(host="any.test", port=80)),
        ("https://one.test/", {"http": "http://plain.test"}, None),
        ("https://one.test/", {"https": "https://p.test"}, Proxy(host="p.test", port=443, secure=True)),
        ("https://one.test/", {"https": ""}, None),
        ("https://one.test/", {}, None),
        (
            "https://one.test/",
            {"https": "http://me:p%40ss@p.test"},
            Proxy(host="p.test", port=80, credential=basic(b"me", b"p@ss")),
        ),
    ],
)
def test_the_environment_names_a_proxy_for_each_scheme_or_for_all(
    url: str, named: dict[str, str], expected: Proxy | None
) -> None:
    assert on_the_way(url, **named) == expected


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_this_machine_is_never_asked_through_a_proxy(host: str) -> None:
    assert on_the_way(f"http://{host}:8080/", **ALL) is None


@pytest.mark.parametrize(
    ("no", "url", "without"),
    [
        ("one.test", "http://one.test/", True),
        ("one.test", "http://a.one.test/", True),
        (".one.test", "http://a.one.test/", True),
        (" x.test , ONE.test ", "http://one.test/", True),
        ("one.test", "http://none.test/", False),
        ("one.test:8080", "http://one.test:8080/", True),
        ("one.test:8080", "http://one.test/", False),
        ("*", "http://one.test/", True),
        ("192.0.2.1", "http://192.0.2.1/", True),
        ("", "http://one.test/", False),
        (",", "http://one.test/", False),
    ],
)
def test_some_are_asked_without_one(no: str, url: str, without: bool) -> None:
    assert (on_the_way(url, **ALL, no=no) is None) == without


@pytest.mark.parametrize("named", ["socks5://me:secret@p.test:1080", "http://", "http://p.test:port", "//p.test"])
def test_a_proxy_of_another_kind_is_said_to_be_one_without_repeating_its_password(named: str) -> None:
    for _ in range(2):
        with pytest.raises(Unreached, match="only http and https are spoken") as caught:
            on_the_way("https://one.test/", https=named)

    assert "secret" not in str(caught.value)


def test_a_proxys_password_is_sent_and_not_shown() -> None:
    proxy = Proxy(host="p.test", port=80, credential=basic(b"me", b"pass"))

    assert (proxy.fields, Proxy(host="p.test", port=80).fields) == (((b"proxy-authorization", b"Basic bWU6cGFzcw=="),), ())
    assert "Basic" not in repr(proxy)
    assert "plain.test" not in repr(Proxies(ALL))


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_the_environment_is_read_in_both_spellings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://p.test:3128")
    monkeypatch.setenv("no_proxy", "two.test")
    found = Proxies.of_environment()

    assert found.on_the_way_to(target_of("https://one.test/")) == Proxy(host="p.test", port=3128)
    assert found.on_the_way_to(target_of("https://two.test/")) is None


def test_only_so_many_answers_are_remembered() -> None:
    proxies = Proxies(ALL)
    for number in range(3 * REMEMBERED):
        assert proxies.on_the_way_to(target_of(f"http://{number}.test/")) == Proxy(host="plain.test", port=3128)

    assert len(proxies._found) <= REMEMBERED
