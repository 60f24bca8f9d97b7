from __future__ import annotations

from ipaddress import ip_address

import pytest

from korproxy.gateway.public_addresses import is_public

PRIVATE = (
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.9 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1"
    " ::1 :: fe80::1 fd00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: ff02::1 ::127.0.0.1 fec0::1 5f00::1 3fff::1"
    " 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::a00:1 2001:db8::1 2001::1 192.0.0.192 168.63.129.16 198.18.0.1 240.0.0.1"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_of_this_machine_and_of_private_networks_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_open_internet_are(address: str) -> None:
    assert is_public(ip_address(address))
