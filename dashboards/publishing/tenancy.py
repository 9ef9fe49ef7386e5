"""Tenants in both places: a user of ClickHouse that reads its own rows, an organisation of Grafana.

A tenant's password is made here and given to both; nobody else ever has it. Whatever breaks off is
completed by asking for it again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboards.publishing.connection import Connection
from dashboards.publishing.data_sources import MARK, find_data_source, sign_in_fault
from dashboards.publishing.organisations import (
    add_viewer,
    delete_organisation,
    enter,
    make_organisation,
    members,
    memberships_elsewhere,
    name_of,
    tenants_organisations,
)
from dashboards.publishing.plan import Content, plan
from dashboards.publishing.saved_dashboards import plan_dashboards
from dashboards.publishing.steps import Outcome, Step, carry_out
from infra.clickhouse.tenants.identity import Tenant
from infra.clickhouse.tenants.server import (
    Access,
    Client,
    faults,
    give_access,
    isolation_faults,
    read_access,
    take_access,
)
from infra.errors import InfraError
from schemas.errors import AscoltoError

FOR_THE_TEAM = frozenset({"ascolto-operations"})
"""Dashboards of those who run Ascolto: they read tables that no tenant may."""


DashboardsOf = Callable[[Tenant, Connection], Sequence[dict[str, Any]]]
"""The dashboards that a tenant should have, by the connection to its organisation."""


class NotIsolated(InfraError):
    """A tenant's user reads what it should not; it was taken away again."""


class HalfRemoved(InfraError):
    """A tenant can read nothing any more, but its organisation could not be deleted."""


@dataclass(frozen=True)
class Places:
    """The two servers that a tenant is in."""

    grafana: Connection
    """As a server administrator."""
    clickhouse: Client
    """Of a user that may manage users."""
    database: str
    sign_in: Callable[[str, str], Client]
    """A client of ClickHouse as another user, by name and password."""


@dataclass(frozen=True)
class Tenancy:
    """What there is of one tenant, and what is wrong with it."""

    tenant: Tenant
    organisation: int | None
    viewers: int
    faults: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "client": self.tenant.client_id,
            "agency": self.tenant.agency_id or None,
            "clickhouse_user": self.tenant.user,
            "organisation": self.organisation,
            "viewers": self.viewers,
            "faults": self.faults,
        }


