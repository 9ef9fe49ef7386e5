"""The figures again, from PRODUCT's definitions: plain lists, datetimes, numpy and scipy.

Shares no code with `processors`: no sums by hour, no integers, no state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy import stats

Z = 1.959964


@dataclass(frozen=True)
class Said:
    """A conversation."""

    event_id: str
    customer: str
    agency: str
    ended_at: datetime
    segment: tuple[str, str, str, str]
    aggression: Fraction | None
    empathy: Fraction | None
    sentiment: Fraction | None
    survey: int | None
    spoken: int | None
    predicted: int | None
    quote: str | None = None
    inferred: bool = False
    """Whether its speakers were inferred, as in a mono recording."""


@dataclass(frozen=True)
class Paid:
    event_id: str
    customer: str
    at: datetime
    amount: Decimal


@dataclass(frozen=True)
class Left:
    event_id: str
    customer: str
    at: datetime
    ended_by: str


@dataclass(frozen=True)
class Returned:
    """A payment that came back; `amount` is None for all of it."""

    event_id: str
    customer: str
    at: datetime
    payment: str
    amount: Decimal | None


@dataclass(frozen=True)
class Answered:
    """A survey answered after its call."""

    event_id: str
    customer: str
    at: datetime
    call: str
    rating: int | None


TOO_EARLY = timedelta(days=365)
"""What is dated so long before what it names does not mean it."""


@dataclass
class Episode:
    """An engagement."""

    opened_at: datetime
    said: list[Said]
    cancellations: list[Left] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)

    @property
    def lost_to_supplier(self) -> bool:
        """The supplier's cancellation came before any of the customer's."""
        if not self.cancellations:
            return False
        earliest = min(left.at for left in self.cancellations)
        return {left.ended_by for left in self.cancellations if left.at == earliest} == {"supplier"}

    @property
    def cancelled(self) -> bool:
        return "customer" in {left.ended_by for left in self.cancellations}

    def mean(self, score: str) -> Fraction | None:
        given = [getattr(s, score) for s in self.said if getattr(s, score) is not None]
        return sum(given, Fraction(0)) / len(given) if given else None


Happening = Said | Paid | Left | Returned | Answered


def counts_by(end: datetime, correction: Returned | Answered, of: datetime) -> bool:
    """Whether what corrects something of the time `of` is known before `end`."""
    if of - correction.at >= TOO_EARLY:
        return False
    return correction.at < end and of < end


def left_of(paid: Paid, events: list[Happening], end: datetime) -> Decimal:
    """What is left of a payment as of a figure that ends at `end`."""
    gone = Decimal(0)
    for event in events:
        if not isinstance(event, Returned) or event.customer != paid.customer:
            continue
        if event.payment == paid.event_id and counts_by(end, event, paid.at):
            gone += paid.amount if event.amount is None else event.amount
    return paid.amount - min(gone, paid.amount)


def rating_of(said: Said, events: list[Happening], end: datetime) -> int | None:
    """The survey's, else the first answer's, else the spoken one, as of `end`."""
    if said.survey is not None:
        return said.survey
    answers = [
        event
        for event in events
        if isinstance(event, Answered)
        and (event.customer, event.call) == (said.customer, said.event_id)
        and event.rating is not None
        and counts_by(end, event, said.ended_at)
    ]
    if answers:
        return min(answers, key=lambda event: (event.at, event.event_id)).rating
    return said.spoken


def episodes(events: list[Happening], customer: str, agency: str, horizon: timedelta):
    """One customer's engagements with one agency."""
    left = [e for e in events if isinstance(e, Said)]
    left = [e for e in left if e.customer == customer and e.agency == agency]
    found = []
    while left:
        first = min(left, key=lambda e: (e.ended_at, e.event_id))
        end = first.ended_at + horizon
        inside = sorted(
            (e for e in left if e.ended_at < end), key=lambda e: (e.ended_at, e.event_id)
        )
        left = [e for e in left if e.ended_at >= end]
        own = [e for e in events if isinstance(e, Paid | Left) and e.customer == customer]
        own = [e for e in own if first.ended_at <= e.at < end]
        found.append(
            Episode(
                first.ended_at,
                inside,
                [e for e in own if isinstance(e, Left)],
                [e for e in own if isinstance(e, Paid)],
            )
        )
    return found


