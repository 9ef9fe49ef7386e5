"""Random histories that love the edges: hours' ends, exactly t0 + H, equal times."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    PaymentReturn,
    ScoredCall,
    SurveyAnswer,
)
from processors.event_time import to_us
from schemas.changes import WorstQuote
from schemas.figures import SCORE_UNIT, Segment
from tests.figures.reference import Answered, Happening, Left, Paid, Returned, Said

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT = "acqua"
AGENCIES = ("gentile", "pressante", "severa")
MICROSECOND = timedelta(microseconds=1)
NUDGES = (timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND, timedelta(minutes=17))


def random_history(
    rng: random.Random, events: int, customers: int, horizon: timedelta, span: timedelta
) -> list[Happening]:
    """Events of several customers and agencies, by no order in particular."""
    history: list[Happening] = []
    for number in range(events):
        customer = f"c{rng.randrange(customers)}"
        at = _moment(rng, history, customer, horizon, span)
        event_id = f"e{rng.randrange(10**6):06}-{number}"
        kind = rng.random()
        if kind < 0.7:
            history.append(_said(rng, event_id, customer, at))
        elif kind < 0.85:
            amount = Decimal(rng.randrange(1, 10**7)).scaleb(-rng.choice((2, 4)))
            history.append(Paid(event_id, customer, at, amount))
        else:
            ended_by = rng.choice(("customer", "customer", "supplier"))
            history.append(Left(event_id, customer, at, ended_by))
    return history


def random_corrections(
    rng: random.Random, history: list[Happening], number: int, horizon: timedelta
) -> list[Happening]:
    """Returns and answers that name events of `history`, mostly, near what they change."""
    said = [event for event in history if isinstance(event, Said)]
    paid = [event for event in history if isinstance(event, Paid)]
    made: list[Happening] = []
    while (said or paid) and len(made) < number:
        targets: list[Any] = rng.choice((said, paid)) or said or paid
        # A few have many corrections, so that several meet.
        target = rng.choice(targets[: rng.choice((3, len(targets), len(targets)))])
        event_id = f"k{rng.randrange(10**6):06}-{len(made)}"
        customer, named = target.customer, target.event_id
        if rng.random() < 0.1:
            named = rng.choice((rng.choice(history).event_id, "nothing"))
        if rng.random() < 0.05:
            customer = rng.choice(history).customer
        if isinstance(target, Said):
            at = target.ended_at + _later(rng, horizon)
            rating = None if rng.random() < 0.2 else rng.randrange(11)
            made.append(Answered(event_id, customer, at, named, rating))
        else:
            at = target.at + _later(rng, horizon)
            part = (target.amount * rng.randrange(1, 12) / 10).quantize(Decimal("0.0001"))
            amount = rng.choice((None, part if part else None))
            made.append(Returned(event_id, customer, at, named, amount))
    return made


def _later(rng: random.Random, horizon: timedelta) -> timedelta:
    """Mostly the next day; at the edges of hours, windows and horizons; sometimes before."""
    days = timedelta(days=rng.choice((0, 0, 1, 1, 1, 2, 7, 30, 90)))
    how = rng.random()
    if how < 0.1:
        return rng.choice((-timedelta(hours=3), -timedelta(days=364), -timedelta(days=365)))
    if how < 0.3:
        days = horizon
    return days + timedelta(hours=rng.randrange(30)) + rng.choice(NUDGES)


def _moment(
    rng: random.Random,
    history: list[Happening],
    customer: str,
    horizon: timedelta,
    span: timedelta,
) -> datetime:
    own = [e.ended_at for e in history if isinstance(e, Said) and e.customer == customer]
    how = rng.random()
    if own and how < 0.3:
        at = rng.choice(own) + rng.choice((horizon, horizon, timedelta(0), -horizon))
    else:
        at = BEGIN + timedelta(hours=rng.randrange(int(span.total_seconds()) // 3600))
    return at + rng.choice(NUDGES)


def _said(rng: random.Random, event_id: str, customer: str, at: datetime) -> Said:
    # Steps of 1/20: scores differ clearly or not at all, so that float rounding in the
    # reference's r stays far below what is compared.
    def score(low: int) -> Fraction | None:
        return None if rng.random() < 0.15 else Fraction(rng.randrange(low, 21), 20)

    def rating(missing: float) -> int | None:
        return None if rng.random() < missing else rng.randrange(11)

    aggression = score(0)
    return Said(
        event_id=event_id,
        customer=customer,
        agency=rng.choice(AGENCIES),
        ended_at=at,
        segment=(
            rng.choice(("debt_collection", "customer_care")),
            rng.choice(("reminder", "dispute")),
            rng.choice(("phone", "phone", "email")),
            rng.choice(("household", "public_body")),
        ),
        aggression=aggression,
        empathy=score(0),
        sentiment=score(-20),
        survey=rating(0.8),
        spoken=rating(0.7),
        predicted=rating(0.3),
        quote=f"frase di {event_id}" if aggression else None,
    )


def fact_of(event: Happening) -> Fact:
    """The same event as the domain's fact."""
    if isinstance(event, Paid):
        amount = int(event.amount * SCORE_UNIT)
        return Payment(event.event_id, CLIENT, event.customer, to_us(event.at), amount, "EUR")
    if isinstance(event, Left):
        return Cancellation(
            event.event_id,
            CLIENT,
            event.customer,
            to_us(event.at),
            event.ended_by,
        )
    if isinstance(event, Returned):
        back = None if event.amount is None else int(event.amount * SCORE_UNIT)
        who = event.event_id, CLIENT, event.customer, to_us(event.at)
        return PaymentReturn(*who, event.payment, back)
    if isinstance(event, Answered):
        who = event.event_id, CLIENT, event.customer, to_us(event.at)
        return SurveyAnswer(*who, event.call, event.rating)
    measured = event.survey if event.survey is not None else event.spoken
    aggression = _units(event.aggression)
    return ScoredCall(
        event.event_id,
        CLIENT,
        event.customer,
        to_us(event.ended_at),
        event.agency,
        Segment(*event.segment),
        aggression,
        _units(event.empathy),
        _units(event.sentiment),
        measured,
        event.predicted if measured is None else None,
        WorstQuote(aggression, event.event_id, 0, event.quote)
        if event.quote and aggression
        else None,
        event.survey is not None,
    )


def _units(score: Fraction | None) -> int | None:
    return None if score is None else int(score * SCORE_UNIT)
