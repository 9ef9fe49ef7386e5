"""`ascolto notify`: who is notified of alerts, tried and checked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.failures import FAILED, counted, say
from infra.cli.options import failure, read_settings, wrong_usage

if TYPE_CHECKING:
    from infra.alerting.notifier import Defaults
    from infra.alerting.targets_file import Addressee
    from infra.registry_model import Registry

app = typer.Typer(
    no_args_is_help=True,
    help="Who is notified of alerts, by e-mail, Teams, Slack, webhook and others.\n\n"
    "Example: [bold]ascolto notify check targets.yaml[/bold]; ASCOLTO_NOTIFY=targets.yaml then "
    "names the file to the stack.",
)

TargetsFile = Annotated[
    Path | None, typer.Argument(help="The file of targets (YAML). Default: ASCOLTO_NOTIFY.")
]


@app.command("test")
def try_targets(
    file: TargetsFile = None,
    client: Annotated[
        str | None, typer.Option(help="Only targets of this client company. Default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Send each target a message that says it is a test, and say which accepted it.

    Exit code 1 if one did not. Example: [bold]ascolto notify test --client acqua[/bold]
    """
    from infra.cli.alerting.running import defaults_of
    from infra.registry import RegistryFile

    settings = read_settings(None)
    addressees = [
        each for each in _targets(file or settings.notify) if client in (None, each.client_id)
    ]
    if not addressees:
        whose = "" if client is None else f" of a client company {client!r}"
        raise failure(f"there is no target{whose} in the file")
    names = RegistryFile(settings.registry).current()
    outcomes = asyncio.run(_try_all(addressees, names, defaults_of(settings)))
    if as_json:
        print(json.dumps({"targets": outcomes}))
    else:
        for each in outcomes:
            said = "accepted it" if each["ok"] else f"did not accept it: {each['reason']}"
            print(f"{each['client']} / {each['target']}: {said}")
    raise typer.Exit(0 if all(each["ok"] for each in outcomes) else FAILED)


@app.command("check")
def check(
    file: TargetsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Say whether a file of targets can be used, and what is wrong in which line; sends nothing.

    Exit code 1 if something is wrong. Example: [bold]ascolto notify check targets.yaml[/bold]
    """
    from infra.alerting.checking import check_targets
    from infra.escaping import json_line

    path = _required(file or read_settings(None).notify)
    found, faults = check_targets(path)
    if as_json:
        print(json_line({"ok": not faults, "targets": len(found), "errors": faults}))
    elif not faults:
        print(f"{path} is right: {counted(len(found), 'target')}; ascolto notify test tries them")
    for fault in faults:
        say(fault)
    raise typer.Exit(FAILED if faults else 0)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of files of targets, for an editor that completes names."""
    from infra.alerting.targets import NotifyFile

    print(json.dumps(NotifyFile.model_json_schema(), indent=2))


def _required(path: Path | None) -> Path:
    if path is None:
        raise wrong_usage("name the file of targets, or set ASCOLTO_NOTIFY")
    return path


def _targets(path: Path | None) -> list[Addressee]:
    """The targets of a file.

    Raises:
        typer.Exit: it cannot be used, which is said; or none is named.
    """
    from infra.alerting.targets_file import WrongTargets, read_targets

    try:
        return read_targets(_required(path))
    except WrongTargets as error:
        raise failure(str(error)) from error


async def _try_all(
    addressees: list[Addressee], names: Registry, defaults: Defaults
) -> list[dict[str, Any]]:
    tried = (_try(each, names, defaults) for each in addressees)
    return list(await asyncio.gather(*tried))


async def _try(each: Addressee, names: Registry, defaults: Defaults) -> dict[str, Any]:
    """Send one target a message that says it is a test."""
    import uuid

    from infra.alerting.notifier import readers_of
    from infra.alerting.sending import AppriseSender, Envelope, NotAccepted
    from infra.alerting.targets_file import NoUrl
    from processors.alerts.messages import trial_message

    readers = readers_of(each, names, defaults)
    name = uuid.uuid4().hex
    envelope = Envelope(name, name, {"test": True, "client_id": each.client_id})
    outcome: dict[str, Any] = {"client": each.client_id, "target": each.name, "ok": True}
    try:
        await AppriseSender().send(each.url(), trial_message(readers), envelope)
    except (NoUrl, NotAccepted) as error:
        outcome |= {"ok": False, "reason": str(error)}
    return outcome
