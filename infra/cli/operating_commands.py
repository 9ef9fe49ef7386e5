"""`ascolto dashboards`, `admin`, `dead-letters`: for the team that runs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import DataDir, Language, failure, read_settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from infra.settings import Settings

dashboards_app = typer.Typer(no_args_is_help=True, help="Dashboards as code.")
admin_app = typer.Typer(no_args_is_help=True, help="Prepare Kafka and ClickHouse.")
letters_app = typer.Typer(no_args_is_help=True, help="What could not be understood or done.")


@dashboards_app.command("build")
def dashboards_build(
    out: Annotated[Path, typer.Option(file_okay=False, help="Directory for the JSON files.")],
    language: Annotated[Language, typer.Option(help="Language of the texts.")] = Language.ITALIAN,
) -> None:
    """Write the Grafana dashboards as JSON."""
    from dashboards.grafana import build

    for path in build(out, language.value):
        print(path)


@admin_app.command("topics")
def admin_topics(
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
) -> None:
    """Make the topics that are missing, and check the others' partitions."""
    from infra.kafka import WrongPartitions, ensure_topics
    from streams.workers import CHANGELOGS

    settings = read_settings(None)
    try:
        made = ensure_topics(settings.kafka, settings.partitions, CHANGELOGS, replication)
    except WrongPartitions as error:
        raise failure(str(error)) from error
    print(f"made {', '.join(made)}" if made else "all topics are there", file=sys.stderr)


@admin_app.command("migrate")
def admin_migrate(
    to: Annotated[
        int | None, typer.Option(min=0, help="Migration number; default: newest.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring ClickHouse's tables to the newest form (or back to an older one)."""
    from infra.clickhouse.client import StoreInUse, open_client
    from infra.clickhouse.migrate import migrate

    settings = read_settings(data_dir)
    try:
        client = open_client(settings)
    except StoreInUse as error:
        raise failure(str(error)) from error
    steps = migrate(client, to) + _name_older_events(client, settings, to)
    print("\n".join(steps) if steps else "nothing to do", file=sys.stderr)


def _name_older_events(client: Client, settings: Settings, to: int | None) -> list[str]:
    """Give the events of versions before identities theirs, for which the key is needed."""
    from infra.clickhouse.older_events import IDENTITIES, has_older_events, name_older_events

    if (to is not None and to < IDENTITIES) or not has_older_events(client):
        return []
    if settings.pseudonym_key is None and not settings.key_file.exists():
        raise failure(
            "the stored events are to get their identities with the workers' pseudonym key: set "
            "ASCOLTO_PSEUDONYM_KEY to it (or ASCOLTO_DATA_DIR to where theirs is), then do this "
            "again; the tables have their newest form already"
        )
    named = name_older_events(client, settings.pseudonym_secret())
    return [f"{named} older events got their identities"]


@letters_app.command("list")
def letters_list(data_dir: DataDir = None) -> None:
    """List the dead letters: where from, why."""
    from infra.cli.letters import list_letters

    raise typer.Exit(list_letters(read_settings(data_dir)))


@letters_app.command("show")
def letters_show(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, from the list.")],
    data_dir: DataDir = None,
) -> None:
    """Print a dead letter's original bytes."""
    from infra.cli.letters import show_letter

    raise typer.Exit(show_letter(read_settings(data_dir), letter_id))
