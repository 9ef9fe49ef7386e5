"""The tenants of a ClickHouse server: who is there, and whether each has what it should have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from infra.clickhouse.tenants.access import (
    HIDDEN_SYSTEM_TABLES,
    READABLE,
    SETTINGS,
    WITHHELD,
    named,
)
from infra.clickhouse.tenants.identity import PREFIX, Tenant, tenant_of
from infra.clickhouse.tenants.statements import (
    LIMIT,
    drop_policy,
    drop_user,
    set_access,
    set_user,
)
from infra.errors import InfraError

_ACCESS_DENIED = 497
_UNKNOWN_TABLE, _UNKNOWN_DATABASE = 60, 81
_NO_STORAGE = 514
_IGNORED = re.compile(r"[\s()`]")
"""What ClickHouse writes otherwise than we do when it shows a policy's filter."""

Policy = tuple[str, str, str, bool, str]
"""Name, database, table, whether restrictive, and filter of a row policy."""
Grant = tuple[str, str, str]
"""Database, table and column of a grant; empty where it is of all."""


class Client(Protocol):
    """As much of clickhouse-connect's client as is used here."""

    def query(self, sql: str, /) -> Any:
        """Run a query; its rows are `result_rows` of what is returned."""

    def command(self, sql: str, /) -> Any:
        """Run a statement."""

    def close(self) -> None:
        """Give its connections back."""


class TenantsRefused(InfraError):
    """ClickHouse does not let us manage its users; the message says what to do."""


@dataclass
class Access:
    """What ClickHouse has under one tenant's name."""

    user: bool = False
    policies: dict[Policy, list[str]] = field(default_factory=dict)
    """Row policies, and the users they are for."""
    grants: set[Grant] = field(default_factory=set)
    other_grants: list[str] = field(default_factory=list)
    """Kinds of grants besides `SELECT`."""
    roles: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)


def read_access(client: Client) -> dict[Tenant, Access]:
    """What the server has of every tenant, by the names of users and row policies.

    Raises:
        TenantsRefused: it does not show its users.
    """
    found: dict[Tenant, Access] = defaultdict(Access)

    def of(name: object) -> Access | None:
        tenant = tenant_of(str(name).removesuffix(LIMIT))
        return None if tenant is None else found[tenant]

    with _refusals_explained():
        for (name,) in _rows(client, "SELECT name FROM system.users", "name"):
            if (access := of(name)) is not None:
                access.user = True
        for name, database, table, restrictive, shown, users in _rows(
            client,
            "SELECT short_name, database, table, is_restrictive, select_filter, apply_to_list "
            "FROM system.row_policies",
            "short_name",
        ):
            if (access := of(name)) is not None:
                policy = (str(name), str(database), str(table), bool(restrictive), _normal(shown))
                access.policies[policy] = [str(user) for user in cast("list[object]", users)]
        for name, kind, database, table, column in _rows(
            client,
            "SELECT user_name, access_type, database, table, column FROM system.grants",
            "user_name",
        ):
            if (access := of(name)) is None:
                continue
            if kind == "SELECT":
                access.grants.add((str(database or ""), str(table or ""), str(column or "")))
            else:
                access.other_grants.append(str(kind))
        for name, role in _rows(
            client, "SELECT user_name, granted_role_name FROM system.role_grants", "user_name"
        ):
            if (access := of(name)) is not None:
                access.roles.append(str(role))
        for name, setting, value in _rows(
            client,
            "SELECT user_name, setting_name, value FROM system.settings_profile_elements",
            "user_name",
        ):
            if (access := of(name)) is not None and setting:
                access.settings[str(setting)] = str(value)
    return dict(found)


def faults(access: Access, tenant: Tenant, database: str) -> list[str]:
    """In what a tenant's access differs from what it should be; empty where it does not."""
    if not access.user:
        return ["there is no user"]
    wanted = row_policies(tenant, database)
    found = {policy for policy, users in access.policies.items() if users == [tenant.user]}
    said = [
        f"the row policy on {place} is missing or differs"
        for place in _places(policy[1:3] for policy in wanted - found)
    ]
    grants = {
        (database, each.table.name, column) for each in READABLE for column in each.columns(tenant)
    }
    said += [
        f"not all columns of {place} are granted"
        for place in _places(grant[:2] for grant in grants - access.grants)
    ]
    said += [
        f"more is granted on {place} than should be"
        for place in _places(grant[:2] for grant in access.grants - grants)
    ]
    said += [f"it has the grant {kind}" for kind in access.other_grants]
    said += [f"it has the role {role}" for role in access.roles]
    said += [
        f"the setting {setting.name} is not {setting.value}"
        for setting in SETTINGS
        if access.settings.get(setting.name) != str(setting.value)
    ]
    return said


