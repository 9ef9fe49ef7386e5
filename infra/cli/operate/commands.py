"""`ascolto admin`, `dead-letters`: for the team that runs it."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.failures import say
from infra.cli.options import DataDir, failure, read_settings

admin_app = typer.Typer(no_args_is_help=True, help="Prepare Kafka and ClickHouse.")
letters_app = typer.Typer(no_args_is_help=True, help="What could not be understood or done.")


@admin_app.command("topics")
def admin_topics(
    replication: Annotated[
        int | None,
        typer.Option(min=1, help="Copies of each partition. Default: ASCOLTO_KAFKA_REPLICATION."),
    ] = None,
) -> None:
    """Make the topics that are missing, and check the others' partitions."""
    from infra.kafka.admin import TopicsRefused, WrongPartitions, ensure_topics
    from schemas.topics import CHANGELOGS

    settings = read_settings(None)
    try:
        copies = replication or settings.kafka_replication
        made = ensure_topics(settings.cluster, settings.partitions, CHANGELOGS, copies)
    except (TopicsRefused, WrongPartitions) as error:
        raise failure(str(error)) from error
    say(f"made {', '.join(made)}" if made else "all topics are there")


@admin_app.command("migrate")
def admin_migrate(
    to: Annotated[
        int | None, typer.Option(min=0, help="Migration number; default: newest.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Go back without asking, whatever is dropped.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring ClickHouse's tables to the newest form, or back to an older one, which drops some.

    On the server of ASCOLTO_CLICKHOUSE_URL; without it on the store in the data directory, if
    there is one. Example: [bold]ascolto admin migrate[/bold]
    """
    from infra.cli.operate.migrate import migrate_store

    raise typer.Exit(migrate_store(read_settings(data_dir), to, yes=yes))


ErrorClass = Annotated[
    str | None, typer.Option("--error-class", help="Only those of this class, the third column.")
]


@letters_app.command("list")
def letters_list(data_dir: DataDir = None, error_class: ErrorClass = None) -> None:
    """List the dead letters: id, where from, class, why, and whether they were replayed."""
    from infra.cli.operate.dead_letters import list_letters

    raise typer.Exit(list_letters(read_settings(data_dir), error_class))


@letters_app.command("replay")
def letters_replay(
    letter_ids: Annotated[
        list[str] | None, typer.Argument(help="Ids, from the list; whether replayed or not.")
    ] = None,
    data_dir: DataDir = None,
    error_class: ErrorClass = None,
    reason: Annotated[
        str | None, typer.Option(help="Only those with these words in their reason.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
) -> None:
    """Send the originals to their topics again; what was taken in meanwhile changes nothing."""
    from infra.cli.operate.replay import Chosen, replay

    ids = letter_ids or []
    if sum((bool(ids), all_, error_class is not None or reason is not None)) != 1:
        raise typer.BadParameter("give ids, or --error-class and --reason, or --all")
    raise typer.Exit(replay(read_settings(data_dir), Chosen(ids, error_class, reason)))


@letters_app.command("show")
def letters_show(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, from the list.")],
    data_dir: DataDir = None,
) -> None:
    """Print a dead letter's original bytes."""
    from infra.cli.operate.dead_letters import show_letter

    raise typer.Exit(show_letter(read_settings(data_dir), letter_id))