def whole_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def in_segment(segment: str, values: tuple[str, str, str, str]) -> bool:
    names = ("service", "touchpoint", "channel", "customer_type")
    return segment == "all" or segment in {f"{n}={v}" for n, v in zip(names, values, strict=True)}


def nps(ratings: list[int]) -> dict[str, float | int | None]:
    n = len(ratings)
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    points = [100 if r >= 9 else -100 if r <= 6 else 0 for r in ratings]
    up = (points.count(100) + 3 / 4) / (n + 3)
    down = (points.count(-100) + 3 / 4) / (n + 3)
    error = Z * math.sqrt((up + down - (up - down) ** 2) / (n + 3))
    low, high = np.clip([100 * (up - down - error), 100 * (up - down + error)], -100, 100)
    return {"value": float(np.mean(points)), "low": float(low), "high": float(high), "n": n}


def rate(outcomes: list[bool]) -> dict[str, float | int | None]:
    n = len(outcomes)
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    interval = stats.binomtest(sum(outcomes), n).proportion_ci(method="wilson")
    return {
        "value": float(np.mean(outcomes)),
        "low": float(interval.low),
        "high": float(interval.high),
        "n": n,
    }


def correlation(pairs: list[tuple[Fraction, bool]]) -> dict[str, float | int | None]:
    n = len(pairs)
    if n < 10 or len({x for x, _ in pairs}) == 1 or len({y for _, y in pairs}) == 1:
        return {"value": None, "low": None, "high": None, "n": n, "p": None}
    found = stats.pearsonr([float(x) for x, _ in pairs], [float(y) for _, y in pairs])
    r = float(found.statistic)
    with np.errstate(divide="ignore"):
        z = np.arctanh(r)
    low, high = np.tanh([z - Z / np.sqrt(n - 3), z + Z / np.sqrt(n - 3)])
    return {"value": r, "low": float(low), "high": float(high), "n": n, "p": float(found.pvalue)}


def mean(said: list[Said], score: str) -> dict[str, float | int | None]:
    given = [each for each in said if getattr(each, score) is not None]
    scores = [float(getattr(each, score)) for each in given]
    return {
        "value": float(np.mean(scores)) if scores else None,
        "n": len(given),
        "n_inferred": sum(each.inferred for each in given),
    }


def figures(
    events: list[Happening],
    agency: str,
    segment: str,
    window: timedelta,
    as_of: datetime,
    horizon: timedelta,
) -> dict[str, object]:
    """Every figure of one agency, segment and window as of a time, by its name."""
    end = whole_hour(as_of) + timedelta(hours=1)
    begin = end - window
    said = [e for e in events if isinstance(e, Said) and e.agency == agency]
    customers = sorted({e.customer for e in said})
    said = [e for e in said if begin <= e.ended_at < end and in_segment(segment, e.segment)]
    mature = [
        episode
        for customer in customers
        for episode in episodes(events, customer, agency, horizon)
        if begin <= whole_hour(episode.opened_at) + horizon < end
        and in_segment(segment, episode.said[0].segment)
    ]
    staying = [episode for episode in mature if not episode.lost_to_supplier]
    measured = [rating_of(e, events, end) for e in said]
    predicted = [
        e.predicted
        for e, rating in zip(said, measured, strict=True)
        if rating is None and e.predicted is not None
    ]
    tone = [(e.mean("aggression"), e.cancelled) for e in staying]
    amounts = [[left_of(p, events, end) for p in e.payments] for e in mature]
    paid = [any(amount > 0 for amount in own) for own in amounts]
    warmth = [(e.mean("empathy"), came) for e, came in zip(mature, paid, strict=True)]
    return {
        "calls": len(said),
        "nps": nps([rating for rating in measured if rating is not None]),
        "nps_predicted": nps(predicted),
        "aggression": mean(said, "aggression"),
        "empathy": mean(said, "empathy"),
        "sentiment": mean(said, "sentiment"),
        "churn_rate": rate([e.cancelled for e in staying]),
        "recovery_rate": rate(paid),
        "amount_recovered": float(sum((amount for own in amounts for amount in own), Decimal(0))),
        "churn_correlation": correlation([(x, y) for x, y in tone if x is not None]),
        "payment_correlation": correlation([(x, y) for x, y in warmth if x is not None]),
    }
