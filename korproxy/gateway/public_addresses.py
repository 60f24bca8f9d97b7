"""Which addresses are on the open internet, for links that somebody else chose."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

_GIVEN_OUT = ip_network("2000::/3")
_SPECIAL_6 = [ip_network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_SPECIAL_4 = [
    ip_network(each) for each in ("192.0.0.0/24", "168.63.129.16/32", "100.64.0.0/10", "198.18.0.0/15", "240.0.0.0/4")
]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether *address* is on the open internet.

    What `ipaddress` calls global depends on the Python release, so the ranges that matter stand here: of IPv6 only what
    is given out (RFC 4291, 2000::/3), without the parts that wrap IPv4 addresses or are for examples; and the addresses under
    which clouds keep their metadata though they look like anybody's.
    """
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is not None:
            return is_public(mapped)
        return address in _GIVEN_OUT and not any(address in each for each in _SPECIAL_6) and address.is_global
    return address.is_global and not address.is_multicast and not any(address in each for each in _SPECIAL_4)
