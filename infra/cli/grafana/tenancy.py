"""What `ascolto tenants add`, `remove`, `list` and `refresh` do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from infra.cli.failures import FAILED, counted, say
from infra.cli.grafana.alerting import alerting_of
from infra.cli.grafana.credentials import clickhouse_for_grafana, prepare, wait_for
from infra.cli.grafana.pushing import show
from infra.cli.options import failure, read_settings, wrong_usage
from infra.errors import InfraError
from schemas.errors import AscoltoError

if TYPE_CHECKING:
    from dashboards.publishing.appearance import Appearance
    from dashboards.publishing.connection import Connection
    from dashboards.publishing.plan import Content
    from dashboards.publishing.steps import Step
    from dashboards.publishing.tenancy import Places
    from infra.clickhouse.tenants.identity import Tenant
    from infra.settings import Settings


@dataclass(frozen=True)
class Target:
    """Which tenant, and in which Grafana."""

    url: str
    token_file: Path
    client: str
    agency: str | None

    @property
    def tenant(self) -> Tenant:
        """The tenant.

        Raises:
            typer.Exit: an id is none.
        """
        from infra.clickhouse.tenants.identity import Tenant
        from schemas.inbound.identifiers import Identifier

        adapter: TypeAdapter[str] = TypeAdapter(Identifier)
        try:
            ids = [adapter.validate_python(each) for each in (self.client, self.agency) if each]
        except ValidationError as error:
            raise wrong_usage(
                f"{self.agency or self.client!r} is no id: {error.errors()[0]['msg']}"
            ) from error
        if not self.client or self.agency == "":
            raise wrong_usage("an id is empty")
        return Tenant(*ids)

    @property
    def grafana(self) -> Connection:
        """The Grafana, which is not asked anything yet.

        Raises:
            typer.Exit: the address or the file cannot be used.
        """
        return prepare(self.url, self.token_file, as_user=True)


@dataclass(frozen=True)
class Requested:
    """The language and the time zone asked for the dashboards; None: neither is asked for."""

    language: str | None = None
    timezone: str | None = None

    def over(self, otherwise: Appearance) -> Appearance:
        """What is asked for; of what is not, what it is otherwise."""
        return replace(
            otherwise,
            language=self.language or otherwise.language,
            timezone=self.timezone or otherwise.timezone,
        )


class _Defaults:
    """How a tenant's dashboards are where nothing else says."""

    def __init__(self, settings: Settings) -> None:
        from infra.registry import RegistryFile

        self._settings = settings
        self._registry = RegistryFile(settings.registry).current()

    def of(self, tenant: Tenant) -> Appearance:
        """The settings' language, and its client company's time zone or else the settings'."""
        from dashboards.publishing.appearance import Appearance

        zone = self._registry.time_zone(tenant.client_id, self._settings.time_zone)
        return Appearance(self._settings.language, zone)


def add_tenant(
    target: Target,
    viewers: Sequence[str],
    *,
    clickhouse: str | None,
    new_password: bool,
    targets: Path | None,
    requested: Requested,
    as_json: bool,
) -> int:
    """Make or repair a tenant; returns the exit code."""
    from dashboards.publishing.steps import CHANGES
    from dashboards.publishing.tenancy import add

    tenant, grafana = target.tenant, target.grafana
    if targets is not None and tenant.agency_id:
        raise wrong_usage("--targets are a client company's: leave it out for an agency")
    settings = _settings()
    appearance = requested.over(_Defaults(settings).of(tenant))
    content = _content(settings, clickhouse, appearance)
    if targets is not None:
        try:
            alerting = alerting_of(targets, settings, appearance.language, tenant.client_id)
        except InfraError as error:
            raise failure(str(error)) from error
        content = replace(content, alerting=alerting)
    wait_for(grafana)
    with _places(settings, grafana, resumable=True) as places:
        _warn_if_unknown(places, tenant)
        steps = add(places, tenant, content, viewers, new_password=new_password)
    show(steps, as_json=as_json)
    changes = sum(step.outcome in CHANGES for step in steps)
    say(f"{tenant}: {counted(changes, 'thing')} changed" if changes else f"{tenant}: nothing to do")
    return 0


