"""From where an IP address can be reached: the internet, a private network, this machine.

What somebody else names, such as a backend's redirect or the receiver of a webhook, must not lead the studio
to what only this network, or this machine, may see. No Django.
"""

import ipaddress
from enum import IntEnum

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Azure's own services answer here to each of its virtual machines, with an address that looks public.
_METADATA = frozenset({"168.63.129.16"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.ip_network("::/96")
# Python takes these for global: NAT64 of one network's own, and the site-local addresses of old.
_LOCAL_NETWORKS = (ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("fec0::/10"))


class Reach(IntEnum):
    """From where an address can be reached, in the order of how much is trusted there."""

    PUBLIC = 0
    PRIVATE = 1  # private networks, carriers' ones, and whatever else is not on the internet
    LOOPBACK = 2
    LINK_LOCAL = 3  # where clouds keep the credentials of their machines


def reach_of(address: str) -> Reach:
    """Return from where an IP address can be reached.

    One that wraps an IPv4 address (mapped, compatible, NAT64, 6to4) reaches what that reaches. Raises
    `ValueError` for what is no IP address.
    """
    ip = unwrap(address)
    if ip.is_loopback or ip.is_unspecified:  # connecting to 0.0.0.0 or :: reaches this machine
        return Reach.LOOPBACK
    if ip.is_link_local or str(ip) in _METADATA:
        return Reach.LINK_LOCAL
    is_local = not ip.is_global or ip.is_multicast or any(ip in network for network in _LOCAL_NETWORKS)
    return Reach.PRIVATE if is_local else Reach.PUBLIC


def unwrap(address: str) -> IpAddress:
    """Return the address that is reached: the IPv4 one, where an IPv6 one wraps it.

    A zone, as in `fe80::1%eth0`, is left out. Raises `ValueError` for what is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if ip.ipv4_mapped is not None or ip.sixtofour is not None:
        return ip.ipv4_mapped or ip.sixtofour or ip
    if ip in _NAT64 or ip in _V4_COMPATIBLE:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip
