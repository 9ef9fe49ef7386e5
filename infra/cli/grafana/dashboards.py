"""`ascolto dashboards`: built as files, pushed to a Grafana, and compared with what it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import Language, read_settings

if TYPE_CHECKING:
    from infra.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Dashboards as code.\n\n"
    "Example: [bold]ascolto dashboards push --url https://grafana.example --token-file "
    "token[/bold]",
)

Url = Annotated[str, typer.Option(help="Grafana's address, with the path it is served under.")]
TokenFile = Annotated[
    Path,
    typer.Option(
        dir_okay=False, help="File with a service account's token (role Admin), or user:password."
    ),
]
ClickHouse = Annotated[
    str | None,
    typer.Option(
        "--clickhouse",
        help="ClickHouse as Grafana reaches it, as http://clickhouse:8123/ascolto. Default: that "
        "of ASCOLTO_CLICKHOUSE_URL.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]
TextLanguage = Annotated[Language, typer.Option(help="Language of the texts.")]
Timezone = Annotated[
    str | None,
    typer.Option(
        help="The client company's time zone, by its IANA name. Default: ASCOLTO_TIME_ZONE, or "
        "Europe/Rome."
    ),
]
User = Annotated[
    str | None,
    typer.Option(help="ClickHouse's user of the data source. Default: the data source as it is."),
]
Targets = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="File of targets (YAML) that Grafana is to notify of alerts, in place of Ascolto's "
        "own notifier. Default: Grafana's alerting is not looked at.",
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(dir_okay=False, help="File with that user's password.")
]


def zone_of(timezone: str | None, settings: Settings | None = None) -> str:
    """The time zone that is asked for, or else that of the settings.

    Raises:
        typer.BadParameter: it is none.
    """
    from infra.alerting.targets import require_zone

    if timezone is None:
        return (settings or read_settings(None)).time_zone
    try:
        return require_zone(timezone)
    except ValueError as error:
        said = f"{timezone!r}: {error}"
        raise typer.BadParameter(said, param_hint="--timezone") from error


@app.command("build")
def build(
    out: Annotated[Path, typer.Option(file_okay=False, help="Directory for the JSON files.")],
    language: TextLanguage = Language.ITALIAN,
    timezone: Timezone = None,
    provisioning: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Directory for Grafana's provisioning files. Default: none."
        ),
    ] = None,
) -> None:
    """Write the Grafana dashboards as JSON."""
    from dashboards.grafana.dashboard import build
    from dashboards.publishing.provisioning_files import write_files

    boards = build(out, language.value, zone_of(timezone))
    files = [] if provisioning is None else write_files(provisioning)
    for path in (*boards, *files):
        print(path)


@app.command("push")
def push(
    url: Url,
    token_file: TokenFile,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Take over things of the same uid that Ascolto did not make."),
    ] = False,
    clickhouse: ClickHouse = None,
    clickhouse_user: User = None,
    clickhouse_password_file: PasswordFile = None,
    targets: Targets = None,
    language: TextLanguage = Language.ITALIAN,
    timezone: Timezone = None,
    as_json: AsJson = False,
) -> None:
    """Give a running Grafana the folder, data source, dashboards and alert rules.

    Repeating it changes only what differs. What Ascolto did not make is not touched. Tenants have
    organisations of their own: [bold]ascolto tenants add[/bold].
    """
    from infra.cli.grafana.pushing import Request, push

    source = (clickhouse, clickhouse_user, clickhouse_password_file)
    request = Request(
        url, token_file, language.value, zone_of(timezone), *source, targets, adopt=adopt
    )
    raise typer.Exit(push(request, dry_run=dry_run, as_json=as_json))


@app.command("check")
def check(
    url: Url,
    token_file: TokenFile,
    clickhouse: ClickHouse = None,
    clickhouse_user: User = None,
    clickhouse_password_file: PasswordFile = None,
    targets: Targets = None,
    language: TextLanguage = Language.ITALIAN,
    timezone: Timezone = None,
    as_json: AsJson = False,
) -> None:
    """Say in what a Grafana differs from what push would leave there; exit code 1 if it does."""
    from infra.cli.grafana.pushing import Request, check

    source = (clickhouse, clickhouse_user, clickhouse_password_file)
    request = Request(url, token_file, language.value, zone_of(timezone), *source, targets)
    raise typer.Exit(check(request, as_json=as_json))
