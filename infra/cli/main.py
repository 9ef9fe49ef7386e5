"""`ascolto`: the command line. Logs and progress go to stderr, results to stdout.

Exit codes: 0 done, 1 failed, 2 wrong usage. Parts are imported when a command needs them, so
that `--help` answers at once.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    help=(
        "Listens to what collection agencies say to a company's customers, and shows, agency by "
        "agency, how they were treated, whether they paid and whether they left.\n\n"
        "New here? [bold]ascolto demo[/bold] shows it with moving figures. Something amiss? "
        "[bold]ascolto doctor[/bold] says what and how to mend it."
    ),
)
run_app = typer.Typer(no_args_is_help=True, help="Run the workers, or the whole embedded stack.")
dashboards_app = typer.Typer(no_args_is_help=True, help="Dashboards as code.")
admin_app = typer.Typer(no_args_is_help=True, help="Prepare Kafka and ClickHouse.")
letters_app = typer.Typer(no_args_is_help=True, help="What could not be understood or done.")
app.add_typer(run_app, name="run")
app.add_typer(dashboards_app, name="dashboards")
app.add_typer(admin_app, name="admin")
app.add_typer(letters_app, name="dead-letters")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where data is kept. Default: ASCOLTO_DATA_DIR, or ~/.ascolto."
    ),
]
EventsFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines.")]


class Window(StrEnum):
    """Rolling windows, as options."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


class Dimension(StrEnum):
    """Dimensions of segments, as options."""

    SERVICE = "service"
    TOUCHPOINT = "touchpoint"
    CHANNEL = "channel"
    CUSTOMER_TYPE = "customer_type"


class Language(StrEnum):
    """Languages of what managers see."""

    ITALIAN = "it"
    ENGLISH = "en"


class Worker(StrEnum):
    """The workers, as arguments."""

    TRANSCRIBER = "transcriber"
    ANALYTICS = "analytics"


@app.command()
def demo(
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same events.")] = 1,
    exit_: Annotated[bool, typer.Option("--exit", help="End when all events are through.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line: the figures as JSON.")
    ] = False,
    calls: Annotated[int, typer.Option(min=100, help="Conversations to simulate.")] = 20_000,
    language: Annotated[Language, typer.Option(help="Language of the page.")] = Language.ITALIAN,
) -> None:
    """Play 120 days of three agencies through the whole system, real audio calls included."""
    from infra.cli.demo import run_demo

    settings = _settings(data_dir, "demo")
    raise typer.Exit(
        run_demo(
            settings, seed=seed, calls=calls, ends=exit_, as_json=as_json, language=language.value
        )
    )


@run_app.command("transcriber")
def run_transcriber(data_dir: DataDir = None) -> None:
    """Run the transcriber worker: recordings become redacted turns."""
    _run_worker(Worker.TRANSCRIBER, data_dir)


@run_app.command("analytics")
def run_analytics(data_dir: DataDir = None) -> None:
    """Run the analytics worker: scores, figures, alerts, the store and the preview."""
    _run_worker(Worker.ANALYTICS, data_dir)


@run_app.command("all")
def run_all(
    data_dir: DataDir = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", exists=True, dir_okay=False, help="Events to play (JSON lines)."),
    ] = None,
    exit_: Annotated[bool, typer.Option("--exit", help="End when all events are through.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: a summary as JSON.")] = False,
    recordings: Annotated[
        list[Path] | None,
        typer.Option("--recordings", exists=True, file_okay=False, help="Allow-listed directory."),
    ] = None,
) -> None:
    """Run the embedded stack: broker, both workers, store and page, in one command."""
    from infra.cli.play import run_stack

    settings = _settings(data_dir)
    if recordings:
        settings = settings.model_copy(update={"recordings": recordings})
    raise typer.Exit(run_stack(settings, events, ends=exit_, as_json=as_json))


@app.command()
def emit(
    file: EventsFile,
    kafka: Annotated[
        str | None, typer.Option(help="Bootstrap servers. Default: ASCOLTO_KAFKA.")
    ] = None,
) -> None:
    """Send a file of events to Kafka, each confirmed; lines that are no events are refused."""
    from infra.cli.emit import emit_file

    settings = _settings(None)
    raise typer.Exit(emit_file(file, kafka or settings.kafka))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="File to write. Default: stdout.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    calls: Annotated[int, typer.Option(min=1, help="Conversations.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="Days of event time.")] = 120,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share of events that come twice.")
    ] = 0.0,
    late: Annotated[
        float, typer.Option(min=0, max=1, help="Share of events that come late.")
    ] = 0.0,
    truth: Annotated[Path | None, typer.Option(help="File for the known truth, as JSON.")] = None,
) -> None:
    """Write the events of three simulated agencies, whose truth is known."""
    from infra.cli.simulate import simulate_to
    from infra.demo.simulation import SimulationSettings

    settings = SimulationSettings(
        seed=seed, calls=calls, days=days, duplicates=duplicates, late=late
    )
    if out is None:
        simulate_to(sys.stdout, settings, truth)
    else:
        with out.open("w", encoding="utf-8") as file:
            written = simulate_to(file, settings, truth)
        print(f"wrote {written} events to {out}", file=sys.stderr)


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a file.")] = False,
    mono: Annotated[
        bool | None, typer.Option("--mono/--stereo", help="Default: as many channels as it has.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language spoken, as it or en.")] = "it",
    model: Annotated[
        str | None, typer.Option(help="packaged-base, a faster-whisper name, or a path.")
    ] = None,
) -> None:
    """Transcribe recordings: who said what, when."""
    from infra.cli.transcribe import transcribe as transcribe_files

    raise typer.Exit(transcribe_files(files, as_json, mono, language, model))


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="JSON lines, or - for standard input.")] = Path("-"),
) -> None:
    """Score conversations: JSON lines in, JSON lines out."""
    from infra.cli.score import score as score_lines

    if str(file) == "-":
        raise typer.Exit(score_lines(sys.stdin, sys.stdout))
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    with file.open(encoding="utf-8", errors="replace") as lines:
        raise typer.Exit(score_lines(lines, sys.stdout))


