"""Grafana's organisations of tenants: one for each, and the viewers in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from dashboards.publishing.connection import Connection, GrafanaRefused
from dashboards.publishing.data_sources import MARK, find_data_source
from dashboards.publishing.saved_dashboards import FOLDER_UID
from dashboards.publishing.steps import Outcome, Step
from infra.clickhouse.tenants.identity import Tenant

PREFIX = "Ascolto: "
"""Begins the names of tenants' organisations. Ids hold no blank, so that `, ` parts two of them."""
_PAGE = 1000
_KIND = "organisation"
_VIEWER, _ADMIN = "Viewer", "Admin"


def name_of(tenant: Tenant) -> str:
    """What a tenant's organisation is called; people see it where they have several."""
    return PREFIX + ", ".join(filter(None, (tenant.client_id, tenant.agency_id)))


def tenant_named(name: str) -> Tenant | None:
    """The tenant whose organisation has that name; None where it is no tenant's."""
    ids = name.removeprefix(PREFIX).split(", ")
    tenant = Tenant(*ids) if len(ids) <= 2 else None
    return tenant if tenant is not None and name_of(tenant) == name else None


def tenants_organisations(connection: Connection) -> dict[Tenant, int]:
    """The ids of all organisations that are named as a tenant's."""
    found: dict[Tenant, int] = {}
    for page in range(_PAGE):
        listed = _page(connection, page)
        for each in listed:
            if (tenant := tenant_named(each["name"])) is not None:
                found[tenant] = int(each["id"])
        if len(listed) < _PAGE:
            break
    return found


def _page(connection: Connection, page: int) -> list[dict[str, Any]]:
    listed = connection.call(
        "list its organisations",
        lambda api: api.client.GET("/orgs", params={"perpage": _PAGE, "page": page}),
    )
    return list(listed)


def enter(connection: Connection, tenant: Tenant, number: int, *, join: bool = True) -> Connection:
    """A connection to a tenant's organisation.

    Args:
        connection: of a server administrator.
        tenant: whose.
        number: the organisation.
        join: become its administrator where we are not.

    Raises:
        GrafanaRefused: it is an organisation that Ascolto did not make; we are not its
            administrator and are not to join.
    """
    if join:
        _become_admin(connection, number)
    elif not _is_admin(_own_membership(connection, number)):
        raise GrafanaRefused(f"{connection.user} is no administrator of the organisation")
    inside = connection.within(number)
    source = find_data_source(inside)
    if source is None and _is_empty(inside):
        return inside
    if source is None or (source.get("jsonData") or {}).get(MARK) != str(tenant):
        raise GrafanaRefused(
            f"the organisation {name_of(tenant)!r} of Grafana was not made by Ascolto for this "
            "tenant: rename or delete it in Grafana, then run this again"
        )
    return inside


def make_organisation(connection: Connection, tenant: Tenant) -> int:
    """Make a tenant's organisation, with us as its administrator; returns its id."""
    name = name_of(tenant)
    made = connection.call(
        f"make the organisation {name!r}", lambda api: api.organization.create_organization(name)
    )
    return int(made["orgId"])


def delete_organisation(connection: Connection, tenant: Tenant, number: int) -> None:
    """Delete a tenant's organisation with all that is in it; people's accounts stay."""
    connection.call(
        f"delete the organisation {name_of(tenant)!r}",
        lambda api: api.organizations.delete_organization(number),
    )


def members(connection: Connection, number: int) -> list[dict[str, Any]]:
    """The people of an organisation, as Grafana lists them."""
    found = connection.call(
        "list an organisation's users",
        lambda api: api.organizations.organization_user_list(number),
    )
    return list(found)


def add_viewer(connection: Connection, number: int, person: str) -> Iterator[Step]:
    """Let a person see an organisation: who has an account is added, others are invited.

    Whoever is invited chooses a password on the page that the step's detail links to.

    Args:
        connection: of a server administrator.
        number: the organisation.
        person: login or e-mail address.
    """
    asked = quote(person, safe="")
    user = connection.find(
        f"look {person} up",
        lambda api: api.client.GET(f"/users/lookup?loginOrEmail={asked}"),
    )
    if user is None:
        yield _invite(connection.within(number), person)
        return
    role = next(
        (each["role"] for each in members(connection, number) if each["userId"] == user["id"]), None
    )
    if role is None:
        connection.call(
            f"add {person} to the organisation",
            lambda api: api.organizations.organization_user_add(
                number, {"loginOrEmail": user["login"], "role": _VIEWER}
            ),
        )
    outcome = Outcome.UNCHANGED if role else Outcome.CREATED
    yield Step("viewer", person, outcome, "" if role in (None, _VIEWER) else f"has the role {role}")


def memberships_elsewhere(connection: Connection, user: dict[str, Any], number: int) -> list[str]:
    """The other organisations that a member sees, by name."""
    found = connection.call(
        "list a user's organisations",
        lambda api: api.client.GET(f"/users/{user['userId']}/orgs"),
    )
    return sorted(each["name"] for each in found if each["orgId"] != number)


def _invite(inside: Connection, person: str) -> Step:
    def pending() -> dict[str, Any] | None:
        listed = inside.call("list its invitations", lambda api: api.client.GET("/org/invites"))
        return next((each for each in listed if each["email"] == person), None)

    there = pending()
    if there is None:
        body = {"loginOrEmail": person, "role": _VIEWER, "sendEmail": False}
        inside.call(f"invite {person}", lambda api: api.client.POST("/org/invites", json=body))
        outcome, there = Outcome.CREATED, pending()
    else:
        outcome = Outcome.UNCHANGED
    link = "" if there is None else there.get("url", "")
    return Step("invitation", person, outcome, f"send them this link: {link}")


def _become_admin(connection: Connection, number: int) -> None:
    own = _own_membership(connection, number)
    if own is None:
        body = {"loginOrEmail": connection.user, "role": _ADMIN}
        connection.call(
            "join the organisation",
            lambda api: api.organizations.organization_user_add(number, body),
        )
    elif not _is_admin(own):
        connection.call(
            "become an administrator of the organisation",
            lambda api: api.organizations.organization_user_update(number, own["userId"], _ADMIN),
        )


def _own_membership(connection: Connection, number: int) -> dict[str, Any] | None:
    listed = members(connection, number)
    own = connection.user
    return next((each for each in listed if own in (each["login"], each["email"])), None)


def _is_admin(member: dict[str, Any] | None) -> bool:
    return member is not None and member["role"] == _ADMIN


def _is_empty(inside: Connection) -> bool:
    """Whether nobody else has put anything into an organisation: one that is half made."""
    sources = inside.call("read its data sources", lambda api: api.datasource.list_datasources())
    found = inside.call("search its dashboards", lambda api: api.client.GET("/search"))
    return not sources and all(FOLDER_UID in (each.get("folderUid"), each["uid"]) for each in found)
