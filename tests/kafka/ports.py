"""Ports for brokers of tests: never one twice, as one that was asked for may not be used yet."""

from __future__ import annotations

from infra.embedded.processes import free_port

_given: set[int] = set()


def new_port() -> int:
    """A free port that was not given before."""
    port = free_port()
    while port in _given:
        port = free_port()
    _given.add(port)
    return port