def of_tenants(dashboards: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the dashboards that tenants see, without links to the others."""
    hidden = {f"/d/{uid}" for uid in FOR_THE_TEAM}
    return [
        each | {"links": [link for link in each.get("links", []) if link["url"] not in hidden]}
        for each in dashboards
        if each["uid"] not in FOR_THE_TEAM
    ]


def add(
    places: Places,
    tenant: Tenant,
    content: Content,
    viewers: Sequence[str] = (),
    *,
    new_password: bool = False,
) -> list[Step]:
    """Make a tenant, or repair it: what is right already stays as it is.

    Args:
        places: where.
        tenant: whom.
        content: its dashboards, and how Grafana reaches ClickHouse; user and password are ours.
        viewers: logins or e-mail addresses of people who are to see it.
        new_password: give its ClickHouse user another password even so.

    Returns:
        What was done.

    Raises:
        GrafanaRefused: Grafana did not do something, or has another organisation in its place.
        GrafanaAway: Grafana cannot be reached.
        TenantsRefused: ClickHouse does not let us manage its users.
        NotIsolated: the tenant would have read what it should not; it can read nothing now.
    """
    access = read_access(places.clickhouse).get(tenant, Access())
    number = tenants_organisations(places.grafana).get(tenant)
    made = number is None
    if number is None:
        number = make_organisation(places.grafana, tenant)
    inside = enter(places.grafana, tenant, number)
    outcome = Outcome.CREATED if made else Outcome.UNCHANGED
    steps = [Step("organisation", name_of(tenant), outcome)]
    step, password = _give_access(places, inside, tenant, access, new_password=new_password)
    steps.append(step)
    assert content.data_source is not None
    source = replace(
        content.data_source,
        database=content.data_source.database or places.database,
        user=tenant.user,
        password=password,
        is_new=password is not None,
        shows=str(tenant),
        default=True,
    )
    planned = plan(inside, replace(content, data_source=source))
    carry_out(planned)
    steps += planned
    for person in viewers:
        steps += add_viewer(places.grafana, number, person)
    return steps


def remove(places: Places, tenant: Tenant) -> list[Step]:
    """Take a tenant away, its access first; people's accounts in Grafana stay.

    Grafana is not waited for. Repeating the call completes what was begun.

    Raises:
        TenantsRefused: ClickHouse does not let us manage its users; nothing was done in Grafana.
        HalfRemoved: the access has ended, but Grafana cannot be reached, did not delete the
            organisation, or it is not ours.
    """
    access = read_access(places.clickhouse).get(tenant)
    if access is not None:
        take_access(places.clickhouse, tenant, access)
    try:
        there = _remove_organisation(places.grafana, tenant)
    except InfraError as error:
        raise HalfRemoved(
            f"{tenant}: its ClickHouse access has ended, but its organisation in Grafana was not "
            f"deleted: {error}"
        ) from error
    return [
        Step(kind, name, Outcome.DELETED if found else Outcome.UNCHANGED, "" if found else "none")
        for kind, name, found in (
            ("ClickHouse user", tenant.user, access is not None),
            ("organisation", name_of(tenant), there),
        )
    ]


def _remove_organisation(grafana: Connection, tenant: Tenant) -> bool:
    """Delete a tenant's organisation; returns whether there was one."""
    grafana.check()
    number = tenants_organisations(grafana).get(tenant)
    if number is None:
        return False
    enter(grafana, tenant, number)
    delete_organisation(grafana, tenant, number)
    return True


def refreshable(places: Places) -> list[tuple[Tenant, int | None]]:
    """Every tenant that either server has something of, and the number of its organisation.

    None where the other server has nothing of it: it is half made, or half removed.
    """
    access = read_access(places.clickhouse)
    organisations = tenants_organisations(places.grafana)
    return [
        (tenant, organisations.get(tenant) if access.get(tenant, Access()).user else None)
        for tenant in sorted(access.keys() | organisations.keys())
    ]


def tenancies(places: Places, dashboards: DashboardsOf) -> list[Tenancy]:
    """Every tenant that either server has something of, and what is wrong with each.

    Nothing is changed by asking.

    Args:
        places: where.
        dashboards: what each should have.
    """
    access = read_access(places.clickhouse)
    organisations = tenants_organisations(places.grafana)
    return [
        _tenancy(
            places, tenant, access.get(tenant, Access()), organisations.get(tenant), dashboards
        )
        for tenant in sorted(access.keys() | organisations.keys())
    ]


def _tenancy(
    places: Places,
    tenant: Tenant,
    access: Access,
    number: int | None,
    dashboards: DashboardsOf,
) -> Tenancy:
    said = [f"ClickHouse: {fault}" for fault in faults(access, tenant, places.database)]
    if number is None:
        return Tenancy(tenant, None, 0, [*said, "Grafana: there is no organisation"])
    viewers = [each for each in members(places.grafana, number) if each["role"] != "Admin"]
    try:
        inside = enter(places.grafana, tenant, number, join=False)
        wanted = dashboards(tenant, inside)
        wrong = [*_source_faults(inside, tenant), *_dashboard_faults(inside, wanted)]
    except AscoltoError as error:
        wrong = [str(error)]
    wrong += [fault for each in viewers for fault in _viewer_faults(places, each, number)]
    return Tenancy(tenant, number, len(viewers), [*said, *(f"Grafana: {each}" for each in wrong)])


def _viewer_faults(places: Places, viewer: dict[str, Any], number: int) -> Iterator[str]:
    elsewhere = memberships_elsewhere(places.grafana, viewer, number)
    if elsewhere:
        yield f"{viewer['login']} is in {', '.join(elsewhere)} too"
    if viewer["role"] != "Viewer":
        yield f"{viewer['login']} has the role {viewer['role']}"


def _source_faults(inside: Connection, tenant: Tenant) -> Iterator[str]:
    source = find_data_source(inside)
    if source is None:
        yield "there is no data source"
    elif source["jsonData"].get("username") != tenant.user:
        yield f"the data source is of {source['jsonData'].get('username')}"
    elif fault := sign_in_fault(inside):
        yield f"it cannot read ClickHouse: {fault}"


def _dashboard_faults(inside: Connection, dashboards: Sequence[dict[str, Any]]) -> Iterator[str]:
    for step in plan_dashboards(inside, dashboards, adopt=False):
        if step.outcome is not Outcome.UNCHANGED:
            yield f"the dashboard {step.name} is not as it should be"


def _give_access(
    places: Places, inside: Connection, tenant: Tenant, access: Access, *, new_password: bool
) -> tuple[Step, str | None]:
    """The user in ClickHouse, and its password where it got one now.

    It gets one where it is new, where Grafana has none for it, or cannot sign in with what it has.
    """
    wrong = faults(access, tenant, places.database)
    source = find_data_source(inside)
    renew = new_password or not access.user or not _is_of(source, tenant)
    if not renew and sign_in_fault(inside):
        renew = True
    if not wrong and not renew:
        return Step("ClickHouse user", tenant.user, Outcome.UNCHANGED), None
    password = secrets.token_urlsafe(32) if renew else None
    give_access(places.clickhouse, tenant, places.database, access, password)
    if password is not None:
        _require_isolation(places, tenant, password)
    outcome = Outcome.UPDATED if access.user else Outcome.CREATED
    detail = "; ".join(wrong[:3]) if access.user else ""
    if access.user and not detail:
        detail = "it has a new password"
    return Step("ClickHouse user", tenant.user, outcome, detail), password


def _require_isolation(places: Places, tenant: Tenant, password: str) -> None:
    """Sign in as the tenant and try; a user that reads too much is taken away."""
    client = places.sign_in(tenant.user, password)
    try:
        said = isolation_faults(client, tenant, places.database)
    finally:
        client.close()
    if said:
        take_access(places.clickhouse, tenant, read_access(places.clickhouse)[tenant])
        raise NotIsolated(
            f"{tenant} would see what is not its own, so its ClickHouse user was taken away again: "
            f"{'; '.join(said[:5])}. What ClickHouse must be set to is in docs/tenants.md"
        )


def _is_of(source: dict[str, Any] | None, tenant: Tenant) -> bool:
    return source is not None and (source.get("jsonData") or {}).get(MARK) == str(tenant)
