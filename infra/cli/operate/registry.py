"""`ascolto registry`: the display names of client companies and agencies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.failures import FAILED, counted, say
from infra.cli.options import DataDir, failure, read_settings, wrong_usage

app = typer.Typer(
    no_args_is_help=True,
    help="Display names and logos of client companies and agencies.\n\n"
    "Example: [bold]ascolto registry check names.yaml[/bold]; ASCOLTO_REGISTRY=names.yaml then "
    "names the file to all commands and pages.",
)

RegistryArgument = Annotated[Path, typer.Argument(help="The registry (YAML).")]


@app.command("check")
def check(
    file: RegistryArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Say whether a registry can be used, and what is wrong in which line; exit code 1 if so."""
    from infra.escaping import json_line
    from infra.registry import RegistryError, load_registry
    from infra.registry_model import Registry

    registry, faults = Registry(), []
    try:
        registry = load_registry(file)
    except RegistryError as error:
        faults = error.faults
    companies = registry.clients.values()
    agencies = [agency for company in companies for agency in company.agencies.values()]
    logos = sum(each.logo is not None for each in (*companies, *agencies))
    if as_json:
        print(
            json_line(
                {
                    "ok": not faults,
                    "clients": len(companies),
                    "agencies": len(agencies),
                    "logos": logos,
                    "errors": [
                        {"line": each.line, "at": each.entry, "message": each.message}
                        for each in faults
                    ],
                }
            )
        )
    elif not faults:
        print(
            f"{file} is right: {_many(len(companies), 'client company', 'client companies')}, "
            f"{_many(len(agencies), 'agency', 'agencies')}, {counted(logos, 'logo')}"
        )
    for fault in faults:
        say(str(fault))
    raise typer.Exit(FAILED if faults else 0)


@app.command("apply")
def apply(
    file: Annotated[
        Path | None, typer.Argument(help="The registry. Default: ASCOLTO_REGISTRY.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the names into the store, where Grafana's dashboards find them.

    The analytics worker does the same at its start; pages and commands read the file itself.
    """
    from infra.cli.store_access import open_store
    from infra.clickhouse.display_names import write_names
    from infra.registry import RegistryError, load_registry

    settings = read_settings(data_dir)
    path = file or settings.registry
    if path is None:
        raise wrong_usage("name the registry's file, or set ASCOLTO_REGISTRY")
    try:
        registry = load_registry(path)
    except RegistryError as error:
        raise failure(f"{error}\nnothing was changed") from error
    with open_store(settings) as client:
        changed = write_names(client, registry)
    say(f"{counted(changed, 'name')} changed")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of registries, for an editor that completes names."""
    from infra.registry_model import Registry

    print(json.dumps(Registry.model_json_schema(), indent=2))


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
