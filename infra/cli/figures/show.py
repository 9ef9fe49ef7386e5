"""`ascolto figures`: the agencies' figures as of any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra.cli.failures import say
from infra.cli.store_access import open_store
from infra.clickhouse.queries.attempts import Where
from infra.escaping import console, escaped, json_line
from infra.registry import RegistryFile
from infra.registry_model import Registry
from infra.settings import Settings
from processors.engagements.facts import amount_of
from processors.event_time import to_us
from processors.metrics.from_sums import figures as make_figures
from schemas.derived import Figures, Interval, Mean
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

SMALL_N = 30
"""Below this an NPS is shown, but flagged: too few answers to judge by."""


def show_figures(
    settings: Settings, window: MetricWindow, as_of: datetime | None, by: str | None, as_json: bool
) -> int:
    """Print the figures; returns the exit code."""
    from infra.clickhouse.queries.attempts import read_attempts
    from infra.clickhouse.queries.figures import open_alerts, read_figures

    with open_store(settings) as client:
        figures: list[Figures] = []
        attempts: dict[Where, int] = {}
        shown = []
        for client_id, time in times_asked(client, settings, as_of):
            tried = read_attempts(client, window, time, by, client_id)
            known = read_figures(client, window, time, by, client_id)
            found = _with_attempts_alone(known, tried, window, time)
            alerts = open_alerts(client, time)
            figures += found
            attempts |= tried
            shown += [as_object(each, alerts, tried) for each in found]
    if as_json:
        print(json_line(shown))
    else:
        _print_tables(figures, attempts, RegistryFile(settings.registry).current())
    return 0


def times_asked(
    client: Client, settings: Settings, as_of: datetime | None
) -> list[tuple[str | None, datetime]]:
    """Whose figures are shown, and as of when: everyone's as of `as_of`, if it is given.

    Else each client's as of its own latest event: the events of one client do not show how far
    those of another have come.
    """
    from infra.clickhouse.queries.figures import latest_event_times

    if as_of is not None:
        return [(None, as_of)]
    latest = latest_event_times(client, settings.now())
    if not latest:
        say("no events yet: play some with ascolto run all --events FILE")
    return list(latest.items())


def as_object(
    figures: Figures, alerts: dict[tuple[str, str], int], attempts: Mapping[Where, int]
) -> dict[str, Any]:
    """Figures as JSON, with the number of alerts open and of calls nobody answered."""
    shown = figures.model_dump(mode="json")
    open_alerts = alerts.get((figures.client_id, figures.agency_id), 0)
    return {**shown, "attempts": attempts.get(_where(figures), 0), "alerts_open": open_alerts}


def _where(figures: Figures) -> Where:
    return Where(figures.client_id, figures.agency_id, figures.segment)


def _with_attempts_alone(
    known: list[Figures], attempts: Mapping[Where, int], window: MetricWindow, as_of: datetime
) -> list[Figures]:
    """The figures, with those of agencies (or segments) that nobody ever answered."""
    without = attempts.keys() - {_where(each) for each in known}
    alone = [make_figures(*where, window, to_us(as_of), {}) for where in without]
    return sorted([*known, *alone], key=_where)


_ROWS: dict[str, Callable[[Figures], str]] = {
    "conversations": lambda f: str(f.calls),
    "NPS": lambda f: _interval(f.nps, "+.0f"),
    "NPS predicted": lambda f: _interval(f.nps_predicted, "+.0f"),
    "aggression": lambda f: _mean(f.aggression),
    "empathy": lambda f: _mean(f.empathy),
    "sentiment": lambda f: _mean(f.sentiment),
    "churn rate": lambda f: _interval(f.churn_rate, ".1%"),
    "recovery rate": lambda f: _interval(f.recovery_rate, ".1%"),
    "amount recovered": lambda f: _amount(f),
    "aggression and churn (r)": lambda f: _interval(f.churn_correlation, "+.2f"),
    "empathy and payment (r)": lambda f: _interval(f.payment_correlation, "+.2f"),
}


def _print_tables(figures: list[Figures], attempts: Mapping[Where, int], names: Registry) -> None:
    """Print the agencies side by side, a table for each client and segment."""
    from itertools import groupby

    from rich.table import Table

    def place(each: Figures) -> tuple[str, str]:
        return each.client_id, each.segment

    for (client, segment), group in groupby(sorted(figures, key=place), key=place):
        agencies = list(group)
        window, as_of = agencies[0].window.value, agencies[0].as_of
        title = escaped(
            f"{names.client(client)}, {segment}: {window} as of {as_of:%Y-%m-%d %H:59} UTC"
        )
        table = Table(title=title, caption=_CAPTION)
        table.add_column("")
        for each in agencies:
            table.add_column(escaped(names.agency(client, each.agency_id)), justify="right")
        for name, shown in _ROWS.items():
            table.add_row(name, *(shown(each) for each in agencies))
            if name == "conversations":
                unanswered = (str(attempts.get(_where(each), 0)) for each in agencies)
                table.add_row("not answered", *unanswered)
        console().print(table)


_CAPTION = (
    "95 % intervals: NPS adjusted Wald (centred nearer to 0 than the score, which with one rating "
    f"lies outside), rates Wilson, r Fisher, and nearer to 0 than without the scorer's errors; "
    f"* fewer than {SMALL_N}: too few to judge by; mono k/n: k of the n conversations have "
    "speakers inferred from the words"
)


def _amount(figures: Figures) -> str:
    """The amount, or that payments may be in whose engagements' horizon has not passed."""
    if figures.recovery_rate.n == 0:
        return "- (none matured yet)"
    return f"{amount_of(figures.amount_recovered_units):,.2f}"


def _mean(mean: Mean) -> str:
    if mean.value is None:
        return f"- (n {mean.n})"
    inferred = f" (mono {mean.n_inferred}/{mean.n})" if mean.n_inferred else ""
    return f"{mean.value:.3f}{inferred}"


def _interval(figure: Interval, form: str) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return f"- (n {figure.n})"
    flag = "*" if figure.n < SMALL_N else ""
    low, high = format(figure.low, form), format(figure.high, form)
    return f"{figure.value:{form}} [{low}, {high}]{flag}"
