"""Where a request comes from, for limits and records: a proxy's word is believed only from a trusted proxy."""

from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

from adapters.settings import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"


@cache
def read_networks(text: str) -> tuple[Network, ...]:
    """``10.0.0.4, 2001:db8::/32`` as networks; raises ValueError for anything else."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as wrong:
        raise ValueError(f"COUNTERSIGN_TRUSTED_PROXIES: {wrong}") from None


def source_of(connection: HTTPConnection) -> str:
    """The address that a request came from, as a key to count by; every application of ours asks here.

    ``X-Forwarded-For`` is read from its end, because each proxy adds what it saw itself; the first address that is
    not a trusted proxy's is the visitor's. From anybody else the header is not read at all. An IPv6 visitor counts
    as their /64, because whoever has one address there has all of them.
    """
    peer = _read(connection.client.host) if connection.client else None
    if peer is None:
        return connection.client.host if connection.client else UNKNOWN
    trusted = read_networks(settings().trusted_proxies)
    said = ",".join(connection.headers.getlist("x-forwarded-for"))
    nearest = peer
    for part in reversed(said.split(",")):
        if not _is_in(nearest, trusted):
            break
        further = _read(part.strip())
        if further is None:
            break
        nearest = further
    return _key(nearest)


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _key(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
