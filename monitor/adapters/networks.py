"""Which addresses belong to the public internet, and which the fetcher must not touch.

Our own list, because `ipaddress.is_global` and `is_private` pass loopback and private addresses
in disguise (`::127.0.0.1`, NAT64, 6to4) and 192.0.0.192. Source: the IANA special-purpose address
registries for IPv4 and IPv6 (RFC 6890 and its updates), the multicast and the reserved ranges.
Ranges those registries call reachable but where nobody publishes news (192.0.0.9, AS112, ORCHID,
6to4 and Teredo tunnels) count as not public: refusing them costs nothing.
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_SPECIAL_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; connecting to 0.0.0.0 reaches this machine
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared by carriers (CGNAT)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; cloud metadata services
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 serves metadata on one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Everything else in IPv6 (loopback, fc00::/7, fe80::/10, fec0::/10, ff00::/8, 5f00::/16, 100::/64,
# 64:ff9b:1::/48, ::/96) lies outside the one block that is allocated to the public.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address, private ones included
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)

# Here the last 32 bits are the IPv4 address that will really be reached.
_CARRIES_IPV4 = (
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    IPv6Network("64:ff9b::/96"),  # NAT64: networks with IPv6 only reach the whole web through it
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a server on the public internet can have this address.

    An IPv6 address that carries an IPv4 one is judged by what it carries.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    if any(address in network for network in _CARRIES_IPV4):
        return is_public(IPv4Address(address.packed[-4:]))
    return address in _GLOBAL_UNICAST and not any(address in special for special in _SPECIAL_IPV6)


def is_inside(
    host: str, *, is_public: Callable[[IPv4Address | IPv6Address], bool] = is_public
) -> bool:
    """Whether a host names this machine or a private address by its spelling alone.

    For connections that a proxy makes, whose address we never see. The short, octal, hexadecimal
    and one-number spellings of IPv4 (127.1, 0x7f000001, 2130706433) are read as a system would.
    """
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public(ip_address(name))
    except ValueError:
        pass
    try:
        return not is_public(IPv4Address(socket.inet_aton(name)))
    except (OSError, UnicodeError):
        return False
