"""One customer's events in order of arrival, and the engagements that follow from them.

Engagements are derived from the events by event time, so the order of arrival never shows in
them. The order of arrival is kept so that an event that is delivered again after a crash yields
exactly the change it yielded the first time.

For that to hold, a state must be durable before the changes it yielded are sent, and both before
the source offset is committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

from processors.changes import Conversation, Engagement, EngagementChange
from processors.event_time import HOUR_US
from processors.facts import Fact, Payment, Position, ScoredCall

HORIZON_HOURS = 720
"""Default horizon H: 30 days."""


class CustomerState(TypedDict):
    """A customer's events as kept in a table; JSON-able, never mutated.

    Each event is `[kind, topic, partition, offset, event_id, at, ...]`, oldest arrival first.
    """

    client_id: str
    customer: str
    events: list[list[Any]]


class Outcome(StrEnum):
    """What an event was to a customer's state."""

    NEW = "new"
    REPLAY = "replay"
    """The same delivery as before, after a crash: its changes are to be sent again."""
    DUPLICATE = "duplicate"
    """The same event delivered elsewhere: nothing is to be done."""


class Observed(NamedTuple):
    """A customer's state after an event, and what the event changed, one entry an agency."""

    state: CustomerState
    changes: tuple[EngagementChange, ...]
    outcome: Outcome


def observe(
    state: CustomerState | None,
    event: Fact,
    position: Position,
    *,
    horizon_hours: int = HORIZON_HOURS,
    currency: str = "EUR",
) -> Observed:
    """Take one event into its customer's state; pure.

    An event is known by its kind and id. Known at the same position, it is a replay: the state
    stays, and the changes are those of its first arrival. Known at another position, it is a
    duplicate.

    Args:
        state: the customer's state, None before the first event.
        event: a fact about that customer.
        position: where the event was delivered.
        horizon_hours: the horizon H; another H needs a rebuild from all events.
        currency: ISO code of the amounts that are summed; a payment in another currency counts
            as paid and adds no amount.

    Raises:
        ValueError: the state is another customer's.
    """
    if state is None:
        state = CustomerState(client_id=event.client_id, customer=event.customer, events=[])
    elif (state["client_id"], state["customer"]) != (event.client_id, event.customer):
        raise ValueError("the state belongs to another customer")
    kept = state["events"]
    arrival = _arrival_of(event, kept)
    if arrival is None:
        arrival, outcome = len(kept), Outcome.NEW
        state = CustomerState(
            client_id=event.client_id,
            customer=event.customer,
            events=[*kept, _entry(event, position)],
        )
    elif kept[arrival][1:4] == list(position):
        outcome = Outcome.REPLAY
    else:
        return Observed(state, (), Outcome.DUPLICATE)
    arrived = state["events"][: arrival + 1]
    before = _History.of_entries(arrived[:-1], horizon_hours, currency)
    after = _History.of_entries(arrived, horizon_hours, currency)
    return Observed(state, _changes(event, before, after, len(arrived)), outcome)


def engagements_of(
    events: Iterable[Fact],
    horizon_hours: int = HORIZON_HOURS,
    currency: str = "EUR",
) -> dict[str, list[Engagement]]:
    """All engagements of one customer, per agency by time, in whatever order the events come.

    The first conversation, at t0, opens an engagement; those before t0 + H join it; the next
    opens another. Conversations at the same microsecond are ordered by event id. If customer and
    supplier end contracts at the same microsecond, the customer's counts as the first: a
    competing risk must come before what it prevents.

    Args:
        events: the customer's facts, each once.
        horizon_hours: the horizon H.
        currency: ISO code of the amounts that are summed.
    """
    entries = [_entry(event, _NOWHERE) for event in events]
    history = _History.of_entries(entries, horizon_hours, currency)
    return {agency: history.engagements(agency) for agency in history.agencies()}


class _Contact(NamedTuple):
    """What engagements need of a conversation; sorts by time, then id."""

    at: int
    event_id: str
    agency_id: str
    aggression: int | None
    empathy: int | None
    service: str
    touchpoint: str
    channel: str
    customer_type: str


