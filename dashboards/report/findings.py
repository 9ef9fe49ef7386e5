"""What a month shows, as sentences that speak of a difference only where intervals are apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboards.panels import SMALL_SAMPLE
from dashboards.report.months import MonthData
from dashboards.report.wording import Form, Words
from infra.clickhouse.queries.months import PeriodFigures
from schemas.derived import Correlation, Interval


class Apart(NamedTuple):
    """Which of several figures stands apart from all others; None where none does."""

    above: str | None
    """Whose interval lies entirely above all others."""
    below: str | None
    """Whose interval lies entirely below all others."""


def stand_apart(figures: Mapping[str, Interval]) -> Apart:
    """Which figure's interval lies entirely above, and which below, those of all others.

    Figures of fewer than `SMALL_SAMPLE` are not compared; of fewer than two there is none.
    """
    known = {
        name: (each.low, each.high)
        for name, each in figures.items()
        if each.low is not None and each.high is not None and each.n >= SMALL_SAMPLE
    }
    above = below = None
    for name, (low, high) in known.items():
        others = [bounds for other, bounds in known.items() if other != name]
        if others and all(low > bounds[1] for bounds in others):
            above = name
        if others and all(high < bounds[0] for bounds in others):
            below = name
    return Apart(above, below)


def moved(before: Interval, now: Interval) -> bool:
    """Whether two figures of the same agency are apart: their intervals do not touch."""
    return any(stand_apart({"before": before, "now": now}))


@dataclass(frozen=True)
class _Figure:
    """A figure that agencies are compared by; its name begins the keys of its sentences."""

    name: str
    form: Form
    of: Callable[[PeriodFigures], Interval]

    def written(self, figures: PeriodFigures, words: Words) -> str:
        counted = "of_ratings" if self.form == "points" else "of_customers"
        figure = self.of(figures)
        value, bounds = words.value(figure.value, self.form), words.bounds(figure, self.form)
        return f"{' '.join(filter(None, (value, bounds)))}, {words.many(counted, figure.n)}"


_COMPARED = (
    _Figure("nps", "points", lambda figures: figures.nps),
    _Figure("churn", "share", lambda figures: figures.churn_rate),
    _Figure("recovery", "share", lambda figures: figures.recovery_rate),
)


def findings(data: MonthData, words: Words) -> list[str]:
    """The month's findings in the order in which a manager asks: who, what changed, why."""
    return [*_comparisons(data, words), *_changes(data, words), *_relations(data.together, words)]


def _comparisons(data: MonthData, words: Words) -> Iterator[str]:
    compared = _COMPARED if data.together.recovery_rate.n else _COMPARED[:1]
    if data.agency_id is not None:
        for figure in compared:
            yield words(f"{figure.name}.own", figure=figure.written(data.together, words))
    for figure in compared if data.agency_id is None else ():
        yield from _comparison(figure, data.agencies, words)
    if not data.together.recovery_rate.n:
        yield words("none_matured", days=data.horizon_days)


def _comparison(figure: _Figure, agencies: Sequence[PeriodFigures], words: Words) -> Iterator[str]:
    enough = [each for each in agencies if figure.of(each).n >= SMALL_SAMPLE]
    if len(enough) < 2:
        if len(agencies) > 1:
            yield words(f"{figure.name}.few", least=SMALL_SAMPLE)
        return
    by_name = {each.agency_id: each for each in enough}
    apart = stand_apart({name: figure.of(each) for name, each in by_name.items()})
    for side, name in (("above", apart.above), ("below", apart.below)):
        if name is not None:
            written = figure.written(by_name[name], words)
            yield words(f"{figure.name}.{side}", agency=words.agency(name), figure=written)
    if not any(apart):
        yield words(f"{figure.name}.alike")


def _changes(data: MonthData, words: Words) -> Iterator[str]:
    """Each agency against itself in the month before."""
    before = {each.agency_id: each for each in data.before}
    for now in data.agencies:
        earlier = before.get(now.agency_id)
        if earlier is None:
            continue
        for figure in _COMPARED:
            if not moved(figure.of(earlier), figure.of(now)):
                continue
            then, value = figure.of(earlier).value or 0.0, figure.of(now).value or 0.0
            yield words(
                f"{figure.name}.{'rose' if value > then else 'fell'}",
                agency=words.agency(now.agency_id),
                before=figure.written(earlier, words),
                figure=figure.written(now, words),
                month=words.month(data.month.previous),
            )


def _relations(together: PeriodFigures, words: Words) -> Iterator[str]:
    relations: tuple[tuple[str, Correlation], ...] = (
        ("aggression_churn", together.churn_correlation),
        ("empathy_payment", together.payment_correlation),
    )
    for name, relation in relations:
        if relation.low is None or relation.high is None or relation.n < SMALL_SAMPLE:
            continue
        side = "more" if relation.low > 0 else "less" if relation.high < 0 else "none"
        yield words(f"{name}.{side}", figure=words.relation_of(relation))