def remove_tenant(target: Target, *, yes: bool, as_json: bool) -> int:
    """Take a tenant away, after asking; returns the exit code.

    Grafana is not waited for: the access ends also while it is away.
    """
    from dashboards.publishing.organisations import name_of
    from dashboards.publishing.tenancy import remove

    tenant, grafana = target.tenant, target.grafana
    with _places(_settings(), grafana, resumable=True) as places:
        what = f"ClickHouse user {tenant.user} and Grafana's organisation {name_of(tenant)!r}"
        if not yes and not _agreed(f"{tenant}: {what} are taken away"):
            return FAILED
        steps = remove(places, tenant)
    show(steps, as_json=as_json)
    return 0


def refresh_all(
    url: str,
    token_file: Path,
    requested: Requested,
    *,
    clickhouse: str | None,
    targets: Path | None,
    as_json: bool,
) -> int:
    """Bring every tenant up to date; exit code 1 if one could not be."""
    from dashboards.publishing.appearance import appearance_of
    from dashboards.publishing.steps import CHANGES
    from dashboards.publishing.tenancy import refreshable

    grafana, settings = prepare(url, token_file, as_user=True), _settings()
    defaults = _Defaults(settings)
    clickhouse_for_grafana(settings, clickhouse, "")  # Before anything is asked: it may be wrong.
    notified = set() if targets is None else _clients_of(targets)

    def content(tenant: Tenant, inside: Connection) -> Content:
        seen = requested.over(appearance_of(inside, defaults.of(tenant)))
        found = _content(settings, clickhouse, seen)
        if targets is None or tenant.agency_id or tenant.client_id not in notified:
            return found
        alerting = alerting_of(targets, settings, seen.language, tenant.client_id)
        return replace(found, alerting=alerting)

    wait_for(grafana)
    with _places(settings, grafana, resumable=True) as places:
        done = {
            tenant: _refresh(places, tenant, organisation, content)
            for tenant, organisation in refreshable(places)
        }
    steps = [
        replace(step, name=f"{step.name} of {tenant}")
        for tenant, some in done.items()
        for step in some or ()
    ]
    show([each for each in steps if as_json or each.outcome in CHANGES], as_json=as_json)
    if not done:
        say("there are no tenants")
    return FAILED if None in done.values() else 0


def _refresh(
    places: Places,
    tenant: Tenant,
    organisation: int | None,
    content: Callable[[Tenant, Connection], Content],
) -> list[Step] | None:
    """What was done about one tenant, which is said; None where it could not be done."""
    from dashboards.publishing.organisations import enter
    from dashboards.publishing.steps import CHANGES
    from dashboards.publishing.tenancy import add

    if organisation is None:
        say(f"{tenant}: left out, as it is half made or half removed: add it, or remove it")
        return None
    try:
        inside = enter(places.grafana, tenant, organisation)
        steps = add(places, tenant, content(tenant, inside))
    except AscoltoError as error:
        say(f"{tenant}: {error}")
        return None
    changes = sum(step.outcome in CHANGES for step in steps)
    say(f"{tenant}: {counted(changes, 'thing') + ' changed' if changes else 'up to date'}")
    return steps


def _clients_of(targets: Path) -> set[str]:
    """The client companies that a file of targets names.

    Raises:
        typer.Exit: the file cannot be used.
    """
    from infra.alerting.targets_file import WrongTargets, read_targets

    try:
        return {each.client_id for each in read_targets(targets)}
    except WrongTargets as error:
        raise failure(str(error)) from error


