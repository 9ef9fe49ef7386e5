"""`ascolto alerts`: which alerts there are, and what people did about them."""

from __future__ import annotations

import getpass
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from infra.cli.failures import say
from infra.cli.options import DataDir, failure, read_settings, wrong_usage

if TYPE_CHECKING:
    from infra.alerting.actions import Action
    from infra.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Alerts: list them, acknowledge them, note what was done."
)

Reference = Annotated[
    str, typer.Argument(help="The alert's id, or its first characters, as its message has them.")
]
Client = Annotated[
    str | None, typer.Option(help="Only alerts of this client company. Default: of all.")
]
By = Annotated[
    str | None, typer.Option(help="Who did it. Default: the name of this machine's user.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_ANSWER_SECONDS = 60.0


@app.command("list")
def list_alerts(
    client: Client = None,
    closed: Annotated[
        bool, typer.Option("--all", help="Those that are resolved or retracted, too.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first, each with what was done about it.

    Example: [bold]ascolto alerts list --client acqua --all[/bold]
    """
    settings = read_settings(data_dir)
    found = _alerts(settings, client or "", closed=closed)
    if as_json:
        print(json.dumps({"alerts": found}))
        return
    for each in found:
        _print(each, settings)
    if not found:
        say("there is no alert" if closed else "no alert is open; --all shows those before, too")


@app.command("ack")
def acknowledge(
    reference: Reference,
    owner: Annotated[str | None, typer.Option(help="Who takes care of it from now on.")] = None,
    note: Annotated[str | None, typer.Option(help="What was done, in a sentence.")] = None,
    by: By = None,
    client: Client = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Acknowledge an alert: somebody has seen it. With --owner also who takes care of it.

    Example: [bold]ascolto alerts ack 3f2a9c1b --owner "Anna Conti"[/bold]
    """
    wanted = [("acknowledged", "")]
    wanted += [("owner", owner)] if owner is not None else []
    wanted += [("note", note)] if note is not None else []
    _act(reference, wanted, by, client, read_settings(data_dir), as_json=as_json)


@app.command("note")
def note_on(
    reference: Reference,
    text: Annotated[str, typer.Argument(help="What was done; no customer's name.")],
    by: By = None,
    client: Client = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Note something about an alert; it stays in its history.

    Example: [bold]ascolto alerts note 3f2a9c1b "parlato con l'agenzia il 3/6"[/bold]
    """
    settings = read_settings(data_dir)
    _act(reference, [("note", text)], by, client, settings, as_json=as_json)


def _act(
    reference: str,
    wanted: Sequence[tuple[str, str]],
    by: str | None,
    client: str | None,
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    from infra.alerting.actions import Action, AlertAction, WrongAction, require_reference

    who = by if by is not None else getpass.getuser()
    try:
        require_reference(reference)
        actions = [Action(AlertAction(kind), who, text) for kind, text in wanted]
    except WrongAction as error:
        raise wrong_usage(str(error)) from error
    noted = _noted(settings, client or "", reference, actions)
    if as_json:
        print(json.dumps({"noted": noted}))
    else:
        say(f"noted for alert {noted[0]['alert_id'][:8]}")


def _alerts(settings: Settings, client: str, *, closed: bool) -> list[dict[str, Any]]:
    from infra.cli.running_page import running_page
    from infra.data_directory.processes import page_headers

    page = running_page(settings)
    if page is not None:
        asked = urlencode({"client": client, "all": int(closed)})
        found: list[dict[str, Any]] = _from_page(
            f"{page}/api/alerts?{asked}", page_headers(settings.data_dir, "analytics")
        )["alerts"]
        return found
    from infra.alerting.actions import ALERTS, DONE, listed
    from infra.cli.store_access import open_store

    with open_store(settings) as store:
        parameters = {"client": client}
        alerts = store.query(ALERTS, parameters=parameters).result_rows
        done = store.query(DONE, parameters=parameters).result_rows
        return listed(alerts, done, closed=closed)


def _noted(
    settings: Settings, client: str, reference: str, actions: Sequence[Action]
) -> list[dict[str, Any]]:
    """Write actions, through the running stack where one has the store."""
    from infra.cli.running_page import running_page
    from infra.data_directory.processes import page_headers

    page = running_page(settings)
    if page is not None:
        address = f"{page}/api/alerts/{quote(reference, safe='')}/actions?"
        address += urlencode({"client": client})
        headers = page_headers(settings.data_dir, "analytics")
        return [_from_page(address, headers, _json_of(each)) for each in actions]
    from infra.alerting.actions import FIND, WrongAction, action_row, subject_of
    from infra.alerting.alert_log import noted
    from infra.cli.store_access import open_store
    from schemas.rows import ALERT_ACTIONS

    with open_store(settings) as store:
        parameters = {"reference": reference, "client": client}
        try:
            subject = subject_of(store.query(FIND, parameters=parameters).result_rows, reference)
        except WrongAction as error:
            raise failure(str(error)) from error
        rows = [action_row(subject, each, settings.now()) for each in actions]
        columns = list(ALERT_ACTIONS.columns)
        values = [[row[name] for name in columns] for row in rows]
        store.insert(ALERT_ACTIONS.name, values, column_names=columns)
        return [noted(row) for row in rows]


def _json_of(action: Action) -> bytes:
    return json.dumps({"action": action.action, "who": action.who, "text": action.text}).encode()


def _from_page(address: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
    """What the page of a running stack answers.

    Raises:
        typer.Exit: it refuses, which is said, or does not answer.
    """
    if body is not None:
        headers = {**headers, "Content-Type": "application/json", "X-Ascolto-Action": "1"}
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - a page of this machine
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            answered: dict[str, Any] = json.load(answer)
            return answered
    except urllib.error.HTTPError as error:
        if error.code == 400:
            raise failure(str(json.load(error).get("message", "it is refused"))) from error
        raise _away(address) from error
    except (OSError, ValueError) as error:
        raise _away(address) from error


def _away(address: str) -> typer.Exit:
    return failure(
        f"the stack that runs on the data directory does not answer at {address}: it may be "
        "starting; ask again in a moment"
    )


def _print(alert: Mapping[str, Any], settings: Settings) -> None:
    from infra.escaping import escaped
    from infra.registry import RegistryFile

    names = RegistryFile(settings.registry).current()
    client, agency = alert["client_id"], alert["agency_id"]
    title = f"{names.client(client)} / {names.agency(client, agency)}"
    kind = alert["kind"].replace("_", " ")
    digits = 2 if alert["kind"] == "aggression_rise" else 0
    change = f" from {alert['baseline']:.{digits}f} to {alert['level']:.{digits}f}"
    if alert["kind"] == "silence":
        change = ""
    print(
        f"{alert['alert_id'][:8]}  {alert['opened_at'][:16]}Z  {escaped(title)}: {kind}{change}, "
        f"n {alert['n']}, {alert['status']}"
    )
    for each in alert["actions"]:
        said = {
            "acknowledged": "acknowledged",
            "owner": f"owner: {each['text']}",
            "note": each["text"],
        }[each["action"]]
        print(f"          {each['at'][:16]}Z  {escaped(each['who'])}: {escaped(said)}")