@app.command()
def figures(
    data_dir: DataDir = None,
    window: Annotated[
        Window | None,
        typer.Option(help="Rolling window of event time. Default: 30d; 90d with --sensitivity."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Time T, ISO 8601 with offset. Default: the latest event.")
    ] = None,
    by: Annotated[Dimension | None, typer.Option(help="A row for each value of it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    survival: Annotated[
        bool, typer.Option("--survival", help="Instead: how long customers stay.")
    ] = False,
    quarters: Annotated[
        bool, typer.Option("--quarters", help="Instead: churn, most against least aggressive.")
    ] = False,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Instead: figures by horizon H.")
    ] = False,
    last_touch: Annotated[
        bool, typer.Option("--last-touch", help="Instead: events by the last agency to talk.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="With --survival: a page to write.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="With --report: its language. Default: it.")
    ] = None,
) -> None:
    """Show the agencies' figures as of any time."""
    flags = {
        "survival": survival,
        "quarters": quarters,
        "sensitivity": sensitivity,
        "last-touch": last_touch,
    }
    views = [view for view, asked in flags.items() if asked]
    if len(views) > 1 or (views and by is not None):
        raise typer.BadParameter(f"--{views[0]} goes without --{views[1] if views[1:] else 'by'}")
    if report is not None and not survival:
        raise typer.BadParameter("--report needs --survival")
    if language is not None and report is None:
        raise typer.BadParameter("--language needs --report")
    time = None if as_of is None else _time(as_of)
    settings = _settings(data_dir)
    if views:
        from infra.cli.figures_views import show_view

        span = window and window.value
        lang = language or Language.ITALIAN
        raise typer.Exit(show_view(views[0], settings, span, time, as_json, report, lang.value))
    from infra.cli.figures import show_figures

    span = (window or Window.MONTH).value
    dimension = None if by is None else by.value
    raise typer.Exit(show_figures(settings, span, time, dimension, as_json))


@app.command("reconcile")
def reconcile_figures(
    data_dir: DataDir = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Compare from this time on. Default: all.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Up to this time, its hour included. Default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Reckon every figure again from the raw events by SQL; exit code 1 if any differs."""
    from infra.cli.reconcile import reconcile

    times = [
        None if text is None else _time(text, option)
        for text, option in ((begin, "--from"), (end, "--to"))
    ]
    raise typer.Exit(reconcile(_settings(data_dir), times[0], times[1], as_json))


@app.command("rebuild")
def rebuild_figures(
    data_dir: DataDir = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Switch even if figures differ.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Make all figures anew from the raw events beside the old ones; switch if equal."""
    from infra.cli.rebuild import rebuild

    raise typer.Exit(rebuild(_settings(data_dir), accept, as_json))


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

    settings = _settings(None)
    try:
        made = ensure_topics(settings.kafka, settings.partitions, CHANGELOGS, replication)
    except WrongPartitions as error:
        raise _failure(str(error)) from error
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

    try:
        client = open_client(_settings(data_dir))
    except StoreInUse as error:
        raise _failure(str(error)) from error
    steps = migrate(client, to)
    print("\n".join(steps) if steps else "nothing to do", file=sys.stderr)


@letters_app.command("list")
def letters_list(data_dir: DataDir = None) -> None:
    """List the dead letters: where from, why."""
    from infra.cli.letters import list_letters

    raise typer.Exit(list_letters(_settings(data_dir)))


@letters_app.command("show")
def letters_show(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, from the list.")],
    data_dir: DataDir = None,
) -> None:
    """Print a dead letter's original bytes."""
    from infra.cli.letters import show_letter

    raise typer.Exit(show_letter(_settings(data_dir), letter_id))


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Check the environment, and say how to mend what is wrong."""
    from infra.cli.doctor import examine

    raise typer.Exit(examine(_settings(data_dir)))


def _settings(data_dir: Path | None, below: str | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from pydantic import ValidationError

    from infra.settings import Settings, default_home

    try:
        if data_dir is not None:
            return Settings(data_dir=data_dir.absolute())
        return Settings(data_dir=default_home() / below) if below else Settings()
    except ValidationError as error:
        told = "; ".join(
            f"ASCOLTO_{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
            for each in error.errors()
        )
        raise typer.BadParameter(f"settings in the environment are wrong: {told}") from error


def _run_worker(worker: Worker, data_dir: Path | None) -> None:
    from infra.cli.workers import run_worker

    run_worker(worker.value, _settings(data_dir))


def _time(text: str, option: str = "--as-of") -> datetime:
    from schemas.events import EARLIEST, LATEST

    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a time; write it like 2026-03-01T12:00:00+00:00", param_hint=option
        ) from error
    if time.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset; add Z or +01:00", param_hint=option)
    if not EARLIEST <= time < LATEST:
        raise typer.BadParameter(f"{text!r} is not from 2000 to 2099", param_hint=option)
    return time


def _failure(message: str) -> typer.Exit:
    print(message, file=sys.stderr)
    return typer.Exit(1)


def main() -> None:
    """Entry point of the `ascolto` command."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    app()


if __name__ == "__main__":
    main()