class _History(NamedTuple):
    """One customer's events by kind, and what the engagements' definition takes as given."""

    contacts: list[_Contact]
    payments: list[tuple[int, int, str]]
    """Time, amount, currency."""
    cancellations: list[tuple[int, str]]
    """Time, who ended it."""
    horizon_hours: int
    currency: str

    @classmethod
    def of_entries(
        cls, entries: Sequence[list[Any]], horizon_hours: int, currency: str
    ) -> _History:
        contacts, payments, cancellations = [], [], []
        for entry in entries:
            kind = entry[0]
            if kind == _CALL:
                contacts.append(_Contact(entry[5], entry[4], *entry[6:]))
            elif kind == _PAYMENT:
                payments.append((entry[5], entry[6], entry[7]))
            else:
                cancellations.append((entry[5], entry[6]))
        return cls(contacts, payments, cancellations, horizon_hours, currency)

    def agencies(self) -> list[str]:
        """Agencies that had a conversation, by name."""
        return sorted({contact.agency_id for contact in self.contacts})

    def engagements(self, agency_id: str) -> list[Engagement]:
        """The agency's engagements by time."""
        horizon = self.horizon_hours * HOUR_US
        found = []
        members: list[_Contact] = []
        for contact in sorted(c for c in self.contacts if c.agency_id == agency_id):
            if members and contact.at >= members[0].at + horizon:
                found.append(self._engagement(members))
                members = []
            members.append(contact)
        if members:
            found.append(self._engagement(members))
        return found

    def _engagement(self, members: list[_Contact]) -> Engagement:
        first = members[0]
        begin, end = first.at, first.at + self.horizon_hours * HOUR_US
        aggressions = [m.aggression for m in members if m.aggression is not None]
        empathies = [m.empathy for m in members if m.empathy is not None]
        payments = [p for p in self.payments if begin <= p[0] < end]
        # At equal times 'customer' sorts before 'supplier': the tie is the customer's.
        cancellations = sorted(c for c in self.cancellations if begin <= c[0] < end)
        return Engagement(
            opened_at=begin,
            calls=len(members),
            aggression_n=len(aggressions),
            aggression_sum=sum(aggressions),
            empathy_n=len(empathies),
            empathy_sum=sum(empathies),
            cancelled=any(by == "customer" for _, by in cancellations),
            lost_to_supplier=bool(cancellations) and cancellations[0][1] == "supplier",
            paid=bool(payments),
            amount=sum(amount for _, amount, code in payments if code == self.currency),
            service=first.service,
            touchpoint=first.touchpoint,
            channel=first.channel,
            customer_type=first.customer_type,
        )


_CALL, _PAYMENT, _CANCELLATION = "call", "payment", "cancellation"
_NOWHERE = Position("", 0, 0)


def _kind(event: Fact) -> str:
    if isinstance(event, ScoredCall):
        return _CALL
    return _PAYMENT if isinstance(event, Payment) else _CANCELLATION


def _entry(event: Fact, position: Position) -> list[Any]:
    head = [_kind(event), *position, event.event_id, event.at]
    if isinstance(event, ScoredCall):
        segment = event.service, event.touchpoint, event.channel, event.customer_type
        return [*head, event.agency_id, event.aggression, event.empathy, *segment]
    if isinstance(event, Payment):
        return [*head, event.amount, event.currency]
    return [*head, event.ended_by]


def _arrival_of(event: Fact, entries: Sequence[list[Any]]) -> int | None:
    kind = _kind(event)
    for index, entry in enumerate(entries):
        if entry[4] == event.event_id and entry[0] == kind:
            return index
    return None


def _changes(
    event: Fact, before: _History, after: _History, version: int
) -> tuple[EngagementChange, ...]:
    said = _conversation(event) if isinstance(event, ScoredCall) else None
    touched = [event.agency_id] if isinstance(event, ScoredCall) else after.agencies()
    changes = []
    for agency_id in touched:
        stood, stand = before.engagements(agency_id), after.engagements(agency_id)
        if said is not None or stood != stand:
            change = EngagementChange(
                client_id=event.client_id,
                agency_id=agency_id,
                customer=event.customer,
                event_id=event.event_id,
                version=version,
                horizon_hours=after.horizon_hours,
                before=tuple(e for e in stood if e not in stand),
                after=tuple(e for e in stand if e not in stood),
                conversation=said,
            )
            changes.append(change)
    return tuple(changes)


def _conversation(call: ScoredCall) -> Conversation:
    return Conversation(
        at=call.at,
        service=call.service,
        touchpoint=call.touchpoint,
        channel=call.channel,
        customer_type=call.customer_type,
        aggression=call.aggression,
        empathy=call.empathy,
        sentiment=call.sentiment,
        measured_rating=call.measured_rating,
        predicted_rating=call.predicted_rating,
        worst=call.worst,
    )
