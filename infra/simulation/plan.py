"""The plan of a simulation: conversations, payments and cancellations, before anything is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import TypeVar

from infra.simulation.worktime import Worktime
from infra.simulation.world import (
    DAY_SECONDS,
    HORIZON_SECONDS,
    Agency,
    Behaviour,
    SimulationSettings,
)
from schemas.events import Channel, CustomerType, EndedBy, Service, Touchpoint

KindT = TypeVar("KindT")

_DAYS_BETWEEN_CALLS = (1, 2, 2, 3, 3, 4, 5, 6, 7)
_LATEST_CALL = 26 * DAY_SECONDS
"""after the first of an engagement, so that outcomes still fit within the horizon"""


@dataclass(slots=True)
class Customer:
    """A fictional customer of the committente."""

    customer_id: str
    customer_type: CustomerType
    contracts: int
    debt: float


@dataclass(slots=True)
class Engagement:
    """The planned conversations of one agency with one customer, and what they lead to."""

    agency: Agency
    customer: Customer
    operator: int
    service: Service
    touchpoint: Touchpoint
    pressure_logit: float
    warmth_logit: float
    calls: list[PlannedCall] = field(default_factory=list)
    churn_probability: float = 0.0
    payment_probability: float = 0.0
    cancels: bool = False
    pays: bool = False


@dataclass(slots=True)
class PlannedCall:
    """One conversation: `at` is its end; pressure and warmth are its latent tone, 0 to 1."""

    engagement: Engagement
    at: int
    channel: Channel
    pressure: float
    warmth: float
    survey: int | None
    spoken: int | None


@dataclass(slots=True)
class PlannedPayment:
    """A payment of a customer, in cents."""

    customer_id: str
    at: int
    cents: int


@dataclass(slots=True)
class PlannedCancellation:
    """The end of a contract."""

    customer_id: str
    contract: int
    at: int
    ended_by: EndedBy


@dataclass(slots=True)
class Plan:
    """All that happens before the end, each list in order of time."""

    calls: list[PlannedCall]
    payments: list[PlannedPayment]
    cancellations: list[PlannedCancellation]


def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))


def expected_rating(behaviour: Behaviour, pressure: float, warmth: float) -> float:
    """Mean of the rating before it is rounded and limited to 0-10."""
    return (
        behaviour.rating_base
        + behaviour.rating_from_warmth * warmth
        + behaviour.rating_from_pressure * pressure
    )


def plan(settings: SimulationSettings) -> Plan:
    """Draw a whole simulation from its seed.

    Conversations, payments and cancellations at or after the end are left out; exactly
    `settings.calls` conversations remain.
    """
    return _Planner(settings).run()


class _Planner:
    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        self._world = settings.world
        self._rng = Random(f"ascolto plan {settings.seed}")  # noqa: S311
        self._worktime = Worktime(settings.start_seconds, settings.end_seconds)
        self._operators = {
            agency.agency_id: [
                self._rng.gauss(0.0, self._world.spread.operator) for _ in range(agency.operators)
            ]
            for agency in self._world.agencies
        }
        self._calls: list[PlannedCall] = []
        self._payments: list[PlannedPayment] = []
        self._cancellations: list[PlannedCancellation] = []

    def run(self) -> Plan:
        customers = 0
        while len(self._calls) < self._settings.calls:
            customers += 1
            self._live(self._customer(customers))
        self._calls.sort(key=_time)
        self._payments.sort(key=_time)
        self._cancellations.sort(key=_time)
        ended = {(end.customer_id, end.contract): end for end in reversed(self._cancellations)}
        return Plan(self._calls, self._payments, sorted(ended.values(), key=_time))

    def _customer(self, number: int) -> Customer:
        rng, habits = self._rng, self._world.habits
        kind = _draw(habits.customer_types, rng)
        return Customer(
            customer_id=f"cliente-{number:06d}",
            customer_type=kind,
            contracts=2 if rng.random() < 0.25 else 1,
            debt=habits.debts[kind] * exp(rng.gauss(0.0, 0.5)),
        )

    def _live(self, customer: Customer) -> None:
        """All engagements of a customer, in order of time, until the customer has left."""
        left_at: int | None = None
        for begin, agency in self._openings():
            if left_at is not None and begin >= left_at:
                continue
            engagement = self._engagement(agency, customer, begin)
            last = engagement.calls[-1].at
            limit = engagement.calls[0].at + HORIZON_SECONDS
            cancelled_at = self._cancel(engagement, last, limit)
            if cancelled_at is not None:
                left_at = min(cancelled_at, left_at or cancelled_at)
            self._pay(engagement, last, limit)
        if self._rng.random() < self._world.habits.uncontacted_payments:
            self._uncontacted_payment()

    def _openings(self) -> list[tuple[int, Agency]]:
        """When, and by which agency, a customer's engagements begin."""
        rng, habits, agencies = self._rng, self._world.habits, self._world.agencies
        first = _draw({agency: agency.share for agency in agencies}, rng)
        begin = self._worktime.first_moment(rng)
        openings = [(begin, first)]
        if rng.random() < habits.called_again:
            openings.append((self._worktime.moment_after(begin, rng.randrange(38, 65), rng), first))
        if rng.random() < habits.second_agency:
            other = rng.choice([agency for agency in agencies if agency is not first])
            openings.append((self._worktime.first_moment(rng), other))
        end = self._settings.end_seconds
        return sorted((o for o in openings if o[0] < end), key=lambda opening: opening[0])

    def _engagement(self, agency: Agency, customer: Customer, begin: int) -> Engagement:
        rng, world = self._rng, self._world
        spread, habits = world.spread, world.habits
        service = _draw(habits.services, rng)
        touchpoint = _draw(habits.touchpoints[service], rng)
        operator = rng.randrange(agency.operators)
        deviation = (
            self._operators[agency.agency_id][operator]
            + rng.gauss(0.0, spread.engagement)
            + habits.touchpoint_pressure.get(touchpoint, 0.0)
        )
        engagement = Engagement(
            agency=agency,
            customer=customer,
            operator=operator,
            service=service,
            touchpoint=touchpoint,
            pressure_logit=agency.pressure + deviation,
            warmth_logit=agency.warmth
            + spread.warmth_from_pressure * deviation
            + rng.gauss(0.0, spread.warmth),
        )
        planned = [self._call(engagement, at) for at in self._times(agency, begin)]
        behaviour = world.behaviour
        pressure = sum(call.pressure for call in planned) / len(planned)
        warmth = sum(call.warmth for call in planned) / len(planned)
        engagement.calls = planned
        engagement.churn_probability = logistic(
            agency.churn_base + behaviour.churn_from_pressure * pressure
        )
        engagement.payment_probability = logistic(
            agency.payment_base + behaviour.payment_from_warmth * warmth
        )
        self._calls += [
            call
            for call in planned
            if self._settings.start_seconds <= call.at < self._settings.end_seconds
        ][: self._settings.calls - len(self._calls)]
        return engagement

    def _times(self, agency: Agency, begin: int) -> list[int]:
        rng = self._rng
        shares = self._world.habits.calls_per_engagement
        count = rng.choices(range(1, len(shares) + 1), shares)[0]
        times = [begin]
        for _ in range(count - 1):
            at = self._worktime.moment_after(times[-1], rng.choice(_DAYS_BETWEEN_CALLS), rng)
            if begin < at < begin + _LATEST_CALL:
                times.append(at)
        if rng.random() < agency.breach_rate * len(times):
            latest = self._worktime.breach_near(times[-1], rng)
            times[-1] = max(latest, times[-1])
        return sorted(times)

    def _call(self, engagement: Engagement, at: int) -> PlannedCall:
        rng, world = self._rng, self._world
        spread, habits, behaviour = world.spread, world.habits, world.behaviour
        shift = rng.gauss(0.0, spread.conversation)
        rise = engagement.agency.rise
        if rise and at >= self._settings.start_seconds + rise.day * DAY_SECONDS:
            shift += rise.pressure
        pressure = logistic(engagement.pressure_logit + shift)
        warmth = logistic(engagement.warmth_logit + spread.warmth_from_pressure * shift)
        channel = _draw(habits.channels, rng)
        survey, spoken = self._ratings(behaviour, channel, pressure, warmth)
        return PlannedCall(
            engagement=engagement,
            at=at,
            channel=channel,
            pressure=pressure,
            warmth=warmth,
            survey=survey,
            spoken=spoken,
        )

    def _ratings(
        self, behaviour: Behaviour, channel: Channel, pressure: float, warmth: float
    ) -> tuple[int | None, int | None]:
        """The rating of the survey and the one said in the call; at most one of them."""
        rng, habits = self._rng, self._world.habits
        mean = expected_rating(behaviour, pressure, warmth)
        rating = min(10, max(0, round(rng.gauss(mean, behaviour.rating_noise))))
        asked = rng.random()
        phone = channel is Channel.PHONE
        if asked < habits.surveyed * (1.0 if phone else 0.5):
            return rating, None
        if phone and asked > 1.0 - habits.spoken * (1.0 - habits.surveyed):
            return None, rating
        return None, None

    def _cancel(self, engagement: Engagement, last: int, limit: int) -> int | None:
        """Decide who ends the contract, if anybody; returns when the customer is gone."""
        rng, behaviour = self._rng, self._world.behaviour
        customer = engagement.customer
        at: int | None = None
        if rng.random() < engagement.churn_probability:
            engagement.cancels = True
            at = _between(last, limit, 2.5, rng)
        elif rng.random() < behaviour.churn_after_horizon:
            at = limit + int(rng.expovariate(1.0 / 15) * DAY_SECONDS)
        supplier: int | None = None
        if rng.random() < behaviour.supplier_rate:
            supplier = engagement.calls[0].at + int(rng.uniform(8, 36) * DAY_SECONDS)
        if supplier is not None and (at is None or customer.contracts > 1 or supplier < at):
            self._cancellation(customer, customer.contracts, supplier, EndedBy.SUPPLIER)
            if customer.contracts == 1:
                return supplier
        if at is not None:
            self._cancellation(customer, 1, at, EndedBy.CUSTOMER)
        return at

    def _cancellation(self, customer: Customer, contract: int, at: int, by: EndedBy) -> None:
        if at < self._settings.end_seconds:
            self._cancellations.append(PlannedCancellation(customer.customer_id, contract, at, by))

    def _pay(self, engagement: Engagement, last: int, limit: int) -> None:
        rng, behaviour, customer = self._rng, self._world.behaviour, engagement.customer
        if rng.random() < engagement.payment_probability:
            engagement.pays = True
            at = _between(last, limit, 3.0, rng)
        elif rng.random() < behaviour.payment_after_horizon:
            at = limit + int(rng.expovariate(1.0 / 10) * DAY_SECONDS)
        else:
            return
        planned = engagement.touchpoint is Touchpoint.PAYMENT_PLAN
        rates = rng.choice((2, 3, 4, 6)) if planned or rng.random() < 0.12 else 1
        cents = max(100, round(customer.debt * 100 / rates))
        for rate in range(rates):
            self._payment(
                customer.customer_id,
                at + rate * 30 * DAY_SECONDS + rate * rng.randrange(DAY_SECONDS),
                cents,
            )

    def _uncontacted_payment(self) -> None:
        rng, settings = self._rng, self._settings
        self._payment(
            f"cliente-9{rng.randrange(100_000):05d}",
            rng.randrange(settings.start_seconds, settings.end_seconds),
            round(8_000 * exp(rng.gauss(0.0, 0.4))),
        )

    def _payment(self, customer_id: str, at: int, cents: int) -> None:
        if at < self._settings.end_seconds:
            self._payments.append(PlannedPayment(customer_id, at, cents))


def _between(first: int, limit: int, haste: float, rng: Random) -> int:
    """A time after `first` and before `limit`, the earlier the more likely."""
    room = limit - first - 7_200
    return first + 3_600 + int(room * rng.betavariate(1.0, haste))


def _time(happening: PlannedCall | PlannedPayment | PlannedCancellation) -> int:
    return happening.at


def _draw(shares: Mapping[KindT, float], rng: Random) -> KindT:
    return rng.choices(list(shares), list(shares.values()))[0]
