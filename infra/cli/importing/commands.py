"""`ascolto import PRESET FILE...`, and `ascolto import presets` to print and copy presets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from infra.cli.options import DataDir, read_settings, wrong_usage

_FILES = "files"


class _PresetFirst(TyperGroup):
    """What follows `import` is the name of a preset, unless it is a command."""

    default = _FILES

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in (*self.commands, "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PresetFirst,
    no_args_is_help=True,
    subcommand_metavar="PRESET FILE... | presets",
    help="Turn what other systems export into events.\n\n"
    "[bold]ascolto import presets[/bold] lists the systems, [bold]ascolto import presets suggest "
    "FILE[/bold] says which of them reads a file. First look: "
    "[bold]ascolto import freepbx Master.csv --mapping mine.yaml --dry-run[/bold]\n\n"
    "Options: [bold]ascolto import freepbx --help[/bold]. A guide: docs/connect.md.",
)
presets_app = typer.Typer(no_args_is_help=False, invoke_without_command=True)
app.add_typer(presets_app, name="presets", help="The presets: list them, or print one to copy.")


@app.command(_FILES, hidden=True)
def import_files(
    preset: Annotated[str, typer.Argument(help="System: see ascolto import presets.")],
    files: Annotated[list[Path] | None, typer.Argument(help="What it has exported.")] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="A mapping file (YAML): what it says replaces what the preset says."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the events to this file.")] = None,
    emit: Annotated[
        bool, typer.Option("--emit", help="Send the events to Kafka (ASCOLTO_KAFKA).")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is understood and what is not.")
    ] = False,
    dead_letters: Annotated[
        bool,
        typer.Option(
            "--dead-letters",
            help="Instead of files: what earlier imports with --emit did not understand.",
        ),
    ] = False,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: the counts as JSON.")] = False,
) -> None:
    """Turn exports into events: into a file, into Kafka, or to see first what is understood.

    The same file twice does no harm: every event has the same id again. Example:
    [bold]ascolto import csv-payments incassi.csv --mapping mine.yaml --dry-run[/bold]
    """
    from infra.cli.importing.run import Goal, run_import

    if sum((out is not None, emit, dry_run)) != 1:
        raise wrong_usage(
            "say what to do with the events: --dry-run to look first, --out FILE, or --emit"
        )
    if bool(files) == dead_letters:
        raise wrong_usage("name the files to import, or --dead-letters")
    goal = Goal(out=out, emit=emit, as_json=as_json)
    raise typer.Exit(run_import(read_settings(data_dir), preset, files or [], mapping, goal))


@presets_app.callback()
def list_presets(ctx: typer.Context) -> None:
    """The presets: list them, or print one to copy."""
    if ctx.invoked_subcommand is not None:
        return
    from infra.importing.mapping_files import preset_names, preset_title

    for name in preset_names():
        print(f"{name:20}{preset_title(name)}")


@presets_app.command("show")
def show_preset(name: Annotated[str, typer.Argument(help="From the list.")]) -> None:
    """Print a preset: a mapping file to copy and change."""
    from infra.importing.mapping_files import MappingError, preset_text

    try:
        print(preset_text(name), end="")
    except MappingError as error:
        raise wrong_usage(str(error)) from error


@presets_app.command("suggest")
def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="An export that is to be read.")],
    client: Annotated[str | None, typer.Option(help="Id of the client company.")] = None,
    agency: Annotated[str | None, typer.Option(help="Id of the agency that called.")] = None,
) -> None:
    """Find the preset that reads a file, and print a mapping to start from.

    The mapping goes into a file of yours; lines with TODO wait for you. Example:
    [bold]ascolto import presets suggest incassi.csv --client luce > mine.yaml[/bold]
    """
    import shlex

    from infra.cli.failures import FAILED, say
    from infra.importing.formats.texts import UnreadableExport
    from infra.importing.suggesting import suggested

    try:
        preset, text = suggested(file, client, agency)
    except UnreadableExport as error:
        say(str(error))
        raise typer.Exit(FAILED) from error
    command = f"ascolto import {preset} {shlex.quote(str(file))} --mapping mine.yaml --dry-run"
    print(f"# {command}\n{text}", end="")
    say(f"preset {preset}. Save this as mine.yaml, then: {command}")


@presets_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of mapping files, for an editor that completes them."""
    import json

    from processors.mapping.model import Mapping

    print(json.dumps(Mapping.model_json_schema(), indent=2))
