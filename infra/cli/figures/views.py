"""Further views of `ascolto figures`: survival, quarters, sensitivity to H, last touch, conduct."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.cli.failures import FAILED, cannot_write, say
from infra.cli.figures.show import times_asked
from infra.cli.store_access import open_store
from infra.escaping import json_line
from infra.registry import RegistryFile
from infra.settings import Settings
from processors.engagements.facts import amount_of
from processors.event_time import DAY_HOURS, hour_of, to_datetime, to_us, window_bounds
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class View(StrEnum):
    """What `ascolto figures` shows instead of the figures, by the name of its option."""

    SURVIVAL = "survival"
    QUARTERS = "quarters"
    SENSITIVITY = "sensitivity"
    LAST_TOUCH = "last-touch"
    CONDUCT = "conduct"


DEFAULT_WINDOWS = {View.SENSITIVITY: MetricWindow.QUARTER}
"""Windows of the views whose default is not the figures' own."""


def show_view(
    name: str,
    settings: Settings,
    window: MetricWindow | None,
    as_of: datetime | None,
    as_json: bool,
    report: Path | None = None,
    language: str = "it",
) -> int:
    """Print a view as of T; returns the exit code.

    Args:
        name: which view, as in `View`.
        settings: where the store is, the horizon and the currency.
        window: which window; None: 90d for the sensitivity, else 30d.
        as_of: the time T; None: that of each client's latest event.
        as_json: print JSON, not a table.
        report: file for the survival view's page.
        language: language of the page.
    """
    view = View(name)
    chosen = window or DEFAULT_WINDOWS.get(view, MetricWindow.MONTH)
    with open_store(settings) as client:
        parts = [
            _READ[view](client, settings, chosen, at, client_id)
            for client_id, at in times_asked(client, settings, as_of)
        ]
    shown: Any = _one_survival(parts) if view is View.SURVIVAL else [*chain(*parts)]
    names = RegistryFile(settings.registry)
    if report is not None:
        from dashboards.survival_report import write_report

        try:
            write_report(report, shown, language, names)
        except OSError as error:
            say(cannot_write(report, error))
            return FAILED
        say(f"wrote {report}")
    if as_json:
        print(json_line(shown))
    elif report is None:
        from infra.cli.figures.tables import print_view

        print_view(name, shown, names.current())
    return 0


def _one_survival(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The clients' curves as one object; each group says as of when it is."""
    if not parts:
        return {"as_of": None, "groups": [], "logrank": []}
    return {
        **max(parts, key=lambda part: part["as_of"]),
        "horizon_days": max(part["horizon_days"] for part in parts),
        "groups": [group for part in parts for group in part["groups"]],
        "logrank": [test for part in parts for test in part["logrank"]],
    }


def _head(window: MetricWindow, as_of: datetime) -> dict[str, str]:
    hour = to_datetime(hour_of(to_us(as_of)))
    return {"window": window.value, "as_of": hour.isoformat().replace("+00:00", "Z")}


def _survival(
    client: Client,
    settings: Settings,
    window: MetricWindow,
    as_of: datetime,
    client_id: str | None,
) -> dict[str, Any]:
    """The curves and tests; they are written to the store too."""
    from infra.clickhouse.queries.survival import read_survival, write_survival

    found = read_survival(client, window, as_of, settings.horizons, client_id)
    longest = max((settings.horizons.hours(group.client_id) for group in found.groups), default=0)
    version = time.time_ns() // 1000
    write_survival(client, found, window, as_of, settings.horizons, version)
    head = _head(window, as_of)
    return {
        **head,
        "horizon_days": longest // DAY_HOURS,
        "groups": [{**asdict(group), "as_of": head["as_of"]} for group in found.groups],
        "logrank": [asdict(test) for test in found.logrank],
    }


def _quarters(
    client: Client,
    _: Settings,
    window: MetricWindow,
    as_of: datetime,
    client_id: str | None,
) -> list[dict[str, Any]]:
    from infra.clickhouse.queries.quarters import read_quarters

    def row(client_id: str, agency_id: str | None, of: Any) -> dict[str, Any]:
        return {
            "client_id": client_id,
            "agency_id": agency_id,
            **_head(window, as_of),
            "n": of.n,
            "least_up_to": of.least_up_to,
            "least": None if of.least is None else of.least.model_dump(mode="json"),
            "most_from": of.most_from,
            "most": None if of.most is None else of.most.model_dump(mode="json"),
        }

    found = read_quarters(client, window, as_of, client_id)
    return [row(each.client_id, each.agency_id, each.quarters) for each in found]


def _sensitivity(
    client: Client,
    _: Settings,
    window: MetricWindow,
    as_of: datetime,
    client_id: str | None,
) -> list[dict[str, Any]]:
    from infra.clickhouse.queries.facts import customers_facts
    from processors.metrics.sensitivity import sensitivity

    as_of_us = to_us(as_of)
    end = to_datetime(window_bounds(window, as_of_us)[1])
    return [
        {
            "client_id": each.client_id,
            "agency_id": each.agency_id,
            **_head(window, as_of),
            "horizon_days": each.horizon_days,
            "matured": each.matured,
            "churn_rate": each.churn_rate.model_dump(mode="json"),
            "recovery_rate": each.recovery_rate.model_dump(mode="json"),
            "churn_correlation": each.churn_correlation.model_dump(mode="json"),
            "payment_correlation": each.payment_correlation.model_dump(mode="json"),
        }
        for each in sensitivity(customers_facts(client, end, client_id), window, as_of_us)
    ]


def _last_touch(
    client: Client,
    settings: Settings,
    window: MetricWindow,
    as_of: datetime,
    client_id: str | None,
) -> list[dict[str, Any]]:
    from infra.clickhouse.queries.facts import customers_facts
    from processors.engagements.last_touch import Touches, touches

    begin, end = window_bounds(window, to_us(as_of))
    facts = customers_facts(client, to_datetime(end), client_id)

    def counts(of: Touches) -> dict[str, Any]:
        return {
            "cancellations": of.cancellations,
            "payments": of.payments,
            "amount": float(amount_of(of.amount)),
        }

    return [
        {
            "client_id": each.client_id,
            "agency_id": each.agency_id,
            **_head(window, as_of),
            "every_touch": counts(each.every),
            "last_touch": counts(each.last),
        }
        for each in touches(facts, begin, end, settings.horizons, settings.currency)
    ]


def _conduct(
    client: Client,
    _: Settings,
    window: MetricWindow,
    as_of: datetime,
    client_id: str | None,
) -> list[dict[str, Any]]:
    from infra.clickhouse.queries.conduct import read_breaches

    return [
        {
            "client_id": each.client_id,
            "agency_id": each.agency_id,
            **_head(window, as_of),
            "rule": each.rule,
            "conversations": each.conversations,
            "share": each.share.model_dump(mode="json"),
        }
        for each in read_breaches(client, window, as_of, client_id)
    ]


_READ: Mapping[View, Callable[[Client, Settings, MetricWindow, datetime, str | None], Any]] = {
    View.SURVIVAL: _survival,
    View.QUARTERS: _quarters,
    View.SENSITIVITY: _sensitivity,
    View.LAST_TOUCH: _last_touch,
    View.CONDUCT: _conduct,
}
