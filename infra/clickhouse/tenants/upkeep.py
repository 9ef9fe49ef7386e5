"""Which tenants an upgrade has left behind: tables that it added are not granted to them."""

from __future__ import annotations

from infra.clickhouse.tenants.identity import Tenant
from infra.clickhouse.tenants.server import Client, faults, read_access

REFRESH = "ascolto tenants refresh --url GRAFANA --token-file FILE"


def behind(client: Client) -> dict[Tenant, list[str]]:
    """By tenant in what its access differs from what it should be; empty where none does.

    Raises:
        TenantsRefused: this user may not read other users.
    """
    database = str(client.query("SELECT currentDatabase()").result_rows[0][0])
    found = {
        tenant: faults(access, tenant, database)
        for tenant, access in read_access(client).items()
        if access.user
    }
    return {tenant: said for tenant, said in found.items() if said}
