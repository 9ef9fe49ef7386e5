"""The SQL that gives a tenant its ClickHouse user, and takes it back.

Safe to repeat. The user gets its grants last, so that one that is half made can read nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from infra.clickhouse.tenants.access import (
    HIDDEN_SYSTEM_TABLES,
    READABLE,
    SETTINGS,
    Setting,
    named,
)
from infra.clickhouse.tenants.identity import Tenant

LIMIT = " (limit)"
"""Ends the name of a restrictive row policy."""


def set_user(tenant: Tenant, password: str) -> list[str]:
    """Make the user where it is missing, and give it this password.

    ClickHouse gets the password's SHA-256: the password has 256 random bits, which no list of
    likely ones holds.
    """
    digest = hashlib.sha256(password.encode()).hexdigest()
    identified = f"IDENTIFIED WITH sha256_hash BY '{digest}'"
    user = named(tenant.user)
    return [
        f"CREATE USER IF NOT EXISTS {user} {identified}",
        f"ALTER USER {user} {identified}",
    ]


def set_access(tenant: Tenant, database: str, roles: Sequence[str] = ()) -> list[str]:
    """Give the user its settings, rows and columns, and nothing else.

    Each table has two policies. The permissive one lets the tenant's rows through where the server
    hides all rows without one; the restrictive one holds whatever other policies let through.

    Args:
        tenant: whose user.
        database: where the tables are.
        roles: what it was granted besides, to be taken back.
    """
    user = named(tenant.user)
    settings = ", ".join(map(_setting, SETTINGS))
    statements = [
        f"REVOKE ALL ON *.* FROM {user}",
        *(f"REVOKE {named(role)} FROM {user}" for role in roles),
        f"ALTER USER {user} DEFAULT ROLE NONE SETTINGS {settings}",
    ]
    for each in READABLE:
        table = f"{named(database)}.{named(each.table.name)}"
        wanted = each.row_filter(tenant)
        for policy, kind in ((user, "PERMISSIVE"), (_limit(tenant), "RESTRICTIVE")):
            statements.append(
                f"CREATE ROW POLICY OR REPLACE {policy} ON {table} FOR SELECT USING {wanted} "
                f"AS {kind} TO {user}"
            )
    statements += [
        f"CREATE ROW POLICY OR REPLACE {_limit(tenant)} ON system.{named(table)} FOR SELECT "
        f"USING 0 AS RESTRICTIVE TO {user}"
        for table in HIDDEN_SYSTEM_TABLES
    ]
    for each in READABLE:
        columns = ", ".join(map(named, each.columns(tenant)))
        table = f"{named(database)}.{named(each.table.name)}"
        statements.append(f"GRANT SELECT({columns}) ON {table} TO {user}")
    return statements


def drop_user(tenant: Tenant) -> str:
    """Take the user away, and its grants with it: from then on nobody can sign in as it."""
    return f"DROP USER IF EXISTS {named(tenant.user)}"


def drop_policy(name: str, database: str, table: str) -> str:
    """Take one row policy away."""
    return f"DROP ROW POLICY IF EXISTS {named(name)} ON {named(database)}.{named(table)}"


def _limit(tenant: Tenant) -> str:
    return named(tenant.user + LIMIT)


def _setting(setting: Setting) -> str:
    if not setting.changeable:
        return f"{setting.name} = {setting.value} READONLY"
    return (
        f"{setting.name} = {setting.value} MIN {setting.low} MAX {setting.high} "
        "CHANGEABLE_IN_READONLY"
    )
