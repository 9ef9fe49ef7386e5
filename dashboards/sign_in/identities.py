"""Who a request is from, and what they may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from dashboards.sign_in.configuration import SignIn


@dataclass(frozen=True)
class Identity:
    """A person, as the proxy or the identity provider names them."""

    user: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scope:
    """What an identity may see: everything, or some client companies, whole or by agency.

    `clients` has of each client company the agencies; None: all of them.
    """

    everything: bool = False
    clients: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    def allows(self, client_id: str, agency_id: str | None = None) -> bool:
        """Whether a client company may be seen, or one of its agencies.

        Without `agency_id`: whether anything of the client company may be.
        """
        if self.everything:
            return True
        if client_id not in self.clients:
            return False
        agencies = self.clients[client_id]
        return agencies is None or agency_id is None or agency_id in agencies

    def whole(self, client_id: str) -> bool:
        """Whether a client company may be seen with all its agencies."""
        return self.everything or (client_id in self.clients and self.clients[client_id] is None)

    def agencies(self, client_id: str) -> frozenset[str] | None:
        """The agencies of a client company that may be seen; None: all of them."""
        return None if self.everything else self.clients.get(client_id, frozenset())


EVERYTHING = Scope(everything=True)
"""Of this machine's own commands, and of everyone where there is no sign-in."""


@dataclass(frozen=True)
class Visitor:
    """What the page says of who looks at it."""

    user: str | None = None
    signs_out: bool = False
    """Whether they can sign out here."""
    of_agency: bool = False
    """Whether they see single agencies only."""


VISITOR: web.RequestKey[Visitor] = web.RequestKey("visitor", Visitor)
"""Of a request that the guard has let through."""


def scope_of(identity: Identity, sign_in: SignIn) -> Scope:
    """What the sign-in file lets an identity see; user names differ by case only never."""
    user = identity.user.casefold()
    entries = [
        entry
        for entry in sign_in.access
        if user in {each.casefold() for each in entry.users}
        or not identity.groups.isdisjoint(entry.groups)
    ]
    if any(entry.everything for entry in entries):
        return EVERYTHING
    clients: dict[str, frozenset[str] | None] = {}
    for entry in entries:
        assert entry.client is not None
        clients[entry.client] = _both(clients.get(entry.client, frozenset()), entry.agencies)
    return Scope(clients=clients)


def _both(known: frozenset[str] | None, further: Iterable[str]) -> frozenset[str] | None:
    agencies = frozenset(further)
    return None if known is None or not agencies else known | agencies
