"""`ascolto report`: a client company's month on a few pages, for a manager."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, cannot_write, say
from infra.cli.options import wrong_usage
from infra.cli.store_access import open_store
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from dashboards.report.months import Month, MonthData
    from dashboards.report.wording import Words
    from infra.alerting.targets_file import Addressee


def write_report(
    settings: Settings,
    client_id: str,
    month: Month,
    agency: str | None,
    out: Path,
    language: str,
    send: Sequence[str] = (),
) -> int:
    """Write the report; returns the exit code.

    Args:
        settings: where the store is, the horizon, the currency, the names, Chromium.
        client_id: the client company.
        month: which month.
        agency: one agency, whose report says nothing of the others; None: all.
        out: an .html or .pdf file; an existing one is replaced.
        language: it or en.
        send: names of the client company's targets that get the file.
    """
    from dashboards.report.page import page
    from dashboards.report.printing import CannotPrint, find_chromium, print_pdf
    from dashboards.report.wording import Words
    from infra.atomic_files import replacing
    from infra.registry import RegistryFile

    addressees = _addressees(settings, client_id, send)
    try:
        chromium = find_chromium(settings.chromium) if out.suffix == ".pdf" else None
    except CannotPrint as error:
        say(str(error))
        return FAILED
    with open_store(settings) as client:
        data = _read(client, settings, client_id, month, agency)
    if data is None:
        return FAILED
    names = RegistryFile(settings.registry)
    words = Words(language, names.current(), client_id, settings.currency, month.zone)
    html = page(data, words, names.logo(client_id))
    try:
        if chromium is None:
            with replacing(out) as file:
                file.write(html.encode())
        else:
            print_pdf(html, out, chromium)
    except OSError as error:
        say(cannot_write(out, error))
        return FAILED
    except CannotPrint as error:
        say(str(error))
        return FAILED
    say(f"wrote {out}" + ("; the month is not over: it is provisional" if data.provisional else ""))
    return _sent(addressees, data, words, out)


def _addressees(settings: Settings, client_id: str, names: Sequence[str]) -> list[Addressee]:
    """The targets of those names.

    Raises:
        typer.Exit: there is none, which is said; nothing has been written then.
    """
    if not names:
        return []
    from infra.alerting.targets_file import WrongTargets, read_targets

    if settings.notify is None:
        raise wrong_usage(
            "--send needs ASCOLTO_NOTIFY, the file of targets (docs/notifications.md)"
        )
    try:
        own = {
            each.name: each for each in read_targets(settings.notify) if each.client_id == client_id
        }
    except WrongTargets as error:
        raise wrong_usage(str(error)) from error
    if unknown := [name for name in names if name not in own]:
        known = ", ".join(own) or "none"
        raise wrong_usage(
            f"{client_id} has no target {unknown[0]} in {settings.notify}; targets: {known}"
        )
    return [own[name] for name in dict.fromkeys(names)]


def _sent(addressees: Sequence[Addressee], data: MonthData, words: Words, out: Path) -> int:
    """Send the file to each; returns the exit code."""
    from dashboards.report.findings import findings
    from infra.alerting.sending import Envelope, NotAccepted, send_file
    from infra.alerting.targets_file import NoUrl
    from processors.alerts.messages import Message

    named = words.month(data.month)
    sentences = "\n".join(f"- {each}" for each in findings(data, words))
    message = Message(
        words("title", client=words.client, month=named),
        words("mail", month=named, findings=sentences).strip(),
    )
    about = "-".join((data.client_id, *([data.agency_id] if data.agency_id else [])))
    thread = f"report-{about}-{data.month.year}-{data.month.month:02}"
    fields = {"client_id": data.client_id, "month": thread[-7:]}
    failed = False
    for addressee in addressees:
        envelope = Envelope(f"{thread}-{addressee.name}", thread, fields)
        try:
            send_file(addressee.url(), message, envelope, out)
        except (NotAccepted, NoUrl) as error:
            failed = True
            say(f"{addressee} did not accept it: {error}")
        else:
            say(f"sent to {addressee}")
    return FAILED if failed else 0


def _read(
    client: Client, settings: Settings, client_id: str, month: Month, agency: str | None
) -> MonthData | None:
    """All that the report says; None, which is said, where the month has no data."""
    from dashboards.report.months import MonthData
    from infra.clickhouse.queries.figures import latest_event_times
    from infra.clickhouse.queries.months import read_alerts, read_drivers, read_period
    from infra.clickhouse.queries.stories import read_stories
    from processors.event_time import DAY_HOURS

    latest = latest_event_times(client, settings.now())
    if client_id not in latest:
        known = ", ".join(sorted(latest)) or "none yet"
        say(f"there are no events of client company {client_id}; client companies: {known}")
        return None
    last = latest[client_id]
    period = month.period(client_id, last, agency)
    *agencies, together = read_period(client, period)
    if not agencies:
        whose = client_id if agency is None else f"agency {agency} of {client_id}"
        say(
            f"{whose} has no data in {month.year}-{month.month:02}; the latest event of "
            f"{client_id} is of {last:%Y-%m-%d %H:%M} UTC. See: ascolto figures"
        )
        return None
    *before, _ = read_period(client, month.previous.period(client_id, last, agency))
    return MonthData(
        client_id=client_id,
        month=month,
        agencies=agencies,
        together=together,
        before=before,
        drivers=read_drivers(client, period),
        alerts=read_alerts(client, period),
        stories=read_stories(client, period),
        until=period.end,
        latest=last,
        now=settings.now(),
        horizon_days=settings.horizons.hours(client_id) // DAY_HOURS,
        agency_id=agency,
    )
