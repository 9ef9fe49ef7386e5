"""`ascolto figures`: the agencies' figures as of any time."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from infra.settings import Settings
from schemas.derived import Figures, Interval, MetricWindow

SMALL_N = 30
"""Below this an NPS is shown, but marked: too few answers to judge by."""


def show_figures(
    settings: Settings, window: str, as_of: datetime | None, by: str | None, as_json: bool
) -> int:
    """Print the figures; returns the exit code."""
    from infra.clickhouse.client import StoreInUse, open_client
    from infra.clickhouse.figures import latest_event_time, open_alerts, read_figures
    from infra.clickhouse.migrate import migrate

    try:
        client = open_client(settings)
    except StoreInUse as error:
        print(error, file=sys.stderr)
        return 1
    try:
        if settings.clickhouse_url is None:
            migrate(client)
        time = as_of or latest_event_time(client)
        if time is None:
            print("no events yet: play some with ascolto run all --events FILE", file=sys.stderr)
            figures, alerts = [], {}
        else:
            figures = read_figures(client, MetricWindow(window), time, by)
            alerts = open_alerts(client, time)
    finally:
        client.close()
    shown = [as_object(each, alerts) for each in figures]
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        _print_table(figures)
    return 0


def as_object(figures: Figures, alerts: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Figures as JSON, with the number of alerts open."""
    told = figures.model_dump(mode="json")
    return {**told, "alerts_open": alerts.get((figures.client_id, figures.agency_id), 0)}


def _print_table(figures: list[Figures]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Figures per agency (95 % interval; * n < 30)")
    for heading in (
        "client", "agency", "segment", "calls", "NPS", "aggression", "empathy", "churn",
        "recovery", "r churn", "r payment",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading in ("client", "agency") else "right")
    for each in figures:
        table.add_row(
            each.client_id,
            each.agency_id,
            each.segment,
            str(each.calls),
            _interval(each.nps, ".0f"),
            _mean(each.aggression.value),
            _mean(each.empathy.value),
            _interval(each.churn_rate, ".1%"),
            _interval(each.recovery_rate, ".1%"),
            _interval(each.churn_correlation, "+.2f"),
            _interval(each.payment_correlation, "+.2f"),
        )
    Console().print(table)


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(figure: Interval, form: str) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return f"- (n {figure.n})"
    mark = "*" if figure.n < SMALL_N else ""
    low, high = format(figure.low, form), format(figure.high, form)
    return f"{figure.value:{form}} [{low}, {high}]{mark}"
