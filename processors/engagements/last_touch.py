"""To which agency a cancellation or payment is attributed, in two views.

*Every touch*, the view of every other figure: an event counts for each agency whose engagement is
open at that time, t0 <= at < t0 + H. *Last touch*: it counts only for the agency of the customer's
last conversation at or before it, if that was less than H ago.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.engagements.corrections import NetPayment
from processors.engagements.entries import entry_of, net_payments
from processors.engagements.facts import Cancellation, Fact, ScoredCall
from processors.engagements.history import engagements_of
from processors.engagements.horizons import Horizons
from processors.event_time import HOUR_US


@dataclass
class Touches:
    """Events attributed to an agency."""

    cancellations: int = 0
    """By the customer; the supplier's are not the customer leaving."""
    payments: int = 0
    amount: int = 0
    """Sum of the payments in the summed currency, less what was returned, in 1/10^4 of it."""

    def add(self, event: Cancellation | NetPayment, currency: str) -> None:
        """Count one event more."""
        if isinstance(event, Cancellation):
            self.cancellations += 1
        else:
            self.payments += 1
            self.amount += event.left() if event.currency == currency else 0


@dataclass
class AgencyTouches:
    """One agency's events in both views; `agency_id` is null for events no agency came before.

    Summed over a client's agencies and null, the last-touch counts are its events, each once;
    the every-touch counts may be more.
    """

    client_id: str
    agency_id: str | None
    every: Touches
    last: Touches


def touches(
    customers: Iterable[Sequence[Fact]],
    begin: int,
    end: int,
    horizons: Horizons,
    currency: str = "EUR",
) -> list[AgencyTouches]:
    """Both views of the events in [begin, end), by client and agency, null last.

    A payment counts with its amount less what was returned; one returned wholly does not count.

    Args:
        customers: the facts of each customer before `end`.
        begin: beginning of the window, us.
        end: end of the window, us.
        horizons: every client's horizon H.
        currency: ISO code of the amounts that are summed.
    """
    found: dict[tuple[str, str | None], AgencyTouches] = {}

    def of(client_id: str, agency_id: str | None) -> AgencyTouches:
        new = AgencyTouches(client_id, agency_id, Touches(), Touches())
        return found.setdefault((client_id, agency_id), new)

    for facts in customers:
        client_id = facts[0].client_id
        horizon_hours = horizons.hours(client_id)
        engagements = _openings(facts, horizon_hours)
        for agency_id in engagements:
            of(client_id, agency_id)
        for event in _outcomes(facts):
            if not begin <= event.at < end:
                continue
            of(client_id, last_agency(facts, event.at, horizon_hours)).last.add(event, currency)
            for touched in _open_agencies(engagements, event.at, horizon_hours) or [None]:
                of(client_id, touched).every.add(event, currency)
    return sorted(found.values(), key=_place)


def _outcomes(facts: Sequence[Fact]) -> Iterator[Cancellation | NetPayment]:
    """The customer's own cancellations, and the payments that did not come back wholly."""
    for fact in facts:
        if isinstance(fact, Cancellation) and fact.ended_by == "customer":
            yield fact
    entries = [entry_of(number, fact) for number, fact in enumerate(facts)]
    yield from (paid for paid in net_payments(entries).values() if paid.left())


def last_agency(facts: Sequence[Fact], at: int, horizon_hours: int) -> str | None:
    """The agency that had the last conversation at or before `at`, less than H ago; else null.

    Of conversations at the same microsecond the one with the greatest event id is the last.
    """
    earliest = at - horizon_hours * HOUR_US
    before = [
        (fact.at, fact.event_id, fact.agency_id)
        for fact in facts
        if isinstance(fact, ScoredCall) and earliest < fact.at <= at
    ]
    return max(before)[2] if before else None


def _openings(facts: Sequence[Fact], horizon_hours: int) -> dict[str, list[int]]:
    openings: dict[str, list[int]] = defaultdict(list)
    for agency_id, engagements in engagements_of(facts, horizon_hours).items():
        openings[agency_id] = [engagement.opened_at for engagement in engagements]
    return openings


def _open_agencies(openings: dict[str, list[int]], at: int, horizon_hours: int) -> list[str | None]:
    horizon = horizon_hours * HOUR_US
    return [
        agency_id
        for agency_id, opened in openings.items()
        if any(begin <= at < begin + horizon for begin in opened)
    ]


def _place(touched: AgencyTouches) -> tuple[str, bool, str]:
    return touched.client_id, touched.agency_id is None, touched.agency_id or ""
