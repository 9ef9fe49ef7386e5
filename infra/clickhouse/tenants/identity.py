"""Who a tenant is, and what its ClickHouse user is called."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

PREFIX = "ascolto."
"""Begins the names of all tenants' users and row policies; no other name of ours does."""


@dataclass(frozen=True, order=True)
class Tenant:
    """A client company, or with `agency_id` one agency's share of what it sees."""

    client_id: str
    agency_id: str = ""

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.client_id}, agency {self.agency_id}" if self.agency_id else self.client_id

    @property
    def user(self) -> str:
        """The name of its ClickHouse user, from which `tenant_of` finds the tenant again.

        >>> Tenant("acqua", "sole&figli").user
        'ascolto.acqua.sole%26figli'
        """
        ids = [self.client_id, self.agency_id] if self.agency_id else [self.client_id]
        return PREFIX + ".".join(map(_encoded, ids))


def tenant_of(user: str) -> Tenant | None:
    """The tenant whose ClickHouse user has that name; None where it is no tenant's.

    >>> tenant_of("ascolto.acqua.sole%26figli")
    Tenant(client_id='acqua', agency_id='sole&figli')
    """
    if not user.startswith(PREFIX):
        return None
    ids = [unquote(part) for part in user.removeprefix(PREFIX).split(".")]
    if len(ids) > 2 or not all(ids):
        return None
    found = Tenant(*ids)
    return found if found.user == user else None


def _encoded(identifier: str) -> str:
    """Letters, digits, `-` and `_` as they are; the rest, the dot included, as `%XX`."""
    return quote(identifier, safe="").replace(".", "%2E").replace("~", "%7E")