def give_access(
    client: Client, tenant: Tenant, database: str, access: Access, password: str | None
) -> None:
    """Make or repair a tenant's user; safe to repeat after a failure.

    Args:
        client: of a user that may manage users.
        tenant: whose.
        database: where the tables are.
        access: what there is of it.
        password: what its user signs in with from now on; None: as before.

    Raises:
        TenantsRefused: ClickHouse does not let us.
    """
    with _refusals_explained():
        for statement in [] if password is None else set_user(tenant, password):
            client.command(statement)
        for statement in set_access(tenant, database, access.roles):
            client.command(statement)


def take_access(client: Client, tenant: Tenant, access: Access) -> None:
    """Take a tenant's user away, then its row policies; safe to repeat after a failure.

    Raises:
        TenantsRefused: ClickHouse does not let us.
    """
    with _refusals_explained():
        client.command(drop_user(tenant))
        for name, database, table, *_ in access.policies:
            client.command(drop_policy(name, database, table))


def isolation_faults(client: Client, tenant: Tenant, database: str) -> list[str]:
    """What a tenant can read that it should not, tried as its own user; empty where nothing.

    Args:
        client: signed in as the tenant's user.
        tenant: who that is.
        database: where the tables are.
    """
    said = []
    for each in READABLE:
        sql = (
            f"SELECT count() FROM {named(database)}.{named(each.table.name)} "  # noqa: S608
            f"WHERE NOT ({each.row_filter(tenant)})"
        )
        if others := _counted(client, sql):
            said.append(f"it reads {others} rows of others in {each.table.name}")
    for table in WITHHELD:
        sql = f"SELECT count() FROM {named(database)}.{named(table)}"  # noqa: S608
        if _counted(client, sql) is not None:
            said.append(f"it reads {table}")
    for table in HIDDEN_SYSTEM_TABLES:
        if _counted(client, f"SELECT count() FROM system.{named(table)}"):  # noqa: S608
            said.append(f"it reads system.{table}")
    for setting in SETTINGS:
        value = client.query(f"SELECT toString(getSetting('{setting.name}'))").result_rows[0][0]
        if value != str(setting.value):
            said.append(f"its setting {setting.name} is {value}, not {setting.value}")
    return said


def _counted(client: Client, sql: str) -> int | None:
    """The number that a query gives; None where it is refused, or the table is not there."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    try:
        return int(client.query(sql).result_rows[0][0])
    except DatabaseError as error:
        if error.code in (_ACCESS_DENIED, _UNKNOWN_TABLE, _UNKNOWN_DATABASE):
            return None
        raise


def row_policies(tenant: Tenant, database: str) -> set[Policy]:
    """The row policies that a tenant should have."""
    limit = tenant.user + LIMIT
    wanted: set[Policy] = {(limit, "system", table, True, "0") for table in HIDDEN_SYSTEM_TABLES}
    for each in READABLE:
        shown = _normal(each.row_filter(tenant))
        wanted.add((tenant.user, database, each.table.name, False, shown))
        wanted.add((limit, database, each.table.name, True, shown))
    return wanted


def _normal(shown: object) -> str:
    return _IGNORED.sub("", str(shown))


def _places(found: Iterator[tuple[str, ...]]) -> list[str]:
    return sorted({".".join(filter(None, place)) or "everything" for place in found})


def _rows(client: Client, sql: str, column: str) -> Sequence[Sequence[object]]:
    found = client.query(f"{sql} WHERE startsWith(ifNull({column}, ''), '{PREFIX}')")
    return cast("Sequence[Sequence[object]]", found.result_rows)


@contextmanager
def _refusals_explained() -> Iterator[None]:
    from clickhouse_connect.driver.exceptions import DatabaseError

    try:
        yield
    except DatabaseError as error:
        if error.code == _ACCESS_DENIED:
            raise TenantsRefused(
                "the ClickHouse user of ASCOLTO_CLICKHOUSE_URL may not manage users: run this "
                "command with the URL of an administrator (access_management 1, in Docker "
                "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT=1)"
            ) from error
        if error.code == _NO_STORAGE:
            raise TenantsRefused(
                "this ClickHouse has nowhere to store users: add local_directory to its "
                "user_directories"
            ) from error
        raise
