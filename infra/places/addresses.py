"""The addresses that a place's name stands for: checked, and then connected to as they are.

A name is looked up once for each connection, and the connection made to the address that was
checked: a name server that answers otherwise the next time gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from infra.places.failures import PlaceAway, PlaceRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int], Sequence[tuple[Any, ...]]]
"""As `socket.getaddrinfo`, which is the default."""

CONNECT_SECONDS = 10.0

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_EMBEDDING = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
"""6to4 and Teredo, of which the other end may be anywhere."""


def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The addresses of a host, as the system finds them."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def is_allowed(address: Address, private: bool) -> bool:
    """Whether a place may have this address.

    One that is not `private` has a public address only. One that is may be on this machine or in
    the company's network, but never link-local (where clouds have their metadata), nor multicast.
    """
    address = _embedded(address)
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if address.version == 6 and any(address in network for network in _EMBEDDING):
        return False
    if private and (address.is_loopback or not address.is_global):
        return address.is_loopback or not address.is_reserved
    return address.is_global and not address.is_reserved


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def require_allowed(host: str, found: Sequence[str], private: bool) -> None:
    """Check all addresses of a host.

    Raises:
        PlaceRefused: one of them is not allowed.
    """
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not is_allowed(address, private):
            raise PlaceRefused(
                f"{host} has the address {address}, which is not a public one",
                "correct the name, or write private: true for this place in the file of "
                "ASCOLTO_PLACES if it is in your own network",
            )


def literal(host: str) -> str | None:
    """The address, where a host is written as one."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    return None


def connect(host: str, port: int, private: bool, find: LookUp = look_up) -> socket.socket:
    """A connection to one of a host's addresses, all of which are allowed.

    Raises:
        PlaceRefused: an address is not allowed.
        PlaceAway: the host has no address, or none answers.
    """
    try:
        found = find(host.removeprefix("[").removesuffix("]"), port)
    except OSError as error:
        raise unknown_host(host, error) from error
    require_allowed(host, [str(each[4][0]) for each in found], private)
    failed: OSError | None = None
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise not_reached(host, port, failed) from failed


class CheckedResolver(AbstractResolver):
    """Looks names up for aiohttp, which connects to what it is given.

    Only `hosts` and, where they begin with a dot, names that end as they do are looked up.
    """

    def __init__(self, hosts: Sequence[str], private: bool, find: LookUp = look_up) -> None:
        self._hosts = hosts
        self._private = private
        self._find = find

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a host.

        Raises:
            PlaceRefused: an address is not allowed, or the host is another place's.
            PlaceAway: the host has no address.
        """
        if not any(
            host == each or (each[0] == "." and host.endswith(each)) for each in self._hosts
        ):
            raise PlaceRefused("its server leads to another host, which is refused")
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, self._find, host, port)
        except OSError as error:
            raise unknown_host(host, error) from error
        require_allowed(host, [str(each[4][0]) for each in found], self._private)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=each_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for each_family, _, protocol, _, address in found
            if family in (socket.AF_UNSPEC, each_family)
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


def unknown_host(host: str, error: OSError) -> PlaceAway:
    """A name without an address, or a name server that does not answer."""
    return PlaceAway(
        f"the name {host} has no address ({error.strerror or type(error).__name__})",
        "correct the name, or this machine's name server",
    )


def not_reached(host: str, port: int | None, error: BaseException | None) -> PlaceAway:
    """A host that does not answer."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    at = host if port is None else f"{host}, port {port},"
    return PlaceAway(
        f"{at} cannot be reached ({reason})",
        "start it, correct its address, or open the way to it from this machine",
    )
