"""`ascolto report`: a client company's month on a few pages, for a manager."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, cannot_write, say
from infra.cli.store_access import open_store
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from dashboards.report.months import Month, MonthData


def write_report(
    settings: Settings, client_id: str, month: Month, agency: str | None, out: Path, language: str
) -> int:
    """Write the report; returns the exit code.

    Args:
        settings: where the store is, the horizon, the currency, the names, Chromium.
        client_id: the client company.
        month: which month.
        agency: one agency, whose report says nothing of the others; None: all.
        out: an .html or .pdf file; an existing one is replaced.
        language: it or en.
    """
    from dashboards.report.page import page
    from dashboards.report.printing import CannotPrint, find_chromium, print_pdf
    from dashboards.report.wording import Words
    from infra.atomic_files import replacing
    from infra.registry import RegistryFile

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
    words = Words(language, names.current(), client_id, settings.currency)
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
    return 0


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