def list_all(url: str, token_file: Path, requested: Requested, *, as_json: bool) -> int:
    """Print every tenant with its faults; exit code 1 if there are any."""
    from dashboards.grafana.dashboard import all_dashboards
    from dashboards.publishing.appearance import appearance_of
    from dashboards.publishing.tenancy import of_tenants, tenancies

    grafana, settings = prepare(url, token_file, as_user=True), _settings()
    defaults = _Defaults(settings)

    def dashboards(tenant: Tenant, inside: Connection) -> list[dict[str, Any]]:
        appearance = requested.over(appearance_of(inside, defaults.of(tenant)))
        return of_tenants(all_dashboards(appearance.language, appearance.timezone))

    wait_for(grafana)
    with _places(settings, grafana) as places:
        found = tenancies(places, dashboards)
    if as_json:
        print(json.dumps([each.as_json() for each in found], ensure_ascii=False))
    else:
        for each in found:
            state = "ok" if not each.faults else counted(len(each.faults), "fault")
            ids = f"{each.tenant.client_id}\t{each.tenant.agency_id or '-'}"
            print(f"{ids}\t{counted(each.viewers, 'viewer')}\t{state}")
            for fault in each.faults:
                print(f"\t{fault}")
    if not found:
        say("there are no tenants")
    wrong = any(each.faults for each in found)
    if wrong:
        say(
            "to repair all: ascolto tenants refresh; one: ascolto tenants add CLIENT [--agency A]; "
            "to take it away: remove"
        )
    return FAILED if wrong else 0


def _settings() -> Settings:
    settings = read_settings(None)
    if settings.clickhouse_url is None:
        raise wrong_usage(
            "tenants need a ClickHouse server: set ASCOLTO_CLICKHOUSE_URL (the embedded engine has "
            "no users)"
        )
    return settings


def _content(settings: Settings, clickhouse: str | None, appearance: Appearance) -> Content:
    from dashboards.grafana.dashboard import all_dashboards
    from dashboards.publishing.data_sources import DataSource
    from dashboards.publishing.plan import Content
    from dashboards.publishing.tenancy import of_tenants

    address = clickhouse_for_grafana(settings, clickhouse, "")
    boards = all_dashboards(appearance.language, appearance.timezone)
    return Content(of_tenants(boards), DataSource(*address, user=""))


@contextmanager
def _places(
    settings: Settings, grafana: Connection, *, resumable: bool = False
) -> Iterator[Places]:
    """Both servers; what goes wrong at either is said, and ends the command.

    Args:
        settings: of ClickHouse.
        grafana: prepared, not asked anything yet.
        resumable: whether repeating the command completes what was begun.

    Raises:
        typer.Exit: something did.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    from dashboards.publishing.tenancy import Places
    from infra.clickhouse.client import open_as, open_client

    try:
        client = open_client(settings)
    except InfraError as error:
        raise failure(str(error)) from error
    try:
        database = str(client.query("SELECT currentDatabase()").result_rows[0][0])
        yield Places(grafana, client, database, lambda *who: open_as(settings, *who))
    except InfraError as error:
        again = "\nrepeat the command: it completes what was begun" if resumable else ""
        raise failure(f"{error}{again}") from error
    except DatabaseError as error:
        said = str(error).strip().partition("\n")[0][:300]
        raise failure(f"ClickHouse refused: {said}") from error
    finally:
        client.close()


def _warn_if_unknown(places: Places, tenant: Tenant) -> None:
    """Say so where the store has nothing of the tenant: its id may be mistyped."""
    rows = places.clickhouse.query(
        "SELECT DISTINCT client_id, agency_id FROM agency_metrics ORDER BY client_id, agency_id"
    ).result_rows
    known = {str(client) for client, _ in rows}
    agencies = {str(agency) for client, agency in rows if client == tenant.client_id}
    if tenant.client_id not in known:
        say(f"there are no figures of {tenant.client_id} yet; there are of: {_listed(known)}")
    elif tenant.agency_id and tenant.agency_id not in agencies:
        say(f"there are no figures of agency {tenant.agency_id}; there are of: {_listed(agencies)}")


def _listed(ids: set[str], most: int = 10) -> str:
    shown = ", ".join(sorted(ids)[:most]) or "nobody"
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown


def _agreed(what: str) -> bool:
    say(f"{what}; no figures are lost")
    if not sys.stdin.isatty():
        say("nothing was done: there is no terminal to ask on; to do it even so, add --yes")
        return False
    print("Remove? Write yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("yes", "si", "sì"):
        return True
    say("nothing was done")
    return False
