"""`ascolto figures`, `reconcile`, `rebuild`: the figures, and whether they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from infra.cli.options import DataDir, Language, read_past, read_settings, read_time
from schemas.figures import Dimension, MetricWindow

app = typer.Typer()


@app.command()
def figures(
    data_dir: DataDir = None,
    window: Annotated[
        MetricWindow | None,
        typer.Option(help="Rolling window of event time. Default: 30d; 90d with --sensitivity."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Time T, ISO 8601 with offset. Default: each client's latest event."),
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
    conduct: Annotated[
        bool, typer.Option("--conduct", help="Instead: breaches of conduct, by rule.")
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
        "conduct": conduct,
    }
    views = [view for view, asked in flags.items() if asked]
    if len(views) > 1 or (views and by is not None):
        raise typer.BadParameter(f"--{views[0]} goes without --{views[1] if views[1:] else 'by'}")
    if report is not None and not survival:
        raise typer.BadParameter("--report needs --survival")
    if language is not None and report is None:
        raise typer.BadParameter("--language needs --report")
    settings = read_settings(data_dir)
    time = None if as_of is None else read_past(as_of, settings.now())
    if views:
        from infra.cli.figures.views import show_view

        lang = language or Language.ITALIAN
        raise typer.Exit(show_view(views[0], settings, window, time, as_json, report, lang.value))
    from infra.cli.figures.show import show_figures

    dimension = None if by is None else by.value
    raise typer.Exit(show_figures(settings, window or MetricWindow.MONTH, time, dimension, as_json))


@app.command("report")
def month_report(
    client: Annotated[str, typer.Option(help="The client company (client_id).")],
    month: Annotated[str, typer.Option(help="Which month, as 2026-10, in the client's time zone.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file: .html or .pdf.")],
    agency: Annotated[
        str | None, typer.Option(help="One agency; the report is of it alone. Default: all.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="Its language. Default: ASCOLTO_LANGUAGE, or it.")
    ] = None,
    send: Annotated[
        list[str] | None,
        typer.Option(help="Send it to this target of the client company (ASCOLTO_NOTIFY), too."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a month for a manager on a few pages: one file, HTML or PDF (by Chromium).

    Example: [bold]ascolto report --client acqua --month 2026-10 --out ottobre.pdf[/bold]
    """
    from dashboards.report.months import Month
    from infra.registry import RegistryFile

    if out.suffix not in (".html", ".pdf"):
        raise typer.BadParameter(
            f"{out.name!r} ends neither in .html nor in .pdf", param_hint="--out"
        )
    settings = read_settings(data_dir)
    try:
        names = RegistryFile(settings.registry).current()
        asked = Month.parse(month, ZoneInfo(names.time_zone(client, settings.time_zone)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--month") from error
    if asked.begin > settings.now():
        raise typer.BadParameter(f"{month} has not begun yet", param_hint="--month")
    from infra.cli.figures.report import write_report

    lang = settings.language if language is None else language.value
    raise typer.Exit(write_report(settings, client, asked, agency, out, lang, send or []))


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
    """Recompute every figure from the raw events by SQL; exit code 1 if any differs."""
    from infra.cli.figures.reconcile import reconcile

    times = [
        None if text is None else read_time(text, option)
        for text, option in ((begin, "--from"), (end, "--to"))
    ]
    raise typer.Exit(reconcile(read_settings(data_dir), times[0], times[1], as_json))


@app.command("rebuild")
def rebuild_figures(
    data_dir: DataDir = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Switch even if figures differ.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Make all figures again from the raw events beside the old ones; switch if equal."""
    from infra.cli.figures.rebuild import rebuild

    raise typer.Exit(rebuild(read_settings(data_dir), accept, as_json))
