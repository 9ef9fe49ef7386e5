"""`ascolto tenants`: who sees their own figures in Grafana, and nothing of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.grafana.dashboards import AsJson, ClickHouse, Targets, TextLanguage, Url
from infra.cli.options import Language

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
            language=language.value,
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
    language: TextLanguage = Language.ITALIAN,
    as_json: AsJson = False,
) -> None:
    """List the tenants that ClickHouse or Grafana has, and what is wrong with each.

    Exit code 1 if anything is.
    """
    from infra.cli.grafana.tenancy import list_all

    raise typer.Exit(list_all(url, token_file, language=language.value, as_json=as_json))
