"""A report's tables and charts: the agencies side by side, and why customers judged as they did."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.panels import SMALL_SAMPLE
from dashboards.report.drawing import Point, bars, intervals
from dashboards.report.markup import Html, tag
from dashboards.report.months import MonthData
from dashboards.report.wording import DASH, Form, Words
from infra.clickhouse.queries.months import DriverShare, PeriodFigures
from schemas.derived import Interval, Mean

_NPS_TICKS = (-100, -50, 0, 50, 100)
_ROOM = 1.12
"""How much longer than its largest value an axis of shares is."""


def comparison(data: MonthData, words: Words) -> Html:
    """Every figure of every agency, with interval and n."""
    names = (
        "agency", "calls", "nps", "aggression", "empathy", "sentiment", "churn", "recovery",
        "amount",
    )  # fmt: skip
    return _table(words, names, [_row(each, words) for each in data.agencies], "comparison")


def relations(data: MonthData, words: Words) -> Html:
    """Both correlations of every agency."""
    rows = [
        [
            words.agency(each.agency_id),
            _figure(each.churn_correlation, "relation", words),
            _figure(each.payment_correlation, "relation", words),
        ]
        for each in data.agencies
    ]
    return _table(words, ("agency", "aggression_churn", "empathy_payment"), rows, "relations")


def _row(figures: PeriodFigures, words: Words) -> list[object]:
    amount = words.money(figures.amount_recovered) if figures.recovery_rate.n else DASH
    return [
        words.agency(figures.agency_id),
        words.count(figures.calls),
        _figure(figures.nps, "points", words),
        *(_mean(each, words) for each in (figures.aggression, figures.empathy, figures.sentiment)),
        _figure(figures.churn_rate, "share", words),
        _figure(figures.recovery_rate, "share", words),
        amount,
    ]


def _table(
    words: Words, columns: Iterable[str], rows: Iterable[Iterable[object]], kind: str
) -> Html:
    heads = [tag("th", words(f"column.{name}"), scope="col") for name in columns]
    body = []
    for name, *cells in rows:
        body.append(tag("tr", tag("th", name, scope="row"), [tag("td", cell) for cell in cells]))
    return tag("table", tag("thead", tag("tr", heads)), tag("tbody", body), class_=kind)


def _figure(figure: Interval, form: Form, words: Words) -> Html:
    few = "few" if figure.n < SMALL_SAMPLE else None
    bounds = words.bounds(figure, form)
    small = [tag("small", each) for each in (bounds, f"n {words.count(figure.n)}") if each]
    return tag("span", words.value(figure.value, form), small, class_=few)


def _mean(mean: Mean, words: Words) -> Html:
    few = "few" if mean.n < SMALL_SAMPLE else None
    small = tag("small", f"n {words.count(mean.n)}")
    return tag("span", words.score(mean.value), small, class_=few)


def nps_title(data: MonthData, words: Words) -> str:
    """What the chart of the NPS shows."""
    return words("chart.nps" if data.agency_id is None else "chart.nps.own")


def nps_chart(data: MonthData, words: Words) -> Html:
    """Each agency's NPS with its interval."""
    ticks = [(float(at), words.points(at)) for at in _NPS_TICKS]
    points = [_point(each.agency_id, each.nps, "points", words) for each in data.agencies]
    return intervals(points, -100, 100, ticks, nps_title(data, words))


def money_charts(data: MonthData, words: Words) -> list[tuple[str, Html]]:
    """What was collected and who left, each as title and chart on the same axis."""
    shares = [
        bound
        for each in data.agencies
        for figure in (each.recovery_rate, each.churn_rate)
        for bound in (figure.value, figure.high)
        if bound is not None
    ]
    high = min(1.0, max([0.1, *shares]))
    step = next(each for each in (0.02, 0.05, 0.1, 0.2, 0.25) if high / each <= 6)
    ticks = [
        (step * at, words.share(step * at).replace(",0", "").replace(".0", ""))
        for at in range(int(high / step) + 1)
    ]
    charts = []
    for name in ("recovery", "churn"):
        points = [
            _point(
                each.agency_id,
                each.recovery_rate if name == "recovery" else each.churn_rate,
                "share",
                words,
            )
            for each in data.agencies
        ]
        title = words(f"chart.{name}")
        charts.append((title, intervals(points, 0, high, ticks, title)))
    return charts


def _point(agency_id: str, figure: Interval, form: Form, words: Words) -> Point:
    written = f"{words.value(figure.value, form)} (n {words.count(figure.n)})"
    few = figure.n < SMALL_SAMPLE
    shown = bool(words.bounds(figure, form))
    low, high = (figure.low, figure.high) if shown else (None, None)
    return Point(words.agency(agency_id), figure.value, low, high, written, few)


def drivers_chart(data: MonthData, words: Words) -> Html:
    """In which share of the month's conversations each driver was found, the commonest first."""
    shares = _ranked(data.drivers)
    points = [
        Point(
            words.shared(f"driver.{each.driver}"),
            each.share.value,
            each.share.low,
            each.share.high,
            f"{words.share(each.share.value)} {words.bounds(each.share, 'share')}",
            each.share.n < SMALL_SAMPLE,
        )
        for each in shares
    ]
    high = max([0.05, *(each.share.high or 0 for each in shares)])
    return bars(points, min(1.0, high * _ROOM), words("drivers"))


def drivers_table(data: MonthData, words: Words) -> Html:
    """The same by agency."""
    shares = {(each.agency_id, each.driver): each.share for each in data.drivers}
    ranked = _ranked(data.drivers)
    agencies = sorted({each.agency_id for each in data.drivers if each.agency_id})
    heads = [
        tag("th", words.agency(name), tag("small", _n(shares[name, ranked[0].driver], words)))
        for name in (agencies if ranked else ())
    ]
    rows = [
        tag(
            "tr",
            tag("th", words.shared(f"driver.{each.driver}"), scope="row"),
            [_driver_cell(shares[name, each.driver], words) for name in agencies],
        )
        for each in ranked
    ]
    head = tag("tr", tag("th", words("driver"), scope="col"), heads)
    return tag("table", tag("thead", head), tag("tbody", rows), class_="drivers")


def _driver_cell(share: Interval, words: Words) -> Html:
    few = "few" if share.n < SMALL_SAMPLE else None
    bounds = tag("small", words.bounds(share, "share"))
    return tag("td", words.share(share.value), " ", bounds, class_=few)


def _n(figure: Interval, words: Words) -> str:
    return f"n {words.count(figure.n)}"


def _ranked(drivers: Iterable[DriverShare]) -> list[DriverShare]:
    together = [each for each in drivers if not each.agency_id]
    return sorted(together, key=lambda each: (-(each.share.value or 0), each.driver))
