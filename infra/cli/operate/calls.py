"""`ascolto calls status`: what became of each call."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from infra.cli.failures import say
from infra.cli.options import DataDir, failure, read_settings

if TYPE_CHECKING:
    from rich.table import Table

    from infra.registry_model import Registry
    from infra.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Calls, and what became of them.")

_ANSWER_SECONDS = 60.0

_WHAT_TO_DO = {
    "mono_unknown": "record in stereo: docs/recordings.md",
    "low_confidence": "listen to some: a bad line, or another language",
    "language": "set the language of the event, or leave such calls out",
    "recording_missing": "ascolto dead-letters list --error-class RecordingMissing, then replay",
    "recording_broken": "ascolto dead-letters list --error-class RecordingBroken",
    "refused": "ascolto dead-letters list",
}


@app.command("status")
def calls_status(
    client: Annotated[
        str | None, typer.Option(help="Only this client company. Default: all of them.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Count calls by what became of them: scored, or why not, or still waiting.

    A stack that runs on the data directory is asked through its page. What waits is counted in
    Kafka: '-' where that cannot be asked. Example: [bold]ascolto calls status --json[/bold]
    """
    settings = read_settings(data_dir)
    status = _status(settings, client or "")
    if client is not None and not status:
        raise failure(f"no call of a client company {client!r} has arrived; see without --client")
    if as_json:
        print(json.dumps({"clients": status}))
        return
    _print(status, settings)


def _status(settings: Settings, client: str) -> list[dict[str, Any]]:
    from infra.cli.running_page import running_page
    from infra.data_directory.processes import page_headers

    page = running_page(settings)
    if page is not None:
        return _from_page(page, client, page_headers(settings.data_dir, "analytics"))
    from infra.cli.store_access import open_store
    from infra.clickhouse.queries.outcomes import OUTCOMES, count_outcomes, outcomes_as_json
    from infra.kafka.backlog import read_backlog, stages

    with open_store(settings) as store:
        rows = store.query(OUTCOMES, parameters={"client": client}).result_rows
    backlog = None
    if settings.clickhouse_url is not None:
        backlog = read_backlog(settings.cluster, stages(embedded=False))
    outcomes = count_outcomes(rows, backlog)
    chosen = {key: found for key, found in outcomes.items() if client in ("", key)}
    return outcomes_as_json(chosen, backlog, settings.now())


def _from_page(page: str, client: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the page of a running stack answers.

    Raises:
        typer.Exit: it does not answer.
    """
    try:
        request = urllib.request.Request(  # noqa: S310 - a page of this machine
            f"{page}/api/calls?{urlencode({'client': client})}", headers=headers
        )
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            clients: list[dict[str, Any]] = json.load(answer)["clients"]
            return clients
    except (OSError, ValueError, KeyError) as error:
        raise failure(
            f"the stack that runs on the data directory does not answer at {page}: it may be "
            "starting; ask again in a moment"
        ) from error


def _print(status: Sequence[Mapping[str, Any]], settings: Settings) -> None:
    from infra.escaping import console
    from infra.registry import RegistryFile

    names = RegistryFile(settings.registry).current()
    for each in status:
        console().print(_table(each, names))
    if not status:
        say("no call has arrived yet")
    if any(each["outcomes"]["waiting"] is None for each in status):
        say("what waits is not known: no Kafka can be asked")
    if any(each["waiting_complete"] is False for each in status):
        say("more calls wait than were counted")


def _table(of_client: Mapping[str, Any], names: Registry) -> Table:
    from rich.table import Table

    from infra.escaping import escaped

    client = of_client["client_id"]
    title = "(client company not known)" if client is None else escaped(names.client(client))
    table = Table(title=f"{title}: {of_client['calls']} calls", title_justify="left")
    for heading in ("outcome", "calls", "oldest", "what to do"):
        table.add_column(heading, justify="right" if heading == "calls" else "left")
    for outcome, found in of_client["outcomes"].items():
        if found is None:
            table.add_row(outcome.replace("_", " "), "-", "", "")
        elif found["calls"]:
            todo = _WHAT_TO_DO.get(outcome, "")
            age = _age(found["oldest_age_seconds"])
            table.add_row(outcome.replace("_", " "), f"{found['calls']:,}", age, todo)
    return table


def _age(seconds: int) -> str:
    """An age in its largest unit.

    >>> _age(30), _age(7_300), _age(200_000)
    ('30 s ago', '2 h ago', '2 d ago')
    """
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name} ago"
    return f"{seconds} s ago"
