"""Addresses: which are allowed, and that what was checked is what is connected to."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.places.addresses import CheckedResolver, connect, is_allowed, require_allowed
from infra.places.failures import PlaceAway, PlaceRefused

NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "fe80::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.0.3",
    "10.0.0.1",
    "172.16.5.4",
    "172.31.255.255",
    "192.168.1.10",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
]
PUBLIC = ["8.8.8.8", "172.32.0.1", "100.63.255.255", "2606:4700::1111", "64:ff9b::808:808"]


def test_addresses_are_allowed_by_where_they_lead() -> None:
    def allowed(texts: list[str], private: bool) -> set[str]:
        return {text for text in texts if is_allowed(ipaddress.ip_address(text), private)}

    assert allowed(NEVER + PRIVATE + PUBLIC, private=False) == set(PUBLIC)
    assert allowed(NEVER + PRIVATE + PUBLIC, private=True) == set(PUBLIC) | set(PRIVATE)


RESERVED = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
    )
]
"""Networks of RFC 6890 and 1112 whose addresses are no single machine elsewhere."""


@given(
    st.sampled_from(RESERVED).flatmap(
        lambda network: st.integers(int(network[0]), int(network[-1]))
    )
)
def test_no_address_of_a_reserved_network_is_public(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    assert not is_allowed(address, False)
    assert not is_allowed(ipaddress.ip_address(f"::ffff:{address}"), False)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    require_allowed("h", ["8.8.8.8", "2606:4700::1111"], False)
    with pytest.raises(PlaceRefused, match=r"192\.168\.1\.1"):
        require_allowed("h", ["8.8.8.8", "192.168.1.1"], False)


def answers(*addresses: str) -> Any:
    """A name server that answers otherwise each time."""
    left = list(addresses)

    def find(_: str, port: int) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    return find


def test_a_connection_is_made_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: connected.append(to))
    connect("rec.example", 22, False, answers("8.8.8.8", "127.0.0.1")).close()
    assert connected == [("8.8.8.8", 22)], "looked up once, though it would answer otherwise now"
    with pytest.raises(PlaceRefused):
        connect("rec.example", 22, False, answers("127.0.0.1"))
    assert len(connected) == 1


async def test_aiohttp_is_given_checked_addresses_of_the_place_s_own_names() -> None:
    resolver = CheckedResolver(("s3.example", ".s3.example"), False, answers("8.8.8.8", "10.0.0.1"))
    [found] = await resolver.resolve("calls.s3.example", 443)
    assert (found["host"], found["flags"]) == ("8.8.8.8", socket.AI_NUMERICHOST)
    with pytest.raises(PlaceRefused, match="not a public one"):
        await resolver.resolve("s3.example", 443)
    for other in ("evil.example", "evils3.example", "s3.example.evil"):
        with pytest.raises(PlaceRefused, match="another host"):
            await resolver.resolve(other, 443)


def test_a_name_without_address_and_a_port_without_server_are_away() -> None:
    with pytest.raises(PlaceAway, match="has no address"):
        connect("no-such-host.invalid", 22, False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PlaceAway, match="cannot be reached"):
            connect("localhost", taken.getsockname()[1], True)
    with pytest.raises(PlaceRefused, match="localhost has the address"):
        connect("localhost", 22, False)
