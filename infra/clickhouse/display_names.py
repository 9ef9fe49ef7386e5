"""The registry's names in the store, where the queries of Grafana's panels find them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infra.registry_model import Registry
from schemas.rows import DISPLAY_NAMES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Names = dict[tuple[str, str], str]
"""Names by client_id and agency_id; the client company's own has an empty agency_id."""


def write_names(client: Client, registry: Registry) -> int:
    """Write the names that are new, changed or removed; returns how many.

    Raises:
        DatabaseError: of clickhouse-connect, where the table is not there.
    """
    before, wanted = read_names(client), names_of(registry)
    changed = {key: name for key, name in wanted.items() if before.get(key) != name}
    changed |= dict.fromkeys(before.keys() - wanted.keys(), "")
    if changed:
        version = time.time_ns() // 1000
        rows = [[*key, name, version] for key, name in sorted(changed.items())]
        client.insert(DISPLAY_NAMES.name, rows, column_names=list(DISPLAY_NAMES.columns))
    return len(changed)


def read_names(client: Client) -> Names:
    """The names in the store."""
    rows = client.query(
        "SELECT client_id, agency_id, name FROM display_names FINAL WHERE name != ''"
    ).result_rows
    return {(str(client_id), str(agency_id)): str(name) for client_id, agency_id, name in rows}


def names_of(registry: Registry) -> Names:
    """All names of a registry."""
    names: Names = {}
    for client_id, client in registry.clients.items():
        names[client_id, ""] = client.name
        names |= {(client_id, each): agency.name for each, agency in client.agencies.items()}
    return names
