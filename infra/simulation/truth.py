"""The truth of a simulation: its figures by their definitions, counted without the pipeline.

Nothing here is shared with the code that computes the figures: each is written again, plainly,
from `what every figure means`, over all events at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import erf, sqrt
from typing import Any

from infra.simulation.plan import Engagement, Plan, PlannedCall, expected_rating, plan
from infra.simulation.recorded import recorded_calls
from infra.simulation.world import (
    DAY_SECONDS,
    HORIZON_SECONDS,
    Agency,
    Behaviour,
    SimulationSettings,
)
from schemas.events import EndedBy
from schemas.figures import MetricWindow

_HOUR = 3_600
_LEAST_FOR_CORRELATION = 10


@dataclass(frozen=True)
class Outcome:
    """One engagement as its definition forms it from the events."""

    planned: Engagement
    opened_at: int
    pressure: float
    warmth: float
    cancelled: bool
    lost_to_supplier: bool
    paid: bool
    cents: int

    @property
    def matures_at(self) -> int:
        """The hour in which it enters the rates, in seconds since 1970."""
        return self.opened_at - self.opened_at % _HOUR + HORIZON_SECONDS


def truth(settings: SimulationSettings | None = None) -> dict[str, Any]:
    """Per agency and window as of the end: realised figures, expected ones, latent parameters.

    `realised` counts and rates are exact by definition (survey and spoken ratings together in
    `nps`; the recorded calls count as conversations but bring no rating here). `latent`
    correlations use the tone that was drawn, so a scorer can only come near them, from below.
    `expected` are means of the probabilities from which the outcomes were drawn. Undefined is
    null. The window `all` is the whole simulated time.
    """
    settings = settings or SimulationSettings()
    planned = plan(settings)
    recorded = recorded_calls(settings)
    outcomes = _outcomes(planned)
    agencies = {}
    for agency in settings.world.agencies:
        name = agency.agency_id
        calls = [call for call in planned.calls if call.engagement.agency is agency]
        recordings = [call.at for call in recorded if call.agency_id == name]
        formed = [outcome for outcome in outcomes if outcome.planned.agency is agency]
        agencies[name] = {
            "parameters": asdict(agency),
            "rise_at": _rise_at(agency, settings),
            "windows": {
                label: _window(calls, recordings, formed, begin, settings)
                for label, begin in _windows(settings)
            },
        }
    return {
        "client_id": settings.world.client_id,
        "seed": settings.seed,
        "start": settings.start_seconds,
        "end": settings.end_seconds,
        "events": {
            "call-ended": len(planned.calls) + len(recorded),
            "payment-received": len(planned.payments),
            "contract-cancelled": len(planned.cancellations),
        },
        "customers_called": len({c.engagement.customer.customer_id for c in planned.calls}),
        "horizon_days": HORIZON_SECONDS // DAY_SECONDS,
        "behaviour": asdict(settings.world.behaviour),
        "spread": asdict(settings.world.spread),
        "agencies": agencies,
    }


def _windows(settings: SimulationSettings) -> list[tuple[str, int]]:
    end = settings.end_seconds
    return [
        *((window.value, end - window.hours * _HOUR) for window in MetricWindow),
        ("all", settings.start_seconds),
    ]


def _rise_at(agency: Agency, settings: SimulationSettings) -> int | None:
    if agency.rise is None:
        return None
    return settings.start_seconds + agency.rise.day * DAY_SECONDS


def _outcomes(planned: Plan) -> list[Outcome]:
    """Every engagement: the first conversation opens it, those before t0 + H join it."""
    by_pair: dict[tuple[str, str], list[PlannedCall]] = defaultdict(list)
    for call in planned.calls:
        engagement = call.engagement
        pair = (engagement.agency.agency_id, engagement.customer.customer_id)
        by_pair[pair].append(call)
    payments: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for payment in planned.payments:
        payments[payment.customer_id].append((payment.at, payment.cents))
    ends: dict[str, list[tuple[int, EndedBy]]] = defaultdict(list)
    for end in planned.cancellations:
        ends[end.customer_id].append((end.at, end.ended_by))
    outcomes = []
    for (_, customer_id), calls in by_pair.items():
        for group in _grouped(calls):
            outcomes.append(_outcome(group, payments[customer_id], ends[customer_id]))
    return outcomes


def _grouped(calls: Sequence[PlannedCall]) -> list[list[PlannedCall]]:
    groups: list[list[PlannedCall]] = []
    for call in calls:
        if not groups or call.at >= groups[-1][0].at + HORIZON_SECONDS:
            groups.append([])
        groups[-1].append(call)
    return groups


def _outcome(
    calls: Sequence[PlannedCall],
    payments: Sequence[tuple[int, int]],
    ends: Sequence[tuple[int, EndedBy]],
) -> Outcome:
    begin = calls[0].at
    limit = begin + HORIZON_SECONDS
    within = [by for at, by in ends if begin <= at < limit]
    paid = [cents for at, cents in payments if begin <= at < limit]
    lost = bool(within) and within[0] is EndedBy.SUPPLIER
    return Outcome(
        planned=calls[0].engagement,
        opened_at=begin,
        pressure=sum(call.pressure for call in calls) / len(calls),
        warmth=sum(call.warmth for call in calls) / len(calls),
        cancelled=EndedBy.CUSTOMER in within and not lost,
        lost_to_supplier=lost,
        paid=bool(paid),
        cents=sum(paid),
    )


def _window(
    calls: Sequence[PlannedCall],
    recordings: Sequence[int],
    outcomes: Sequence[Outcome],
    begin: int,
    settings: SimulationSettings,
) -> dict[str, Any]:
    inside = calls[bisect_left(calls, begin, key=lambda call: call.at) :]
    matured = [o for o in outcomes if begin <= o.matures_at < settings.end_seconds]
    stayed_or_left = [o for o in matured if not o.lost_to_supplier]
    rated = [c for c in inside if c.survey is not None or c.spoken is not None]
    ratings = [c.survey if c.survey is not None else c.spoken or 0 for c in rated]
    cancelled = sum(o.cancelled for o in stayed_or_left)
    paid = sum(o.paid for o in matured)
    return {
        "realised": {
            "calls": len(inside) + sum(at >= begin for at in recordings),
            "surveys": sum(call.survey is not None for call in inside),
            "spoken_ratings": sum(call.spoken is not None for call in inside),
            "promoters": sum(rating >= 9 for rating in ratings),
            "detractors": sum(rating <= 6 for rating in ratings),
            "nps": _nps(ratings),
            "nps_surveys": _nps([c.survey for c in inside if c.survey is not None]),
            "matured": len(matured),
            "lost_to_supplier": len(matured) - len(stayed_or_left),
            "cancelled": cancelled,
            "churn_rate": _ratio(cancelled, len(stayed_or_left)),
            "paid": paid,
            "recovery_rate": _ratio(paid, len(matured)),
            "amount_recovered": sum(o.cents for o in matured) / 100,
        },
        "latent": {
            "pressure": _mean([call.pressure for call in inside]),
            "warmth": _mean([call.warmth for call in inside]),
            "churn_correlation": _pearson([(o.pressure, o.cancelled) for o in stayed_or_left]),
            "payment_correlation": _pearson([(o.warmth, o.paid) for o in matured]),
        },
        "expected": {
            "churn_rate": _mean([o.planned.churn_probability for o in stayed_or_left]),
            "recovery_rate": _mean([o.planned.payment_probability for o in matured]),
            "nps": _mean([_expected_nps(settings.world.behaviour, call) for call in rated]),
        },
    }


def _expected_nps(behaviour: Behaviour, call: PlannedCall) -> float:
    """100 (P(rating >= 9) - P(rating <= 6)) of one conversation."""
    mean = expected_rating(behaviour, call.pressure, call.warmth)

    def below(limit: float) -> float:
        return 0.5 * (1.0 + erf((limit - mean) / (behaviour.rating_noise * sqrt(2.0))))

    return 100.0 * (1.0 - below(8.5) - below(6.5))


def _nps(ratings: Sequence[int]) -> float | None:
    score = sum((rating >= 9) - (rating <= 6) for rating in ratings)
    return _ratio(100 * score, len(ratings))


def _ratio(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return _ratio(sum(values), len(values))


def _pearson(pairs: Iterable[tuple[float, bool]]) -> float | None:
    points = list(pairs)
    n = len(points)
    if n < _LEAST_FOR_CORRELATION:
        return None
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    if not xx or not yy:
        return None
    return round(sum((x - mean_x) * (y - mean_y) for x, y in points) / sqrt(xx * yy), 6)
