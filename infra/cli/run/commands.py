"""`ascolto run`: the workers, or the whole embedded stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import DataDir, read_settings, require_text

app = typer.Typer(no_args_is_help=True, help="Run the workers, or the whole embedded stack.")


@app.command("transcriber")
def run_transcriber(data_dir: DataDir = None) -> None:
    """Run the transcriber worker: recordings become redacted turns."""
    run_worker("transcriber", data_dir)


@app.command("scorer")
def run_scorer(data_dir: DataDir = None) -> None:
    """Run the scorer worker: redacted turns get their scores. As many as there are cores."""
    run_worker("scorer", data_dir)


@app.command("analytics")
def run_analytics(data_dir: DataDir = None) -> None:
    """Run the analytics worker: figures, alerts, the store and the preview."""
    run_worker("analytics", data_dir)


@app.command("preview")
def run_preview(data_dir: DataDir = None) -> None:
    """Serve the page alone, from a ClickHouse server (ASCOLTO_CLICKHOUSE_URL)."""
    from infra.cli.run.preview import run_preview as run

    raise typer.Exit(run(read_settings(data_dir)))


@app.command("notifier")
def run_notifier(data_dir: DataDir = None) -> None:
    """Notify people of alerts, from a ClickHouse server: one process of it is enough.

    Who is notified stands in the file that ASCOLTO_NOTIFY names: see docs/notifications.md.
    """
    from infra.cli.alerting.running import run_notifier as run

    raise typer.Exit(run(read_settings(data_dir)))


@app.command("all")
def run_all(
    data_dir: DataDir = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", help="Events to play (JSON lines)."),
    ] = None,
    exit_: Annotated[
        bool, typer.Option("--exit", help="End when all events are processed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: a summary as JSON.")] = False,
    recordings: Annotated[
        list[Path] | None,
        typer.Option("--recordings", exists=True, file_okay=False, help="Allow-listed directory."),
    ] = None,
) -> None:
    """Run the embedded stack: broker, workers, store and page, in one command.

    Example: [bold]ascolto run all --events events.jsonl --exit --data-dir data[/bold]
    """
    from infra.cli.alerting.running import require_targets
    from infra.cli.run.play import run_stack

    if events is not None:
        require_text(events, "an event")
    settings = read_settings(data_dir)
    if recordings:
        settings = settings.model_copy(update={"recordings": recordings})
    require_targets(settings)
    raise typer.Exit(run_stack(settings, events, ends=exit_, as_json=as_json))


@app.command("importer")
def run_importer(
    config: Annotated[
        Path, typer.Option(dir_okay=False, help="Folders to watch (YAML): see docs/connect.md.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Import what appears in folders: each file once, also after a crash.

    Example: [bold]ascolto run importer --config folders.yaml[/bold]
    """
    from infra.cli.run.importer import run_importer as run

    raise typer.Exit(run(read_settings(data_dir), config))


@app.command("gateway")
def run_gateway(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8808,
    keys: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="File of keys (ascolto keys). Default: gateway-keys.json in the data directory.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Take events, webhooks and recordings in by HTTP: see docs/gateway.md.

    Example: [bold]ascolto run gateway --host 10.0.0.5[/bold]
    """
    from infra.cli.run.gateway import run_gateway as run

    raise typer.Exit(run(read_settings(data_dir), host, port, keys))


def run_worker(worker: str, data_dir: Path | None) -> None:
    """Run a worker until it receives a signal to stop."""
    from infra.cli.run.workers import run_worker as run

    run(worker, read_settings(data_dir))
