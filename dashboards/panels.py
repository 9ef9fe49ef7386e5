"""The dashboard 'Agenzie a confronto', defined once for Grafana and for the local preview."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashboards.queries import query
from schemas.figures import ALL, MetricWindow

SMALL_SAMPLE = 30
"""Below this n a figure is shown greyed: its interval is too wide to compare agencies."""

WINDOWS = tuple(window.value for window in MetricWindow)
DEFAULT_WINDOW = MetricWindow.MONTH.value
ALL_SEGMENTS = ALL


class Shape(StrEnum):
    """How a panel's rows are drawn."""

    ALERTS = "alerts"
    COMPARISON = "comparison"
    FIGURE = "figure"
    PAIR = "pair"
    SERIES = "series"
    COUNTS = "counts"
    CALLS = "calls"
    QUARTERS = "quarters"
    STAYING = "staying"


class Unit(StrEnum):
    """What a panel's value is measured in."""

    NPS = "nps"
    SCORE = "score"
    RATE = "rate"
    MONEY = "money"
    CORRELATION = "correlation"
    COUNT = "count"
    NONE = "none"


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, in which shape, and how wide it is on a 24-column grid.

    `low` and `high` bound the axis; null leaves it to the data.
    """

    id: str
    shape: Shape
    query: str
    unit: Unit
    figure: str | None = None
    low: float | None = None
    high: float | None = None
    width: int = 6
    height: int = 7

    @property
    def sql(self) -> str:
        """The panel's SQL, with Grafana's macros and variables; agencies by their ids."""
        return query(self.query, self.figure)

    @property
    def named_sql(self) -> str:
        """The same, agencies by their display names in the store."""
        return query(self.query, self.figure, named=True)


def _nps(name: str) -> Panel:
    return Panel(name, Shape.FIGURE, "interval", Unit.NPS, name, -100, 100)


def _rate(name: str) -> Panel:
    return Panel(name, Shape.FIGURE, "interval", Unit.RATE, name, 0, 1)


def _mean(name: str, low: float) -> Panel:
    return Panel(name, Shape.FIGURE, "mean", Unit.SCORE, name, low, 1)


def _correlation(name: str) -> Panel:
    return Panel(name, Shape.FIGURE, "interval", Unit.CORRELATION, name, -1, 1, width=12)


def _series(name: str, unit: Unit, low: float, high: float) -> Panel:
    return Panel(name, Shape.SERIES, name, unit, low=low, high=high, width=12, height=10)


OVERVIEW: tuple[Panel, ...] = (
    Panel("alerts", Shape.ALERTS, "alerts", Unit.NONE, width=24, height=6),
    Panel("comparison", Shape.COMPARISON, "comparison", Unit.NONE, width=24, height=8),
    Panel("recovery_and_churn", Shape.PAIR, "recovery_and_churn", Unit.RATE, width=12, height=10),
    _series("nps_over_time", Unit.NPS, -100, 100),
    _nps("nps"),
    _mean("aggression", low=0),
    _mean("empathy", low=0),
    _mean("sentiment", low=-1),
    _nps("nps_predicted"),
    _rate("churn_rate"),
    _rate("recovery_rate"),
    Panel("amount_recovered", Shape.FIGURE, "amount", Unit.MONEY, low=0),
    _correlation("churn_correlation"),
    _correlation("payment_correlation"),
    Panel("quarters", Shape.QUARTERS, "quarters", Unit.RATE, low=0, high=1, width=12, height=10),
    _series("aggression_over_time", Unit.SCORE, 0, 1),
    Panel("drivers", Shape.COUNTS, "drivers", Unit.COUNT, low=0, width=12, height=10),
    Panel("staying", Shape.STAYING, "staying", Unit.RATE, low=0, high=1, width=12, height=10),
    Panel("latest_calls", Shape.CALLS, "latest_calls", Unit.NONE, width=24, height=14),
)
"""The panels in reading order: what is wrong now, the agencies side by side, why, the voices."""


def panel(panel_id: str) -> Panel:
    """The overview's panel of that id. Raises KeyError when there is none."""
    return {each.id: each for each in OVERVIEW}[panel_id]
