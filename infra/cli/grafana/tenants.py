"""`ascolto tenants`: who sees their own figures in Grafana, and nothing of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.grafana.dashboards import (
    AsJson,
    ClickHouse,
    Targets,
    TextLanguage,
    Url,
    zone_of,
)
from infra.cli.options import Language

if TYPE_CHECKING:
    from infra.cli.grafana.tenancy import Requested

app = typer.Typer(
    no_args_is_help=True,
    help="Client companies, and agencies, that see their own figures in Grafana and nothing else: "
    "each has an organisation there, and a ClickHouse user that reads its own rows.\n\n"
    "Example: [bold]ascolto tenants add luce --viewer anna@luce.example --url "
    "https://grafana.example --token-file admin[/bold]",
)

TokenFile = Annotated[
    Path,
    typer.Option(dir_okay=False, help="File with user:password of a server administrator."),
]
OwnLanguage = Annotated[
    Language | None,
    typer.Option(help="Language of the dashboards. Default: each tenant's as it is."),
]
OwnTimezone = Annotated[
    str | None,
    typer.Option(
        help="Time zone of the dashboards, by its IANA name. Default: each tenant's as it is."
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        help="Time zone of the dashboards, by its IANA name. Default: the client company's in the "
        "registry, or else ASCOLTO_TIME_ZONE."
    ),
]
Client = Annotated[str, typer.Argument(help="The client company's id.")]
Agency = Annotated[
    str | None, typer.Option(help="Only this agency's share of it, for the agency itself.")
]


@app.command("add")
def add(
    client: Client,
    url: Url,
    token_file: TokenFile,
    agency: Agency = None,
    viewer: Annotated[
        list[str] | None,
        typer.Option(help="Login or e-mail of who is to see it; may be repeated."),
    ] = None,
    clickhouse: ClickHouse = None,
    targets: Targets = None,
    renew_password: Annotated[
        bool, typer.Option("--renew-password", help="Give its ClickHouse user a new password.")
    ] = False,
    language: TextLanguage = Language.ITALIAN,
    timezone: Timezone = None,
    as_json: AsJson = False,
) -> None:
    """Make a tenant, complete one that is half made, or bring one up to date.

    ASCOLTO_CLICKHOUSE_URL must be of a ClickHouse user that may manage users. The
    tenant's own password is generated, and nobody sees it. People without an
    account get a link at which they choose a password.
    """
    from infra.cli.grafana.tenancy import Target, add_tenant

    target = Target(url, token_file, client, agency)
    raise typer.Exit(
        add_tenant(
            target,
            viewer or [],
            clickhouse=clickhouse,
            new_password=renew_password,
            targets=targets,
            requested=_requested(language, timezone),
            as_json=as_json,
        )
    )


@app.command("remove")
def remove(
    client: Client,
    url: Url,
    token_file: TokenFile,
    agency: Agency = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a tenant's user, row policies, grants, data source and organisation away.

    No figures are lost. People's accounts in Grafana stay.
    """
    from infra.cli.grafana.tenancy import Target, remove_tenant

    target = Target(url, token_file, client, agency)
    raise typer.Exit(remove_tenant(target, yes=yes, as_json=as_json))


@app.command("list")
def list_tenants(
    url: Url,
    token_file: TokenFile,
    language: OwnLanguage = None,
    timezone: OwnTimezone = None,
    as_json: AsJson = False,
) -> None:
    """List the tenants that ClickHouse or Grafana has, and what is wrong with each.

    Exit code 1 if anything is.
    """
    from infra.cli.grafana.tenancy import list_all

    raise typer.Exit(list_all(url, token_file, _requested(language, timezone), as_json=as_json))


@app.command("refresh")
def refresh(
    url: Url,
    token_file: TokenFile,
    clickhouse: ClickHouse = None,
    targets: Targets = None,
    language: OwnLanguage = None,
    timezone: OwnTimezone = None,
    as_json: AsJson = False,
) -> None:
    """Bring every tenant's grants, data source and dashboards up to date, after an upgrade.

    Exit code 1 if one could not be; the others are even so.
    """
    from infra.cli.grafana.tenancy import refresh_all

    requested = _requested(language, timezone)
    raise typer.Exit(
        refresh_all(
            url, token_file, requested, clickhouse=clickhouse, targets=targets, as_json=as_json
        )
    )


def _requested(language: Language | None, timezone: str | None) -> Requested:
    """What is asked for of tenants' dashboards."""
    from infra.cli.grafana.tenancy import Requested

    spoken = None if language is None else language.value
    return Requested(spoken, None if timezone is None else zone_of(timezone))
